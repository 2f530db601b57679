"""Each kind of price restriction at and around its bounds."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tracking.choices import PriceKind
from tracking.definition import Filters
from tracking.matching.prices import PriceRestriction

PRICES = ["-0.01", "0", "0.000001", "9.999999", "10", "10.000001", "20", "20.000001", None]
ADMITTED = {
    PriceKind.POSITIVE: {"0.000001", "9.999999", "10", "10.000001", "20", "20.000001"},
    PriceKind.GREATER: {"10.000001", "20", "20.000001"},
    PriceKind.AT_LEAST: {"10", "10.000001", "20", "20.000001"},
    PriceKind.LOWER: {"-0.01", "0", "0.000001", "9.999999"},
    PriceKind.AT_MOST: {"-0.01", "0", "0.000001", "9.999999", "10"},
    PriceKind.RANGE: {"10", "10.000001", "20"},
}
BOUNDS = {
    PriceKind.POSITIVE: {},
    PriceKind.RANGE: {"min_price": "10", "max_price": "20"},
} | {
    kind: {"price_restriction_value": "10"}
    for kind in (PriceKind.GREATER, PriceKind.AT_LEAST, PriceKind.LOWER, PriceKind.AT_MOST)
}


@pytest.mark.parametrize("price", PRICES)
@pytest.mark.parametrize("kind", PriceKind)
def test_a_restriction_admits_what_the_seed_says(kind, price):
    restriction = PriceRestriction.of(Filters(price_restriction=kind, **BOUNDS[kind]))

    assert restriction is not None
    assert ((None if price is None else Decimal(price)) in restriction) is (price in ADMITTED[kind])


def test_a_restriction_may_be_about_zero():
    at_most = PriceRestriction.of(Filters(price_restriction="at_most", price_restriction_value="0"))
    nothing = PriceRestriction.of(Filters(price_restriction="range", min_price="0", max_price="0"))

    assert Decimal(0) in at_most
    assert Decimal("0.00") in nothing
    assert Decimal("0.01") not in nothing


def test_digits_after_the_point_do_not_matter():
    restriction = PriceRestriction(kind=PriceKind.AT_MOST, low=Decimal("12.5"))

    assert Decimal("12.500000") in restriction


def test_no_restriction_is_none():
    assert PriceRestriction.of(Filters()) is None
