"""What time alone makes due: claims of dead workers, deliveries nobody was woken for, alerts not yet mailed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from tracking import conf
from tracking.store import alert_mails, alerts, claims, connections, deliveries, jobs, leases, pulse

_WRONG = timedelta(minutes=1)  # by which the clock went back since the last sweep


@dataclass(frozen=True, slots=True)
class Swept:
    """Whom to wake, what to begin, and how many mails the dead had in hand."""

    connections: list[int]
    alerts: list[int]
    jobs: list[int]
    taken_back: int = 0


def sweep(*, now: datetime) -> Swept:
    """Any number of these may run side by side."""
    if (silence := pulse.silence(pulse.SWEEPER, now=now)) is not None and silence < -_WRONG:
        deliveries.repair_times(now=now)
    leases.shorten(lease=conf.drain().lease, now=now)
    taken_back = claims.take_back(now=now)
    deliveries.cancel_of_deleted_rules(now=now)
    deliveries.cancel_of_stopped_rules(now=now)
    connections.park(now=now)
    alerts.raise_for_connections(now=now)
    jobs.give_up(now=now)
    return Swept(
        connections=deliveries.due_connections(now),
        alerts=alert_mails.due(now),
        jobs=jobs.due(now=now),
        taken_back=taken_back,
    )
