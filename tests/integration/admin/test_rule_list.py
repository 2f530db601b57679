"""The list of rules: its columns, its filters, and the rules that can fire together."""

from __future__ import annotations

import pytest
from django.contrib.admin import helpers
from django.contrib.admin.models import LogEntry
from django.urls import reverse

from tests import factories
from tests.integration.admin.pages import listed
from tracking.choices import DeliveryState
from tracking.emit import emit
from tracking.models import Delivery, Rule
from tracking.store import rules

LIST = reverse("admin:tracking_rule_changelist")

pytestmark = pytest.mark.django_db


def test_all_are_offered_only_where_some_are_left_out(admin_client):
    factories.saved_rule(name="Tell the buyer")

    offered = ["Show all" in admin_client.get(LIST, query).text for query in ({}, {"q": "Tell"}, {"status": "active"})]

    assert offered == [False, True, True]


def test_the_columns_say_what_a_rule_does(admin_client, admin_user):
    publisher = factories.PublisherFactory.create(name="Bright Leads")
    product = factories.ProductFactory.create(name="Auto Insurance")
    connection = factories.ConnectionFactory.create(name="SES Ireland")
    definition = factories.definition(
        product=product.pk,
        filters__publisher=[publisher.pk],
        filters__price_restriction="range",
        filters__min_price="1.50",
        filters__max_price="20",
        filters__tracking_strategy="direct_sold",
        action__connection=connection.key,
        action__recipient="ada@example.org",
        action__subject="Sold!" * 30,
    )
    rules.save(definition, author=admin_user, now=factories.NOON)

    page = admin_client.get(LIST).content.decode()

    for column in ("Trigger Settings", "Action Settings", "Created At", "Author", "Adjacent Rules", "Status"):
        assert column in page
    for words in (
        "[LMS] Lead Sold",
        "Auto Insurance",
        "Publisher: Bright Leads",
        "Direct Sold Only",
        "Price 1.50 to 20",
        "[TPS] SMTP",
        "SMTP ESP: SES Ireland",
        "To: ada@example.org",
        "Subject: Sold!",
        "Active",
        "2026-01-31",
        "admin",
    ):
        assert words in page
    assert "Sold!" * 30 not in page, "a long subject is shortened"


@pytest.fixture
def family() -> dict[str, Rule]:
    """Rules around one product and one of its campaigns, and some that only look alike."""
    campaign = factories.CampaignFactory.create()
    product, sister = campaign.product_id, factories.CampaignFactory.create(product=campaign.product)
    sold = {"trigger": "lms.campaign_sold"}
    made = {
        "product": factories.saved_rule(product=product, **sold),
        "product twin": factories.saved_rule(product=product, **sold),
        "campaign": factories.saved_rule(campaign=campaign.pk, **sold),
        "campaign twin": factories.saved_rule(campaign=campaign.pk, **sold),
        "sister campaign": factories.saved_rule(campaign=sister.pk, **sold),
        "other trigger": factories.saved_rule(product=product),
        "other product": factories.saved_rule(**sold),
        "disabled": factories.saved_rule(product=product, **sold),
        "deleted": factories.saved_rule(product=product, **sold),
    }
    rules.set_enabled([made["disabled"]], enabled=False, now=factories.NOON)
    rules.delete([made["deleted"]], now=factories.NOON)
    return made


ADJACENT = [
    pytest.param("product", ["campaign", "campaign twin", "product twin", "sister campaign"], id="of a product's rule"),
    pytest.param("campaign", ["campaign twin", "product", "product twin"], id="of a campaign's rule"),
    pytest.param("sister campaign", ["product", "product twin"], id="not those of another campaign"),
    pytest.param("other trigger", [], id="not those of another trigger"),
    pytest.param("other product", [], id="not those of another product"),
    pytest.param(
        "disabled", ["campaign", "campaign twin", "product", "product twin", "sister campaign"], id="of a disabled rule"
    ),
]


@pytest.mark.parametrize(("name", "expected"), ADJACENT)
def test_adjacent_rules_are_counted_and_listed(admin_client, family, name, expected):
    shown = {row.pk: row for row in admin_client.get(LIST).context["cl"].result_list}

    assert shown[family[name].pk].adjacent_count == len(expected)
    response = admin_client.get(LIST, {"adjacent": family[name].pk})
    assert set(listed(response)) == {family[one].pk for one in expected}
    assert "Reset" in response.content.decode()


def test_a_page_of_rules_takes_a_few_queries_however_many_rules(admin_client, django_assert_max_num_queries):
    product = factories.ProductFactory.create()
    connection = factories.ConnectionFactory.create()
    for _ in range(30):
        publisher = factories.PublisherFactory.create()
        campaign = factories.CampaignFactory.create(product=product)
        factories.saved_rule(product=product.pk, connection=connection, filters__publisher=[publisher.pk])
        factories.saved_rule(campaign=campaign.pk, connection=connection, trigger="lms.campaign_sold")

    with django_assert_max_num_queries(14):
        assert len(listed(admin_client.get(LIST))) == 50


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        pytest.param({}, "abc", id="all"),
        pytest.param({"trigger__exact": "lms.campaign_sold"}, "b", id="by trigger"),
        pytest.param({"kind__exact": "smtp_custom"}, "c", id="by kind"),
        pytest.param({"status": "disabled"}, "c", id="by status"),
        pytest.param({"product__id__exact": "7000000"}, "ab", id="by product, its campaigns' rules included"),
        pytest.param({"q": "zebra"}, "a", id="by a part of the name"),
        pytest.param({"q": "Special"}, "b", id="by the campaign's name"),
        pytest.param({"q": "nothing"}, "", id="nothing found"),
    ],
)
def test_the_list_is_filtered(admin_client, query, expected):
    product = factories.ProductFactory.create(pk=7_000_000)
    campaign = factories.CampaignFactory.create(product=product, name="Special")
    made = {
        "a": factories.saved_rule(product=7_000_000, name="A zebra"),
        "b": factories.saved_rule(campaign=campaign.pk, trigger="lms.campaign_sold"),
        "c": factories.saved_rule(action__kind="smtp_custom", action__server={"host": "127.0.0.1", "port": 2525}),
        "d": factories.saved_rule(name="deleted zebra", product=7_000_000),
    }
    rules.set_enabled([made["c"]], enabled=False, now=factories.NOON)
    rules.delete([made["d"]], now=factories.NOON)

    assert set(listed(admin_client.get(LIST, query))) == {made[name].pk for name in expected}


@pytest.mark.parametrize(("action", "enabled"), [("enable", True), ("disable", False)])
def test_rules_are_switched_together(admin_client, action, enabled):
    on, off = factories.saved_rule(), factories.saved_rule()
    rules.set_enabled([off], enabled=False, now=factories.NOON)

    admin_client.post(LIST, {"action": action, helpers.ACTION_CHECKBOX_NAME: [on.pk, off.pk]})

    assert set(Rule.objects.values_list("enabled", flat=True)) == {enabled}
    assert LogEntry.objects.count() == 2, "who did it is kept"


def test_stopping_rules_asks_first_and_discards_what_waits(admin_client):
    rule, other = factories.saved_rule(), factories.saved_rule()
    for one in (rule, other):
        emit(factories.event(product=one.product_id))
    asked = {"action": "stop", helpers.ACTION_CHECKBOX_NAME: [rule.pk]}

    page = admin_client.post(LIST, asked)
    assert b"never sent" in page.content
    assert set(Delivery.objects.values_list("state", flat=True)) == {DeliveryState.QUEUED}
    admin_client.post(LIST, asked | {"confirmed": "yes"})

    rule.refresh_from_db()
    assert not rule.enabled
    assert Delivery.objects.get(rule=rule).state == DeliveryState.CANCELLED
    assert Delivery.objects.get(rule=other).state == DeliveryState.QUEUED


def test_deleting_from_the_list_cancels_what_waits(admin_client):
    rule = factories.saved_rule()
    emit(factories.event(product=rule.product_id))

    admin_client.post(
        LIST, {"action": "delete_selected", helpers.ACTION_CHECKBOX_NAME: [rule.pk], "post": "yes"}, follow=True
    )

    rule.refresh_from_db()
    assert rule.deleted_at is not None
    assert Delivery.objects.get().state == DeliveryState.CANCELLED
    assert listed(admin_client.get(LIST)) == []
