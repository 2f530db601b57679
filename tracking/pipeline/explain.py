"""For one event: every rule of its owners and trigger, matched or the first filter that refused it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from tracking.events import Event
from tracking.matching import explain as words
from tracking.matching.matcher import Candidate
from tracking.models import Rule

DISABLED = "disabled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """What one rule says to an event. `refused_by` is the filter's name, or "disabled"; None when it matched."""

    rule: int
    name: str
    matched: bool
    refused_by: str | None
    reason: str

    def to_json(self) -> dict[str, Any]:
        return {
            "rule": self.rule,
            "name": self.name,
            "matched": self.matched,
            "refused_by": self.refused_by,
            "reason": self.reason,
        }


def explain(event: Event) -> Iterator[Explained]:
    """The same predicates as live matching, on the rules as they are saved now, in order of their ids."""
    owners = Q()
    for level in ("product", "campaign"):
        number = getattr(event, level)
        if number is not None:
            owners |= Q(**{level: number})
    if not owners:
        return
    rules = Rule.objects.filter(owners, trigger=event.trigger, deleted_at=None, current__isnull=False)
    for rule in rules.select_related("current").order_by("id"):
        yield _explained(rule, event)


def _explained(rule: Rule, event: Event) -> Explained:
    assert rule.current is not None
    definition = rule.current.definition()
    if not rule.enabled:
        return Explained(
            rule=rule.pk, name=rule.name, matched=False, refused_by=DISABLED, reason="The rule is disabled."
        )
    candidate = Candidate.of(definition, rule_id=rule.pk, version_id=rule.current.pk, connection_id=rule.connection_id)
    refused_by = candidate.refusal(event)
    return Explained(
        rule=rule.pk,
        name=rule.name,
        matched=refused_by is None,
        refused_by=refused_by.value if refused_by else None,
        reason=words.reason(refused_by, definition.filters, event),
    )
