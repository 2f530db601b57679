"""A connection's pace: what may go now, halved by complaints, raised by quiet."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tracking.policy.rate import EASED, Pace, allowed, eased, lowered, refreshed, spent

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


def after(**time: float) -> datetime:
    return NOON + timedelta(**time)


def test_without_a_limit_everything_may_go():
    pace = refreshed(Pace(), now=NOON)

    assert allowed(pace, 200) == 200
    assert spent(pace, 200) == Pace()


@pytest.mark.parametrize(
    ("most", "wanted", "first"),
    [
        pytest.param(60, 200, 10, id="ten seconds' worth goes at once"),
        pytest.param(60, 4, 4, id="no more than is wanted"),
        pytest.param(1, 200, 1, id="the slowest still sends one"),
    ],
)
def test_an_operators_limit_lets_a_burst_go(most, wanted, first):
    assert allowed(refreshed(Pace(most=most), now=NOON), wanted) == first


def test_a_spent_bucket_fills_with_time():
    pace = spent(refreshed(Pace(most=60), now=NOON), 10)

    assert allowed(refreshed(pace, now=NOON), 200) == 0
    assert allowed(refreshed(pace, now=after(seconds=5)), 200) == 5
    assert allowed(refreshed(pace, now=after(hours=1)), 200) == 10


def test_over_an_hour_no_more_goes_than_the_limit_and_one_burst():
    pace, sent = Pace(most=30), 0
    for second in range(0, 3600, 7):
        pace = refreshed(pace, now=after(seconds=second))
        going = allowed(pace, 200)
        pace, sent = spent(pace, going), sent + going

    assert 1_780 <= sent <= 1_805


def test_a_complaint_halves_what_was_seen():
    pace = lowered(refreshed(Pace(), now=NOON), seen=600, now=NOON)

    assert pace.rate == 300
    assert allowed(pace, 200) == 0


def test_complaints_of_one_moment_are_one():
    once = lowered(Pace(), seen=600, now=NOON)

    assert lowered(once, seen=600, now=after(seconds=5)) == once
    assert lowered(once, seen=600, now=after(seconds=11)).rate == 150


def test_a_rate_is_never_lowered_to_nothing():
    pace = Pace()
    for minute in range(60):
        pace = lowered(pace, seen=2, now=after(minutes=minute))

    assert pace.rate == 1


def test_quiet_minutes_raise_the_rate_again_and_forget_it_at_twice_the_old_one():
    pace = lowered(Pace(), seen=100, now=NOON)

    assert refreshed(pace, now=after(minutes=1)).rate == pytest.approx(62.5)
    assert refreshed(pace, now=after(minutes=10)).rate is None


def test_a_raised_rate_stays_below_the_operators_limit():
    pace = lowered(refreshed(Pace(most=100), now=NOON), seen=90, now=NOON)

    assert refreshed(pace, now=after(hours=1)).rate == 100


def test_a_server_that_comes_back_is_eased_into_and_then_has_no_limit_again():
    start = eased(Pace(), now=NOON)

    assert (start.rate, allowed(start, 1_000)) == (EASED, 100)
    rates = [refreshed(start, now=NOON + timedelta(minutes=minutes)).rate for minutes in range(6)]
    assert rates[:4] == [600, 750, 937.5, 1171.875]
    assert rates[4:] == [None, None]


def test_a_server_that_is_slower_than_that_stays_so():
    slow = Pace(rate=30.0, counted_at=NOON)

    assert eased(slow, now=NOON) == slow


def test_a_limit_that_the_operator_takes_away_is_gone():
    pace = replace(refreshed(Pace(most=60), now=NOON), most=None)

    assert refreshed(pace, now=NOON) == Pace()


def test_a_clock_that_is_set_back_slows_nothing():
    pace = lowered(refreshed(Pace(), now=NOON), seen=600, now=NOON)

    assert refreshed(pace, now=after(days=-3)).rate == pace.rate
