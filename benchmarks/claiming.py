"""What it costs to claim 200 mails when 1,000 to 1,000,000 are queued: the same, or the queue is none."""

from __future__ import annotations

import time
from datetime import timedelta
from statistics import median

from benchmarks import fill, ready, scene
from benchmarks.results import keep, table
from tracking.store import claims, clock

SIZES = (1_000, 10_000, 100_000, 1_000_000) if ready.FULL else (1_000, 10_000, 50_000)
LIMIT = 200
ROUNDS = 15


def claiming(connection: int) -> float:
    """Milliseconds of a claim; what was claimed goes back."""
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        claim = claims.claim(connection, limit=LIMIT, lease=timedelta(seconds=60), clock=clock.now)
        times.append((time.perf_counter() - start) * 1e3)
        assert claim is not None
        assert len(claim.deliveries) == LIMIT
        claims.give_back(claim.token)
    return median(times)


def main() -> None:
    out = scene.connection()
    first = min(scene.rule(product, out) for product in range(1, 11))
    found, filled = {}, 0
    for size in SIZES:
        fill.deliveries(first, size - filled, state="queued", first=filled, rules=10, products=10)
        filled = size
        fill.analyze()
        ms = claiming(out.pk)
        found[size] = {"ms": ms, "us_a_mail": ms / LIMIT * 1e3}
    rows = [(f"{size:,} queued", *figures.values()) for size, figures in found.items()]
    table(f"Claiming {LIMIT} mails of 10 products", ("", "ms", "µs a mail"), rows)
    keep("claiming", mails=LIMIT, queued=found)


if __name__ == "__main__":
    main()
