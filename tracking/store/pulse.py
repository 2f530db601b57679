"""Who lives: parts that leave no other trace say so now and then."""

from __future__ import annotations

from datetime import datetime, timedelta

from tracking.models import Pulse

SWEEPER = "sweeper"  # beat asked for it and a worker did it: both live
_BEAT = "beat "
_REMEMBERED = timedelta(hours=1)  # a beat that is gone


def beat(name: str, *, now: datetime) -> None:
    Pulse.objects.update_or_create(name=name, defaults={"seen_at": now})


def silence(name: str, *, now: datetime) -> timedelta | None:
    """How long ago a part was last seen; None if never."""
    seen_at = Pulse.objects.filter(name=name).values_list("seen_at", flat=True).first()
    return None if seen_at is None else now - seen_at


def canary(queue: str) -> str:
    """The name of a queue's sign of life."""
    return f"canary {queue}"


def beat_is(origin: str, *, now: datetime) -> None:
    """Note the process that publishes what is due by time."""
    beat(f"{_BEAT}{origin}"[:_NAME], now=now)
    Pulse.objects.filter(name__startswith=_BEAT, seen_at__lt=now - _REMEMBERED).delete()


def beats(*, since: datetime) -> list[str]:
    """The processes that published what is due by time since then: there should be one."""
    seen = Pulse.objects.filter(name__startswith=_BEAT, seen_at__gte=since).order_by("name")
    return [name.removeprefix(_BEAT) for name in seen.values_list("name", flat=True)]


_NAME = 40  # characters; of Pulse.name
