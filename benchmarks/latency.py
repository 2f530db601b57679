"""From `emit` to the server's 250 at 50 events a second: two real workers on Redis, as in production."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median, quantiles

from benchmarks import ready, scene
from benchmarks.results import keep, table
from benchmarks.services import ROOT, Missing
from config.celery import app
from tracking.emit import emit
from tracking.models import Attempt, Delivery

PRODUCTS = range(1, 11)
PER_SECOND = 50
SECONDS = 60 if ready.FULL else 10
_PATIENCE = 30.0  # seconds


@contextmanager
def workers(number: int) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Celery workers as the product's compose file starts them, ready. Raises Missing."""
    queues = ("--queues", "mail,mail.slow,watch")
    command = [sys.executable, "-m", "celery", "-A", "config", "worker", *queues, "--pool", "threads"]
    started = [
        subprocess.Popen(
            [*command, "--without-gossip", "--hostname", f"bench{each}@%h", "--loglevel", "ERROR"],
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
        )
        for each in range(number)
    ]
    try:
        deadline = time.monotonic() + _PATIENCE
        while len(app.control.ping(timeout=0.5)) < number:
            if time.monotonic() > deadline:
                raise Missing("the workers do not answer")
        yield started
    finally:
        for worker in started:
            worker.terminate()
        for worker in started:
            worker.wait(timeout=60)


def feed(seconds: float) -> None:
    """At an even pace; where the machine falls behind, events follow at once."""
    start = time.monotonic()
    for number, event in enumerate(list(scene.events(int(PER_SECOND * seconds), products=PRODUCTS))):
        time.sleep(max(0.0, start + number / PER_SECOND - time.monotonic()))
        emit(event)


def settle() -> None:
    """Until everything is sent. Raises Missing when it is not within half a minute."""
    deadline = time.monotonic() + _PATIENCE
    while Delivery.objects.exclude(state="sent").exists():
        if time.monotonic() > deadline:
            raise Missing("not all mails were sent in time")
        time.sleep(0.05)


def main() -> None:
    out = scene.connection()
    for product in PRODUCTS:
        scene.rule(product, out)
    with workers(2):
        feed(2)  # warm: matcher, versions, sessions
        settle()
        Attempt.objects.all().delete()
        feed(SECONDS)
        settle()
    # Both moments are of the database's clock: `created_at` when emit began, `ended_at` when the 250 was read.
    rows = Attempt.objects.values_list("delivery__created_at", "ended_at")
    times = sorted((ended - created).total_seconds() * 1e3 for created, ended in rows)
    cuts = quantiles(times, n=100)
    figures = {"p50": median(times), "p95": cuts[94], "p99": cuts[98], "most": times[-1]}
    table(
        f"From emit to the server's 250, {PER_SECOND} events a second, 2 workers",
        ("", *figures),
        [("milliseconds", *figures.values())],
    )
    keep("latency", events_per_s=PER_SECOND, ms=figures)


if __name__ == "__main__":
    main()
