"""Why a rule fires for an event, or which filter refused it, in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal

from tracking.choices import Filter, PriceKind
from tracking.definition import INCLUDES, Filters
from tracking.events import Event

_ENTITY_OF = {name: entity for entity, pair in INCLUDES.items() for name in pair if name is not None}


def reason(refused_by: Filter | None, filters: Filters, event: Event) -> str:
    """One sentence; `refused_by` is what `Candidate.refusal` said."""
    if refused_by is None:
        return "All filters admit the event."
    if refused_by is Filter.PRICE_RESTRICTION:
        return _price(filters, event.price)
    if refused_by in _ENTITY_OF:
        return _entity(refused_by, getattr(filters, refused_by), getattr(event, _ENTITY_OF[refused_by]))
    return (
        f"{refused_by.label}: the rule wants {getattr(filters, refused_by)}, the event has {_shown(event, refused_by)}."
    )


def _shown(event: Event, name: Filter) -> str:
    return str(getattr(event, name) or "none")


def _entity(name: Filter, ids: tuple[int, ...], found: int | None) -> str:
    if name.value.endswith("_exclude"):
        return f"{name.label}: the event's {found} is excluded."
    wanted = ", ".join(map(str, ids))
    return f"{name.label}: the rule wants {wanted}, the event has {'none' if found is None else found}."


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
