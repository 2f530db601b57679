"""Answers kept for a day, so that a request sent twice is done once."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from tracking.models import KeptAnswer

KEPT = timedelta(hours=24)


def claim(caller: str, key: str, fingerprint: str, *, now: datetime) -> KeptAnswer | None:
    """None when the request is new and now ours to answer, else what is kept under its key.

    To be called inside the transaction of what the request does: whoever comes with the same key meanwhile waits for
    its end, and finds the answer, or, if it was rolled back, nothing.
    """
    KeptAnswer.objects.filter(caller=caller, key=key, created_at__lte=now - KEPT).delete()
    mine = KeptAnswer(caller=caller, key=key, fingerprint=fingerprint, created_at=now)
    KeptAnswer.objects.bulk_create([mine], ignore_conflicts=True)
    found = KeptAnswer.objects.get(caller=caller, key=key)
    return found if found.status else None


def keep(caller: str, key: str, *, status: int, headers: dict[str, str], body: Any) -> None:
    """Write down how the claimed request was answered."""
    KeptAnswer.objects.filter(caller=caller, key=key).update(status=status, headers=headers, body=body)
