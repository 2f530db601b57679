"""When there are too many warnings, and what an event costs."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tracking.choices import Failure, WarningCause
from tracking.policy.price import unit_price
from tracking.policy.warning import CAUSES, Breach, Counts, Thresholds, breach

BOTH, PERCENT, NUMBER = (
    Breach(percent=True, number=True),
    Breach(percent=True, number=False),
    Breach(percent=False, number=True),
)


@pytest.mark.parametrize(
    ("warnings", "events", "percent", "number", "exceeded"),
    [
        pytest.param(10, 100, "10", None, None, id="ten of a hundred do not exceed 10 %"),
        pytest.param(11, 100, "10", None, PERCENT, id="eleven do"),
        pytest.param(10_000_001, 100_000_000, "10", None, PERCENT, id="by the smallest share"),
        pytest.param(1, 3, "33.333333", None, PERCENT, id="a third is more than it is rounded to"),
        pytest.param(1, 3, "33.333334", None, None, id="and less than the next"),
        pytest.param(100, 1000, None, 100, None, id="a hundred do not exceed 100"),
        pytest.param(101, 10_000, None, 100, NUMBER, id="a hundred and one do"),
        pytest.param(101, 1000, "10", 100, BOTH, id="both at once"),
        pytest.param(11, 100, "10", 100, PERCENT, id="the percentage alone"),
        pytest.param(101, 2000, "10", 100, NUMBER, id="the number alone"),
        pytest.param(10, 100, "10", 10, None, id="neither, at both edges"),
        pytest.param(0, 100, "0", 0, None, id="no warning never exceeds nothing"),
        pytest.param(1, 100, "0", None, PERCENT, id="one warning exceeds 0 %"),
        pytest.param(1, 100, None, 0, NUMBER, id="one warning exceeds 0"),
        pytest.param(1, 0, "99.999999", None, PERCENT, id="warnings without events are 100 %"),
        pytest.param(0, 0, "0", 0, None, id="nothing happened"),
        pytest.param(5, 5, None, None, None, id="without thresholds"),
        pytest.param(7, 5, "99", None, PERCENT, id="more warnings than events"),
    ],
)
def test_breach(warnings, events, percent, number, exceeded):
    counts = Counts(events=events, causes={WarningCause.TIMEOUT: warnings} if warnings else {})

    found = breach(counts, Thresholds(percent=None if percent is None else Decimal(percent), number=number))

    assert found == exceeded


@pytest.mark.parametrize(
    ("events", "warnings", "exceeded"),
    [
        pytest.param(19, 19, None, id="of nineteen events the percentage says nothing"),
        pytest.param(20, 19, PERCENT, id="of twenty it does"),
        pytest.param(0, 1, None, id="nor of none"),
        pytest.param(19, 101, NUMBER, id="the number does at any time"),
    ],
)
def test_the_percentage_is_looked_at_from_the_minimum_of_events_on(events, warnings, exceeded):
    counts = Counts(events=events, causes={WarningCause.TIMEOUT: warnings})

    assert breach(counts, Thresholds(percent=Decimal(10), number=100, minimum_events=20)) == exceeded


def test_warnings_are_the_sum_of_their_causes():
    counts = Counts(events=10, causes={WarningCause.TIMEOUT: 2, WarningCause.TLS: 3})

    assert counts.warnings == 5
    assert counts.percent == Decimal(50)


@pytest.mark.parametrize("failure", Failure)
def test_every_failure_is_a_warning_of_some_cause(failure):
    assert isinstance(CAUSES[failure], WarningCause)


@pytest.mark.parametrize(
    ("regular", "notifications", "price"),
    [
        pytest.param("0.0000", False, "0", id="free"),
        pytest.param("0.0000", True, "0.0001", id="notifications alone"),
        pytest.param("0.0025", False, "0.0025", id="the regular price"),
        pytest.param("0.0025", True, "0.0026", id="both"),
    ],
)
def test_unit_price(regular, notifications, price):
    assert unit_price(Decimal(regular), notifications=notifications) == Decimal(price)
