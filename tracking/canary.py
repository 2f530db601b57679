"""Do workers take what is sent to their queues? Each minute beat sends a canary through every queue."""

from __future__ import annotations

from datetime import timedelta

from tracking import conf, tasks
from tracking.store import clock, pulse

LATE = timedelta(minutes=3)  # three canaries
STUCK = timedelta(minutes=10)  # more than a queue full of servers that hang may take


def ages() -> dict[str, timedelta | None]:
    """Queue -> how long ago a worker last took its canary; None: never."""
    now = clock.now()
    return {queue: pulse.silence(pulse.canary(queue), now=now) for queue in conf.queues()}


def stuck(queue: str, *, patience: float) -> bool:
    """Whether messages wait in a queue whose workers, if there are any, have taken none for long.

    False while the broker does not answer: then no worker is at fault, and none is mended by starting it again.
    """
    silent = pulse.silence(pulse.canary(queue), now=clock.now())
    if silent is None or silent <= STUCK:
        return False
    try:
        return tasks.waiting(queue, patience=patience) > 0
    except Exception:
        return False
