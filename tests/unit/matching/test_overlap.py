"""Two rules that no event can pass both are apart; all others may overlap."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import factories
from tracking.definition import Filters
from tracking.matching.filters import checks
from tracking.matching.overlap import may_overlap

NUMBERS = st.lists(st.integers(1, 3), max_size=2)
PRICES = st.sampled_from(["0", "1", "2", "3"])


@pytest.mark.parametrize(
    ("one", "other", "overlap"),
    [
        pytest.param({}, {}, True, id="no filters"),
        pytest.param({"publisher": [1]}, {"publisher": [2]}, False, id="other publishers"),
        pytest.param({"publisher": [1, 2]}, {"publisher": [2]}, True, id="a publisher in common"),
        pytest.param({"publisher": [1]}, {"publisher_exclude": [1]}, False, id="included and excluded"),
        pytest.param({"publisher": [1, 2]}, {"publisher_exclude": [1]}, True, id="not all excluded"),
        pytest.param({"method": "POST"}, {"method": "FORM"}, False, id="other methods"),
        pytest.param(
            {"price_restriction": "greater", "price_restriction_value": "5"},
            {"price_restriction": "at_most", "price_restriction_value": "5"},
            False,
            id="prices that touch at an end that does not belong",
        ),
        pytest.param(
            {"price_restriction": "at_least", "price_restriction_value": "5"},
            {"price_restriction": "range", "min_price": "1", "max_price": "5"},
            True,
            id="prices that touch at an end that belongs",
        ),
        pytest.param({"price_restriction": "positive"}, {}, True, id="any price"),
    ],
)
def test_rules_overlap_unless_nothing_can_pass_both(one, other, overlap):
    assert may_overlap(Filters(**one), Filters(**other)) is overlap
    assert may_overlap(Filters(**other), Filters(**one)) is overlap


PRICED = st.one_of(
    st.just({}),
    st.just({"price_restriction": "positive"}),
    st.builds(
        lambda kind, value: {"price_restriction": kind, "price_restriction_value": value},
        st.sampled_from(["greater", "at_least", "lower", "at_most"]),
        PRICES,
    ),
    st.builds(
        lambda ends: {"price_restriction": "range", "min_price": min(ends), "max_price": max(ends)},
        st.tuples(PRICES, PRICES),
    ),
)
FILTERS = st.builds(
    lambda priced, **fields: Filters(**fields, **priced),
    PRICED,
    method=st.sampled_from([None, "POST", "FORM"]),
    publisher=NUMBERS,
    publisher_exclude=NUMBERS,
    source=NUMBERS,
)

EVENTS = st.builds(
    factories.event,
    method=st.sampled_from(["POST", "FORM"]),
    publisher=st.integers(1, 3),
    source=st.integers(1, 3),
    price=st.sampled_from(["0", "0.5", "1", "1.5", "2", "3"]).map(Decimal),
)


@settings(max_examples=300, deadline=None)
@given(FILTERS, FILTERS, EVENTS)
def test_rules_that_an_event_passes_both_are_never_called_apart(one, other, event):
    if all(check.admits(event) for filters in (one, other) for check in checks(filters)):
        assert may_overlap(one, other)
