"""A write that a restarting database must not swallow: tried again for as long as it can still count."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

import structlog
from django.db import InterfaceError, InternalError, OperationalError, close_old_connections, connection

log = structlog.get_logger(__name__)

PAUSE = 0.5  # seconds between two tries
AWAY = (OperationalError, InterfaceError, InternalError)  # the last is a standby's answer before it is promoted

T = TypeVar("T")


def insist(write: Callable[[], T], *, seconds: float) -> T:
    """What `write` gives. Raises its error, one of `AWAY`, when the database stays away so long.

    `write` is a whole transaction, and harmless when the database did take it and only its answer was lost.
    """
    until = time.monotonic() + seconds
    while True:
        try:
            return write()
        except AWAY as error:
            if connection.in_atomic_block or time.monotonic() >= until:
                raise
            log.warning("database_away", error=str(error).strip())
        time.sleep(PAUSE)
        close_old_connections()
