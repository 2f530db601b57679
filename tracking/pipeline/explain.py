"""For one event: every rule of its owners and trigger, matched or the first filter that refused it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from django.db.models import Q, QuerySet

from tracking.choices import Filter
from tracking.definition import INCLUDES, RuleDefinition
from tracking.errors import RuleError
from tracking.events import Event
from tracking.matching import explain as words
from tracking.matching.matcher import Candidate
from tracking.models import Rule
from tracking.store import events
from tracking.store.events import DIRECTORY

DISABLED = "disabled"
UNREADABLE = "unreadable"
HIDDEN = "A filter that is not shown to your role refused the event."
_NO_NAMES: words.Names = MappingProxyType({})


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


def explain(
    event: Event,
    *,
    among: QuerySet[Rule] | None = None,
    hides: Callable[[Filter], bool] = lambda name: False,
    named: bool = False,
) -> Iterator[Explained]:
    """The same predicates as live matching, on the rules as they are saved now, in order of their ids.

    `among` are the rules that may be told of; all by default. Filters that `hides` are not told. With `named`,
    entities are told by their names in the directory.
    """
    rules = _of_owners(event, Rule.objects.filter(deleted_at=None) if among is None else among)
    chosen = [(rule, _definition(rule)) for rule in rules.filter(trigger=event.trigger)]
    names = _names(event, [definition for _, definition in chosen if definition]) if named else _NO_NAMES
    for rule, definition in chosen:
        yield _explained(rule, definition, event, hides, names)


def of_other_triggers(event: Event, among: QuerySet[Rule]) -> int:
    """How many rules of the event's owners do not look at events of its trigger."""
    return _of_owners(event, among).exclude(trigger=event.trigger).count()


def _of_owners(event: Event, among: QuerySet[Rule]) -> QuerySet[Rule]:
    owners = Q(pk=None)
    for level in ("product", "campaign"):
        number = getattr(event, level)
        if number is not None:
            owners |= Q(**{level: number})
    return among.filter(owners, current__isnull=False).select_related("current").order_by("id")


def _definition(rule: Rule) -> RuleDefinition | None:
    assert rule.current is not None
    try:
        return rule.current.definition()
    except RuleError:  # of another release: the matcher leaves it out, too
        return None


def _explained(
    rule: Rule,
    definition: RuleDefinition | None,
    event: Event,
    hides: Callable[[Filter], bool],
    names: words.Names,
) -> Explained:
    def refused(by: str | None, reason: str) -> Explained:
        return Explained(rule=rule.pk, name=rule.name, matched=by is None, refused_by=by, reason=reason)

    if definition is None:
        return refused(UNREADABLE, "This release cannot read the rule.")
    if not rule.enabled:
        return refused(DISABLED, "The rule is disabled.")
    candidate = Candidate.of(definition, rule_id=rule.pk, version_id=rule.current_id or 0, connection_id=0)
    refused_by = candidate.refusal(event)
    if refused_by is not None and hides(refused_by):
        return refused("hidden", HIDDEN)
    reason = words.reason(refused_by, definition.filters, event, names=names)
    return refused(refused_by.value if refused_by else None, reason)


def _names(event: Event, definitions: Iterable[RuleDefinition]) -> Mapping[tuple[str, int], str]:
    """Names of what the event and the rules' filters mention: one query an entity."""
    found = dict(events.names([event]))
    rules = list(definitions)
    for entity, pair in INCLUDES.items():
        ids = {id_ for rule in rules for name in pair if name for id_ in getattr(rule.filters, name)[:10]}
        if ids:
            rows = DIRECTORY[entity]._default_manager.filter(pk__in=ids).values_list("pk", "name")
            found |= {(entity, pk): name for pk, name in rows}
    return found
