"""PHP 8.2's conversions between kinds of values: to string, bool, int, float, array key."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from datetime import datetime, tzinfo
from typing import Any

from tracking.rendering.twig import php_dates
from tracking.rendering.twig.budget import read
from tracking.rendering.twig.errors import PhpError
from tracking.rendering.twig.values import INT_MAX, INT_MIN, Arrow, Markup, Thing, Value

SPACES = " \t\n\r\v\f"
_NUMERIC = re.compile(r"[ \t\n\r\v\f]*+([+-]?(?:[0-9]++(\.[0-9]*+)?|(\.[0-9]++))([eE][+-]?[0-9]+)?)")
_INTEGER_KEY = re.compile(r"(?:0|-?[1-9][0-9]{0,18})\Z")
_DIGITS_OF_INT_MAX = 18

_DEBUG_TYPES: dict[type, str] = {
    type(None): "null",
    bool: "bool",
    int: "int",
    float: "float",
    str: "string",
    list: "array",
    dict: "array",
    Markup: "Twig\\Markup",
    datetime: "DateTime",
    Arrow: "Closure",
}


_TEXTS: dict[type, Callable[[Any], str]] = {Markup: lambda value: "".join((value,))}


def register_text(kind: type, name: str, shown: Callable[[Any], str] | None) -> None:
    """Let a class of ours be an object under this name; `shown` gives its text, None if it has none."""
    _DEBUG_TYPES[kind] = name
    if shown is not None:
        _TEXTS[kind] = shown


def has_text(value: Value) -> bool:
    """Is it an object with a text?"""
    return type(value) in _TEXTS


def type_name(value: Value) -> str:
    """The name PHP's messages give the kind of a value: int, array, DateTime ..."""
    name = _DEBUG_TYPES.get(type(value))
    if name is not None:
        return name
    if isinstance(value, Thing):
        return value.kind
    if isinstance(value, php_dates.Interval):
        return "DateInterval"
    return "DateTimeZone" if isinstance(value, tzinfo) else "object"


def is_object(value: Value) -> bool:
    """Is it an object for PHP?"""
    return type(value) not in _SCALARS_AND_ARRAYS


_SCALARS_AND_ARRAYS = frozenset({type(None), bool, int, float, str, list, dict})


def wrap(value: int) -> int | float:
    """An integer, or a float when it leaves 64 bits, as PHP's arithmetic gives it."""
    return value if INT_MIN <= value <= INT_MAX else float(value)


def number_of(text: str) -> int | float | None:
    """The number a numeric string stands for; None when it is not numeric as a whole."""
    read(text)
    found = _NUMERIC.match(text)
    if found is None or text[found.end() :].strip(SPACES):
        return None
    return _number(found)


def leading_number(text: str) -> int | float | None:
    """The number a string begins with; None when it begins with none."""
    read(text)
    found = _NUMERIC.match(text)
    return None if found is None else _number(found)


def _number(found: re.Match[str]) -> int | float:
    digits = found[1]
    if found[2] is not None or found[3] is not None or found[4] is not None:
        return float(digits)
    if len(digits) <= _DIGITS_OF_INT_MAX:
        return int(digits)
    if len(digits) > 400:  # beyond the largest float; Python's int() would refuse or crawl
        return float(digits)
    return wrap(int(digits))


def float_digits(value: float, precision: int) -> str:
    """A finite float with at most `precision` significant digits as PHP prints it: 1.0E+25, 1.5E-7, 0.3.

    0 asks for the shortest form that reads back the same.
    """
    if precision == 0:
        mantissa, power = _scientific(repr(value))
    else:
        digits, _, exponent = f"{value:.{precision - 1}e}".partition("e")
        mantissa, power = digits.rstrip("0").rstrip("."), int(exponent)
    return _spread(mantissa, power, precision or 17)


def _scientific(text: str) -> tuple[str, int]:
    """The shortest digits as d.ddd and a power of ten, from repr()'s text."""
    mantissa, _, exponent = text.partition("e")
    sign = "-" if mantissa.startswith("-") else ""
    whole, _, fraction = mantissa.lstrip("-").partition(".")
    digits = whole + fraction
    power = len(whole) - 1 + int(exponent or 0)
    stripped = digits.lstrip("0")
    power -= len(digits) - len(stripped)
    stripped = stripped.rstrip("0")
    if not stripped:
        return sign + "0", 0
    return sign + stripped[0] + ("." + stripped[1:] if len(stripped) > 1 else ""), power


def _spread(mantissa: str, power: int, precision: int) -> str:
    sign = "-" if mantissa.startswith("-") else ""
    digits = mantissa.lstrip("-").replace(".", "")
    if power < -4 or power >= max(precision, 1):
        shown = digits[0] + "." + (digits[1:] or "0")
        return f"{sign}{shown}E{'+' if power >= 0 else '-'}{abs(power)}"
    if power < 0:
        return f"{sign}0.{'0' * (-power - 1)}{digits}"
    if len(digits) <= power + 1:
        return sign + digits + "0" * (power + 1 - len(digits))
    return f"{sign}{digits[: power + 1]}.{digits[power + 1 :]}"


def float_text(value: float) -> str:
    """A float as `echo` prints it: 14 significant digits."""
    if math.isfinite(value):
        return float_digits(value, 14)
    return "NAN" if math.isnan(value) else ("INF" if value > 0 else "-INF")


def text(value: Value) -> str:  # noqa: PLR0911 - one line for each kind
    """The string PHP makes of a value. Raises PhpError for objects that have no text."""
    kind = type(value)
    if kind is str:
        return value  # type: ignore[no-any-return]
    if kind is int:
        return str(value)
    if value is None or value is False:
        return ""
    if value is True:
        return "1"
    if kind is float:
        return float_text(value)
    if kind is list or kind is dict:
        return "Array"
    if kind in _TEXTS:
        return _TEXTS[kind](value)
    raise PhpError(f"Object of class {type_name(value)} could not be converted to string")


def truth(value: Value) -> bool:
    """Is it true for PHP? "0", "", 0, 0.0, null, false and empty arrays are not; a safe string is as its text."""
    if value is True or value is False:
        return value
    if type(value) is str:
        return value not in {"", "0"}
    if type(value) is Markup:
        return value != ""
    return True if type(value) is Thing else bool(value)


def integer(value: Value) -> int:
    """What `(int)` gives."""
    kind = type(value)
    if kind is int:
        return value  # type: ignore[no-any-return]
    if kind is float:
        return int_of_float(value)
    if kind is str:
        found = leading_number(value)
        return 0 if found is None else integer(found)
    if kind is list or kind is dict:
        return 1 if value else 0
    return 0 if value is None or value is False else 1


def int_of_float(value: float) -> int:
    """A float cut to 64 bits: towards zero, around at 2**64, 0 for INF and NAN."""
    if not math.isfinite(value):
        return 0
    whole = int(value)
    if INT_MIN <= whole <= INT_MAX:
        return whole
    whole %= 2**64
    return whole - 2**64 if whole > INT_MAX else whole


def real(value: Value) -> float:
    """What `(float)` gives."""
    kind = type(value)
    if kind is float:
        return value  # type: ignore[no-any-return]
    if kind is str:
        found = leading_number(value)
        return 0.0 if found is None else float(found)
    return float(integer(value))


def key(value: Value) -> int | str:
    """The array key PHP makes of a value: "5" is 5, 1.7 is 1, null is ""."""
    kind = type(value)
    if kind is str:
        return key_of_text(value)
    if kind is int:
        return value  # type: ignore[no-any-return]
    if value is None:
        return ""
    if kind is bool:
        return int(value)
    if kind is float:
        return int_of_float(value)
    if kind in _TEXTS:
        return key_of_text(text(value))
    raise PhpError("Illegal offset type")


def key_of_text(name: str) -> int | str:
    """A string key; decimal integers that fit 64 bits become int."""
    if name and (name[0] in "-0123456789") and _INTEGER_KEY.match(name):
        number = int(name)
        if INT_MIN <= number <= INT_MAX:
            return number
    return name


def pairs(array: list[Value] | dict[int | str, Value]) -> Iterable[tuple[int | str, Value]]:
    """Keys and values of a PHP array."""
    return enumerate(array) if type(array) is list else array.items()  # type: ignore[union-attr]


def as_dict(array: Any) -> dict[int | str, Value]:
    """A PHP array as a fresh dict."""
    return dict(pairs(array))


def array_values(array: Any) -> list[Value]:
    """The values of a PHP array, in order."""
    return array if type(array) is list else list(array.values())


def is_list(array: Any) -> bool:
    """Are the keys 0..n-1 in this order?"""
    return type(array) is list or all(name == place and type(name) is int for place, name in enumerate(array))


def settle(array: dict[int | str, Value]) -> list[Value] | dict[int | str, Value]:
    """The same PHP array as a list when its keys are 0..n-1 in order."""
    return list(array.values()) if is_list(array) else array


def append(array: dict[int | str, Value], value: Value) -> None:
    """`$array[] = value`: the next free integer key."""
    used = [name for name in array if type(name) is int]
    array[max(max(used) + 1, 0) if used else 0] = value
