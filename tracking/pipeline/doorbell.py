"""Wake-ups, rung by a thread of their own: whoever emits never waits for a broker, not even one that hangs.

Rings for one connection are one until they are published. A lost ring costs nothing but time: the sweeper rings again.
"""

from __future__ import annotations

import atexit
import os
import threading
import time
from collections.abc import Callable, Iterable

import structlog

log = structlog.get_logger(__name__)

REST = 5.0  # seconds for which a broker that failed is left alone
TELL = 60.0  # seconds between two lines of the log about one that stays away


class Doorbell:
    """`publish` is called with one id at a time; after a failure the broker is left alone for `rest` seconds."""

    def __init__(self, publish: Callable[[int], None], *, rest: float = REST, farewell: float = 0.2) -> None:
        self._publish = publish
        self._rest = rest
        self._farewell = farewell
        self._wanted: dict[int, None] = {}  # a set that keeps its order
        self._lock = threading.Condition()
        self._thread: threading.Thread | None = None
        self._publishing = False
        self._told_at: float | None = None  # that the broker is away; None: it is there
        os.register_at_fork(after_in_child=self.forget_parent)
        atexit.register(self.flush)

    def ring(self, ids: Iterable[int]) -> None:
        """Returns at once."""
        with self._lock:
            self._wanted.update(dict.fromkeys(ids))
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="doorbell", daemon=True)
                self._thread.start()
            self._lock.notify_all()

    def flush(self) -> None:
        """Give the rings of a process that ends a last chance: at most `farewell` seconds."""
        until = time.monotonic() + self._farewell
        with self._lock:
            while (self._wanted or self._publishing) and (left := until - time.monotonic()) > 0:
                self._lock.wait(left)

    def forget_parent(self) -> None:
        """In a forked child the thread, and whoever held the lock, are gone; its rings are the parent's to publish."""
        self._lock = threading.Condition()
        self._thread = None
        self._publishing = False
        self._wanted = {}

    def _run(self) -> None:
        while True:
            with self._lock:
                while not self._wanted:
                    self._lock.wait()
                id_ = next(iter(self._wanted))
                del self._wanted[id_]
                self._publishing = True
            rung = self._try(id_)
            with self._lock:
                self._publishing = False
                if not rung:
                    self._wanted[id_] = None
                self._lock.notify_all()
            if not rung:
                time.sleep(self._rest)

    def _try(self, id_: int) -> bool:
        try:
            self._publish(id_)
        except Exception as error:  # whatever the broker's client raises, the rows are safe
            self._tell(error)
            return False
        if self._told_at is not None:
            self._told_at = None
            log.info("broker_back")
        return True

    def _tell(self, error: Exception) -> None:
        now = time.monotonic()
        if self._told_at is None or now - self._told_at >= TELL:
            self._told_at = now
            log.warning("broker_away", error=str(error), rest_seconds=self._rest)
