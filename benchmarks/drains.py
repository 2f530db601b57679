"""Worker processes without Celery around them: each drains the connections it is told until nothing is left."""

from __future__ import annotations

import multiprocessing
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.synchronize import Barrier

from django.db import connection as database

from benchmarks import ready  # noqa: F401 - sets Django up in the processes that are spawned
from config.celery import spare_what_stays
from tracking.models import Delivery
from tracking.pipeline import deliver, transport
from tracking.store import clock

_spawn = multiprocessing.get_context("spawn")


@dataclass(frozen=True, slots=True)
class Crew:
    processes: int = 2
    threads: int = 2  # of each process


def drain(connections: Sequence[int], crew: Crew = Crew()) -> float:
    """Seconds in which the crew sends all that is due; processes are up and waiting before the clock starts."""
    gate = _spawn.Barrier(crew.processes + 1)
    ends = _spawn.SimpleQueue()
    workers = [
        _spawn.Process(target=_work, args=(list(connections), crew.threads, gate, ends), daemon=True)
        for _ in range(crew.processes)
    ]
    for worker in workers:
        worker.start()
    gate.wait(timeout=60)
    start = time.monotonic()
    end = max(ends.get() for _ in workers)
    for worker in workers:
        worker.join(timeout=30)
    return end - start


def _work(connections: list[int], threads: int, gate: Barrier, ends: multiprocessing.SimpleQueue[float]) -> None:
    database.ensure_connection()
    spare_what_stays()  # as a worker does
    gate.wait(timeout=60)
    hands = [threading.Thread(target=_hand, args=(connections,)) for _ in range(threads)]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()
    ends.put(time.monotonic())  # the same clock in all processes of a machine
    transport.close()


def _hand(connections: list[int]) -> None:
    while True:
        drained = [deliver.drain(connection, clock=clock.started()) for connection in connections]
        if not any(drained):
            if not Delivery.objects.filter(state__in=("queued", "retrying", "held", "sending")).exists():
                break
            time.sleep(0.002)  # others hold what is left
    database.close()
