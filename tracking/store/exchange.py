"""Rules as documents, out and in. A rule's key says which one it is, in every installation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from tracking.definition import RuleDefinition
from tracking.errors import RuleError
from tracking.models import Rule, User
from tracking.store import rules


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What became of one document. `action`: created, changed, unchanged or refused; `changes`: path -> [old, new]."""

    action: str
    rule: Rule | None = None
    changes: dict[str, list[Any]] = field(default_factory=dict)
    errors: dict[str, list[str]] = field(default_factory=dict)
    notice: str = ""

    def to_json(self) -> dict[str, Any]:
        answer: dict[str, Any] = {"action": self.action}
        if self.rule is not None:
            answer |= {"key": str(self.rule.key), "rule": self.rule.pk, "enabled": self.rule.enabled}
        optional = {"changes": self.changes, "errors": self.errors, "notice": self.notice}
        return answer | {name: value for name, value in optional.items() if value}


def export() -> Iterator[dict[str, Any]]:
    """All rules, oldest first; without passwords."""
    kept = Rule.objects.filter(deleted_at=None, current__isnull=False).select_related("current").order_by("id")
    for rule in kept:
        yield rules.document(rule)


def import_one(document: object, *, author: User | None, now: datetime) -> Imported:
    """Create or change the rule of one document. Nothing is written of a document that is refused.

    A custom server's password may stand in `action.server.password`. Without it, a rule whose server needs one is
    taken disabled.
    """
    try:
        with transaction.atomic():
            return _import(document, author=author, now=now)
    except RuleError as error:
        return Imported(action="refused", errors=error.errors)


def _import(document: object, *, author: User | None, now: datetime) -> Imported:
    fields, key, enabled, password = _taken_apart(document)
    existing = Rule.objects.select_related("current", "connection").filter(key=key).first() if key else None
    if existing is not None and existing.deleted_at is not None:
        raise RuleError({"key": ["that rule was deleted here; leave the key out to make a new one"]})
    before = existing.current.document if existing and existing.current else {}
    notice = ""
    wanted = RuleDefinition.from_json(fields)
    try:
        saved = rules.save(wanted, author=author, now=now, rule=existing, key=key, enabled=enabled, password=password)
    except RuleError as error:
        if existing is not None or set(error.errors) != {"action.server.password"}:
            raise
        saved = rules.save(
            wanted, author=author, now=now, key=key, enabled=False, password=password, password_later=True
        )
        notice = "imported disabled: enter the password of its mail server, then enable it"
    action = "created" if existing is None else "changed" if saved.changed else "unchanged"
    return Imported(
        action=action, rule=saved.rule, changes=_changes(before, wanted.to_json()) if existing else {}, notice=notice
    )


def _taken_apart(document: object) -> tuple[dict[str, Any], UUID | None, bool | None, str | None]:
    """The definition's fields, and beside them: key, enabled, password. Raises RuleError."""
    if not isinstance(document, dict):
        raise RuleError({"rule": ["must be an object"]})
    fields = dict(document)
    key, enabled, password = fields.pop("key", None), fields.pop("enabled", None), None
    if not isinstance(enabled, bool | None):
        raise RuleError({"enabled": ["must be true or false"]})
    action = fields.get("action")
    if isinstance(action, dict) and isinstance(action.get("server"), dict):
        server = dict(action["server"])
        password = server.pop("password", None)
        fields["action"] = {**action, "server": server}
    if not isinstance(password, str | None):
        raise RuleError({"action.server.password": ["must be a string"]})
    try:
        return fields, UUID(key) if key else None, enabled, password
    except (ValueError, TypeError, AttributeError):
        raise RuleError({"key": ["must be a UUID, as in an exported rule"]}) from None


def _changes(before: Any, after: Any, path: str = "") -> dict[str, list[Any]]:
    """Path -> [old, new] of every leaf that differs."""
    if isinstance(before, dict) and isinstance(after, dict):
        found: dict[str, list[Any]] = {}
        for name in {**before, **after}:
            found |= _changes(before.get(name), after.get(name), f"{path}.{name}".lstrip("."))
        return found
    return {} if before == after else {path: [before, after]}
