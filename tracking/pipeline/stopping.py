"""A process that is asked to end: the mail in flight is finished, no other begun, and what is left given back."""

from __future__ import annotations

import threading

from tracking.pipeline import transport

PATIENCE = 8.0  # seconds for which a process that is asked to end waits for servers: a worker has ten

asked = threading.Event()


def begin() -> None:
    """A server that keeps us waiting is left, unless it has a message of ours that it has not answered."""
    asked.set()
    leaving = threading.Timer(PATIENCE, transport.hang_up)
    leaving.daemon = True
    leaving.start()
