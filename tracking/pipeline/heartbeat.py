"""One thread a process renews the leases of all its drains, so that only the dead lose what they claimed.

It also closes the sessions that nobody has used for long: a process that has nothing to send keeps none.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import structlog
from django.db import Error, connection

from tracking import conf
from tracking.pipeline import transport
from tracking.store import claims, clock

log = structlog.get_logger(__name__)

_tokens: set[UUID] = set()
_lock = threading.Lock()
_thread: threading.Thread | None = None


@contextmanager
def beating(token: UUID) -> Iterator[None]:
    """The claim's lease is renewed for as long as the block runs."""
    with _lock:
        _tokens.add(token)
    _start()
    try:
        yield
    finally:
        with _lock:
            _tokens.discard(token)


def _start() -> None:
    global _thread  # noqa: PLW0603 - one thread a process is the purpose of this module
    with _lock:
        if _thread is None or not _thread.is_alive():
            _thread = threading.Thread(target=_beat, name="lease-heartbeat", daemon=True)
            _thread.start()


def _beat() -> None:
    while True:
        time.sleep(conf.drain().heartbeat.total_seconds())
        with _lock:
            tokens = list(_tokens)
        if tokens:
            _renew(tokens)
        transport.tidy()


def _renew(tokens: list[UUID]) -> None:
    try:
        claims.renew(tokens, lease=conf.drain().lease, now=clock.now())
    except Error as error:  # the next beat tries again; the lease outlives several of them
        log.warning("leases_not_renewed", error=str(error))
    finally:
        connection.close()  # ten seconds are long enough not to keep one for the next beat
