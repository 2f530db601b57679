"""Adjacent rules: the enabled ones that can fire for the same event as another rule.

Same trigger, and the same product or campaign; or one of them on the product and the other on a campaign of it.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Count, Q, QuerySet

from tracking.models import Rule

Counts = dict[tuple[str, int], int]  # (trigger, owner) -> enabled rules


def of(rule: Rule) -> QuerySet[Rule]:
    """The rules adjacent to this one."""
    if rule.campaign is None:
        owned = Q(product_id=rule.product_id) | Q(campaign__product_id=rule.product_id)
    else:
        owned = Q(campaign_id=rule.campaign_id) | Q(product_id=rule.campaign.product_id)
    return _live().filter(owned, trigger=rule.trigger).exclude(pk=rule.pk)


def counts(rules: Iterable[Rule]) -> dict[int, int]:
    """Rule id -> how many rules are adjacent to it; three queries however many rules. Wants `rule.campaign` loaded."""
    page = list(rules)
    products = {rule.campaign.product_id if rule.campaign else rule.product_id for rule in page} - {None}
    campaigns = {rule.campaign_id for rule in page} - {None}
    on_product = _count("product_id", products)
    on_campaign = _count("campaign_id", campaigns)
    below_product = _count("campaign__product_id", {rule.product_id for rule in page} - {None})
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


def _count(owner: str, ids: set[int | None]) -> Counts:
    rows = _live().filter(**{f"{owner}__in": ids}).order_by().values_list("trigger", owner).annotate(Count("pk"))
    return {(trigger, owner_id): found for trigger, owner_id, found in rows}


def _live() -> QuerySet[Rule]:
    return Rule.objects.filter(deleted_at=None, enabled=True)
