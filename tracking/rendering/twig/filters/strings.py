"""Filters on strings."""

from __future__ import annotations

import re
from unicodedata import category

import regex

from tracking.rendering.twig.errors import PhpError, TwigRuntimeError
from tracking.rendering.twig.operations import entries, is_iterable
from tracking.rendering.twig.php import array_values, has_text, integer, is_object, pairs, text, type_name
from tracking.rendering.twig.run import Run
from tracking.rendering.twig.striptags import strip_tags
from tracking.rendering.twig.values import Markup, Thing, Value

TRIMMED = " \t\n\r\0\x0b"
_Pattern = re.Pattern[str] | regex.Pattern[str]
_SHORT_MASK = 64  # characters of a mask of `trim` that cost nothing extra
_SHORT_WORDS = 2_000  # characters of the words that `replace` looks for
_BETWEEN_TAGS = re.compile(r">\s+<", re.ASCII)
_LINE_BREAK = re.compile(r"\r\n|\n\r|\n|\r")


def as_text(value: Value, function: str, number: int = 1, name: str = "string") -> str:
    """A string argument of a PHP function, converted as PHP does. Raises PhpError for arrays and objects."""
    if type(value) is str:
        return value
    if type(value) in {list, dict} or (is_object(value) and not has_text(value)):
        kind = type_name(value)
        raise PhpError(f"{function}(): Argument #{number} (${name}) must be of type string, {kind} given")
    return text(value)


def read(run: Run, value: Value, function: str, number: int = 1, name: str = "string") -> str:
    """The same, with the work of going through it charged."""
    string = value if type(value) is str else as_text(value, function, number, name)
    if len(string) > 64:
        run.read(len(string) * 2)
    return string


def upper(run: Run, string: Value) -> str:
    """`upper`."""
    return read(run, string, "mb_strtoupper").upper()


def lower(run: Run, string: Value) -> str:
    """`lower`."""
    return _lower(read(run, string, "mb_strtolower"))


def _lower(value: str) -> str:
    """PHP 8.2 knows one small sigma only, at the end of a word too."""
    return value.lower() if value.isascii() else value.replace("Σ", "σ").lower()


def capitalize(run: Run, string: Value) -> str:
    """`capitalize`: the first character upper, the others lower."""
    value = read(run, string, "mb_substr")
    return value[:1].upper() + _lower(value[1:])


_WORD = re.compile(r"[A-Za-z][A-Za-z'.:^`]*")
_ASCII_JOINING = re.compile(r"['.:^`]")
_JOINING = frozenset("'.:\u00b7\u0387\u055f\u05f4\u2018\u2019\u2024\u2027\ufe13\ufe52\ufe55\uff07\uff0e\uff1a")
_JOINING_KINDS = frozenset({"Mn", "Me", "Cf", "Lm", "Sk"})


def title(run: Run, string: Value) -> str:
    """`title`: the first letter of each word upper, the others lower; an apostrophe or a dot ends no word."""
    value = read(run, string, "mb_convert_case")
    if value.isascii():
        if _ASCII_JOINING.search(value) is None:
            return value.title()
        return _WORD.sub(lambda found: found[0].capitalize(), value)
    run.charge(len(value) // 4)
    shown: list[str] = []
    in_word = False
    for one in value:
        shown.append(_lower(one) if in_word else one.title())
        if one not in _JOINING and category(one) not in _JOINING_KINDS:
            in_word = one.isupper() or one.islower() or one.istitle()
    return "".join(shown)


def trim(run: Run, string: Value, character_mask: Value = None, side: Value = "both") -> Value:
    """`trim`; a safe string stays safe when blanks are trimmed."""
    mask = TRIMMED if character_mask is None else text(character_mask)
    where = text(side)
    function = {"both": "trim", "left": "ltrim", "right": "rtrim"}.get(where)
    if function is None:
        raise TwigRuntimeError('Trimming side must be "left", "right" or "both".')
    value = read(run, string, function)
    characters = mask if mask == TRIMMED else _mask(run, mask)
    run.charge(len(value) * len(characters) >> 10)
    if where == "left":
        trimmed = value.lstrip(characters) if characters else value
    elif where == "right":
        trimmed = value.rstrip(characters) if characters else value
    else:
        trimmed = value.strip(characters) if characters else value
    return Markup(trimmed) if type(string) is Markup and mask == TRIMMED else trimmed


def _mask(run: Run, mask: str) -> str:
    """The characters of a mask, each once, where `a..z` is a range."""
    if len(mask) > _SHORT_MASK:
        run.charge(len(mask) * 64)  # a range stands for up to 256 of them
    characters: list[str] = []
    place = 0
    while place < len(mask):
        if mask[place + 1 : place + 3] == ".." and place + 3 < len(mask) and mask[place + 3] >= mask[place]:
            last = min(ord(mask[place + 3]), ord(mask[place]) + 255)
            characters += map(chr, range(ord(mask[place]), last + 1))
            place += 4
        else:
            characters.append(mask[place])
            place += 1
    return "".join(dict.fromkeys(characters))


def nl2br(run: Run, string: Value) -> str:
    """`nl2br`."""
    value = read(run, string, "nl2br")
    run.text(len(value) + 6 * value.count("\n"))
    return _LINE_BREAK.sub(lambda found: "<br />" + found[0], value)


def spaceless(run: Run, content: Value) -> str:
    """`spaceless`: blanks between tags removed."""
    return _BETWEEN_TAGS.sub("><", read(run, content, "preg_replace", 3, "subject")).strip(TRIMMED)


def striptags(run: Run, string: Value, allowable_tags: Value = None) -> str:
    """`striptags`."""
    value = read(run, string, "strip_tags")
    run.read(len(value) * 8)
    if type(allowable_tags) in {list, dict}:
        allowed = "".join(f"<{text(one)}>" for one in array_values(allowable_tags))
    else:
        allowed = text(allowable_tags)
    return strip_tags(value, allowed)


def replace(run: Run, str: Value, from_: Value) -> str:
    """`replace`: the longest key that fits is replaced, never twice."""
    if not is_iterable(from_):
        raise TwigRuntimeError(f'The "replace" filter expects a sequence or a mapping, got "{type_name(from_)}".')
    value = read(run, str, "strtr")
    table = {_key_text(name): text(new) for name, new in entries(from_) if _key_text(name) != ""}
    if not table:
        return value
    run.charge(len(value) // 8 + 4 * len(table))
    pattern = _any_of(run, sorted(table, key=len, reverse=True))
    run.text(_replaced_size(value, pattern, table))
    return pattern.sub(lambda found: table[found[0]], value)


def _any_of(run: Run, words: list[str]) -> _Pattern:
    """A pattern that matches the first of these words. Long ones are not kept for the next time."""
    length = sum(map(len, words))
    if length <= _SHORT_WORDS:
        return re.compile("|".join(map(re.escape, words)))
    run.charge(length * 64)
    return regex.compile("|".join(map(regex.escape, words)), cache_pattern=False)


def _key_text(name: int | str) -> str:
    return f"{name}"


def _replaced_size(value: str, pattern: _Pattern, table: dict[str, str]) -> int:
    grown = max(len(new) - len(old) for old, new in table.items())
    if grown <= 0:
        return len(value)
    if grown * len(value) < 65_536:
        return len(value) * (grown + 1)
    return len(value) + sum(len(table[found[0]]) - len(found[0]) for found in pattern.finditer(value))


def split(run: Run, value: Value, delimiter: Value, limit: Value = None) -> list[Value]:
    """`split`: at a delimiter, or into pieces of so many characters."""
    string = read(run, value, "explode", 2, "string")
    mark = text(delimiter)
    run.items(len(string) + 1 if mark == "" else string.count(mark) + 1)
    if mark != "":
        return _explode(string, mark, None if limit is None else integer(limit))
    size = 0 if limit is None else integer(limit)
    if size <= 1:
        return list(string) if string else [""]
    if len(string) < size:
        return [string]
    return [string[place : place + size] for place in range(0, len(string), size)]


def _explode(string: str, mark: str, limit: int | None) -> list[Value]:
    if limit is None:
        return list(string.split(mark))
    if limit > 0:
        return list(string.split(mark, limit - 1))
    if limit == 0:
        return [string]
    return list(string.split(mark)[:limit])


def url_encode(run: Run, url: Value) -> str:
    """`url_encode`: a string as a part of a URL, an array as a query."""
    from_array = url.items if type(url) is Thing else url
    if type(from_array) in {list, dict}:
        parts: list[str] = []
        _query(run, from_array, "", parts, 0)
        return "&".join(parts)
    value = read(run, url, "rawurlencode")
    run.text(len(value) * 3)
    return percent(value)


def percent(value: str) -> str:
    """rawurlencode()."""
    return re.sub(r"[^A-Za-z0-9_.~-]", _percent, value)


def _percent(found: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in found[0].encode("utf-8", "surrogateescape"))


def _query(run: Run, array: Value, prefix: str, parts: list[str], level: int) -> None:
    run.charge(4 + len(array))
    if level > 64:
        raise PhpError("http_build_query(): nested too deep")
    for name, value in pairs(array):
        shown = f"{prefix}[{name}]" if prefix else f"{name}"
        if value is None:
            continue
        if type(value) in {list, dict} or type(value) is Thing:
            _query(run, value.items if type(value) is Thing else value, shown, parts, level + 1)
            continue
        written = "0" if value is False else ("" if is_object(value) and type(value) is not Markup else text(value))
        piece = f"{percent(shown)}={percent(written)}"
        run.text(len(piece))
        run.grow(len(piece))
        parts.append(piece)


def convert_encoding(run: Run, string: Value, to: Value, from_: Value) -> str:
    """`convert_encoding`. Values are text here, so that only charsets Python knows are checked."""
    value = read(run, string, "iconv", 3)
    try:
        return value.encode(text(from_), "surrogateescape").decode(text(to), "surrogateescape")
    except (LookupError, UnicodeError) as error:
        raise PhpError("iconv(): Wrong encoding, conversion is not allowed") from error
