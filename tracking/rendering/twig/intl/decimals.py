"""ICU's DecimalFormat: a pattern, its symbols and the attributes that change it.

Source: UTS #35 part 3, "Number Format Patterns"; ICU's NumberFormat attributes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import (
    ROUND_CEILING,
    ROUND_DOWN,
    ROUND_FLOOR,
    ROUND_HALF_DOWN,
    ROUND_HALF_EVEN,
    ROUND_HALF_UP,
    ROUND_UP,
    Context,
    Decimal,
)
from functools import lru_cache
from typing import Final

MAX_DIGITS: Final = 1_000  # of integer, fraction, or width: what an author may ask for
_UNLIMITED: Final = 340  # fraction digits of a float at most
_CONTEXT: Final = Context(prec=4_000, Emin=-10_000, Emax=10_000)

ROUNDINGS: Final[dict[str, str]] = {
    "ceiling": ROUND_CEILING,
    "floor": ROUND_FLOOR,
    "down": ROUND_DOWN,
    "up": ROUND_UP,
    "halfeven": ROUND_HALF_EVEN,
    "halfdown": ROUND_HALF_DOWN,
    "halfup": ROUND_HALF_UP,
}

# A negative number is rounded by its size: down is then up.
_OPPOSITE: Final = {"ceiling": "floor", "floor": "ceiling"}

_NUMBER = re.compile(r"(?:'[^']*'|[^#0-9@,.'])*")
_SHAPE = re.compile(r"(?P<whole>[#0-9,@]*)(?:\.(?P<fraction>[0-9#]*))?(?:E(?P<plus>\+?)(?P<exponent>0+))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class DecimalFormat:
    """A number pattern in parts. Affixes keep the signs ¤ % ‰ - + until they are shown."""

    prefix: str = ""
    suffix: str = ""
    negative: tuple[str, str] | None = None  # prefix and suffix of negative numbers, where the pattern has its own
    grouping: int = 0  # digits of the group next to the decimal point; 0 for no groups
    secondary: int = 0  # digits of the groups beyond
    min_integer: int = 1
    max_integer: int | None = None
    min_fraction: int = 0
    max_fraction: int = 0
    significant: tuple[int, int] | None = None  # least and most significant digits
    exponent: int | None = None  # least digits of the exponent; None without one
    multiplier: int = 1
    rounding: str = "halfeven"
    increment: Decimal | None = None
    point_always: bool = False
    width: int = 0
    padding: str = "before_prefix"


@lru_cache(maxsize=512)
def parse_pattern(pattern: str) -> DecimalFormat:
    """The format of a pattern such as "#,##0.00 ¤;(#,##0.00 ¤)"."""
    positive, _, negative = pattern.partition(";")
    prefix, shape, suffix = _split(positive)
    format = replace(_shape(shape), prefix=prefix, suffix=suffix, multiplier=_multiplier(prefix + suffix))
    if negative:
        negative_prefix, _, negative_suffix = _split(negative)
        format = replace(format, negative=(negative_prefix, negative_suffix))
    return format


def _multiplier(affixes: str) -> int:
    return 100 if "%" in affixes else 1000 if "‰" in affixes else 1


def _split(pattern: str) -> tuple[str, re.Match[str], str]:
    start = _NUMBER.match(pattern)
    assert start is not None  # it matches the empty text
    shape = _SHAPE.match(pattern, start.end())
    assert shape is not None
    return _unquote(start[0]), shape, _unquote(pattern[shape.end() :])


def _unquote(affix: str) -> str:
    return affix.replace("''", "\0").replace("'", "").replace("\0", "'")


def _shape(shape: re.Match[str]) -> DecimalFormat:
    groups = shape["whole"].split(",")
    digits = "".join(groups)
    fraction = shape["fraction"] or ""
    return DecimalFormat(
        grouping=len(groups[-1]) if len(groups) > 1 else 0,
        secondary=len(groups[-2]) if len(groups) > 2 else 0,
        min_integer=digits.count("0"),
        max_integer=len(digits) if shape["exponent"] else None,
        min_fraction=fraction.count("0"),
        max_fraction=len(fraction),
        exponent=len(shape["exponent"]) if shape["exponent"] else None,
    )


def format_decimal(value: Decimal, format: DecimalFormat, symbols: Mapping[str, str], zero: str, *, money: bool) -> str:
    """The number in a format, with a locale's symbols and digits; ¤ in affixes is left for the caller.

    `money` picks the separators of amounts.
    """
    negative = value.is_signed() and not value.is_nan()
    if negative:
        format = replace(format, rounding=_OPPOSITE.get(format.rounding, format.rounding))
    body = _endless(value, symbols) or _body(value.copy_abs(), format, symbols, zero, money=money)
    prefix, suffix = _affixes(format, symbols, negative=negative)
    return _pad(prefix, body, suffix, format)


def _endless(value: Decimal, symbols: Mapping[str, str]) -> str:
    """The sign for no number or infinity; nothing for finite numbers."""
    if value.is_nan():
        return symbols.get("nan", "NaN")
    return symbols.get("infinity", "∞") if value.is_infinite() else ""


def _body(value: Decimal, format: DecimalFormat, symbols: Mapping[str, str], zero: str, *, money: bool) -> str:
    scaled = _CONTEXT.multiply(value, Decimal(format.multiplier))
    if format.exponent is not None:
        return _localize(_scientific(scaled, format), symbols, zero, money=money)
    whole, fraction = _digits(scaled, format)
    point = "." if fraction or format.point_always else ""
    return _localize(f"{_grouped(whole, format)}{point}{fraction}", symbols, zero, money=money)


def _digits(value: Decimal, format: DecimalFormat) -> tuple[str, str]:
    """The integer and fraction digits, rounded and filled up."""
    if format.significant is not None:
        return _significant(value, format)
    rounded = _round(value, format.max_fraction, format)
    whole, _, fraction = f"{rounded:f}".partition(".")
    fraction = fraction.rstrip("0").ljust(format.min_fraction, "0")
    whole = whole.lstrip("0").rjust(format.min_integer, "0")
    if format.max_integer is not None:
        kept = whole[max(len(whole) - format.max_integer, 0) :]
        whole = kept.lstrip("0").rjust(format.min_integer, "0")
    return whole or ("" if fraction else "0"), fraction


def _round(value: Decimal, places: int, format: DecimalFormat) -> Decimal:
    mode = ROUNDINGS[format.rounding]
    if format.increment:
        value = _CONTEXT.divide(value, format.increment).to_integral_value(mode, _CONTEXT) * format.increment
    return value.quantize(Decimal(1).scaleb(-places), mode, _CONTEXT)


def _significant(value: Decimal, format: DecimalFormat) -> tuple[str, str]:
    least, most = format.significant or (1, 6)
    if not value:
        return "0".rjust(format.min_integer, "0"), "0" * (least - 1)
    places = most - 1 - (value.adjusted() if value else 0)
    rounded = value.quantize(Decimal(1).scaleb(-places), ROUNDINGS[format.rounding], _CONTEXT)
    whole, _, fraction = f"{rounded:f}".partition(".")
    shown = len(whole.lstrip("0")) or 0
    kept = fraction.rstrip("0")
    leading = len(fraction) - len(fraction.lstrip("0")) if not shown else 0
    return whole.lstrip("0").rjust(format.min_integer, "0"), kept.ljust(least - shown + leading, "0")


def _scientific(value: Decimal, format: DecimalFormat) -> str:
    """Mantissa and exponent, as "1.2345E4"; every digit is shown unless the pattern names fraction digits."""
    power = value.adjusted() if value else 0
    mantissa = _CONTEXT.scaleb(value, -power)
    if format.max_fraction:
        mantissa = _round(mantissa, format.max_fraction, format)
    if mantissa >= 10:
        mantissa, power = _CONTEXT.scaleb(mantissa, -1), power + 1
    whole, _, fraction = f"{mantissa:f}".partition(".")
    fraction = fraction.rstrip("0").ljust(format.min_fraction, "0")
    exponent = f"{'-' if power < 0 else ''}{abs(power):0{format.exponent}d}"
    return f"{whole}{'.' if fraction else ''}{fraction}E{exponent}"


def _grouped(whole: str, format: DecimalFormat) -> str:
    if not format.grouping or len(whole) <= format.grouping:
        return whole
    rest, groups = whole[: -format.grouping], [whole[-format.grouping :]]
    size = format.secondary or format.grouping
    while len(rest) > size:
        rest, group = rest[:-size], rest[-size:]
        groups.insert(0, group)
    return ",".join([rest, *groups])


def _localize(text: str, symbols: Mapping[str, str], zero: str, *, money: bool) -> str:
    point, comma = symbols.get("decimal", "."), symbols.get("group", ",")
    if money:
        point, comma = symbols.get("currencyDecimal", point), symbols.get("currencyGroup", comma)
    table: dict[str, str | int | None] = {
        ".": point,
        ",": comma,
        "E": symbols.get("exponential", "E"),
        "-": symbols.get("minusSign", "-"),
    }
    table.update({str(digit): chr(ord(zero) + digit) for digit in range(10)})
    return text.translate(str.maketrans(table))


def _affixes(format: DecimalFormat, symbols: Mapping[str, str], *, negative: bool) -> tuple[str, str]:
    prefix, suffix = format.prefix, format.suffix
    if negative:
        prefix, suffix = format.negative or (f"-{prefix}", suffix)
    signs = {"-": "minusSign", "+": "plusSign", "%": "percentSign", "‰": "perMille"}
    table = str.maketrans({sign: symbols.get(name, sign) for sign, name in signs.items()})
    return prefix.translate(table), suffix.translate(table)


def _pad(prefix: str, body: str, suffix: str, format: DecimalFormat) -> str:
    missing = " " * max(format.width - len(prefix) - len(body) - len(suffix), 0)
    places: dict[str, Callable[[], str]] = {
        "before_prefix": lambda: missing + prefix + body + suffix,
        "after_prefix": lambda: prefix + missing + body + suffix,
        "before_suffix": lambda: prefix + body + missing + suffix,
        "after_suffix": lambda: prefix + body + suffix + missing,
    }
    return places[format.padding]()
