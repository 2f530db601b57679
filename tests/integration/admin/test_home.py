"""The home page and the alerts: how the mail stands, in numbers."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse

from tests import factories
from tracking.admin import listing
from tracking.choices import DeliveryState
from tracking.emit import emit
from tracking.models import Alert, Connection, Delivery, RuleWatch
from tracking.store import clock

HOME = reverse("admin:index")

pytestmark = pytest.mark.django_db


def cards(client) -> dict[str, str]:
    return {card["title"]: card["count"] for card in client.get(HOME).context["cards"]}


def test_an_empty_house_says_what_to_do_first(admin_client):
    steps = admin_client.get(HOME).context["steps"]

    assert [step["title"] for step in steps][:3] == ["Add a product", "Add an ESP connection", "Add a rule"]
    assert not any(step["done"] for step in steps)
    assert steps[0]["link"] == reverse("admin:tracking_product_add")


def test_the_cards_count_what_matters(admin_client):
    rule = factories.saved_rule()
    states = [*[DeliveryState.SENT] * 3, DeliveryState.FAILED, DeliveryState.UNKNOWN, DeliveryState.HELD]
    for state in [*states, DeliveryState.QUEUED, DeliveryState.RETRYING]:
        receipt = emit(factories.event(product=rule.product_id))
        Delivery.objects.filter(pk=receipt.matched[0].delivery).update(state=state)
    emit(factories.event(product=rule.product_id, test=True))
    RuleWatch.objects.create(rule=rule, state="firing")
    Connection.objects.update(paused_until=clock.now() + timedelta(minutes=5))

    assert cards(admin_client) == {
        "Waiting to be sent": "2",
        "Sent of the last 24 h": "3",
        "Failed": "1",
        "Unknown": "1",
        "Held": "1",
        "Rules over a threshold": "1",
        "Connections at rest": "1",
    }
    assert admin_client.get(HOME).context["steps"] == []


def test_cards_stop_counting(admin_client, monkeypatch):
    rule = factories.saved_rule()
    for _ in range(3):
        emit(factories.event(product=rule.product_id))
    monkeypatch.setattr(listing, "COUNTED", 2)

    assert cards(admin_client)["Waiting to be sent"] == "2+"


def test_an_alert_says_why_whom_and_what_became_of_it(admin_client):
    rule = factories.saved_rule(name="Noisy")
    alert = Alert.objects.create(
        rule=rule, version=rule.current, raised_at=factories.NOON, timeframe="1h", events=120, warnings=17,
        causes={"timeout": 5, "permanent_refusal": 12}, percent_exceeded=True, number_exceeded=False,
        recipients=["ops@example.com"], skipped=["bob"], next_allowed_at=factories.NOON + timedelta(hours=1),
        state="failed", last_error="421 busy",
    )  # fmt: skip

    for url in (
        reverse("admin:tracking_alert_changelist"),
        reverse("admin:tracking_alert_change", args=(alert.pk,)),
    ):
        page = admin_client.get(url).content.decode()
        for words in ("17 warnings of 120 events in 1 hour", "Refused for good: 12, Time-out: 5", "% of Warnings",
                      "Noisy", "Failed", "421 busy"):  # fmt: skip
            assert words in page
    for words in ("ops@example.com", "bob", "2026-01-31 13:00"):
        assert words in page


def test_a_rules_page_shows_where_its_thresholds_stand(admin_client):
    rule = factories.saved_rule()
    RuleWatch.objects.create(rule=rule, state="firing", since=factories.NOON)

    page = admin_client.get(reverse("admin:tracking_rule_change", args=(rule.pk,))).content.decode()

    assert "Firing since" in page
