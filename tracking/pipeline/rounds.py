"""What sweeper and workers do together, in this process alone: mail leaves without a worker and without a broker."""

from __future__ import annotations

from collections import Counter

import structlog

from tracking.pipeline import alert, deliver, stopping, sweep
from tracking.pipeline.insist import AWAY
from tracking.store import clock, connections

log = structlog.get_logger(__name__)

TAKEN_BACK = "taken back"


def go_round() -> Counter[str]:
    """Sweep, then one slice of each connection with something due, then alerts; nothing when there was none to do.

    How many tries led to which state, and how many mails were taken back from the dead. Servers that may hang come
    last. Any number of processes may do this side by side, and beside workers.
    """
    swept = sweep.sweep(now=clock.now())
    done = Counter({TAKEN_BACK: swept.taken_back})
    for connection_id in sorted(swept.connections, key=connections.doubtful):
        _drain(connection_id, done)
    for alert_id in swept.alerts:
        if not stopping.asked.is_set():
            alert.send(alert_id, clock=clock.started())
    return +done


def _drain(connection_id: int, done: Counter[str]) -> None:
    """One that fails by a fault of ours keeps no other from its turn."""
    try:
        deliver.drain(
            connection_id,
            clock=clock.started(),
            on_end=lambda results: done.update(one.fate.state.value for one in results),
        )
    except AWAY:
        raise
    except Exception:
        log.exception("connection_not_drained", connection=connection_id)
