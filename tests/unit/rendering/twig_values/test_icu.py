"""Twig's intl extra on PyICU, where it is installed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tracking.rendering.twig import intl, php_dates
from tracking.rendering.twig.intl import icu

pytestmark = pytest.mark.skipif(not icu.AVAILABLE, reason="PyICU is not installed")

NOW = datetime(2026, 3, 14, 15, 9, 26, tzinfo=UTC)


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (lambda: intl.format_currency(-1234.5, "EUR", {}, "de"), "-1.234,50\xa0€"),
        (lambda: intl.format_currency(5, "EUR", {"fraction_digit": 3}, "en"), "€5.000"),
        (lambda: intl.format_number(1.5, {"rounding_mode": "floor", "max_fraction_digit": 0}), "1"),
        (lambda: intl.format_number(7, {"format_width": 4, "padding_position": "after_suffix"}), "7   "),
        (lambda: intl.format_number(2**40, {}, "decimal", "int32"), "0"),
        (lambda: intl.format_number_style("spellout", 21, locale="de"), "ein\xadund\xadzwanzig"),
        (lambda: intl.format_number_style("ordinal", 2, locale="fr"), "2e"),
        (lambda: intl.format_number_style("percent", 0.5, locale="tr"), "%50"),
        (lambda: intl.format_date(NOW, "full", locale="it", now=NOW), "sabato 14 marzo 2026"),
        (lambda: intl.format_date(NOW, pattern="y-MM-dd VV", now=NOW), "2026-03-14 UTC"),
        (lambda: intl.format_date(NOW, "long", calendar="traditional", locale="th", now=NOW), "14 มีนาคม 2569"),
        (
            lambda: intl.format_date(NOW.astimezone(php_dates.timezone("+05:30")), pattern="HH:mm OOOO", now=NOW),
            "20:39 GMT+05:30",
        ),
    ],
)
def test_icu_writes(shown: Any, expected: str) -> None:
    assert shown() == expected


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: intl.format_number(1, {"colour": 1}), 'attribute "colour" does not exist'),
        (lambda: intl.format_number(1, {}, "roman"), 'The style "roman" does not exist'),
        (lambda: intl.format_number(1, {"format_width": 10**6}), "is at most 1000"),
    ],
)
def test_the_same_is_refused_as_without_icu(call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=r".") as refused:
        call()
    assert message in str(refused.value)
