"""What an event costs the platform: one `emit`, and many by `emit_many`, until the transaction is committed."""

from __future__ import annotations

import time
from statistics import median, quantiles

from benchmarks import ready, scene
from benchmarks.results import keep, table
from tracking.emit import emit, emit_many
from tracking.models import Delivery, StoredEvent

PRODUCTS = range(1, 101)
BATCH = 1_000
ROUNDS = 7 if not ready.FULL else 30


def one_by_one(number: int) -> list[float]:
    """Milliseconds of each call, sorted."""
    times = []
    for event in list(scene.events(number, products=PRODUCTS)):
        start = time.perf_counter()
        emit(event)
        times.append((time.perf_counter() - start) * 1e3)
    return sorted(times)


def together() -> float:
    """Events a second, the median of several batches."""
    rates = []
    for _ in range(ROUNDS):
        events = list(scene.events(BATCH, products=PRODUCTS))
        start = time.perf_counter()
        emit_many(events)
        rates.append(BATCH / (time.perf_counter() - start))
    return median(rates)


def main() -> None:
    out = scene.connection()
    for product in PRODUCTS:
        scene.rule(product, out)
    one_by_one(50)  # warm
    times = one_by_one(1_000)
    many = together()
    assert Delivery.objects.count() == StoredEvent.objects.count()
    p50, p95 = median(times), quantiles(times, n=20)[18]
    rows = [("emit, ms", p50, p95), ("emit_many, events/s", many, "")]
    table("Handing events over, each fires one rule", ("", "p50", "p95"), rows)
    keep("emit", p50_ms=p50, p95_ms=p95, many_per_s=many)


if __name__ == "__main__":
    main()
