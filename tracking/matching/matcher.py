"""Matcher: all active rules of the product, arranged so that an event meets only those of its owners."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from tracking.choices import Filter
from tracking.definition import RuleDefinition
from tracking.events import Event
from tracking.matching.filters import Check, checks

Owner = tuple[str, str, int]  # trigger, "product" or "campaign", the platform's id


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A rule as the matcher sees it: who it is, whose it is, and what it asks of an event."""

    rule_id: int
    version_id: int
    connection_id: int
    once_per_lead: bool
    owner: Owner
    checks: tuple[Check, ...] = field(repr=False)

    @classmethod
    def of(cls, definition: RuleDefinition, *, rule_id: int, version_id: int, connection_id: int) -> Candidate:
        return cls(
            rule_id=rule_id,
            version_id=version_id,
            connection_id=connection_id,
            once_per_lead=definition.policy.once_per_lead,
            owner=owner_of(definition),
            checks=checks(definition.filters),
        )

    def refusal(self, event: Event) -> Filter | None:
        """The first filter that does not admit the event; None when all do."""
        for check in self.checks:
            if not check.admits(event):
                return check.name
        return None


def owner_of(definition: RuleDefinition) -> Owner:
    if definition.campaign is not None:
        return definition.trigger, "campaign", definition.campaign
    return definition.trigger, "product", definition.product or 0


class Matcher:
    """Rules by trigger and owner. What an event costs depends on its owners' rules, not on all rules."""

    def __init__(self, candidates: Iterable[Candidate]) -> None:
        self._by_owner: dict[Owner, list[Candidate]] = {}
        for candidate in sorted(candidates, key=lambda candidate: candidate.rule_id):
            self._by_owner.setdefault(candidate.owner, []).append(candidate)

    def candidates(self, event: Event) -> Iterator[Candidate]:
        """The rules of the event's trigger at its product and its campaign, whatever their filters say."""
        if event.product is not None:
            yield from self._by_owner.get((event.trigger, "product", event.product), ())
        if event.campaign is not None:
            yield from self._by_owner.get((event.trigger, "campaign", event.campaign), ())

    def match(self, event: Event) -> list[Candidate]:
        """The rules that fire: the candidates without a refusal, found without asking for its reason."""
        found: list[Candidate] = []
        if event.product is not None:
            self._find(event, (event.trigger, "product", event.product), found)
        if event.campaign is not None:
            self._find(event, (event.trigger, "campaign", event.campaign), found)
        return found

    def _find(self, event: Event, owner: Owner, found: list[Candidate]) -> None:
        for candidate in self._by_owner.get(owner, ()):
            for _, value_of, values, among in candidate.checks:
                if (value_of(event) in values) is not among:
                    break
            else:
                found.append(candidate)
