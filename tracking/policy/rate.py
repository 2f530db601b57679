"""How fast a connection may go: a bucket of tokens, halved when the server says "too fast", raised when it does not."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

BURST = timedelta(seconds=10)  # what may go at once after a pause; longer than a sweep, so that none is wasted
STEP = timedelta(minutes=1)  # between two raises
QUIET = timedelta(seconds=10)  # one burst of complaints is one complaint
RAISE = 1.25
SLOWEST = 1.0  # mails per minute
EASED = 600.0  # mails per minute, for a server that has just come back


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """What a connection may do now. Rates are in mails per minute; None is no limit.

    `most` is the operator's limit; `rate` the one in force; `tokens` what may go at once, counted at `counted_at`.
    """

    most: float | None = None
    rate: float | None = None
    tokens: float = 0.0
    counted_at: datetime | None = None
    lowered_at: datetime | None = None
    lowered_from: float | None = None


def refreshed(pace: Pace, *, now: datetime) -> Pace:
    """The pace at `now`: raised for each quiet minute since it was lowered, its bucket filled."""
    rate = _raised(pace, now) if pace.rate is not None else pace.most
    if rate is None:
        return Pace(most=pace.most)
    if pace.most is not None:
        rate = min(rate, pace.most)
    full = max(1.0, rate * BURST.total_seconds() / 60)
    if pace.counted_at is None:
        return replace(pace, rate=rate, tokens=full, counted_at=now)
    earned = rate * max(0.0, (now - pace.counted_at).total_seconds()) / 60
    return replace(pace, rate=rate, tokens=min(full, pace.tokens + earned), counted_at=now)


def _raised(pace: Pace, now: datetime) -> float | None:
    """A quarter more for each quiet minute; no limit again at twice the rate that was too much for the server.

    One of which it never complained was the operator's, who has taken it away.
    """
    if pace.rate is None or pace.counted_at is None:
        return pace.rate
    minutes = max(0.0, min((now - pace.counted_at) / STEP, 60.0))  # clocks are set back
    rate = float(pace.rate * RAISE**minutes)
    if pace.most is None and (pace.lowered_from is None or rate >= 2 * pace.lowered_from):
        return None
    return rate


def allowed(pace: Pace, wanted: int) -> int:
    """How many mails may go now, of a refreshed pace."""
    return wanted if pace.rate is None else min(wanted, int(pace.tokens))


def spent(pace: Pace, mails: int) -> Pace:
    return pace if pace.rate is None else replace(pace, tokens=pace.tokens - mails)


def lowered(pace: Pace, *, seen: float, now: datetime) -> Pace:
    """Half of what was in force, or of what the server has just seen (mails per minute)."""
    if pace.lowered_at is not None and now - pace.lowered_at < QUIET:
        return pace
    before = min(seen, pace.rate) if pace.rate is not None else seen
    return replace(pace, rate=max(SLOWEST, before / 2), tokens=0.0, counted_at=now, lowered_at=now, lowered_from=before)


def eased(pace: Pace, *, now: datetime) -> Pace:
    """For a server that comes back to all that has waited for it: slow at first, no limit again after quiet minutes."""
    if pace.rate is not None and pace.rate <= EASED:
        return pace
    tokens = EASED * BURST.total_seconds() / 60
    return replace(pace, rate=EASED, tokens=tokens, counted_at=now, lowered_at=now, lowered_from=EASED)
