"""Adjacent rules: the enabled ones that may fire for the same event as another rule.

Same trigger, and the same product or campaign; or one of them on the product and the other on a campaign of it. Their
filters are not asked: these may exclude each other.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Count, Q, QuerySet

from tracking.models import Campaign, Rule

Counts = dict[tuple[str, int], int]  # (trigger, owner) -> enabled rules


def of(rule: Rule, *, among: QuerySet[Rule]) -> QuerySet[Rule]:
    """The rules adjacent to this one, of those that somebody may see."""
    found = to(rule.trigger, product=rule.product_id, campaign=rule.campaign, among=among)
    return found.exclude(pk=rule.pk)


def to(trigger: str, *, product: int | None, campaign: Campaign | None, among: QuerySet[Rule]) -> QuerySet[Rule]:
    """The rules, of those, that are adjacent to one of that trigger and owner."""
    if campaign is None:
        owned = Q(product_id=product) | Q(campaign__product_id=product)
    else:
        owned = Q(campaign_id=campaign.pk) | Q(product_id=campaign.product_id)
    return _live(among).filter(owned, trigger=trigger)


def counts(rules: Iterable[Rule], *, among: QuerySet[Rule]) -> dict[int, int]:
    """Rule id -> how many of those rules are adjacent to it; three queries, however many.

    Wants `rule.campaign` loaded.
    """
    page = list(rules)
    products = {rule.campaign.product_id if rule.campaign else rule.product_id for rule in page} - {None}
    campaigns = {rule.campaign_id for rule in page} - {None}
    on_product = _count(among, "product_id", products)
    on_campaign = _count(among, "campaign_id", campaigns)
    below_product = _count(among, "campaign__product_id", {rule.product_id for rule in page} - {None})
    return {
        rule.pk: _seen_by_campaign(rule, on_campaign, on_product)
        if rule.campaign
        else _seen_by_product(rule, on_product, below_product)
        for rule in page
    }


def _seen_by_product(rule: Rule, on_product: Counts, below_product: Counts) -> int:
    key = (rule.trigger, rule.product_id or 0)
    return on_product.get(key, 0) + below_product.get(key, 0) - rule.enabled


def _seen_by_campaign(rule: Rule, on_campaign: Counts, on_product: Counts) -> int:
    assert rule.campaign is not None
    own = on_campaign.get((rule.trigger, rule.campaign.pk), 0)
    return own + on_product.get((rule.trigger, rule.campaign.product_id), 0) - rule.enabled


def _count(among: QuerySet[Rule], owner: str, ids: set[int | None]) -> Counts:
    rows = _live(among).filter(**{f"{owner}__in": ids}).order_by().values_list("trigger", owner).annotate(Count("pk"))
    return {(trigger, owner_id): found for trigger, owner_id, found in rows}


def _live(among: QuerySet[Rule]) -> QuerySet[Rule]:
    return among.filter(deleted_at=None, enabled=True)
