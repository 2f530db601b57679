"""What the processes count, for Prometheus: kept in files of one folder, so that web and workers add up.

The folder is PROMETHEUS_MULTIPROC_DIR, which the settings set before this module is first imported.
"""

from __future__ import annotations

import collections
import os
import socket
from bisect import bisect_left
from collections.abc import Collection
from functools import lru_cache

import prometheus_client
from prometheus_client import Counter, values


@lru_cache(maxsize=1)
def _named(pid: int) -> str:
    """A process's part of the files' names. Containers that share the folder have the same process ids."""
    return f"{socket.gethostname()}-{pid}"


# Asked at each count, so that a process that was forked has files of its own.
values.ValueClass = values.MultiProcessValue(lambda: _named(os.getpid()))  # type: ignore[no-untyped-call]


class Histogram(prometheus_client.Histogram):
    def observe_all(self, amounts: Collection[float]) -> None:
        """The same as to observe each; files are written once for all of them."""
        self._sum.inc(sum(amounts))
        for place, number in collections.Counter(bisect_left(self._upper_bounds, one) for one in amounts).items():
            self._buckets[place].inc(number)


_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 3600, 14400)

events = Counter("tracking_events", "Events taken.", ["duplicate"])
deliveries = Counter("tracking_deliveries", "Tries of deliveries, by the state that followed.", ["state"])
lost_claims = Counter("tracking_lost_claims", "Claims that were taken away from a worker that was late, not dead.")
warnings = Counter("tracking_warnings", "Warnings, by cause.", ["cause"])
attempt_seconds = Histogram("tracking_attempt_seconds", "How long a try took.", buckets=_SECONDS)
delivery_seconds = Histogram("tracking_delivery_seconds", "From event taken to mail accepted.", buckets=_SECONDS)
