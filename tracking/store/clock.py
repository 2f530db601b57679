"""One clock for all workers: the database's, read once and carried on by the process's monotonic one."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from django.db import connection

Clock = Callable[[], datetime]


def now() -> datetime:
    """The database's clock; the process's on SQLite, which has none of its own."""
    if connection.vendor != "postgresql":
        return datetime.now(tz=UTC)
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        moment: datetime = cursor.fetchone()[0]
        return moment


def started() -> Clock:
    """A clock set by `now()` that advances without asking the database again, and is never behind it.

    What is due by `carried()` is due by this clock as soon as it is seen.
    """
    since = time.monotonic()  # before the question: what the answer takes is time that has passed
    first = now()
    return lambda: first + timedelta(seconds=time.monotonic() - since)


_set: tuple[datetime, float] | None = None  # the database's time, and when (monotonic) it was read


def carried() -> datetime:
    """The database's time by a clock of this process that is set once a second: it costs no question each time.

    It is never ahead of the database.
    """
    global _set  # noqa: PLW0603 - one clock a process is the purpose
    if connection.vendor != "postgresql":
        return now()
    held = _set
    if held is None or time.monotonic() - held[1] > _SET_EVERY:
        first, since = now(), time.monotonic()
        held = _set = (first, since)
    return held[0] + timedelta(seconds=time.monotonic() - held[1])


_SET_EVERY = 1.0  # seconds
