"""ICU's rule-based formats: ordinals in many languages, durations, and English numbers in words."""

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
    if found.locale.language != "en":
        raise ValueError('The style "spellout" is only available in English without PyICU.')
    if value.is_nan():
        return "not a number"
    sign = "minus " if value.is_signed() and value else ""
    if value.is_infinite():
        return f"{sign}infinity"
    whole, _, fraction = f"{value.copy_abs():f}".partition(".")
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
    return format_decimal(value, parse_pattern(found.decimal.partition(".")[0]), found.symbols, found.zero, money=False)


# language -> (what stands before, what stands behind by CLDR's ordinal category); others write "3."
_ORDINALS: Final[dict[str, tuple[str, dict[str, str]]]] = {
    "en": ("", {"one": "st", "two": "nd", "few": "rd", "other": "th"}),
    "fr": ("", {"one": "er", "other": "e"}),
    "es": ("", {"other": ".º"}),
    "it": ("", {"other": "º"}),
    "pt": ("", {"other": "º"}),
    "ro": ("", {"other": "a"}),
    "nl": ("", {"other": "e"}),
    "sv": ("", {"one": ":a", "other": ":e"}),
    "hi": ("", {"one": "ला", "two": "रा", "few": "था", "many": "ठा", "other": "वाँ"}),
    "ja": ("第", {"other": ""}),
    "zh": ("第", {"other": ""}),
    "ko": ("", {"other": "번째"}),
    "th": ("ที่\xa0", {"other": ""}),
}


def ordinal(value: Decimal, found: Conventions) -> str:
    """ "21st", "21.", "21e"; halves round to even, a minus sign is U+2212."""
    if not value.is_finite():
        return _endless(value, found)
    number = int(value.copy_abs().to_integral_value(ROUND_HALF_EVEN))
    before, behind = _ORDINALS.get(found.locale.language, ("", {"other": "."}))
    category = found.locale.ordinal_form(number) if len(behind) > 1 else "other"
    shown = _plain(Decimal(number), found) + behind.get(category, behind["other"])
    sign = "\u2212" if value.is_signed() and value else ""
    return f"{before}{sign}{shown}"


def duration(value: Decimal, found: Conventions) -> str:
    """Seconds as "1:01:01", "21:34" or "12 sec." in English; ICU's other languages write the number alone."""
    if not value.is_finite():
        return "NaN" if value.is_nan() else found.symbols.get("infinity", "∞")
    if found.locale.language != "en":
        return _plain(value, found)
    seconds = int(value.copy_abs().to_integral_value(ROUND_HALF_EVEN))
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


RULES: Final[dict[str, Callable[[Decimal, Conventions], str]]] = {
    "spellout": spellout,
    "ordinal": ordinal,
    "duration": duration,
}
