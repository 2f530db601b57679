"""Rows of several owners, one of each table, for whoever asks what is there for whom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests import factories
from tracking.api import tokens
from tracking.choices import AuditAction, JobKind, JobState, Role
from tracking.emit import emit
from tracking.models import Alert, Delivery, Job, Pingtree, Product, UsageDay
from tracking.models.directory import CallTrackingPool
from tracking.store import audit, presets

Rows = dict[str, Any]


@dataclass(frozen=True, slots=True)
class World:
    """Two buyers with campaigns of one LMS product, and one of a Call Logic product; table -> row."""

    lms: Rows
    neighbour: Rows
    calls: Rows


def world() -> World:
    """Twelve tables of each owner, and rows that are no one's in particular."""
    shared, product = anything(), factories.ProductFactory.create()
    return World(
        lms={**side(product), **shared},
        neighbour={**side(product), **shared},
        calls={**side(factories.ProductFactory.create(calls=True)), **shared},
    )


def side(product: Product) -> Rows:
    """One row of each table, of a buyer of its own."""
    calls = product.platform == "call_logic"
    trigger = "call.campaign_sold" if calls else "lms.campaign_sold"
    campaign = factories.CampaignFactory.create(product=product)
    rule = factories.saved_rule(campaign=campaign.pk, trigger=trigger)
    emit(factories.event(trigger=trigger, product=product.pk, campaign=campaign.pk))
    delivery = Delivery.objects.get(rule=rule)
    return {
        "product": product,
        "campaign": campaign,
        "buyer": campaign.buyer,
        "rule": rule,
        "delivery": delivery,
        "storedevent": delivery.event,
        "channel": factories.ChannelFactory.create(product=product),
        "alert": Alert.objects.create(rule=rule, raised_at=factories.NOON),
        "usageday": UsageDay.objects.create(rule=rule, day="2026-01-31", unit_price=1, events=1),
        "preset": presets.save(rule, name=f"Of {campaign}", buyer=campaign.buyer, author=None, now=factories.NOON),
        "job": Job.objects.create(
            kind=JobKind.BACKTEST,
            state=JobState.DONE,
            created_at=factories.NOON,
            finished_at=factories.NOON,
            rule=rule,
            file_name="rows.csv",
            file_text="a",
        ),
    }


def anything() -> Rows:
    """Rows that are no one's in particular."""
    user = factories.UserFactory.create()
    return {
        "any buyer": factories.BuyerFactory.create(),
        "any publisher": factories.PublisherFactory.create(),
        "any source": factories.source(),
        "any pingtree": Pingtree.objects.create(id=1, name="Main"),
        "any calltrackingpool": CallTrackingPool.objects.create(id=1, name="West"),
        "any connection": factories.ConnectionFactory.create(),
        "any user": user,
        "any group": factories.member(Role.SUPPORT).groups.get(),
        "any auditentry": audit.note(actor=user, action=AuditAction.LOGGED_IN, target=None, now=factories.NOON),
        "any apitoken": tokens.issue(user, "Feeder")[0],
    }
