"""Filters that no event of the trigger passes, or that the directory contradicts."""

from __future__ import annotations

from tracking.choices import Filter, PriceKind
from tracking.definition import INCLUDES
from tracking.models import Campaign, Channel
from tracking.pipeline.linting.finding import Findings, Subject, warning

_CARRIED = {
    **{name: entity for entity, (name, _) in INCLUDES.items()},
    Filter.METHOD: "method",
    Filter.TRACKING_STRATEGY: "tracking_strategy",
    Filter.PRICE_RESTRICTION: "price",
}


def findings(subject: Subject) -> Findings:
    yield from _never_carried(subject)
    yield from _prices(subject)
    yield from _campaigns(subject)
    yield from _channels(subject)


def _never_carried(subject: Subject) -> Findings:
    trigger = subject.definition.kind
    for name in subject.definition.filters.used():
        entity = _CARRIED.get(name)
        if entity is not None and entity not in trigger.carries:
            words = entity.replace("_", " ")
            yield warning(f"filters.{name}", f"Events of {trigger.label} carry no {words}: the rule never fires.")


def _prices(subject: Subject) -> Findings:
    filters = subject.definition.filters
    if filters.price_restriction in (PriceKind.LOWER, PriceKind.AT_MOST) and not filters.price_restriction_value:
        bound = "lower than 0" if filters.price_restriction is PriceKind.LOWER else "0 or lower"
        yield warning("filters.price_restriction_value", f"Only a price that is {bound} passes.")


def _campaigns(subject: Subject) -> Findings:
    """Campaigns of another product, or of buyers that the other filters leave out."""
    definition, filters = subject.definition, subject.definition.filters
    if not filters.campaign:
        return
    chosen = list(Campaign.objects.filter(pk__in=filters.campaign))
    foreign = [str(row) for row in chosen if row.product_id != definition.product]
    if foreign:
        yield warning("filters.campaign", f"Of another product than the rule's: {', '.join(foreign)}.")
    left = [
        row
        for row in chosen
        if (not filters.buyer or row.buyer_id in filters.buyer) and row.buyer_id not in filters.buyer_exclude
    ]
    if not left:
        yield warning("filters.campaign", "None of these campaigns is of a buyer that the buyer filters let through.")


def _channels(subject: Subject) -> Findings:
    filters = subject.definition.filters
    if not filters.channel:
        return
    chosen = list(Channel.objects.filter(pk__in=filters.channel))
    if filters.publisher and not any(row.publisher_id in filters.publisher for row in chosen):
        yield warning("filters.channel", "None of these channels belongs to the chosen publishers.")
    if chosen and all(row.publisher_id in filters.publisher_exclude for row in chosen):
        yield warning("filters.channel", "All of these channels belong to excluded publishers.")
    if filters.method and chosen and all(row.method != filters.method for row in chosen):
        yield warning("filters.method", f"None of the chosen channels takes leads by {filters.method.label}.")
