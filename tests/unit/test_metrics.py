"""What the processes count."""

from __future__ import annotations

from tracking.metrics import Histogram


def test_many_observed_at_once_count_as_each_of_them():
    each, together = (Histogram(f"tracking_test_{name}", "…", buckets=(0.1, 1, 10)) for name in ("each", "together"))
    amounts = [0.05, 0.1, 0.5, 1.5, 99, 0.1]

    for amount in amounts:
        each.observe(amount)
    together.observe_all(amounts)

    counted, at_once = (
        [(one.labels, one.value) for one in metric.collect()[0].samples if one.name != f"{metric._name}_created"]
        for metric in (each, together)
    )
    assert counted == at_once
    assert len(counted) == 6  # four buckets, their count, their sum
