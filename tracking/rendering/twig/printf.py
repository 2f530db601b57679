"""PHP's sprintf(): its own grammar, its own floats. Widths and cuts count UTF-8 bytes.

Source: PHP manual, sprintf().
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from tracking.rendering.twig.errors import PhpError
from tracking.rendering.twig.php import float_digits, integer, real, text
from tracking.rendering.twig.values import Value

MAX_WIDTH: Final = 1_000_000  # characters of one field; PHP would go on to 2**31
_MAX_INT: Final = 2**31 - 1
_MAX_PRECISION: Final = 53  # digits of a float; PHP cuts more down to this
_DEFAULT_PRECISION: Final = 6

_FIELD = re.compile(
    r"(?:(?P<argument>\d*)\$)?"
    r"(?P<flags>(?:[ 0+-]|'.)*)"
    r"(?P<width>\*(?:\d+\$)?|\d+)?"
    r"(?:\.(?P<precision>\*(?:\d+\$)?|\d+)?)?"
    r"l?(?P<letter>.)?",
    re.DOTALL,
)


def _bytes(shown: str) -> bytes:
    return shown.encode("utf-8", "surrogateescape")


@dataclass(slots=True)
class Field:
    """One conversion. `width` is the least number of bytes, `precision` None where the format names none."""

    left: bool = False
    plus: bool = False
    padding: str = " "
    width: int = 0
    precision: int | None = None

    def pad(self, shown: str, *, signed: bool = False) -> str:
        """Fill to the width; zeros go between the sign and the digits."""
        missing = self.padding * max(self.width - len(_bytes(shown)), 0)
        if self.left:
            return shown + missing
        if signed and self.padding == "0" and shown[:1] in {"-", "+"}:
            return shown[0] + missing + shown[1:]
        return missing + shown


@dataclass(slots=True)
class Arguments:
    """What a format may use: in order, or by number."""

    values: Sequence[Value]
    used: int = 0
    missing: int = -1  # the highest place asked for that is not there

    def take(self, number: str | None) -> tuple[bool, Value]:
        """Whether there is a value at "2$" (counted from 1) or next in order, and the value."""
        if number is None:
            place, self.used = self.used, self.used + 1
        else:
            place = _bounded(number, "Argument number specifier must be greater than zero", least=1, below=_MAX_INT) - 1
        if place < len(self.values):
            return True, self.values[place]
        self.missing = max(self.missing, place)
        return False, None


def sprintf(format: str, args: Sequence[Value]) -> str:
    """The format filled in with PHP values.

    Raises PhpError with the message of PHP's ArgumentCountError or ValueError, ValueError beyond MAX_WIDTH.
    """
    parts: list[str] = []
    arguments = Arguments(args)
    at = length = 0
    while (percent := format.find("%", at)) >= 0:
        parts.append(format[at:percent])
        part, at = _convert(format, percent + 1, arguments)
        parts.append(part)
        length += len(part)
        if length > MAX_WIDTH:
            raise ValueError(f"The fields of a format make at most {MAX_WIDTH} characters")
    if arguments.missing >= 0:
        raise PhpError(f"{arguments.missing + 2} arguments are required, {len(args) + 1} given")
    return "".join(parts) + format[at:]


def _convert(format: str, at: int, arguments: Arguments) -> tuple[str, int]:
    """One conversion behind its percent sign, and where it ends."""
    if format[at : at + 1] == "%":
        return "%", at + 1
    found = _FIELD.match(format, at)
    assert found is not None  # every part is optional
    letter = found["letter"]
    if letter == "'" and found.start("letter") == found.end("flags") and found.end() == len(format):
        raise PhpError("Missing padding character")
    field = _field(found, arguments)
    there, value = arguments.take(found["argument"])
    if not there:
        return "", found.end()
    if letter is None:
        raise PhpError("Missing format specifier at end of string")
    if field.precision == -1 and letter not in "gGhH":
        raise PhpError("Precision -1 is only supported for %g, %G, %h and %H")
    conversion = CONVERSIONS.get(letter)
    if conversion is None:
        raise PhpError(f'Unknown format specifier "{letter}"')
    return conversion(value, field), found.end()


def _field(found: re.Match[str], arguments: Arguments) -> Field:
    field = Field()
    flags = iter(found["flags"])
    for flag in flags:
        if flag == "-":
            field.left = True
        elif flag == "+":
            field.plus = True
        else:
            field.padding = next(flags) if flag == "'" else flag
    field.width = _measure(found["width"], arguments, "Width") or 0
    field.precision = _measure(found["precision"], arguments, "Precision")
    return field


def _measure(written: str | None, arguments: Arguments, name: str) -> int | None:
    """A width or precision, written out or taken from an argument ("*")."""
    if written is None:
        return None
    if written.startswith("*"):
        written = _measure_argument(arguments.take(written[1:-1] or None)[1], name)
    if name == "Precision" and written.startswith("-"):
        return _shortest(written)
    size = _bounded(written, f"{name} must be greater than zero", least=0, below=_MAX_INT)
    if size > MAX_WIDTH:
        raise ValueError(f"{name} must be at most {MAX_WIDTH}")
    return size


def _shortest(written: str) -> int:
    """-1, which asks %g for as many digits as a float needs."""
    if written != "-1":
        raise PhpError(f"Precision must be between -1 and {_MAX_INT}")
    return -1


def _measure_argument(value: Value, name: str) -> str:
    if value is not None and type(value) is not int:
        raise PhpError(f"{name} must be an integer")
    return str(value or 0)


def _bounded(written: str, complaint: str, *, least: int, below: int) -> int:
    number = int(written or "0") if len(written) < 20 else below
    if not least <= number < below:
        raise PhpError(f"{complaint} and less than {below}")
    return number


def _string(value: Value, field: Field) -> str:
    shown = text(value)
    if field.precision is not None:
        shown = _bytes(shown)[: field.precision].decode("utf-8", "surrogateescape")
    return field.pad(shown)


def _integer(value: Value, field: Field) -> str:
    number = integer(value)
    return _whole(f"{number:+d}" if field.plus else str(number), field)


def _unsigned(value: Value, field: Field) -> str:
    return _whole(str(integer(value) % 2**64), field)


def _whole(shown: str, field: Field) -> str:
    if field.left and field.padding == "0":
        field.padding = " "
    return field.pad(shown, signed=True)


def _based(base: str) -> Callable[[Value, Field], str]:
    """Digits to a base; a precision cuts them all away, as in PHP."""
    return lambda value, field: field.pad("" if field.precision is not None else format(integer(value) % 2**64, base))


def _character(value: Value, field: Field) -> str:
    """One byte, never padded; a byte that is no text alone is a surrogate, as everywhere in the engine."""
    return bytes([integer(value) % 256]).decode("utf-8", "surrogateescape")


def _float(value: Value, field: Field, write: Callable[[float, int], str]) -> str:
    number = real(value)
    if not math.isfinite(number):
        return _endless(number, field)
    precision = _DEFAULT_PRECISION if field.precision is None else min(field.precision, _MAX_PRECISION)
    shown = write(number, precision)
    return field.pad(f"+{shown}" if field.plus and not shown.startswith("-") else shown, signed=True)


def _endless(number: float, field: Field) -> str:
    """INF without a sign and NaN; where zeros are asked for, PHP puts the sign over the first letter."""
    shown = "NaN" if math.isnan(number) else "INF"
    if field.padding == "0" and not field.left and (number < 0 or field.plus):
        return ("-" if number < 0 else "+") + shown[1:]
    return shown


def _fixed(number: float, precision: int) -> str:
    return f"{number:.{precision}f}" if number else f"{0.0:.{precision}f}"


def _scientific(number: float, precision: int) -> str:
    mantissa, _, exponent = f"{number or 0.0:.{precision}e}".partition("e")
    return f"{mantissa}e{int(exponent):+d}"


def _short(number: float, precision: int) -> str:
    return float_digits(number, 0 if precision < 0 else precision or 1)


CONVERSIONS: Final[dict[str, Callable[[Value, Field], str]]] = {
    "s": _string,
    "d": _integer,
    "u": _unsigned,
    "b": _based("b"),
    "o": _based("o"),
    "x": _based("x"),
    "X": _based("X"),
    "c": _character,
    "e": lambda value, field: _float(value, field, _scientific),
    "E": lambda value, field: _float(value, field, lambda *parts: _scientific(*parts).upper()),
    "f": lambda value, field: _float(value, field, _fixed),
    "F": lambda value, field: _float(value, field, _fixed),
    "g": lambda value, field: _float(value, field, lambda *parts: _short(*parts).lower()),
    "G": lambda value, field: _float(value, field, _short),
    "h": lambda value, field: _float(value, field, lambda *parts: _short(*parts).lower()),
    "H": lambda value, field: _float(value, field, _short),
    "%": lambda value, field: "%",
}
