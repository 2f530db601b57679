"""A window of deliveries sent once more: what that would be, and the job that does it.

It only puts rows back into the queue: the connections' own limits decide how fast they leave.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from tracking import conf
from tracking.choices import JobKind
from tracking.models import Job, User
from tracking.pipeline.report import Report
from tracking.policy.price import unit_price
from tracking.store import jobs, replays
from tracking.store.replays import Window

PAGE = 100


def start(window: Window, *, author: User | None) -> Job:
    """A queued replay. Raises JobError when the author has too many open."""
    title = f"{window.first:%Y-%m-%d %H:%M} to {window.until:%Y-%m-%d %H:%M} UTC"
    params = replays.ended(window).to_json()
    return jobs.open_job(JobKind.REPLAY, params, author=author, title=title, now=window.asked_at)


def bill(window: Window) -> tuple[int, Decimal]:
    """How many were never tried, as those beyond a cap, and what their first try will cost. All others are free."""
    untried = replays.unbilled(window)
    regular = conf.regular_price()
    amount = sum((number * unit_price(regular, notifications=flag) for flag, number in untried.items()), Decimal())
    return sum(untried.values()), amount


def work(params: Mapping[str, Any], report: Report) -> dict[str, Any]:
    """The job. One whose worker died goes on where that one was: what it took back is not chosen again."""
    window = Window.from_json(params)
    total = sum(replays.count(window).values())
    untried, amount = bill(window)
    report(0, total)
    seen = replayed = 0
    for keys in replays.pages(window, size=PAGE):
        replayed += replays.queue_again(window, keys, now=report.now())
        seen += len(keys)
        report(seen, total, f"{replayed:,} are in the queue again")
    return {
        "replayed": replayed,
        "changed_meanwhile": seen - replayed,
        "cap": window.cap,
        "untried": untried,
        "amount": format(amount, "f"),
    }
