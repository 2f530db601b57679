"""Rules as documents, out and in. A rule's key says which one it is, in every installation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from tracking.choices import AuditAction
from tracking.definition import RuleDefinition
from tracking.errors import RuleError
from tracking.models import Rule, User
from tracking.store import audit, rulebook, rules
from tracking.store.differences import Names, changes, sentences
from tracking.store.history import directory_names

ACTIONS = ("created", "changed", "unchanged", "refused")  # what can become of a document
SHOWN = 300  # characters of a line that tells of it


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What became of one document. `action`: one of ACTIONS; `changes`: path -> [old, new]."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What became of one document, in words. `number`: its place in the file, from 1."""

    number: int
    name: str
    action: str
    lines: list[str]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """What whoever imports may do. `rules` are those that are there for them; `complete` adds to what they sent the
    values that they were not shown, which `shown` takes from a document; `check` raises RuleError for what they may
    not use.
    """

    rules: QuerySet[Rule]
    complete: Callable[[Mapping[str, Any], RuleDefinition | None], dict[str, Any]]
    check: Callable[[RuleDefinition, RuleDefinition | None], None]
    shown: Callable[[Mapping[str, Any]], dict[str, Any]] = dict


def everything() -> Gate:
    """For the machine's operator."""
    return Gate(
        rules=Rule.objects.all(),
        complete=lambda fields, before: dict(fields),
        check=lambda definition, before: None,
    )


def export(chosen: QuerySet[Rule] | None = None) -> Iterator[dict[str, Any]]:
    """Rules, oldest first; without passwords. None: all of them."""
    rows = Rule.objects.all() if chosen is None else chosen
    kept = rows.filter(deleted_at=None, current__isnull=False).select_related("current").order_by("id")
    for rule in kept:
        yield rules.document(rule)


def import_one(document: object, *, author: User | None, now: datetime, gate: Gate | None = None) -> Imported:
    """Create or change the rule of one document. Nothing is written of a document that is refused.

    A custom server's password may stand in `action.server.password`. Without it, a rule whose server needs one is
    taken disabled.
    """
    try:
        with transaction.atomic():
            return _import(document, author=author, now=now, gate=gate or everything())
    except RuleError as error:
        return Imported(action="refused", errors=error.errors)


def import_all(
    documents: Sequence[object], *, author: User | None, now: datetime, gate: Gate | None = None, dry_run: bool
) -> list[Imported]:
    """What became of each, or with `dry_run` would become; that writes nothing."""
    with transaction.atomic():
        results = [import_one(document, author=author, now=now, gate=gate) for document in documents]
        transaction.set_rollback(dry_run)
    if dry_run:
        rulebook.forget()  # what was rolled back must not be matched by
    elif any(result.action in ("created", "changed") for result in results):
        counted = Counter(result.action for result in results)
        audit.note(actor=author, action=AuditAction.RULES_IMPORTED, target=None, detail=dict(counted), now=now)
    return results


def told(results: Sequence[Imported], documents: Sequence[object], *, first: int = 1) -> list[Told]:
    """What became of each, with the directory's names; `first` is the number of the first one."""
    names = directory_names(*(_mentioned(result, side) for result in results for side in (0, 1)))
    return [
        Told(number=number, name=_name(document, result), action=result.action, lines=list(_lines(result, names)))
        for number, (result, document) in enumerate(zip(results, documents, strict=True), first)
    ]


def count(results: Sequence[Imported]) -> dict[str, int]:
    """How many there are of each action."""
    return {action: sum(result.action == action for result in results) for action in ACTIONS}


def in_words(counted: Mapping[str, int]) -> str:
    """As "3 created, 1 refused"."""
    return ", ".join(f"{counted[action]:,} {action}" for action in ACTIONS if counted.get(action))


def _mentioned(result: Imported, side: int) -> dict[str, Any]:
    """The part of a document that changed, as it was (0) or is (1): whose ids want names."""
    changed = {path: values[side] for path, values in result.changes.items()}
    filters = {path.removeprefix("filters."): value for path, value in changed.items() if path.startswith("filters.")}
    return {"filters": filters, "product": changed.get("product"), "campaign": changed.get("campaign")}


def _lines(result: Imported, names: Names) -> Iterator[str]:
    before, after = ({path: values[side] for path, values in result.changes.items()} for side in (0, 1))
    errors = (f"{path}: {' '.join(found)}" for path, found in result.errors.items())
    for line in (*errors, *sentences(before, after, names), result.notice):
        if line:
            yield _plain(line, SHOWN)


def _name(document: object, result: Imported) -> str:
    if result.rule is not None and result.action != "created":
        return _plain(str(result.rule), SHOWN)
    name = document.get("name") if isinstance(document, dict) else None
    return _plain(str(name), 100) if name else "-"


def _plain(text: str, most: int) -> str:
    """What can stand in a row and on a page, whatever a file holds."""
    return text[:most].replace("\0", "\ufffd").encode(errors="replace").decode()


def _import(document: object, *, author: User | None, now: datetime, gate: Gate) -> Imported:
    fields, key, enabled, password = taken_apart(document)
    existing = gate.rules.select_related("current", "connection").filter(key=key).first() if key else None
    if existing is not None and existing.deleted_at is not None:
        raise RuleError({"key": ["that rule was deleted here; leave the key out to make a new one"]})
    if existing is None and key and Rule.objects.filter(key=key).exists():
        raise RuleError({"key": ["cannot be used; leave the key out to make a new rule"]})
    before = existing.current.document if existing and existing.current else {}
    notice = ""
    stored = _definition(existing)
    wanted = RuleDefinition.from_json(gate.complete(fields, stored))
    gate.check(wanted, stored)
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
        action=action,
        rule=saved.rule,
        changes=changes(gate.shown(before), gate.shown(wanted.to_json())) if existing else {},
        notice=notice,
    )


def _definition(rule: Rule | None) -> RuleDefinition | None:
    """None of a new rule, and of one that this release cannot read."""
    try:
        return rule.current.definition() if rule and rule.current else None
    except RuleError:
        return None


def taken_apart(document: object) -> tuple[dict[str, Any], UUID | None, bool | None, str | None]:
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
