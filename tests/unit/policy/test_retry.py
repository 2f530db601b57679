"""Whether and when a mail is tried again."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracking.choices import DeliveryPolicy, DeliveryState, Failure, Reason, RecipientStatus
from tracking.policy import retry
from tracking.policy.retry import CEILING, FLOOR, Fate, Limits, Try

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
TWICE, LOSE = DeliveryPolicy.NEVER_TWICE, DeliveryPolicy.NEVER_LOSE
OPEN, TAKEN, REFUSED = RecipientStatus.OPEN, RecipientStatus.ACCEPTED, RecipientStatus.REFUSED
LIMITS = Limits(tries=20, lifetime=timedelta(hours=24))


def attempt(number: int = 1, *, age: timedelta | None = timedelta(), hint: timedelta | None = None) -> Try:
    return Try(number=number, begun_at=None if age is None else NOON - age, now=NOON, hint=hint)


def later(seconds: float, state: DeliveryState = DeliveryState.RETRYING, reason: Reason | None = None) -> Fate:
    return Fate(state=state, reason=reason, next_attempt_at=NOON + timedelta(seconds=seconds))


def failed(reason: Reason) -> Fate:
    return Fate(state=DeliveryState.FAILED, reason=reason)


UNKNOWN = Fate(state=DeliveryState.UNKNOWN)
SENT = Fate(state=DeliveryState.SENT)
HELD = DeliveryState.HELD
DAY, ALMOST = timedelta(hours=24), timedelta(hours=24, microseconds=-1)


@pytest.mark.parametrize(
    ("failure", "one", "policy", "fate"),
    [
        pytest.param(Failure.TEMPORARY, attempt(1), TWICE, later(30), id="first failure waits the floor"),
        pytest.param(Failure.TIMEOUT, attempt(1), TWICE, later(30), id="a time-out is temporary"),
        pytest.param(Failure.TEMPORARY, attempt(19), TWICE, later(30), id="the nineteenth failure is not the last"),
        pytest.param(
            Failure.TEMPORARY, attempt(20), TWICE, failed(Reason.TOO_MANY_TRIES), id="the twentieth failure is the last"
        ),
        pytest.param(Failure.TEMPORARY, attempt(1, age=ALMOST), TWICE, later(30), id="in the last moment of its life"),
        pytest.param(Failure.TEMPORARY, attempt(1, age=DAY), TWICE, failed(Reason.EXPIRED), id="a day old"),
        pytest.param(Failure.TEMPORARY, attempt(1, age=None), TWICE, later(30), id="claimed for the first time"),
        pytest.param(
            Failure.TEMPORARY, attempt(1, hint=timedelta(minutes=5)), TWICE, later(300), id="the server's own wish"
        ),
        pytest.param(
            Failure.TEMPORARY, attempt(1, hint=timedelta(seconds=1)), TWICE, later(30), id="a wish under the floor"
        ),
        pytest.param(Failure.PERMANENT, attempt(1), TWICE, failed(Reason.REFUSED), id="refused for good"),
        pytest.param(Failure.PERMANENT, attempt(1), LOSE, failed(Reason.REFUSED), id="refused for good, never lose"),
        pytest.param(Failure.UNKNOWN, attempt(1), TWICE, UNKNOWN, id="unknown is not tried again"),
        pytest.param(Failure.UNKNOWN, attempt(1), LOSE, later(30), id="unknown is tried again, never lose"),
        pytest.param(Failure.UNKNOWN, attempt(20), LOSE, UNKNOWN, id="unknown at the last try stays unknown"),
        pytest.param(Failure.UNKNOWN, attempt(1, age=DAY), LOSE, UNKNOWN, id="unknown at the end of its life as well"),
        pytest.param(
            Failure.AUTHENTICATION, attempt(1), TWICE, later(30, HELD, Reason.AUTHENTICATION), id="a refused login"
        ),
        pytest.param(Failure.TLS, attempt(20), TWICE, later(30, HELD, Reason.TLS), id="broken encryption"),
        pytest.param(Failure.HOST, attempt(99), TWICE, later(30, HELD, Reason.HOST), id="a host that is not allowed"),
        pytest.param(
            Failure.LIMIT,
            attempt(1, hint=timedelta(hours=1)),
            TWICE,
            later(3600, HELD, Reason.LIMIT),
            id="a limit, with the server's wish",
        ),
        pytest.param(Failure.LIMIT, attempt(1, age=DAY), TWICE, failed(Reason.EXPIRED), id="held for a day"),
    ],
)
def test_fate(failure, one, policy, fate):
    assert retry.fate(failure, one, policy=policy, limits=LIMITS, jitter=lambda: 0.0) == fate


@pytest.mark.parametrize("failure", Failure)
def test_every_failure_has_a_fate_and_only_held_spends_no_try(failure):
    fate = retry.fate(failure, attempt(), policy=TWICE, limits=LIMITS, jitter=random.random)

    assert fate.spends_try is (fate.state is not HELD)
    assert (fate.next_attempt_at is None) is (fate.state in {DeliveryState.FAILED, DeliveryState.UNKNOWN})


@pytest.mark.parametrize(
    ("failure", "statuses", "number", "fate"),
    [
        pytest.param(None, [TAKEN], 1, SENT, id="taken"),
        pytest.param(None, [TAKEN, REFUSED], 1, SENT, id="one refused, the rest taken"),
        pytest.param(None, [TAKEN, OPEN], 1, later(30), id="one to be tried again, the rest taken"),
        pytest.param(Failure.TEMPORARY, [OPEN, REFUSED], 1, later(30), id="one to be tried again, the rest refused"),
        pytest.param(None, [TAKEN, OPEN], 20, SENT, id="one never taken, the rest taken"),
        pytest.param(Failure.PERMANENT, [REFUSED, REFUSED], 1, failed(Reason.REFUSED), id="all refused"),
        pytest.param(Failure.PERMANENT, [TAKEN, REFUSED], 2, SENT, id="the rest refused, some taken before"),
        pytest.param(
            Failure.TEMPORARY, [OPEN, OPEN], 20, failed(Reason.TOO_MANY_TRIES), id="none ever taken, at the last try"
        ),
        pytest.param(Failure.AUTHENTICATION, [OPEN], 1, later(30, HELD, Reason.AUTHENTICATION), id="no login"),
        pytest.param(Failure.AUTHENTICATION, [OPEN, TAKEN], 1, later(30, HELD, Reason.AUTHENTICATION), id="later none"),
        pytest.param(Failure.UNKNOWN, [OPEN, OPEN], 1, UNKNOWN, id="unknown"),
        pytest.param(Failure.UNKNOWN, [TAKEN, OPEN], 2, UNKNOWN, id="unknown for the rest, some taken before"),
        pytest.param(Failure.UNKNOWN, [TAKEN, REFUSED], 2, UNKNOWN, id="unknown says so, whatever the statuses"),
    ],
)
def test_settle(failure, statuses, number, fate):
    found = retry.settle(failure, statuses, attempt(number), policy=TWICE, limits=LIMITS, jitter=lambda: 0.0)

    assert found == fate


@given(st.integers(1, 40), st.floats(0, 1, exclude_max=True))
def test_no_wait_is_under_the_floor_or_over_the_ceiling(number, jitter):
    assert FLOOR <= retry.back_off(number, jitter=jitter) <= CEILING


@given(st.integers(1, 39), st.floats(0, 1, exclude_max=True))
def test_waits_grow_with_the_tries(number, jitter):
    assert retry.back_off(number, jitter=jitter) <= retry.back_off(number + 1, jitter=jitter)


@pytest.mark.parametrize("number", [1, 2, 3, 7, 20])
def test_mails_that_fail_together_come_back_spread_over_half_of_the_wait_or_more(number):
    random.seed(number)
    waits = [retry.back_off(number, jitter=random.random()) for _ in range(10_000)]

    assert max(waits) - min(waits) >= 0.49 * max(waits)


def test_a_floor_over_the_ceiling_is_the_wait():
    assert retry.back_off(3, jitter=0.5, floor=timedelta(hours=2)) == timedelta(hours=2)


@pytest.mark.parametrize(
    ("streak", "seconds"), [(0, 60), (1, 60), (2, 120), (3, 240), (6, 1920), (7, 3600), (8, 3600), (10_000, 3600)]
)
def test_a_connection_rests_a_minute_doubling_to_an_hour(streak, seconds):
    assert retry.pause(streak) == timedelta(seconds=seconds)
