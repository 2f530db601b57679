"""The signed link in an alert's mail: whoever has the mail may acknowledge or snooze, without logging in."""

from __future__ import annotations

from datetime import timedelta

from django.core import signing

from tracking import conf

_SALT = "tracking.alert"
VALID = timedelta(days=7)


def made(alert_id: int) -> str:
    return f"{conf.base_url()}/alerts/{signing.dumps(alert_id, salt=_SALT)}/"


def read(token: str) -> int | None:
    """The alert's id; None for a link that is not ours, or too old."""
    try:
        return int(signing.loads(token, salt=_SALT, max_age=VALID))
    except (signing.BadSignature, TypeError, ValueError):
        return None
