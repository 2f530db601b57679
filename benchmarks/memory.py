"""What a worker weighs over 200,000 mails: it must not grow."""

from __future__ import annotations

import time
from pathlib import Path

from benchmarks import latency, ready, scene
from benchmarks.results import keep, table
from benchmarks.services import Missing
from tracking import tasks
from tracking.emit import emit_many
from tracking.models import Delivery

MAILS = 200_000 if ready.FULL else 4_000
STEPS = 10
PRODUCTS = range(1, 11)


def megabytes(process: int) -> float:
    """Resident, in MB of a million bytes."""
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024 / 1e6
    raise Missing("the worker is gone")


def main() -> None:
    out = scene.connection()
    for product in PRODUCTS:
        scene.rule(product, out, use_twig=product % 2 == 0)
    found = {}
    with latency.workers(1) as (worker,):
        for step in range(STEPS + 1):
            found[step * MAILS // STEPS] = megabytes(worker.pid)
            if step < STEPS:
                for events in range(0, MAILS // STEPS, 1_000):
                    emit_many(scene.events(min(1_000, MAILS // STEPS - events), products=PRODUCTS))
                _wait(out.pk)
    table("A worker's memory", ("after", "MB"), [(f"{mails:,} mails", mb) for mails, mb in found.items()])
    keep("memory", mb_after_mails=found)


def _wait(connection: int) -> None:
    while Delivery.objects.exclude(state__in=("sent", "failed")).exists():
        tasks.wake([connection])  # as the sweeper does
        time.sleep(0.5)
    assert not Delivery.objects.filter(state="failed").exists()


if __name__ == "__main__":
    main()
