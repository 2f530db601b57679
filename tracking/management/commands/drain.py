"""Mail leaves without Celery: for when workers or broker are down, and where there are none."""

from __future__ import annotations

import signal
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import structlog
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import close_old_connections

from tracking import conf
from tracking.pipeline import rounds, stopping, transport
from tracking.pipeline.insist import AWAY

log = structlog.get_logger(__name__)

_ENDS = {signal.SIGINT, signal.SIGTERM}


class Command(BaseCommand):
    help = (
        "Takes back what dead workers had in hand, mails all that is due until nothing more is, and says how many "
        "tries ended how. It needs no worker and no broker, and may run beside them. Ctrl-C and SIGTERM end it as "
        "they end a worker: the mail in flight is finished, the others are given back."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--forever", action="store_true", help="go on, and look every TRACKING_SWEEP_SECONDS")

    def handle(self, *args: Any, forever: bool, **options: Any) -> None:
        if not conf.sending():
            raise CommandError("TRACKING_SENDING is off: nothing is mailed.")
        with _heeding_signals():
            try:
                if forever:
                    self._go_on()
                else:
                    self._say(_drained() or {"due": 0})
            finally:
                transport.close()

    def _go_on(self) -> None:
        """A database that is away is waited for."""
        while not stopping.asked.is_set():
            try:
                self._say(_drained())
            except AWAY as error:
                log.warning("database_away", error=str(error).strip())
            close_old_connections()  # as after a worker's task
            stopping.asked.wait(conf.sweep_every().total_seconds())

    def _say(self, done: Mapping[str, int]) -> None:
        for outcome, number in done.items():
            self.stdout.write(f"{outcome}: {number:,}")
        self.stdout.flush()


def _drained() -> Counter[str]:
    """Round after round, until there is nothing to do."""
    done: Counter[str] = Counter()
    while new := rounds.go_round():
        done += new
    return done


@contextmanager
def _heeding_signals() -> Iterator[None]:
    """A thread waits for them: a handler would break into whatever is at work."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _ENDS)  # before there is a second thread, which inherits it
    threading.Thread(target=_wait_for_the_end, name="signals", daemon=True).start()
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _wait_for_the_end() -> None:
    signal.sigwait(_ENDS)
    stopping.begin()
