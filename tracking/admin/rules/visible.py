"""What of a rule's form is there for whom: its choices, its filters, and what is kept of those that are not shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet

from tracking.access import Access
from tracking.admin.rules.fields import placeholders
from tracking.choices import ConnectionKind, Filter, Level
from tracking.definition import RuleDefinition
from tracking.errors import RuleError
from tracking.models import Connection, Rule, User
from tracking.rendering.context import PLACEHOLDERS

KEPT = "Set by an administrator: it is kept as it is."


def narrow(fields: dict[str, Any], seen: Access) -> None:
    """Leave only the choices and placeholders that there are for this person."""
    for field in fields.values():
        if isinstance(getattr(field, "queryset", None), QuerySet):
            field.queryset = _rows(field.queryset, seen)
    used = {placeholder for row in seen.triggers() for placeholder in seen.placeholders(row)}
    for name in ("subject", "body"):
        fields[name].help_text = placeholders(row for row in PLACEHOLDERS if row in used)
    offered = {row.value for row in seen.triggers()}
    fields["trigger"].choices = [
        (group, rows if isinstance(rows, str) else [row for row in rows if row[0] in offered])
        for group, rows in fields["trigger"].choices
        if isinstance(rows, str) or any(value in offered for value, _ in rows)
    ]


def _rows(rows: QuerySet[Any], seen: Access) -> QuerySet[Any]:
    if rows.model is Connection:
        return seen.connections()
    return seen.users().filter(is_active=True) if rows.model is User else seen.within(rows)


def values(initial: Mapping[str, Any], seen: Access) -> dict[str, Any]:
    """Of a form's first values those that this person sees."""
    found = {name: value for name, value in initial.items() if not absent(name, seen)}
    if found.get("notify_users"):
        found["notify_users"] = list(seen.users().filter(pk__in=found["notify_users"]).values_list("pk", flat=True))
    return found


def absent(name: str, seen: Access) -> bool:
    """Whether the form has no such field for this person."""
    if name == "product":
        return Level.PRODUCT not in seen.levels
    if name not in Filter.values:
        return False
    return not any(Filter(name) in seen.offered_filters(row, level) for row in seen.triggers() for level in row.levels)


def kept(name: str, rule: Rule | None, seen: Access) -> bool:
    """Whether the rule has a filter that this person gets no field for."""
    if rule is None or rule.current is None or name not in Filter.values or not absent(name, seen):
        return False
    return bool(rule.current.document.get("filters", {}).get(name))


def definition_of(rule: Rule | None) -> RuleDefinition | None:
    """What the rule does now; None of a new one, and of one that this release cannot read."""
    try:
        return rule.current.definition() if rule is not None and rule.current else None
    except RuleError:
        return None


def completed(
    typed: Mapping[str, Any], sent: Mapping[str, Any], before: RuleDefinition | None, seen: Access
) -> dict[str, Any]:
    """What was typed, and of the filters without a field what the rule had, unless somebody sent them all the same."""
    if before is None:
        return dict(typed)
    stored = before.filters.model_dump(mode="json")
    unseen = {name: stored[name] for name in stored if absent(name, seen) and name not in sent}
    return {**typed, **{name: "" if value is None else value for name, value in unseen.items()}}


def connection_of(rule: Rule, seen: Access) -> Connection | None:
    """The rule's connection, where its health is this person's business: of a predefined one it is not a buyer's."""
    return None if seen.scoped and rule.connection.kind == ConnectionKind.ESP else rule.connection
