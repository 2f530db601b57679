"""Twig's intl extra on Babel alone."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any

import pytest
from babel import Locale
from hypothesis import given, settings
from hypothesis import strategies as st

from tracking.rendering.twig import intl, php_dates
from tracking.rendering.twig.intl import conventions, icu

pytestmark = pytest.mark.skipif(icu.AVAILABLE, reason="PyICU is installed: these are Babel's outputs")

NOW = datetime(2026, 3, 14, 15, 9, 26, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "currency", "locale", "expected"),
    [
        (1234.5, "EUR", "en", "€1,234.50"),
        (1234.5, "EUR", "de", "1.234,50\xa0€"),
        (-1234.5, "USD", "fr", "-1\u202f234,50\xa0$US"),
        (1234.5, "JPY", "ja", "￥1,234"),
        (1234567.891, "INR", "hi", "₹12,34,567.89"),
        (1.5, "CHF", "en", "CHF\xa01.50"),
        (5, "XYZ", "en", "XYZ\xa05.00"),
        (2.345, "EUR", "nl", "€\xa02,34"),
    ],
)
def test_amounts_follow_currency_and_locale(value: float, currency: str, locale: str, expected: str) -> None:
    assert intl.format_currency(value, currency, {}, locale) == expected


@pytest.mark.parametrize(
    ("value", "style", "locale", "expected"),
    [
        (1234567.891, "decimal", "en", "1,234,567.891"),
        (1234567.891, "decimal", "pl", "1\xa0234\xa0567,891"),
        (0.255, "percent", "tr", "%26"),
        (12345, "scientific", "en", "1.2345E4"),
        (1234, "decimal", "ar", "١٬٢٣٤"),
        (math.inf, "decimal", "en", "∞"),
        (math.nan, "percent", "en", "NaN%"),
        (-1042.05, "spellout", "en", "minus one thousand forty-two point zero five"),
        (0, "spellout", "en", "zero"),
        (112, "ordinal", "en", "112th"),
        (1023, "ordinal", "en", "1,023rd"),
        (3725, "duration", "en", "1:02:05"),
        (45, "duration", "en", "45 sec."),
        (90, "duration", "en", "1:30"),
        (3725, "duration", "de", "3.725"),
        (21, "ordinal", "sv", "21:a"),
        (1, "ordinal", "fr", "1er"),
        (-3, "ordinal", "de", "\u22123."),
        (7, "ordinal", "ja", "第7"),
    ],
)
def test_numbers_have_styles(value: float, style: str, locale: str, expected: str) -> None:
    assert intl.format_number_style(style, value, {}, "default", locale) == expected


@pytest.mark.parametrize(
    ("attrs", "expected"),
    [
        ({"fraction_digit": 2}, "1,234.57"),
        ({"max_fraction_digit": 1, "rounding_mode": "ceiling"}, "1,234.6"),
        ({"min_fraction_digit": 5}, "1,234.56780"),
        ({"grouping_used": False}, "1234.568"),
        ({"min_integer_digit": 6}, "001,234.568"),
        ({"grouping_size": 2}, "12,34.568"),
        ({"multiplier": 10}, "12,345.678"),
        ({"format_width": 12}, "   1,234.568"),
        ({"format_width": 12, "padding_position": "after_suffix"}, "1,234.568   "),
        ({"rounding_increment": 5}, "1,235"),
        ({"max_significant_digits_used": 2}, "1,200"),
        ({"rounding_mode": "floor", "fraction_digit": 0}, "1,234"),
        ({"max_integer_digit": 2}, "34.568"),
    ],
)
def test_attributes_change_a_number(attrs: dict[str, Any], expected: str) -> None:
    assert intl.format_number(1234.5678, attrs) == expected


@pytest.mark.parametrize(("mode", "expected"), [("floor", "-2"), ("ceiling", "-1"), ("up", "-2"), ("down", "-1")])
def test_negative_numbers_are_rounded_on_the_number_line(mode: str, expected: str) -> None:
    assert intl.format_number(-1.5, {"rounding_mode": mode, "fraction_digit": 0}) == expected


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: intl.format_number(1, {"colour": 1}), 'attribute "colour" does not exist, known attributes are: "'),
        (lambda: intl.format_number(1, {"rounding_mode": "up up"}), 'rounding mode "up up" does not exist'),
        (lambda: intl.format_number(1, {"padding_position": "x"}), 'padding position "x" does not exist'),
        (lambda: intl.format_number(1, {}, "roman"), 'The style "roman" does not exist, known styles are: "decimal"'),
        (lambda: intl.format_number(1, {}, "decimal", "int8"), 'The type "int8" does not exist'),
        (lambda: intl.format_number(1, {"fraction_digit": 10**6}), "is at most 1000"),
        (
            lambda: intl.format_date(NOW, "tiny", now=NOW),
            'The date format "tiny" does not exist, known formats are: "none"',
        ),
        (lambda: intl.format_time(NOW, "tiny", now=NOW), 'The time format "tiny" does not exist'),
        (lambda: intl.format_number_style("spellout", 1, locale="de"), "only available in English"),
        (lambda: intl.format_datetime(NOW, pattern="y" * 99, now=NOW), "at most 32 times"),
        (lambda: intl.format_datetime(NOW, pattern="N", now=NOW), 'Unknown date field "N"'),
    ],
)
def test_what_does_not_exist_is_refused(call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=r".") as refused:
        call()
    assert message in str(refused.value)


@pytest.mark.parametrize(
    ("date", "time", "locale", "expected"),
    [
        ("full", "full", "en", "Saturday, March 14, 2026 at 3:09:26\u202fPM Coordinated Universal Time"),
        ("long", "short", "en", "March 14, 2026 at 3:09\u202fPM"),
        ("medium", "medium", "de", "14.03.2026, 15:09:26"),
        ("long", "none", "es", "14 de marzo de 2026"),
        ("none", "short", "fr_CA", "15 h 09"),
        ("short", "none", "ar", "١٤\u200f/٣\u200f/٢٠٢٦"),
        ("relative_full", "none", "en", "today"),
        ("relative_long", "short", "de", "heute um 15:09"),
    ],
)
def test_dates_have_styles(date: str, time: str, locale: str, expected: str) -> None:
    assert intl.format_datetime(NOW, date, time, locale=locale, now=NOW) == expected


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("EEEE d MMMM y", "Saturday 14 March 2026"),
        ("yy.MM.dd HH:mm:ss.SSS", "26.03.14 16:09:26.000"),
        ("h 'o''clock' a", "4 o'clock PM"),
        ("z zzzz O XXX xx VV", "GMT+1 Central European Standard Time GMT+1 +01:00 +0100 Europe/Paris"),
        ("y 'is open", "2026 is open"),
        ("", "Mar 14, 2026"),
    ],
)
def test_patterns_are_those_of_icu(pattern: str, expected: str) -> None:
    there = NOW.astimezone(php_dates.timezone("Europe/Paris"))

    assert intl.format_date(there, pattern=pattern, now=NOW) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (intl.country_name("AT", "de"), "Österreich"),
        (intl.country_name("XX"), "XX"),
        (intl.country_name(None), ""),
        (intl.currency_name("SEK", "fr"), "couronne suédoise"),
        (intl.currency_symbol("GBP"), "£"),
        (intl.currency_symbol("???"), "???"),
        (intl.language_name("pt_BR", "en"), "Brazilian Portuguese"),
        (intl.language_name("de_LI", "en"), "German"),
        (intl.locale_name("sr_Latn_BA"), "Serbian (Latin, Bosnia & Herzegovina)"),
        (intl.timezone_name("Europe/Vienna"), "Central European Time (Vienna)"),
        (intl.timezone_name("Moon/Base"), "Moon/Base"),
        (intl.country_name("FR", "de_XX"), "Frankreich"),
    ],
)
def test_codes_have_names(name: str, expected: str) -> None:
    assert name == expected


def test_lists_of_names_are_whole_and_in_order() -> None:
    countries = intl.country_names("fr")

    assert len(countries) == 249
    assert countries["BE"] == "Belgique"
    assert intl.country_names("nowhere") == {}
    assert "Europe/Berlin" in intl.country_timezones("DE")
    assert intl.country_timezones("QQ") == []


def test_a_locale_s_words_do_not_depend_on_the_one_before() -> None:
    for name in ("az", "uz", "de", "fr"):
        conventions.conventions(name)

    assert conventions.conventions("de").names["LLLL"][0] == "Januar"


def test_every_correction_names_a_locale_of_babel() -> None:
    for name, corrections in conventions._table().items():
        resolved = conventions.resolve(Locale.parse(name), corrections)

        assert len(resolved.dates) == len(resolved.times) == len(resolved.joins) == 4
        assert all("{0}" in join and "{1}" in join for join in resolved.joins)


@settings(deadline=None)
@given(st.floats(), st.sampled_from(["en", "de", "fr", "ar", "hi", "ja", "he"]))
def test_every_number_has_an_amount(value: float, locale: str) -> None:
    assert intl.format_currency(value, "EUR", {}, locale)
