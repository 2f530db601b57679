"""What is pruned when: rows past their age go, batch by batch, oldest first."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from tracking.pipeline.report import Report
from tracking.policy import slices
from tracking.store import connections, jobs, retention

BATCH = 5_000  # rows looked for at once
SECONDS = 30 * 60  # a night's share, or a job's


def work(params: Mapping[str, Any], report: Report) -> dict[str, Any]:
    """The job that prunes; with `preview` it only counts."""
    if params.get("preview"):
        return {"preview": True, "rows": preview(now=report.now())}
    total = sum(preview(now=report.now()).values())
    rows = prune(now=report.now(), seconds=SECONDS, on_batch=lambda done, kind: report(done, total, kind))
    return {"preview": False, "rows": rows}


def prune(
    *, now: datetime, seconds: float, on_batch: Callable[[int, str], None] = lambda done, kind: None
) -> dict[str, int]:
    """Remove what is too old, for at most about that long; kind -> rows removed. What is left goes the next time.

    `on_batch` is told after each batch how many rows have gone in all, and which kind goes now.
    """
    until = time.monotonic() + seconds
    connections.forget_passwords()
    jobs.forget_secrets(now=now)
    removed = dict.fromkeys(retention.KINDS, 0)
    for kind in removed:
        size = slices.FIRST
        while time.monotonic() < until and (ids := retention.oldest(kind, now=now, size=BATCH)):
            size = remove(kind, ids, now=now, size=size)
            removed[kind] += len(ids)
            on_batch(sum(removed.values()), kind)
    return removed


def remove(
    kind: str, ids: Sequence[Any], *, now: datetime, size: int, took: Callable[[float], None] = lambda seconds: None
) -> int:
    """Remove these rows, `size` in the first transaction and then as many as locks may last for; the size come to.

    `took` is told the seconds of each transaction.
    """
    done = 0
    while done < len(ids):
        start = time.monotonic()
        retention.remove(kind, ids[done : done + size], now=now)
        done, seconds = done + size, time.monotonic() - start
        took(seconds)
        size = slices.after(size, seconds=seconds)
    return size


def preview(*, now: datetime) -> dict[str, int]:
    """Kind -> rows that would be removed."""
    return {kind: retention.count(kind, now=now) for kind in retention.KINDS}
