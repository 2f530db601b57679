"""The audit log: one way in, and what is secret is masked on it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Model, QuerySet

from tracking.choices import AuditAction
from tracking.models import AuditEntry, User
from tracking.store.append_only import guards, lifted

MASK = "********"
_SECRET = ("password", "secret", "token", "credential", "authorization", "cookie")
FAILED_LOGINS_A_MINUTE = 5  # rows of one person, and of names that nobody has
DENIALS_A_MINUTE = 5  # rows of one person and target, or of pages that this person may not open
_SAME = ("actor_id", "action", "target_type", "target_id")
_LONGEST = 2_000  # characters of one value; a body is shown whole in the rule's history


def note(
    *,
    actor: User | None,
    action: AuditAction,
    target: Model | None,
    detail: Mapping[str, Any] | None = None,
    now: datetime,
) -> AuditEntry:
    """Add a row. `actor` None: nobody at a page or the API; `detail` is JSON, for changes field -> [old, new]."""
    return AuditEntry.objects.create(**_columns(actor, action, target, detail, now))


def note_failed_login(user: User | None, *, detail: Mapping[str, Any], now: datetime) -> None:
    """Add a row, unless guessing at that person, or at names that nobody has, left enough of them in this minute."""
    if _recent(None, AuditAction.LOGIN_FAILED, user, now) < FAILED_LOGINS_A_MINUTE:
        note(actor=None, action=AuditAction.LOGIN_FAILED, target=user, detail=detail, now=now)


def note_denied(actor: User, target: Model | None, *, detail: Mapping[str, Any], now: datetime) -> None:
    """Add a row, unless that person's tries at that target left enough of them in this minute."""
    if _recent(actor, AuditAction.DENIED, target, now) < DENIALS_A_MINUTE:
        note(actor=actor, action=AuditAction.DENIED, target=target, detail=detail, now=now)


def _recent(actor: User | None, action: AuditAction, target: Model | None, now: datetime) -> int:
    """How many rows of that kind are less than a minute old."""
    of = {name: value for name, value in _columns(actor, action, target, None, now).items() if name in _SAME}
    return AuditEntry.objects.filter(**of, at__gt=now - timedelta(minutes=1)).count()


def note_each(
    *,
    actor: User | None,
    action: AuditAction,
    targets: Iterable[Model],
    detail: Mapping[str, Any] | None = None,
    now: datetime,
) -> None:
    """Add one row a target."""
    rows = [AuditEntry(**_columns(actor, action, target, detail, now)) for target in targets]
    AuditEntry.objects.bulk_create(rows, batch_size=500)


def forget(rows: QuerySet[AuditEntry], *, now: datetime) -> None:
    """Remove entries past their age, in the caller's transaction, and say so.

    The guards are lifted in it and stand again before it ends. Lifting locks the table, so that nobody else can change
    a row meanwhile.
    """
    table, vendor = AuditEntry._meta.db_table, connection.vendor
    with connection.cursor() as cursor:
        for statement in lifted(vendor, table):
            cursor.execute(statement)
        gone, _ = rows.delete()
        for statement in guards(vendor, table):
            cursor.execute(statement)
    note(actor=None, action=AuditAction.AUDIT_PRUNED, target=None, detail={"entries": gone}, now=now)


def _columns(
    actor: User | None, action: AuditAction, target: Model | None, detail: Mapping[str, Any] | None, now: datetime
) -> dict[str, Any]:
    return {
        "at": now,
        "actor_id": actor.pk if actor else None,
        "actor": actor.get_username()[:150] if actor else "",
        "action": action,
        "target_type": target._meta.model_name if target else "",
        "target_id": str(target.pk)[:64] if target else "",
        "target": str(target)[:250] if target else "",
        "detail": masked(detail or {}),
    }


def masked(value: Any, name: str = "") -> Any:
    """The value without what its name, or that of anything in it, calls a secret; long texts are cut."""
    if any(word in name.lower() for word in _SECRET) and value not in (None, "", False, True):
        return [MASK if part else part for part in value] if isinstance(value, list) else MASK
    if isinstance(value, Mapping):
        return {str(key): masked(part, str(key)) for key, part in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [masked(part) for part in value]
    if isinstance(value, str):
        return value if len(value) <= _LONGEST else value[: _LONGEST - 1] + "…"
    return value if isinstance(value, int | float | bool | None) else str(value)
