"""One check for each filter of a rule that is set, made once per rule."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator
from functools import cache
from operator import attrgetter
from typing import NamedTuple

from tracking.choices import Filter
from tracking.definition import INCLUDES, Filters
from tracking.events import Event
from tracking.matching.prices import PriceRestriction


class Check(NamedTuple):
    """One filter, ready to ask: whether the event's value is one of `values`, or, with `among` False, is none of them.

    An event without the entity is not among them, so that it is not excluded either. `name` is the filter to blame
    when it does not admit an event. Plain values rather than a function, as the matcher asks for many in little time.
    """

    name: Filter
    value_of: Callable[[Event], object]
    values: Container[object]
    among: bool = True

    def admits(self, event: Event) -> bool:
        return (self.value_of(event) in self.values) is self.among


_reader = cache(attrgetter)  # of an attribute: one for all rules


def checks(filters: Filters) -> tuple[Check, ...]:
    """The filters that are set, in the seed's order. None set: every event is admitted."""
    found = [*_equal(filters), *_entities(filters), *_price(filters)]
    return tuple(sorted(found, key=lambda check: list(Filter).index(check.name)))


def _equal(filters: Filters) -> Iterator[Check]:
    for name in (Filter.METHOD, Filter.TRACKING_STRATEGY):
        wanted = getattr(filters, name)
        if wanted is not None:
            yield Check(name, _reader(name.value), (wanted,))


def _entities(filters: Filters) -> Iterator[Check]:
    for entity, (include, exclude) in INCLUDES.items():
        if included := frozenset(getattr(filters, include)):
            yield Check(include, _reader(entity), included)
        if exclude is not None and (excluded := frozenset(getattr(filters, exclude))):
            yield Check(exclude, _reader(entity), excluded, among=False)


def _price(filters: Filters) -> Iterator[Check]:
    restriction = PriceRestriction.of(filters)
    if restriction is not None:
        yield Check(Filter.PRICE_RESTRICTION, _reader("price"), restriction)
