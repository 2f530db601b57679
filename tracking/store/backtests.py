"""What backtests found, row by row: written in bulk, read page by page."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from tracking.choices import Verdict
from tracking.models import BacktestMatch, Job

PAGE = 50
Found = tuple[UUID, Verdict, str]  # the event's row, which version fired, its recipients; of both, the edited one's


def begin(job_id: int) -> None:
    """Forget what an earlier start of the same job had found."""
    BacktestMatch.objects.filter(job_id=job_id).delete()


def add(job_id: int, found: Iterable[Found]) -> None:
    rows = (
        BacktestMatch(job_id=job_id, event_row=row, verdict=verdict, recipients=recipients[:500])
        for row, verdict, recipients in found
    )
    BacktestMatch.objects.bulk_create(rows, batch_size=1_000)


def page(job: Job, *, after: int = 0, verdict: Verdict | None = None) -> tuple[list[BacktestMatch], int | None]:
    """A page of what a backtest found, oldest event first, and the key that the next page follows; None: the last."""
    rows = BacktestMatch.objects.filter(job=job, id__gt=after)
    if verdict is not None:
        rows = rows.filter(verdict=verdict)
    found = list(rows.order_by("id")[: PAGE + 1])
    return found[:PAGE], found[PAGE - 1].pk if len(found) > PAGE else None
