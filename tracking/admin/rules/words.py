"""A rule in words: its filters and its action, as lists show them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tracking.access import Access
from tracking.admin.listing import shortened
from tracking.admin.rules.fields import ENTITIES
from tracking.choices import Filter, Method, PriceKind, RuleKind, TrackingStrategy
from tracking.models import Rule

Names = Mapping[tuple[str, int], str]  # (entity, id) -> the directory's name

HIDDEN = "set by an administrator"
SHOWN_NAMES = 3  # of one filter; the rest are counted

_PRICES = {
    PriceKind.POSITIVE: "Price > 0",
    PriceKind.GREATER: "Price > {price_restriction_value}",
    PriceKind.AT_LEAST: "Price ≥ {price_restriction_value}",
    PriceKind.LOWER: "Price < {price_restriction_value}",
    PriceKind.AT_MOST: "Price ≤ {price_restriction_value}",
    PriceKind.RANGE: "Price {min_price} to {max_price}",
}


def names(rules: Iterable[Rule], seen: Access) -> Names:
    """Names of all entities that these rules' filters mention; one query a kind of entity."""
    wanted: dict[str, set[int]] = {}
    for rule in rules:
        for name, value in _document(rule).get("filters", {}).items():
            if isinstance(value, list) and not seen.hides(Filter(name)):
                wanted.setdefault(name.removesuffix("_exclude"), set()).update(value)
    return {
        (entity, pk): name
        for entity, ids in wanted.items()
        if ids
        for pk, name in ENTITIES[entity]._default_manager.filter(pk__in=ids).values_list("pk", "name")
    }


def filters(rule: Rule, found: Names, seen: Access) -> list[str]:
    """One entry a filter that is set; none means every event of the trigger."""
    values = _document(rule).get("filters", {})
    words = [
        f"{name.label}: {HIDDEN}" if seen.hides(name) else _filter(name, values[name], found)
        for name in Filter
        if values.get(name)
    ]
    return [word for word in words if word] + _price(values)


def _filter(name: Filter, value: Any, found: Names) -> str:
    if isinstance(value, list):
        entity = name.value.removesuffix("_exclude")
        shown = [found.get((entity, pk)) or f"#{pk}" for pk in value[:SHOWN_NAMES]]
        more = f" and {len(value) - SHOWN_NAMES} more" if len(value) > SHOWN_NAMES else ""
        return f"{name.label}: {', '.join(shown)}{more}"
    if name is Filter.METHOD:
        return f"Method: {Method(value).label}"
    if name is Filter.TRACKING_STRATEGY:
        return TrackingStrategy(value).label
    return ""


def _price(values: Mapping[str, Any]) -> list[str]:
    kind = values.get("price_restriction")
    return [_PRICES[PriceKind(kind)].format(**values)] if kind else []


def action(rule: Rule) -> list[str]:
    """Kind and connection, recipient, subject."""
    wanted = _document(rule).get("action", {})
    server = wanted.get("server") or {}
    where = f"{server.get('host')}:{server.get('port')}" if server else rule.connection.name
    return [
        f"{RuleKind(rule.kind).label}: {where}",
        f"To: {shortened(wanted.get('recipient', ''))}",
        f"Subject: {shortened(wanted.get('subject', ''))}",
    ]


def _document(rule: Rule) -> Mapping[str, Any]:
    return rule.current.document if rule.current else {}
