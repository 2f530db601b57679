"""Seconds for which a test waits for what is promised: what follows from the product's own times, and BUSY.

The goals are those of docs/reliability.md.
"""

from __future__ import annotations

from tests.crash.town import LEASE, SWEEP
from tracking.pipeline.doorbell import REST

BUSY = 10.0  # what a machine with other work may add
HIRED = 5.0  # what a worker and beat take to begin

TAKEN_OVER = LEASE + SWEEP + HIRED + BUSY  # G5: what a dead worker had in hand goes to one that is hired then
FLOWING = REST + BUSY  # G6, G7: the broker is back, and whoever found it away rings again
STOPPED = 10.0  # G15: a worker that is asked to go, which waits for servers for 8 of them
CELERY_ENDS = 45.0  # which now and then takes half a minute for itself
RECOVERED = 5.0 + BUSY  # G17: the database is back
