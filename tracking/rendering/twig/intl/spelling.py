"""ICU's rule-based formats for English: numbers in words, ordinals, durations."""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final

from tracking.rendering.twig.intl.conventions import Conventions
from tracking.rendering.twig.intl.decimals import format_decimal, parse_pattern

_ONES: Final = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS: Final = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_SCALES: Final = (
    (10**15, "quadrillion"), (10**12, "trillion"), (10**9, "billion"), (10**6, "million"), (1000, "thousand"),
    (100, "hundred"),
)  # fmt: skip
_LARGEST: Final = 10**18  # from here on ICU's rules print digits


def spellout(value: Decimal, found: Conventions) -> str:
    """ "one thousand two hundred thirty-four point five"; digits behind the point one by one."""
    _english_only(found, "spellout")
    if value.is_nan():
        return "not a number"
    sign = "minus " if value.is_signed() and value else ""
    if value.is_infinite():
        return f"{sign}infinity"
    whole, _, fraction = f"{abs(value):f}".partition(".")
    fraction = fraction.rstrip("0")
    words = _words(int(whole), found)
    return f"{sign}{words}" + (" point " + " ".join(_ONES[int(digit)] for digit in fraction) if fraction else "")


def _words(number: int, found: Conventions) -> str:
    if number < 20:
        return _ONES[number]
    if number < 100:
        tens, ones = divmod(number, 10)
        return _TENS[tens] + (f"-{_ONES[ones]}" if ones else "")
    if number >= _LARGEST:
        return _plain(Decimal(number), found)
    size, name = next((size, name) for size, name in _SCALES if number >= size)
    count, rest = divmod(number, size)
    return f"{_words(count, found)} {name}" + (f" {_words(rest, found)}" if rest else "")


def _plain(value: Decimal, found: Conventions) -> str:
    return format_decimal(value, parse_pattern("#,##0"), found.symbols, found.zero, money=False)


def ordinal(value: Decimal, found: Conventions) -> str:
    """ "21st"; halves round to even, a minus sign is U+2212."""
    _english_only(found, "ordinal")
    if not value.is_finite():
        return _endless(value, found)
    number = int(abs(value).to_integral_value(ROUND_HALF_EVEN))
    suffix = "th" if number % 100 in {11, 12, 13} else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return ("\u2212" if value.is_signed() and value else "") + _plain(Decimal(number), found) + suffix


def duration(value: Decimal, found: Conventions) -> str:
    """Seconds as "1:01:01", "21:34" or "12 sec."."""
    _english_only(found, "duration")
    if not value.is_finite():
        return "NaN" if value.is_nan() else found.symbols.get("infinity", "∞")
    seconds = int(abs(value).to_integral_value(ROUND_HALF_EVEN))
    sign = "-" if value.is_signed() and value else ""
    if seconds < 60:
        return f"{sign}{seconds} sec."
    minutes, rest = divmod(seconds, 60)
    if minutes < 60:
        return f"{sign}{minutes}:{rest:02d}"
    return f"{sign}{_plain(Decimal(minutes // 60), found)}:{minutes % 60:02d}:{rest:02d}"


def _endless(value: Decimal, found: Conventions) -> str:
    if value.is_nan():
        return "NaN"
    return ("\u2212" if value.is_signed() else "") + found.symbols.get("infinity", "∞")


def _english_only(found: Conventions, style: str) -> None:
    if found.locale.language != "en":
        raise ValueError(f'The style "{style}" is only available in English without PyICU.')


RULES: Final[dict[str, Callable[[Decimal, Conventions], str]]] = {
    "spellout": spellout,
    "ordinal": ordinal,
    "duration": duration,
}
