"""PHP's json_encode: its flags, its escapes, its floats."""

from __future__ import annotations

import math
import re
from datetime import datetime

from tracking.rendering.twig import php_dates
from tracking.rendering.twig.php import float_digits, has_text, integer, is_list, number_of, pairs, text
from tracking.rendering.twig.run import Run
from tracking.rendering.twig.values import Thing, Value

HEX_TAG, HEX_AMP, HEX_APOS, HEX_QUOT, FORCE_OBJECT = 1, 2, 4, 8, 16
NUMERIC_CHECK, UNESCAPED_SLASHES, PRETTY_PRINT, UNESCAPED_UNICODE = 32, 64, 128, 256
PARTIAL_OUTPUT, PRESERVE_ZERO, UNESCAPED_LINES = 512, 1024, 2048
INVALID_IGNORE, INVALID_SUBSTITUTE = 1048576, 2097152
_DEPTH = 512
_PLAIN_TEXT = re.compile(r"[ !#$%(-.0-9:;=?-\[\]-~]*")  # nothing that any flag escapes
_SHORT = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_HEX = {"<": HEX_TAG, ">": HEX_TAG, "&": HEX_AMP, "'": HEX_APOS, '"': HEX_QUOT}
_LINES = "\u2028\u2029"


class NotEncodable(Exception):
    """json_encode would give false: not UTF-8, INF, too deep."""


class Encoder:
    """Writes one value; the pieces are charged as they come."""

    def __init__(self, run: Run, flags: int) -> None:
        self.run = run
        self.flags = flags
        self.out: list[str] = []
        self.size = 0

    def text(self, value: Value, depth: int) -> str:
        """The JSON text. Raises NotEncodable."""
        self._write(value, 0, depth)
        return "".join(self.out)

    def _put(self, piece: str) -> None:
        self.size += len(piece)
        if self.size > 4096:
            self.run.text(self.size)
            self.run.grow(len(piece))
        self.out.append(piece)

    def _write(self, value: Value, level: int, depth: int) -> None:
        kind = type(value)
        if kind is str or has_text(value):  # such objects are JsonSerializable: their text
            self._put(self._string(text(value)))
        elif value is None or kind is bool:
            self._put({None: "null", True: "true", False: "false"}[value])
        elif kind is int:
            self._put(str(value))
        elif kind is float:
            self._put(self._float(value))
        else:
            self._write_array(self._as_array(value), level, depth)

    def _as_array(self, value: Value) -> tuple[Value, bool]:
        """What an object shows, and whether it is to be written as an object in any case."""
        if isinstance(value, Thing):
            return value.items, True
        if isinstance(value, datetime):
            names = ("date", "timezone_type", "timezone")
            zone = php_dates.zone_name(value.tzinfo)
            kind = 1 if zone[:1] in "+-" else (3 if "/" in zone or zone == "UTC" else 2)
            shown = (php_dates.format_date(value, "Y-m-d H:i:s.u"), kind, zone)
            return dict(zip(names, shown, strict=True)), True
        return (value, bool(self.flags & FORCE_OBJECT)) if type(value) in {list, dict} else ({}, True)

    def _write_array(self, shown: tuple[Value, bool], level: int, depth: int) -> None:
        array, forced = shown
        if level >= depth:
            raise NotEncodable
        self.run.charge(2 + len(array))
        if not array:
            self._put("{}" if forced else "[]")
            return
        listed = not forced and is_list(array)
        self._put("[" if listed else "{")
        for place, (name, value) in enumerate(pairs(array)):
            self._put(("," if place else "") + self._line(level + 1))
            if not listed:
                self._put(self._key(str(name)) + (": " if self.flags & PRETTY_PRINT else ":"))
            self._write(value, level + 1, depth)
        self._put(self._line(level) + ("]" if listed else "}"))

    def _line(self, level: int) -> str:
        return "\n" + "    " * level if self.flags & PRETTY_PRINT else ""

    def _key(self, name: str) -> str:
        flags, self.flags = self.flags, self.flags & ~NUMERIC_CHECK
        shown = self._string(name)
        self.flags = flags
        return shown

    def _float(self, value: float) -> str:
        if not math.isfinite(value):
            if self.flags & PARTIAL_OUTPUT:
                return "0"
            raise NotEncodable
        shown = float_digits(value, 0).replace("E", "e")
        return shown + ".0" if self.flags & PRESERVE_ZERO and shown.lstrip("-").isdigit() else shown

    def _string(self, value: str) -> str:
        if _PLAIN_TEXT.fullmatch(value) and not self.flags & NUMERIC_CHECK:
            return f'"{value}"'
        if self.flags & NUMERIC_CHECK and (number := number_of(value)) is not None:
            return self._float(number) if type(number) is float else str(number)
        return '"' + "".join(map(self._character, self._valid(value))) + '"'

    def _valid(self, value: str) -> str:
        if any("\ud800" <= one <= "\udfff" for one in value):
            if self.flags & INVALID_IGNORE:
                return "".join(one for one in value if not "\ud800" <= one <= "\udfff")
            if self.flags & INVALID_SUBSTITUTE:
                return "".join("\ufffd" if "\ud800" <= one <= "\udfff" else one for one in value)
            raise NotEncodable
        return value

    def _character(self, one: str) -> str:  # noqa: PLR0911 - one line for each kind
        if one in _HEX and self.flags & _HEX[one]:
            return f"\\u{ord(one):04X}"
        if one in _SHORT:
            return _SHORT[one]
        if one == "/":
            return "/" if self.flags & UNESCAPED_SLASHES else "\\/"
        code = ord(one)
        if code < 0x20:
            return f"\\u{code:04x}"
        if code < 0x80:
            return one
        if self.flags & UNESCAPED_UNICODE and (one not in _LINES or self.flags & UNESCAPED_LINES):
            return one
        if code < 0x10000:
            return f"\\u{code:04x}"
        code -= 0x10000
        return f"\\u{0xD800 | code >> 10:04x}\\u{0xDC00 | code & 0x3FF:04x}"


def json_encode(run: Run, value: Value, flags: Value = 0, depth: Value = _DEPTH) -> Value:
    """The filter `json_encode`; false where PHP gives false."""
    encoder = Encoder(run, integer(flags))
    try:
        return encoder.text(value, integer(depth))
    except NotEncodable:
        return False
