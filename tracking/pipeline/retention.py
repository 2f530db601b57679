"""What is pruned when: rows past their age go, batch by batch, oldest first."""

from __future__ import annotations

import time
from datetime import datetime

from tracking.store import connections, retention

BATCH = 5_000


def prune(*, now: datetime, seconds: float) -> dict[str, int]:
    """Remove what is too old, for at most about that long; kind -> rows removed. What is left goes the next time."""
    until = time.monotonic() + seconds
    connections.forget_passwords()
    removed = dict.fromkeys(retention.KINDS, 0)
    for kind in removed:
        while time.monotonic() < until and (gone := retention.remove_batch(kind, now=now, size=BATCH)):
            removed[kind] += gone
    return removed


def preview(*, now: datetime) -> dict[str, int]:
    """Kind -> rows that would be removed."""
    return {kind: retention.count(kind, now=now) for kind in retention.KINDS}
