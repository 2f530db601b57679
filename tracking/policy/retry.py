"""Whether and when a mail that was not taken is tried again. Source: RELIABILITY 3.4, DESIGN 8 (knobs)."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from tracking.choices import DeliveryPolicy, DeliveryState, Failure, Reason, RecipientStatus

FLOOR = timedelta(seconds=30)
CEILING = timedelta(seconds=4_000)
QUOTA = timedelta(hours=1)  # for which a connection rests whose quota is used up

# Failures of the connection, not of the mail: the mail waits as held, no try is spent.
HOLDS = {
    Failure.AUTHENTICATION: Reason.AUTHENTICATION,
    Failure.TLS: Reason.TLS,
    Failure.HOST: Reason.HOST,
    Failure.LIMIT: Reason.LIMIT,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    tries: int = 20
    lifetime: timedelta = timedelta(hours=24)
    floor: timedelta = FLOOR


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """What becomes of a delivery. `next_attempt_at` is None in a final state."""

    state: DeliveryState
    reason: Reason | None = None
    next_attempt_at: datetime | None = None

    @property
    def spends_try(self) -> bool:
        return self.state is not DeliveryState.HELD


SENT = Fate(state=DeliveryState.SENT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Try:
    """One attempt that did not end in acceptance. `number` counts from 1; `hint` is the server's own "try again in".

    `begun_at` is when the delivery was first claimed, or sent again or let go after a long rest: its lifetime counts
    from there. None: from now.
    """

    number: int
    begun_at: datetime | None
    now: datetime
    hint: timedelta | None = None


def back_off(number: int, *, jitter: float, floor: timedelta = FLOOR) -> timedelta:
    """The wait after the try of that number: full jitter from the floor up to twice the floor, doubling to 4,000 s.

    So that mails which failed together, the first time too, come back over half of the wait or more. `jitter` is a
    random number in [0, 1).
    """
    ceiling = max(floor, min(CEILING, floor * (1 << min(number, 12))))
    return floor + (ceiling - floor) * jitter


def pause(streak: int) -> timedelta:
    """How long a connection rests after that many sessions in a row that could not be opened: 60 s doubling to 1 h."""
    return min(timedelta(hours=1), timedelta(seconds=60) * (1 << min(max(streak - 1, 0), 6)))


def fate(
    failure: Failure, attempt: Try, *, policy: DeliveryPolicy, limits: Limits, jitter: Callable[[], float]
) -> Fate:
    """The state of a delivery after a failed try. What may have arrived is never called failed."""
    if failure is Failure.PERMANENT:
        return Fate(state=DeliveryState.FAILED, reason=Reason.REFUSED)
    expired = attempt.begun_at is not None and attempt.now - attempt.begun_at >= limits.lifetime
    if failure is Failure.UNKNOWN and (
        policy is DeliveryPolicy.NEVER_TWICE or expired or attempt.number >= limits.tries
    ):
        return Fate(state=DeliveryState.UNKNOWN)
    if expired:
        return Fate(state=DeliveryState.FAILED, reason=Reason.EXPIRED)
    if failure in HOLDS:
        wait = max(attempt.hint or limits.floor, limits.floor)
        return Fate(state=DeliveryState.HELD, reason=HOLDS[failure], next_attempt_at=attempt.now + wait)
    if attempt.number >= limits.tries:
        return Fate(state=DeliveryState.FAILED, reason=Reason.TOO_MANY_TRIES)
    wait = max(back_off(attempt.number, jitter=jitter(), floor=limits.floor), attempt.hint or timedelta())
    return Fate(state=DeliveryState.RETRYING, next_attempt_at=attempt.now + wait)


def settle(
    failure: Failure | None,
    statuses: Collection[RecipientStatus],
    attempt: Try,
    *,
    policy: DeliveryPolicy,
    limits: Limits,
    jitter: Callable[[], float],
) -> Fate:
    """The state of a delivery after a try, by what became of each of its recipients. Source: DESIGN 8.1.

    `statuses` are those of all recipients, of earlier tries too. Some of them taken and the rest refused is sent.
    """
    taken = RecipientStatus.ACCEPTED in statuses
    if failure is not Failure.UNKNOWN and RecipientStatus.OPEN not in statuses:
        return SENT if taken else Fate(state=DeliveryState.FAILED, reason=Reason.REFUSED)
    decided = fate(failure or Failure.TEMPORARY, attempt, policy=policy, limits=limits, jitter=jitter)
    return SENT if taken and decided.state is DeliveryState.FAILED else decided
