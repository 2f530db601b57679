"""One predicate for each filter family, made once per rule."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tracking.choices import Filter
from tracking.definition import INCLUDES, Filters
from tracking.events import Event
from tracking.matching.prices import PriceRestriction

Predicate = Callable[[Event], bool]


@dataclass(frozen=True, slots=True)
class Check:
    """One filter of a rule, ready to ask. `name` is the filter to blame when it does not admit an event."""

    name: Filter
    admits: Predicate


def checks(filters: Filters) -> tuple[Check, ...]:
    """The filters that are set, in the seed's order. None set: every event is admitted."""
    found = [*_equal(filters), *_entities(filters), *_price(filters)]
    return tuple(sorted(found, key=lambda check: list(Filter).index(check.name)))


def _equal(filters: Filters) -> Iterator[Check]:
    for name in (Filter.METHOD, Filter.TRACKING_STRATEGY):
        wanted = getattr(filters, name)
        if wanted is not None:
            yield Check(name, _is(name.value, wanted))


def _entities(filters: Filters) -> Iterator[Check]:
    for entity, (include, exclude) in INCLUDES.items():
        if included := frozenset(getattr(filters, include)):
            yield Check(include, _among(entity, included))
        if exclude is not None and (excluded := frozenset(getattr(filters, exclude))):
            yield Check(exclude, _not_among(entity, excluded))


def _price(filters: Filters) -> Iterator[Check]:
    restriction = PriceRestriction.of(filters)
    if restriction is not None:
        yield Check(Filter.PRICE_RESTRICTION, lambda event: restriction.admits(event.price))


def _is(attribute: str, wanted: object) -> Predicate:
    return lambda event: getattr(event, attribute) == wanted


def _among(entity: str, ids: frozenset[int]) -> Predicate:
    """An event without the entity is not among them."""
    return lambda event: getattr(event, entity) in ids


def _not_among(entity: str, ids: frozenset[int]) -> Predicate:
    """An event without the entity is not excluded."""
    return lambda event: getattr(event, entity) not in ids
