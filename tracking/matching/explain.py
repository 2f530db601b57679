"""Why a rule fires for an event, or which filter refused it, in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from types import MappingProxyType

from tracking.choices import Filter, PriceKind
from tracking.definition import INCLUDES, Filters
from tracking.events import Event

_ENTITY_OF = {name: entity for entity, pair in INCLUDES.items() for name in pair if name is not None}


Names = Mapping[tuple[str, int], str]  # (entity, id) -> the directory's name


def reason(refused_by: Filter | None, filters: Filters, event: Event, *, names: Names = MappingProxyType({})) -> str:
    """One sentence; `refused_by` is what `Candidate.refusal` said. Entities are told by name where it is known."""
    if refused_by is None:
        return "All filters admit the event."
    if refused_by is Filter.PRICE_RESTRICTION:
        return _price(filters, event.price)
    if refused_by in _ENTITY_OF:
        entity = _ENTITY_OF[refused_by]

        def told(number: int) -> str:
            name = names.get((entity, number))
            return f"{number}" if name is None else f"{name} (#{number})"

        return _entity(refused_by, getattr(filters, refused_by), getattr(event, entity), told)
    return (
        f"{refused_by.label}: the rule wants {getattr(filters, refused_by)}, the event has {_shown(event, refused_by)}."
    )


def _shown(event: Event, name: Filter) -> str:
    return str(getattr(event, name) or "none")


_MOST = 10  # of the wanted ones that are told


def _entity(name: Filter, ids: tuple[int, ...], found: int | None, told: Callable[[int], str]) -> str:
    has = "none" if found is None else told(found)
    if name.value.endswith("_exclude"):
        return f"{name.label}: the event's {has} is excluded."
    wanted = ", ".join(map(told, ids[:_MOST])) + (", …" if len(ids) > _MOST else "")
    return f"{name.label}: the rule wants {wanted}, the event has {has}."


_BOUNDS: Mapping[PriceKind, Callable[[Filters], str]] = {
    PriceKind.POSITIVE: lambda filters: "greater than 0",
    PriceKind.GREATER: lambda filters: f"greater than {filters.price_restriction_value}",
    PriceKind.AT_LEAST: lambda filters: f"greater than or equal to {filters.price_restriction_value}",
    PriceKind.LOWER: lambda filters: f"lower than {filters.price_restriction_value}",
    PriceKind.AT_MOST: lambda filters: f"lower than or equal to {filters.price_restriction_value}",
    PriceKind.RANGE: lambda filters: f"from {filters.min_price} to {filters.max_price}",
}


def bounds(filters: Filters) -> str:
    """The price restriction in words, "" when there is none."""
    return "" if filters.price_restriction is None else _BOUNDS[filters.price_restriction](filters)


def _price(filters: Filters, price: Decimal | None) -> str:
    return f"{Filter.PRICE_RESTRICTION.label}: the price must be {bounds(filters)}, the event has {price or 'none'}."
