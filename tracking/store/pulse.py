"""Who lives: parts that leave no other trace say so now and then."""

from __future__ import annotations

from datetime import datetime, timedelta

from tracking.models import Pulse

SWEEPER = "sweeper"  # beat asked for it and a worker did it: both live


def beat(name: str, *, now: datetime) -> None:
    Pulse.objects.update_or_create(name=name, defaults={"seen_at": now})


def silence(name: str, *, now: datetime) -> timedelta | None:
    """How long ago a part was last seen; None if never."""
    seen_at = Pulse.objects.filter(name=name).values_list("seen_at", flat=True).first()
    return None if seen_at is None else now - seen_at
