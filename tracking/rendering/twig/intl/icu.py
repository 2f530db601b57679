"""The same formats by PyICU, where it is installed: ICU's own output, every calendar and spelling rule."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import datetime
from importlib import import_module
from typing import Any, Final
from zoneinfo import ZoneInfo

from tracking.rendering.twig.intl.conventions import DEFAULT
from tracking.rendering.twig.intl.dates import MAX_PATTERN
from tracking.rendering.twig.intl.numbers import bounded, check_attribute, check_style
from tracking.rendering.twig.php_dates.formatting import offset_seconds
from tracking.rendering.twig.php_dates.zones import offset_name


def _load() -> Any:
    """PyICU's module, None where it is not installed."""
    try:
        found = import_module("icu")
    except ImportError:
        return None
    return found if hasattr(found, "ICU_VERSION") else None


_ICU: Final = _load()
AVAILABLE: Final = _ICU is not None

_LENGTHS: Final = {"none": "kNone", "short": "kShort", "medium": "kMedium", "long": "kLong", "full": "kFull"}
_PADDINGS: Final = {
    "before_prefix": "kPadBeforePrefix", "after_prefix": "kPadAfterPrefix",
    "before_suffix": "kPadBeforeSuffix", "after_suffix": "kPadAfterSuffix",
}  # fmt: skip
_ROUNDINGS: Final = {
    "ceiling": "kRoundCeiling", "floor": "kRoundFloor", "down": "kRoundDown", "up": "kRoundUp",
    "halfeven": "kRoundHalfEven", "halfdown": "kRoundHalfDown", "halfup": "kRoundHalfUp",
}  # fmt: skip
_LONGEST_NAME: Final = 100  # characters of a locale
_RULES: Final = {"spellout": "SPELLOUT", "ordinal": "ORDINAL", "duration": "DURATION"}

_Setter = Callable[[Any, Any], None]


def _both(least: str, most: str) -> _Setter:
    def set_both(format: Any, value: Any) -> None:
        getattr(format, most)(value)
        getattr(format, least)(value)

    return set_both


def _set(name: str, convert: Callable[[Any], Any] = int) -> _Setter:
    return lambda format, value: getattr(format, name)(convert(value))


_SETTERS: Final[dict[str, _Setter]] = {
    "grouping_used": _set("setGroupingUsed", bool),
    "decimal_always_shown": _set("setDecimalSeparatorAlwaysShown", bool),
    "max_integer_digit": _set("setMaximumIntegerDigits"),
    "min_integer_digit": _set("setMinimumIntegerDigits"),
    "integer_digit": _both("setMinimumIntegerDigits", "setMaximumIntegerDigits"),
    "max_fraction_digit": _set("setMaximumFractionDigits"),
    "min_fraction_digit": _set("setMinimumFractionDigits"),
    "fraction_digit": _both("setMinimumFractionDigits", "setMaximumFractionDigits"),
    "multiplier": _set("setMultiplier"),
    "grouping_size": _set("setGroupingSize"),
    "secondary_grouping_size": _set("setSecondaryGroupingSize"),
    "rounding_increment": _set("setRoundingIncrement", float),
    "format_width": _set("setFormatWidth"),
    "significant_digits_used": _set("setSignificantDigitsUsed", bool),
    "min_significant_digits_used": _set("setMinimumSignificantDigits"),
    "max_significant_digits_used": _set("setMaximumSignificantDigits"),
    "rounding_mode": lambda format, value: format.setRoundingMode(getattr(_ICU.DecimalFormat, _ROUNDINGS[value])),
    "padding_position": lambda format, value: format.setPadPosition(getattr(_ICU.DecimalFormat, _PADDINGS[value])),
    "lenient_parse": _set("setLenient", bool),
}


def format_datetime(moment: datetime, styles: tuple[str, str], pattern: str, calendar: str, locale: str) -> str:
    """A moment in its own zone, by two styles (of date and time) or by a pattern."""
    where = _locale(locale)
    if pattern:
        format = _by_pattern(pattern, where)
    else:
        format = _ICU.DateFormat.createDateTimeInstance(*map(_length, styles), where)
    zone = _ICU.TimeZone.createTimeZone(_zone_id(moment))
    if calendar == "gregorian":
        format.setCalendar(_ICU.GregorianCalendar(zone, where))
    format.setTimeZone(zone)
    return str(format.format(moment.timestamp()))


def _by_pattern(pattern: str, where: Any) -> Any:
    if len(pattern) > MAX_PATTERN:
        raise ValueError(f"A date pattern has at most {MAX_PATTERN} characters")
    try:
        return _ICU.SimpleDateFormat(pattern, where)
    except _ICU.ICUError:
        raise ValueError("Unable to format the given date.") from None


def _locale(name: str) -> Any:
    """ICU's locale of a name; English for what is no name at all."""
    try:
        return _ICU.Locale(name if len(name) <= _LONGEST_NAME else DEFAULT)
    except _ICU.ICUError:
        return _ICU.Locale(DEFAULT)


def _length(style: str) -> int:
    plain = style.removeprefix("relative_")
    name = _LENGTHS[plain] + ("Relative" if plain != style else "")
    return int(getattr(_ICU.DateFormat, name))


def _zone_id(moment: datetime) -> str:
    if isinstance(moment.tzinfo, ZoneInfo):
        return moment.tzinfo.key
    return f"GMT{offset_name(offset_seconds(moment))}" if offset_seconds(moment) else "UTC"


def format_currency(value: float, currency: str, attrs: Mapping[str, Any], locale: str) -> str:
    """An amount of money."""
    format = _ICU.NumberFormat.createCurrencyInstance(_locale(locale))
    format.setCurrency(currency)
    _apply(format, attrs)
    return str(format.format(_number(value)))


def format_number(value: float, attrs: Mapping[str, Any], style: str, kind: str, locale: str) -> str:
    """A number in one of Twig's styles."""
    check_style(style, kind)
    where = _locale(locale)
    if style in _RULES:
        format = _ICU.RuleBasedNumberFormat(getattr(_ICU.URBNFRuleSetTag, _RULES[style]), where)
    else:
        format = getattr(_ICU.NumberFormat, _PATTERNED[style])(where)
        _apply(format, attrs)
    return str(format.format(_cut(_number(value), kind)))


_PATTERNED: Final = {
    "decimal": "createInstance",
    "currency": "createCurrencyInstance",
    "percent": "createPercentInstance",
    "scientific": "createScientificInstance",
}


def _apply(format: Any, attrs: Mapping[str, Any]) -> None:
    for name in sorted(attrs):
        value = check_attribute(name, attrs[name])
        _SETTERS[name](format, value if isinstance(value, str | float) else bounded(name, value))


def _number(value: float) -> float:
    """Whole numbers beyond 64 bits go as floats, as PHP has them."""
    return float(value) if isinstance(value, int) and not -(2**63) <= value < 2**63 else value


def _cut(value: float, kind: str) -> float:
    bits = {"int32": 32, "int64": 64}.get(kind)
    if bits is None or not math.isfinite(value):
        return value
    whole: int = int(value) % 2**bits
    return whole - 2**bits if whole >= 2 ** (bits - 1) else whole
