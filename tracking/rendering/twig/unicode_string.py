"""The object of Twig's `u` filter: a text with a closed table of methods.

Nothing of Python's str is reachable: a template's call names an entry of METHODS or fails. Lengths count graphemes.
Source: Symfony's UnicodeString.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import regex

from tracking.rendering.twig.transliteration import to_ascii

MAX_LENGTH: Final = 1_000_000  # characters of a result
_SPACES: Final = " \t\n\r\0\x0b\x0c\xa0\ufeff"
_GRAPHEME = regex.compile(r"\X")
_INITIAL = regex.compile(r"\b.(?!\p{Lu})")
_WORD_START = regex.compile(r"\b.")
_NO_WORD = regex.compile(r"[^\p{L}0-9]++")
_ABBREVIATION_END = regex.compile(r"(?<=\p{Lu})(?=\p{Lu}\p{Ll})")
_HUMP = regex.compile(r"([\p{Ll}0-9])(\p{Lu})")
_COLLAPSIBLE = regex.compile(r"[ \n\r\t\x0c]{2,}+|[\n\r\t\x0c]")
_ANSI = regex.compile(r"\x1b(?:\[[\x30-\x3f]*+[\x20-\x2f]*+[\x40-\x7e]|[\x41-\x7e])|[\p{Cc}\x7f]++")


@dataclass(frozen=True, slots=True)
class UnicodeString:
    """A text in Unicode's composed form. Only METHODS may be called on it."""

    text: str

    def __str__(self) -> str:
        return self.text


def create(value: str | None) -> UnicodeString:
    """What `value|u` gives. Raises ValueError for a text that is too long."""
    return UnicodeString(unicodedata.normalize("NFC", _bounded(value or "")))


def call(value: UnicodeString, method: str, arguments: Sequence[Any]) -> Any:
    """A method's result; texts come wrapped again. Raises LookupError for a method that is not in the table.

    Names are matched without regard to case, and "empty" finds "isEmpty", as Twig does.
    """
    name = method.lower()
    found = METHODS.get(name) or METHODS.get(f"is{name}") or METHODS.get(f"get{name}")
    if found is None:
        raise LookupError(method)
    result = found(value.text, *(_plain(argument) for argument in arguments))
    if isinstance(result, list):
        return [create(item) if isinstance(item, str) else item for item in result]
    return create(result) if isinstance(result, str) else result


def _plain(value: Any) -> Any:
    return value.text if isinstance(value, UnicodeString) else value


def _bounded(text: str) -> str:
    if len(text) > MAX_LENGTH:
        raise ValueError(f"A text has at most {MAX_LENGTH} characters")
    return text


def _graphemes(text: str) -> list[str]:
    return list(text) if text.isascii() and "\r" not in text else _GRAPHEME.findall(text)


def _length(text: str) -> int:
    return len(_graphemes(text))


def _slice(text: str, start: int = 0, length: int | None = None) -> str:
    parts = _graphemes(text)
    start = max(len(parts) + start, 0) if start < 0 else start
    end = len(parts) if length is None else len(parts) + length if length < 0 else start + length
    return "".join(parts[start : max(end, 0)])


def _index_of(text: str, needle: Any, offset: int = 0) -> int | None:
    """The place of a text, or of the first of several, in graphemes."""
    if isinstance(needle, list):
        found = [place for item in needle if (place := _index_of(text, item, offset)) is not None]
        return min(found, default=None)
    if not needle:
        return None
    head = _slice(text, 0, offset)
    at = text.find(str(needle), len(head))
    return None if at < 0 else _length(text[:at])


def _index_of_last(text: str, needle: str, offset: int = 0) -> int | None:
    at = text.rfind(needle) if needle else -1
    place = None if at < 0 else _length(text[:at])
    return None if place is None or place < offset else place


def _truncate(text: str, length: int, ellipsis: str = "", cut: bool = True) -> str:
    """At most `length` graphemes, the ellipsis included; without `cut`, up to the end of the word."""
    if _length(text) <= length:
        return text
    reserved = _length(ellipsis) if length >= _length(ellipsis) else 0
    if not cut:
        end = _index_of(text, [" ", "\r", "\n", "\t"], (length or 1) - 1)
        if end is None:
            return text
        length = end + reserved
    kept = _slice(text, 0, length - reserved)
    return kept.rstrip(_SPACES) + ellipsis if reserved else kept


def _wordwrap(text: str, width: int = 75, break_: str = "\n", cut: bool = False) -> str:
    lines = text.split(break_) if break_ else [text]
    if lines == [""]:
        return ""
    characters: list[str] = []
    mask = ""
    for number, line in enumerate(lines):
        if number:
            characters.append(break_)
            mask += "#"
        parts = _graphemes(line)
        characters += parts
        mask += "".join(" " if part == " " else "?" for part in parts)
    return _bounded(_rebuild(characters, _wrap(mask, width, cut=cut), break_))


def _wrap(mask: str, width: int, *, cut: bool) -> str:
    """PHP's wordwrap with a break of one character, "#"."""
    out: list[str] = []
    line_start = last_space = 0
    at = 0
    for at, character in enumerate(mask):
        if character == "#":
            out.append(mask[line_start : at + 1])
            line_start = last_space = at + 1
        elif character == " ":
            if at - line_start >= width:
                out.append(mask[line_start:at] + "#")
                line_start = at + 1
            last_space = at
        elif at - line_start >= width and cut and line_start >= last_space:
            out.append(mask[line_start:at] + "#")
            line_start = last_space = at
        elif at - line_start >= width and line_start < last_space:
            out.append(mask[line_start:last_space] + "#")
            line_start = last_space = last_space + 1
    return "".join(out) + mask[line_start:]


def _rebuild(characters: list[str], mask: str, break_: str) -> str:
    """Put the characters back between the breaks of the mask; a space that became a break is gone."""
    pending = iter(characters)
    rest = list(pending)
    taken = 0
    parts: list[str] = []
    for piece in mask.split("#")[:-1]:
        parts += rest[taken : taken + len(piece)]
        taken += len(piece)
        if taken < len(rest) and rest[taken] in {break_, " "}:
            taken += 1
        parts.append(break_)
    return "".join(parts + rest[taken:])


def _lower(text: str) -> str:
    return "".join(character.lower() for character in text)


def _camel(text: str) -> str:
    words = _NO_WORD.sub(" ", text)
    first = True

    def change(found: regex.Match[str]) -> str:
        nonlocal first
        lower, first = first, False
        return _lower(found[0]) if lower else found[0].title()

    return _INITIAL.sub(change, words).replace(" ", "")


def _snake(text: str) -> str:
    return _lower(_HUMP.sub(r"\1_\2", _ABBREVIATION_END.sub("_", _camel(text))))


def _title(text: str, all_words: bool = False) -> str:
    return _WORD_START.sub(lambda found: found[0].title(), text, count=0 if all_words else 1)


def _pad(text: str, length: int, padding: str, left: bool, right: bool) -> str:
    missing = length - _length(text)
    if not padding:
        raise ValueError("Invalid UTF-8 string.")
    if missing <= 0:
        return text
    if length > MAX_LENGTH:
        raise ValueError(f"A text has at most {MAX_LENGTH} characters")
    before = missing // 2 if left and right else missing if left else 0
    return _fill(padding, before) + text + _fill(padding, missing - before)


def _fill(padding: str, length: int) -> str:
    parts = _graphemes(padding)
    return "".join(parts * (length // len(parts)) + parts[: length % len(parts)])


def _repeat(text: str, times: int) -> str:
    if times < 0 or len(text) * times > MAX_LENGTH:
        raise ValueError(f"A text has at most {MAX_LENGTH} characters")
    return text * times


def _after(text: str, needle: Any, include: bool = False, offset: int = 0) -> str:
    at, found = _find(text, needle, offset, last=False)
    return text if at is None else _slice(text, at if include else at + _length(found))


def _after_last(text: str, needle: Any, include: bool = False, offset: int = 0) -> str:
    at, found = _find(text, needle, offset, last=True)
    return text if at is None else _slice(text, at if include else at + _length(found))


def _before(text: str, needle: Any, include: bool = False, offset: int = 0) -> str:
    at, found = _find(text, needle, offset, last=False)
    return text if at is None else _slice(text, 0, at + _length(found) if include else at)


def _before_last(text: str, needle: Any, include: bool = False, offset: int = 0) -> str:
    at, found = _find(text, needle, offset, last=True)
    return text if at is None else _slice(text, 0, at + _length(found) if include else at)


def _find(text: str, needle: Any, offset: int, *, last: bool) -> tuple[int | None, str]:
    """The place of the first (or last) of one or several texts, and which it was."""
    search = _index_of_last if last else _index_of
    needles = needle if isinstance(needle, list) else [needle]
    found = [(place, item) for item in needles if (place := search(text, item, offset)) is not None]
    if not found:
        return None, ""
    return max(found, key=lambda pair: pair[0]) if last else min(found, key=lambda pair: pair[0])


def _any(test: Callable[[str, str], bool]) -> Callable[[str, Any], bool]:
    return lambda text, needle: any(
        item != "" and test(text, item) for item in (needle if isinstance(needle, list) else [needle])
    )


def _ensure_end(text: str, suffix: str) -> str:
    end, size = len(text), len(suffix)
    while size and end >= 2 * size and text.endswith(suffix, 0, end) and text.endswith(suffix, 0, end - size):
        end -= size
    return text[:end] if text.endswith(suffix) else _bounded(text + suffix)


def _ensure_start(text: str, prefix: str) -> str:
    start, size = 0, len(prefix)
    while size and text.startswith(prefix, start) and text.startswith(prefix, start + size):
        start += size
    return text[start:] if text.startswith(prefix) else _bounded(prefix + text)


def _join(text: str, strings: Any, last_glue: str | None = None) -> str:
    parts = [str(item) for item in (strings.values() if isinstance(strings, dict) else strings)]
    if last_glue is not None and len(parts) > 1:
        return _bounded(text.join(parts[:-1]) + last_glue + parts[-1])
    return _bounded(text.join(parts))


def _replace(text: str, old: str, new: str) -> str:
    if old and len(text) + text.count(old) * (len(new) - len(old)) > MAX_LENGTH:
        raise ValueError(f"A text has at most {MAX_LENGTH} characters")
    return text.replace(old, new) if old else text


def _chunk(text: str, length: int = 1) -> list[str]:
    if length < 1:
        raise ValueError("The chunk length must be greater than zero.")
    parts = _graphemes(text)
    return ["".join(parts[at : at + length]) for at in range(0, len(parts), length)]


def _split(text: str, delimiter: str, limit: int | None = None) -> list[str]:
    if limit is not None and limit <= 0:
        raise ValueError("Split limit must be a positive integer.")
    if not delimiter:
        raise ValueError("Split delimiter is empty.")
    return text.split(delimiter, -1 if limit is None else limit - 1)


def _splice(text: str, replacement: str, start: int = 0, length: int | None = None) -> str:
    parts = _graphemes(text)
    start = max(len(parts) + start, 0) if start < 0 else start
    end = len(parts) if length is None else len(parts) + length if length < 0 else start + length
    return "".join(parts[:start]) + replacement + "".join(parts[max(end, start) :])


def _width(text: str, ignore_ansi: bool = True) -> int:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return max(sum(map(_columns, _ANSI.sub("", line) if ignore_ansi else line)) for line in lines)


def _columns(character: str) -> int:
    if unicodedata.category(character) in {"Mn", "Me", "Cf", "Cc"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _folded(text: str, compat: bool = True) -> str:
    return unicodedata.normalize("NFKC" if compat else "NFC", text).casefold()


_FORMS: Final[dict[int, Literal["NFC", "NFD", "NFKC", "NFKD"]]] = {
    16: "NFC",
    4: "NFD",
    32: "NFKC",
    8: "NFKD",
}  # PHP's Normalizer constants


def _normalize(text: str, form: int = 16) -> str:
    if form not in _FORMS:
        raise ValueError("Unsupported normalization form.")
    return unicodedata.normalize(_FORMS[form], text)


METHODS: Final[dict[str, Callable[..., Any]]] = {
    "after": _after,
    "afterlast": _after_last,
    "append": lambda text, *suffixes: _bounded(text + "".join(map(str, suffixes))),
    "ascii": lambda text, rules=None: to_ascii(text),
    "before": _before,
    "beforelast": _before_last,
    "camel": _camel,
    "chunk": _chunk,
    "codepointsat": lambda text, offset: [ord(character) for character in _slice(text, offset, 1)],
    "collapsewhitespace": lambda text: _COLLAPSIBLE.sub(" ", text).strip(" \n\r\t\x0c"),
    "containsany": _any(lambda text, needle: needle in text),
    "endswith": _any(str.endswith),
    "ensureend": _ensure_end,
    "ensurestart": _ensure_start,
    "equalsto": lambda text, other: text in other if isinstance(other, list) else text == other,
    "folded": _folded,
    "indexof": _index_of,
    "indexoflast": _index_of_last,
    "isempty": lambda text: text == "",
    "join": _join,
    "kebab": lambda text: _snake(text).replace("_", "-"),
    "length": _length,
    "lower": _lower,
    "normalize": _normalize,
    "padboth": lambda text, length, padding=" ": _pad(text, length, padding, True, True),
    "padend": lambda text, length, padding=" ": _pad(text, length, padding, False, True),
    "padstart": lambda text, length, padding=" ": _pad(text, length, padding, True, False),
    "pascal": lambda text: _title(_camel(text)),
    "prepend": lambda text, *prefixes: _bounded("".join(map(str, prefixes)) + text),
    "repeat": _repeat,
    "replace": _replace,
    "reverse": lambda text: "".join(reversed(_graphemes(text))),
    "slice": _slice,
    "snake": _snake,
    "splice": _splice,
    "split": _split,
    "startswith": _any(str.startswith),
    "title": _title,
    "tostring": lambda text: text,
    "trim": lambda text, characters=_SPACES: text.strip(characters),
    "trimend": lambda text, characters=_SPACES: text.rstrip(characters),
    "trimprefix": lambda text, prefix: text.removeprefix(prefix),
    "trimstart": lambda text, characters=_SPACES: text.lstrip(characters),
    "trimsuffix": lambda text, suffix: text.removesuffix(suffix),
    "truncate": _truncate,
    "upper": str.upper,
    "width": _width,
    "wordwrap": _wordwrap,
}
