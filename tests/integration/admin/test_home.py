"""The home page and the alerts: how the mail stands, in numbers."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from tests import factories
from tests.integration.admin.pages import listed
from tracking.admin import listing
from tracking.choices import DeliveryState, Role
from tracking.emit import emit
from tracking.models import Alert, Connection, Delivery, RuleWatch, UsageDay, User, WarningMinute
from tracking.store import clock, counters

HOME = reverse("admin:index")
LOG = reverse("admin:tracking_delivery_changelist")

pytestmark = pytest.mark.django_db


def cards(client) -> dict[str, str]:
    return {card["title"]: card["count"] for card in client.get(HOME).context["cards"]}


def test_an_empty_house_says_what_to_do_first(admin_client):
    steps = admin_client.get(HOME).context["steps"]

    assert [step["title"] for step in steps][:3] == ["Add a product", "Add an ESP connection", "Add a rule"]
    assert not any(step["done"] for step in steps)
    assert steps[0]["link"] == reverse("admin:tracking_product_add")


def test_whoever_writes_no_directory_is_told_what_is_missing_and_who_adds_it():
    buyer = factories.BuyerFactory()
    factories.saved_rule()
    clients = [Client() for _ in range(3)]
    roles = (Role.BUYER_EDITOR, Role.SUPPORT, Role.CALL_LOGIC_ADMIN)
    for client, role in zip(clients, roles, strict=True):
        client.force_login(factories.member(role, buyers=[buyer] if role is Role.BUYER_EDITOR else []))
    titles = ["Add an ESP connection", "Add a rule", "Send an event: the log shows what became of it"]

    editor, reader, calls = (
        [(step["title"], step["done"], step["by"]) for step in client.get(HOME).context["steps"]] for client in clients
    )

    assert editor == [
        ("Add a campaign", False, "an administrator"),
        (titles[0], True, "an administrator"),
        (titles[1], False, ""),
        (titles[2], False, "the platform"),
    ]
    assert [done for _, done, _ in reader] == [True, True, True, False]
    assert [done for _, done, _ in calls] == [False, True, False, False]
    assert "(by an administrator)" in clients[0].get(HOME).text


def test_a_custom_server_in_trouble_leads_to_its_rule(admin_client):
    server = {"host": "mail.example.org", "port": 25, "encryption": "none"}
    rule = factories.saved_rule(action__kind="smtp_custom", action__server=server)
    Connection.objects.update(fail_streak=2)

    assert f'href="{reverse("admin:tracking_rule_change", args=(rule.pk,))}"' in panel(admin_client, "connections")


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
    Delivery.objects.update(state=DeliveryState.FAILED)
    monkeypatch.setattr(listing, "COUNTED", 2)

    assert cards(admin_client)["Failed"] == "2+"


def test_the_queue_is_counted_to_its_end_and_leads_to_what_waits(admin_client, monkeypatch):
    rule = factories.saved_rule()
    for _ in range(3):
        emit(factories.event(product=rule.product_id))
    monkeypatch.setattr(listing, "COUNTED", 2)

    (card,) = (one for one in admin_client.get(HOME).context["cards"] if one["title"] == "Waiting to be sent")

    assert card["count"] == "3"
    assert len(listed(admin_client.get(card["link"]))) == 3


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


def panel(client, name: str, **query: str) -> str:
    return client.get(HOME, query).context["parts"][name]


def test_the_mails_of_the_last_hour_and_day_are_drawn_by_outcome(admin_client):
    rule = factories.saved_rule()
    for state in (DeliveryState.SENT, DeliveryState.SENT, DeliveryState.FAILED, DeliveryState.UNKNOWN):
        receipt = emit(factories.event(product=rule.product_id))
        Delivery.objects.filter(pk=receipt.matched[0].delivery).update(state=state)
    emit(factories.event(product=rule.product_id, test=True))

    for span, words in (("1h", "Mails by the minute"), ("24h", "Mails by the hour")):
        text = panel(admin_client, "mail", span=span)
        assert words in text
        drawn = [name for name in ("sent: 2", "unknown: 1", "failed: 1", "waiting: 1") if name in text]
        assert drawn == ["sent: 2", "unknown: 1", "failed: 1"], text


def test_the_oldest_that_waits_is_told(admin_client):
    rule = factories.saved_rule()
    assert "nothing waits" in panel(admin_client, "mail")
    emit(factories.event(product=rule.product_id))
    Delivery.objects.update(next_attempt_at=clock.now() - timedelta(seconds=90))

    assert "the oldest waits for 90 s" in panel(admin_client, "mail")


def test_warnings_rules_connections_and_usage_have_panels(admin_client):
    rule = factories.saved_rule(name="Noisy")
    now = clock.now()
    counters.add(WarningMinute, Counter({(rule.pk, counters.minute(now), "timeout"): 4}))
    counters.add(UsageDay, Counter({(rule.pk, now.date(), Decimal("0.0001")): 30}))
    RuleWatch.objects.create(rule=rule, state="firing", since=now, acknowledged_at=now)
    Connection.objects.update(name="Main", rate=12.4, rate_lowered_at=now, rate_lowered_from=60, fail_streak=2)

    for name, words in (
        ("causes", ["Time-out", ">4<"]),
        ("alerts", ["Noisy", "acknowledged"]),
        ("connections", ["Main", "Failing", "12.4/min", "from 60.0"]),
        ("usage", ["<strong>30</strong> events", "<strong>$0.0030</strong>"]),
    ):
        text = panel(admin_client, name)
        assert [one for one in words if one not in text] == [], name
    assert f'href="{LOG}?warned=timeout"' in panel(admin_client, "causes")


def test_the_panels_come_again_as_json_and_only_those_one_may_see(admin_client, person):
    answer = admin_client.get("/admin/board/").json()
    assert set(answer["parts"]) == {"cards", "mail", "alerts", "causes", "connections", "usage"}

    assert set(person("view_alert").get("/admin/board/").json()["parts"]) == {"cards", "alerts"}
    assert Client().get("/admin/board/").status_code == 302


def test_what_others_mail_is_not_drawn_for_a_buyer(person):
    buyer = factories.BuyerFactory()
    campaign = factories.CampaignFactory(buyer=buyer)
    own = factories.saved_rule(campaign=campaign.pk, trigger="lms.campaign_sold")
    for rule in (own, factories.saved_rule()):
        counters.add(WarningMinute, Counter({(rule.pk, counters.minute(clock.now()), "timeout"): 4}))
        emit(factories.event(product=rule.product_id, campaign=rule.campaign_id, trigger=rule.trigger))
    client = person("view_delivery", "view_rule", username="agent")
    User.objects.get(username="agent").buyers.add(buyer)

    assert "waiting: 1" in panel(client, "mail")
    assert ">4<" in panel(client, "causes")


def test_it_is_called_home(admin_client):
    assert admin_client.get(HOME).context["title"] == "Home"
