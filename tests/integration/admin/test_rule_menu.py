"""The menu of a rule: what one may do with it, done at once or on a page of its own."""

from __future__ import annotations

import pytest
from django.urls import reverse

from tests import factories
from tests.integration.admin.pages import listed
from tracking.admin.rules.menu import ACTIONS
from tracking.choices import DeliveryState
from tracking.emit import emit
from tracking.models import Delivery, Rule
from tracking.store import rules

LIST = reverse("admin:tracking_rule_changelist")

pytestmark = pytest.mark.django_db


def address(rule: Rule, page: str) -> str:
    return reverse(f"admin:tracking_rule_{page}", args=(rule.pk,))


@pytest.mark.parametrize(("page", "enabled"), [("disable", False), ("enable", True)])
def test_a_rule_is_switched_from_where_its_menu_stands(admin_client, page, enabled):
    rule = factories.saved_rule()
    rules.set_enabled([rule], enabled=not enabled, now=factories.NOON)
    here = f"{LIST}?q=Tell"

    assert f"{address(rule, page)}?next=" in admin_client.get(here).content.decode()
    response = admin_client.post(f"{address(rule, page)}?next={here}")

    rule.refresh_from_db()
    assert rule.enabled is enabled
    assert response["Location"] == here


def test_a_rule_is_stopped_after_a_question_and_what_it_has_waiting_goes(admin_client):
    rule, other = factories.saved_rule(), factories.saved_rule()
    for one in (rule, other):
        emit(factories.event(product=one.product_id))
    here = reverse("admin:tracking_product_change", args=(rule.product_id,))
    url = f"{address(rule, 'stop')}?next={here}"

    asked = admin_client.get(url)
    before = Delivery.objects.get(rule=rule).state
    response = admin_client.post(url, {"confirmed": "yes"})

    assert "the mails that wait are never sent" in asked.text
    assert f'href="{here}">No, take me back' in asked.text
    assert (before, response["Location"]) == (DeliveryState.QUEUED, here)
    states = {row.rule_id: row.state for row in Delivery.objects.all()}
    assert states == {rule.pk: DeliveryState.CANCELLED, other.pk: DeliveryState.QUEUED}
    assert list(Rule.objects.filter(enabled=True)) == [other]


@pytest.mark.parametrize("elsewhere", ["https://example.org/", "//example.org", "javascript:alert(1)", ""])
def test_nobody_is_led_elsewhere(admin_client, elsewhere):
    rule = factories.saved_rule()

    response = admin_client.post(f"{address(rule, 'disable')}?next={elsewhere}")

    assert response["Location"] == LIST


def test_what_changes_something_is_not_done_by_looking(admin_client):
    rule = factories.saved_rule()

    assert admin_client.get(address(rule, "disable")).status_code == 405
    rule.refresh_from_db()
    assert rule.enabled


def test_only_what_one_may_do_is_offered_and_done(person):
    rule, client = factories.saved_rule(), person("view_rule")

    text = client.get(LIST).content.decode()

    assert not any(
        address(rule, action.page) in text for action in ACTIONS if action.permission != "view" and action.posted
    )
    assert address(rule, "delete") not in text
    assert client.post(address(rule, "disable")).status_code == 403


@pytest.mark.parametrize("key", ["999999", "abc", "9" * 40])
def test_a_rule_that_is_not_there_is_not_found(admin_client, key):
    response = admin_client.post(reverse("admin:tracking_rule_disable", args=(key,)))

    assert response.status_code == 404


def test_a_rules_page_offers_the_same(admin_client):
    rule = factories.saved_rule()

    text = admin_client.get(address(rule, "change")).content.decode()

    assert address(rule, "disable") in text
    assert address(rule, "enable") not in text


def test_the_day_of_a_rule_is_drawn_and_said(admin_client):
    rule = factories.saved_rule()

    answer = admin_client.get(LIST)
    (row,) = answer.context["cl"].result_list

    assert "Fired, sent, warned, 24 h" in answer.content.decode()
    assert "<title>0 fired, 0 sent, 0 with a warning in the last 24 hours</title>" in answer.content.decode()
    assert listed(admin_client.get(LIST)) == [rule.pk]
    assert row.last_fired is None
    assert sum(row.day.events) == 0
