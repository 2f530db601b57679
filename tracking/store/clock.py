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
    """A clock set by `now()` that advances without asking the database again."""
    first, since = now(), time.monotonic()
    return lambda: first + timedelta(seconds=time.monotonic() - since)
