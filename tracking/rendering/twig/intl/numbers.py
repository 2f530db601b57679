"""Numbers and amounts in a locale, with ICU's attributes."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

from babel.core import get_global

from tracking.rendering.twig.intl import spelling
from tracking.rendering.twig.intl.conventions import Conventions, conventions
from tracking.rendering.twig.intl.decimals import (
    MAX_DIGITS,
    ROUNDINGS,
    DecimalFormat,
    format_decimal,
    parse_pattern,
)

Attribute = Callable[[DecimalFormat, int], DecimalFormat]

STYLES: Final = ("decimal", "currency", "percent", "scientific", "spellout", "ordinal", "duration")
TYPES: Final = ("default", "int32", "int64", "double")
PADDINGS: Final = ("before_prefix", "after_prefix", "before_suffix", "after_suffix")

_NO_BREAK_SPACE: Final = "\xa0"
_CURRENCY: Final = "¤"


def _integer_digits(format: DecimalFormat, digits: int) -> DecimalFormat:
    return replace(format, min_integer=digits, max_integer=digits)


def _fraction_digits(format: DecimalFormat, digits: int) -> DecimalFormat:
    return replace(format, min_fraction=digits, max_fraction=digits)


def _max_fraction(format: DecimalFormat, digits: int) -> DecimalFormat:
    return replace(format, max_fraction=digits, min_fraction=min(format.min_fraction, digits))


def _min_fraction(format: DecimalFormat, digits: int) -> DecimalFormat:
    return replace(format, min_fraction=digits, max_fraction=max(format.max_fraction, digits))


def _grouping_used(format: DecimalFormat, used: int) -> DecimalFormat:
    return format if used else replace(format, grouping=0, secondary=0)


def _significant(format: DecimalFormat, *, least: int | None = None, most: int | None = None) -> DecimalFormat:
    old_least, old_most = format.significant or (1, MAX_DIGITS if most is None else most)
    least = old_least if least is None else least
    most = old_most if most is None else most
    return replace(format, significant=(max(least, 1), max(most, least, 1)))


def _ignored(format: DecimalFormat, value: int) -> DecimalFormat:
    return format


# Twig's names of ICU's attributes; rounding_mode, padding_position and rounding_increment are no whole numbers.
ATTRIBUTES: Final[dict[str, Attribute]] = {
    "grouping_used": _grouping_used,
    "decimal_always_shown": lambda format, value: replace(format, point_always=bool(value)),
    "max_integer_digit": lambda format, value: replace(
        format, max_integer=value, min_integer=min(format.min_integer, value)
    ),
    "min_integer_digit": lambda format, value: replace(format, min_integer=value),
    "integer_digit": _integer_digits,
    "max_fraction_digit": _max_fraction,
    "min_fraction_digit": _min_fraction,
    "fraction_digit": _fraction_digits,
    "multiplier": lambda format, value: replace(format, multiplier=value or 1),
    "grouping_size": lambda format, value: replace(format, grouping=value),
    "secondary_grouping_size": lambda format, value: replace(format, secondary=value),
    "format_width": lambda format, value: replace(format, width=value),
    "significant_digits_used": lambda format, value: replace(
        format, significant=format.significant or (1, 6) if value else None
    ),
    "min_significant_digits_used": lambda format, value: _significant(format, least=value),
    "max_significant_digits_used": lambda format, value: _significant(format, most=value),
    "rounding_mode": _ignored,
    "rounding_increment": _ignored,
    "padding_position": _ignored,
    "lenient_parse": _ignored,
}


def apply_attributes(format: DecimalFormat, attrs: Mapping[str, Any]) -> DecimalFormat:
    """The format with Twig's attributes, in the order of their names as Twig applies them.

    Raises ValueError for an unknown name or mode, and for more than MAX_DIGITS digits or characters.
    """
    for name in sorted(attrs):
        value = check_attribute(name, attrs[name])
        if name == "rounding_mode":
            format = replace(format, rounding=value)
        elif name == "padding_position":
            format = replace(format, padding=value)
        elif name == "rounding_increment":
            format = replace(format, increment=_increment(value))
        else:
            format = ATTRIBUTES[name](format, bounded(name, value))
    return format


def check_attribute(name: str, value: Any) -> Any:
    """The value of a known attribute. Raises ValueError with Twig's message for an unknown name or mode."""
    if name not in ATTRIBUTES:
        raise ValueError(_unknown("number formatter attribute", name, "attributes", ATTRIBUTES))
    if name == "rounding_mode":
        return _known("number formatter rounding mode", value, "modes", ROUNDINGS)
    if name == "padding_position":
        return _known("number formatter padding position", value, "positions", PADDINGS)
    return value


def check_style(style: str, kind: str) -> None:
    """Raises ValueError with Twig's message for an unknown style or type."""
    _known("type", kind, "types", TYPES)
    _known("style", style, "styles", STYLES)


def bounded(name: str, value: Any) -> int:
    """A whole number of digits or characters. Raises ValueError beyond MAX_DIGITS."""
    number = int(value or 0)
    if not 0 <= number <= MAX_DIGITS and name != "multiplier":
        raise ValueError(f'The number formatter attribute "{name}" is at most {MAX_DIGITS}.')
    return number


def _increment(value: Any) -> Decimal | None:
    increment = Decimal(repr(float(value)))
    return increment if increment.is_finite() and increment > 0 else None


def _known(what: str, value: Any, plural: str, known: Any) -> str:
    if value not in known:
        raise ValueError(_unknown(what, value, plural, known))
    return str(value)


def _unknown(what: str, value: Any, plural: str, known: Any) -> str:
    listed = '", "'.join(known)
    return f'The {what} "{value}" does not exist, known {plural} are: "{listed}".'


def format_styled(value: float, style: str, kind: str, attrs: Mapping[str, Any], locale: str) -> str:
    """A number in one of STYLES. Raises ValueError with Twig's message for unknown styles, types and attributes."""
    check_style(style, kind)
    found = conventions(locale)
    number = _typed(value, kind)
    if style in spelling.RULES:
        return spelling.RULES[style](number, found)
    format = apply_attributes(parse_pattern(getattr(found, style)), attrs)
    return format_decimal(number, format, found.symbols, found.zero, money=style == "currency")


def _typed(value: float, kind: str) -> Decimal:
    """The number as ICU gets it: a float by its shortest digits; int32 and int64 cut it."""
    number = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    bits = {"int32": 32, "int64": 64}.get(kind)
    if bits is None or not number.is_finite():
        return number
    whole = int(number) % 2**bits
    return Decimal(whole - 2**bits if whole >= 2 ** (bits - 1) else whole)


def format_amount(value: float, currency: str, attrs: Mapping[str, Any], locale: str) -> str:
    """An amount of money: the currency's digits, the locale's symbol and place for it."""
    found = conventions(locale)
    digits = currency_digits(currency)
    format = replace(parse_pattern(found.currency), min_fraction=digits, max_fraction=digits)
    format = _with_symbol(apply_attributes(format, attrs), currency_symbol(currency, found))
    return format_decimal(_typed(value, "default"), format, found.symbols, found.zero, money=True)


def currency_digits(currency: str) -> int:
    """How many decimals a currency has; 2 for unknown ones."""
    fractions: Mapping[str, tuple[int, ...]] = get_global("currency_fractions")
    return fractions.get(currency, fractions["DEFAULT"])[0]


def currency_symbol(currency: str, found: Conventions) -> str:
    return str(found.locale.currency_symbols.get(currency, currency))


def _with_symbol(format: DecimalFormat, symbol: str) -> DecimalFormat:
    prefix, suffix = _place_symbol(format.prefix, format.suffix, symbol)
    negative = format.negative and _place_symbol(*format.negative, symbol)
    return replace(format, prefix=prefix, suffix=suffix, negative=negative)


def _place_symbol(prefix: str, suffix: str, symbol: str) -> tuple[str, str]:
    """Put the symbol into the affixes; letters next to a digit keep a no-break space."""
    if prefix.endswith(_CURRENCY) and _is_letter(symbol[-1:]):
        prefix += _NO_BREAK_SPACE
    if suffix.startswith(_CURRENCY) and _is_letter(symbol[:1]):
        suffix = _NO_BREAK_SPACE + suffix
    # A minus sign of the symbol itself is not localized: it is protected by its own place in the affix.
    return prefix.replace(_CURRENCY, symbol), suffix.replace(_CURRENCY, symbol)


def _is_letter(character: str) -> bool:
    """Neither a symbol nor a space: CLDR's currency match."""
    return bool(character) and unicodedata.category(character)[0] not in "SZ"
