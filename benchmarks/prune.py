"""Removing what is old, a million deliveries deep: how long a transaction holds its locks."""

from __future__ import annotations

from statistics import median, quantiles

from benchmarks import fill, ready, scene
from benchmarks.results import keep, table
from tracking import conf
from tracking.pipeline import retention as pruning
from tracking.policy import slices
from tracking.store import clock
from tracking.store.retention import oldest

DELIVERIES = 1_000_000 if ready.FULL else 50_000
SLAB = 250_000  # rows filled at once
ROUNDS = 100 if ready.FULL else 20


def transactions(kind: str) -> list[float]:
    """Milliseconds of each of the first transactions; their locks last no longer."""
    took: list[float] = []
    now, size = clock.now() + conf.keep_sent(), slices.FIRST  # when all of them are old enough
    while len(took) < ROUNDS and (ids := oldest(kind, now=now, size=pruning.BATCH)):
        size = pruning.remove(kind, ids, now=now, size=size, took=took.append)
    return [seconds * 1e3 for seconds in took]


def main() -> None:
    rule = scene.rule(1, scene.connection())
    for start in range(0, DELIVERIES, SLAB):
        fill.deliveries(rule, min(SLAB, DELIVERIES - start), state="sent", first=start)
    fill.analyze()
    found = {kind: transactions(kind) for kind in ("deliveries sent or cancelled", "events")}
    figures = {kind: (median(took), quantiles(took, n=20)[-1], max(took)) for kind, took in found.items()}
    rows = [(kind, *each) for kind, each in figures.items()]
    table(f"Pruning, {DELIVERIES:,} deliveries deep, ms a transaction", ("", "median", "19 of 20", "longest"), rows)
    names = ("median", "p95", "longest")
    ms = {kind: dict(zip(names, each, strict=True)) for kind, each in figures.items()}
    keep("prune", deliveries=DELIVERIES, ms=ms)


if __name__ == "__main__":
    main()
