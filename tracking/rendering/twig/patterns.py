"""PHP's regular expressions (`/pattern/flags`) on the `regex` package, which can be told when to stop."""

from __future__ import annotations

import re
from functools import lru_cache

import regex

from tracking.rendering.twig.errors import PhpError

_LONGEST = 4096
_SHORT, _SMALL = 250, 1_000  # characters of patterns of which many are kept: as written, and written out
_LARGEST = 20_000  # characters of a pattern with its counted repeats written out
_COUNTED = re.compile(r"\{(\d*)(?:,(\d*))?\}")
_CLOSING = {"(": ")", "[": "]", "{": "}", "<": ">"}
_FLAGS = {
    "i": regex.IGNORECASE,
    "m": regex.MULTILINE,
    "s": regex.DOTALL,
    "x": regex.VERBOSE,
    "u": regex.UNICODE,
    "A": 0,
    "D": 0,
    "S": 0,
    "U": 0,
    "X": 0,
    "J": 0,
    "n": 0,
}


def compiled(pattern: str) -> regex.Pattern[str]:
    """The pattern, ready. Raises PhpError with the words of PHP's warning."""
    small = len(pattern) <= _SHORT and _is_small(pattern)
    return _compiled_small(pattern) if small else _compiled_large(pattern)


@lru_cache(maxsize=256)
def _is_small(pattern: str) -> bool:
    return _size(pattern) <= _SMALL


def _compile(pattern: str) -> regex.Pattern[str]:
    body, flags = _split(pattern)
    options = regex.VERSION0
    for flag in flags:
        if flag not in _FLAGS:
            raise PhpError(f"Unknown modifier '{flag}'")
        options |= _FLAGS[flag]
    if "u" not in flags:
        options |= regex.ASCII
    if _size(body) > _LARGEST:
        raise PhpError("Compilation failed: regular expression is too large")
    if "A" in flags:
        body = rf"\G(?:{body})"
    try:
        return regex.compile(body, options, cache_pattern=False)
    except (regex.error, RecursionError, OverflowError, ValueError) as error:
        raise PhpError(f"Compilation failed: {error}") from error


# A large pattern takes megabytes, and this process belongs to all authors: few of those are kept.
_compiled_small = lru_cache(maxsize=256)(_compile)
_compiled_large = lru_cache(maxsize=8)(_compile)


def _size(body: str) -> int:
    """The length of a pattern whose counted repeats are written out: (a{10}){10} is 100."""
    sizes, last, place = [0], 0, 0
    while place < len(body):
        found = _COUNTED.match(body, place)
        if found is not None and found[0] != "{}":
            times = max(int(one[:6] or 0) for one in (found[1], found[2] or "0"))
            sizes[-1] += last * max(times - 1, 0)
            place = found.end()
            continue
        if body[place] == "(":
            sizes.append(0)
        elif body[place] == ")" and len(sizes) > 1:
            last = sizes.pop() + 1
            sizes[-1] += last
        else:
            last = 1
            sizes[-1] += 1
            place += body[place] == "\\"
        if sizes[-1] > _LARGEST:
            break
        place += 1
    return sum(sizes)


def _split(pattern: str) -> tuple[str, str]:
    text = pattern.lstrip(" \t\n\r\v\f")
    if not text:
        raise PhpError("Empty regular expression")
    if len(text) > _LONGEST:
        raise PhpError("Compilation failed: regular expression is too large")
    opening = text[0]
    if (opening.isascii() and opening.isalnum()) or opening in "\\\0":
        raise PhpError("Delimiter must not be alphanumeric, backslash, or NUL")
    closing = _CLOSING.get(opening, opening)
    end = _closing_place(text, opening, closing)
    if end < 0:
        matching = "matching " if opening in _CLOSING else ""
        raise PhpError(f"No ending {matching}delimiter '{closing}' found")
    return text[1:end], text[end + 1 :].rstrip("\r\n ")


def _closing_place(text: str, opening: str, closing: str) -> int:
    depth, place = 1, 1
    while place < len(text):
        character = text[place]
        if character == "\\":
            place += 1
        elif character == closing:
            depth -= 1
            if depth == 0 or opening == closing:
                return place
        elif character == opening:
            depth += 1
        place += 1
    return -1


def matches(pattern: str, text: str, *, seconds: float) -> bool:
    """Does it match anywhere? Raises PhpError when it is invalid or takes longer than `seconds`."""
    try:
        return compiled(pattern).search(text, timeout=seconds) is not None
    except TimeoutError as error:
        raise PhpError("Backtrack limit exhausted") from error
