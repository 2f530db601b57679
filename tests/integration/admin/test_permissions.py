"""Who may do what: Django's permissions, on every page, action and answer."""

from __future__ import annotations

import pytest
from django.contrib.admin import helpers
from django.urls import reverse

from tests import factories
from tests.integration.admin.pages import listed
from tracking.choices import DeliveryState
from tracking.emit import emit
from tracking.models import Delivery, Rule
from tracking.store import rules

pytestmark = pytest.mark.django_db

DIRECTORY = ("product", "campaign", "publisher", "channel", "source", "buyer", "pingtree", "calltrackingpool")
MODELS = (*DIRECTORY, "rule", "connection", "delivery", "storedevent", "alert", "usageday", "user", "apitoken")


@pytest.mark.parametrize("model", MODELS)
def test_a_page_needs_the_permission_to_view(person, model):
    url = reverse(f"admin:tracking_{model}_changelist")

    assert person().get(url).status_code == 403
    assert person(f"view_{model}").get(url).status_code == 200


@pytest.mark.parametrize("model", MODELS)
def test_strangers_are_sent_to_the_login(client, model):
    response = client.get(reverse(f"admin:tracking_{model}_changelist"))

    assert response.status_code == 302
    assert reverse("admin:login") in response["Location"]


@pytest.fixture
def rule() -> Rule:
    rule = factories.saved_rule(name="Look only", action__body="Dear {{ lead.first_name }}")
    emit(factories.event(product=rule.product_id))
    Delivery.objects.update(state=DeliveryState.FAILED)
    return rule


def test_who_may_only_view_reads_the_whole_rule_and_writes_nothing(person, rule):
    client, url = person("view_rule"), reverse("admin:tracking_rule_change", args=(rule.pk,))

    text = client.get(url).content.decode()

    for words in ("Look only", "Dear {{ lead.first_name }}", "[LMS] Lead Sold", "Use Twig Engine", "ESP Service"):
        assert words in text
    assert 'name="body"' not in text
    assert 'name="_save"' not in text
    assert client.post(url, {"subject": "Mine"}).status_code == 403


def test_who_may_only_view_a_rule_sees_a_mask_for_its_password(person):
    rule = factories.saved_rule(action__kind="smtp_custom", action__server={"host": "127.0.0.1", "port": 2525})
    type(rule.connection).objects.update(sealed_password="sealed-secret")

    text = person("view_rule").get(reverse("admin:tracking_rule_change", args=(rule.pk,))).content.decode()

    assert "********" in text
    assert "sealed-secret" not in text


@pytest.mark.parametrize(
    ("model", "action"),
    [
        pytest.param("rule", "enable", id="enable rules"),
        pytest.param("rule", "disable", id="disable rules"),
        pytest.param("rule", "delete_selected", id="delete rules"),
        pytest.param("delivery", "resend_selected", id="send again"),
        pytest.param("delivery", "discard_selected", id="discard"),
        pytest.param("connection", "release_selected", id="release a connection"),
        pytest.param("connection", "delete_selected", id="delete a connection"),
    ],
)
def test_an_action_needs_more_than_the_permission_to_view(person, rule, model, action):
    keys = {"rule": rule.pk, "delivery": Delivery.objects.get().pk, "connection": rule.connection_id}
    before = (rule.enabled, rule.deleted_at, DeliveryState.FAILED)

    person(f"view_{model}").post(
        reverse(f"admin:tracking_{model}_changelist"),
        {"action": action, helpers.ACTION_CHECKBOX_NAME: [str(keys[model])], "confirmed": "yes", "post": "yes"},
    )

    rule.refresh_from_db()
    assert (rule.enabled, rule.deleted_at, Delivery.objects.get().state) == before


@pytest.mark.parametrize("name", ["delivery_resend", "delivery_discard", "connection_release_now"])
def test_a_button_needs_more_than_the_permission_to_view(person, rule, name):
    key = rule.connection_id if name.startswith("connection") else Delivery.objects.get().pk

    response = person("view_delivery", "view_connection").post(
        reverse(f"admin:tracking_{name}", args=(key,)), {"confirmed": "yes"}
    )

    assert response.status_code == 403


@pytest.mark.parametrize("model", DIRECTORY)
def test_choices_are_given_to_those_who_may_view(person, model):
    url = reverse(f"admin:tracking_{model}_choices")

    assert person("view_rule").get(url).status_code == 403
    assert person(f"view_{model}").get(url).json()["pagination"] == {"more": False}


def test_custom_connections_are_no_choice(person):
    factories.saved_rule(action__kind="smtp_custom", action__server={"host": "127.0.0.1", "port": 2525})

    answer = person("view_connection").get(reverse("admin:tracking_connection_choices")).json()

    assert answer["results"] == []


def test_the_home_page_shows_what_one_may_see(person, rule):
    assert b"Failed" not in person().get(reverse("admin:index")).content
    assert b"Failed" in person("view_delivery").get(reverse("admin:index")).content


def test_the_sidebar_names_what_one_may_see(person):
    text = person("view_delivery").get(reverse("admin:index")).content.decode()

    assert "Tracking log" in text
    assert "Tracking rules" not in text


def test_a_deleted_rule_is_shown_to_nobody(admin_client, rule):
    rules.delete([rule], now=factories.NOON)

    assert listed(admin_client.get(reverse("admin:tracking_rule_changelist"))) == []
    assert admin_client.get(reverse("admin:tracking_rule_change", args=(rule.pk,))).status_code == 404
