"""The preview of a rule that is being written: the mail as the live path would write it, and what is wrong with it."""

from __future__ import annotations

from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from tests import factories
from tracking.choices import Role
from tracking.emit import emit
from tracking.models import Delivery, QuotaUse, StoredEvent
from tracking.store import past

PREVIEW = reverse("admin:tracking_rule_preview")
EVENTS = reverse("admin:tracking_rule_preview_events")

pytestmark = pytest.mark.django_db


def typed(**changes: Any) -> dict[str, Any]:
    return {
        "trigger": "lms.lead_sold",
        "sender": "Leads <leads@example.com>",
        "recipient": "{{ lead.email }}",
        "use_twig": "no",
        "subject": "Sold: {{ lead.first_name }}",
        "body": "<p>Hello {{ lead.first_name }}</p>",
        "content_type": "all",
        **changes,
    }


def shown(client, **changes: Any) -> dict[str, Any]:
    return client.post(PREVIEW, typed(**changes)).json()


def test_the_mail_is_shown_on_sample_values(admin_client):
    mail = shown(admin_client)["mail"]

    assert mail["subject"] == "Sold: Ada"
    assert mail["sender"] == "Leads <leads@example.com>"
    assert mail["recipients"] == [{"role": "To", "address": "ada@example.org"}]
    assert mail["html"].strip() == "<p>Hello Ada</p>"
    assert mail["text"].strip() == "Hello Ada"
    assert "Content-Type: multipart/alternative" in mail["source"]
    assert not Delivery.objects.exists()


def test_the_mail_is_shown_on_an_event_of_late(admin_client, rung):
    product = factories.ProductFactory.create(name="Autos")
    emit(factories.event(product=product.pk, lead={"first_name": "Grace", "email": "grace@example.org"}))

    mail = shown(admin_client, preview_event=StoredEvent.objects.get().pk, subject="{{ product.name }}")["mail"]

    assert mail["subject"] == "Autos"
    assert mail["recipients"][0]["address"] == "grace@example.org"


@pytest.mark.parametrize(
    ("changes", "field", "line"),
    [
        pytest.param({"trigger": ""}, "trigger", None, id="no trigger yet"),
        pytest.param({"trigger": "lms.nonsense"}, "trigger", None, id="a forged trigger"),
        pytest.param({"body": "one\n\ntwo {{ lead. }}"}, "body", 3, id="a placeholder that is not closed"),
        pytest.param({"body": "a\r\nb{% if %}", "use_twig": "yes"}, "body", 2, id="a template that does not compile"),
        pytest.param({"subject": "{{ foo.bar }}"}, "subject", None, id="an unknown placeholder"),
        pytest.param({"content_type": "pdf"}, "content_type", None, id="a forged content type"),
        pytest.param({"headers": "Bcc: x@example.com"}, "headers", None, id="a header that is not allowed"),
    ],
)
def test_a_problem_stands_at_its_field_and_line(admin_client, changes, field, line):
    answer = shown(admin_client, **changes)

    assert answer["mail"] is None
    assert {(problem["field"], problem["line"]) for problem in answer["problems"]} == {(field, line)}


@pytest.mark.parametrize("changes", [{"sender": "nonsense"}, {"recipient": "a@b@c"}, {"cc": "x"}, {"reply_to": "x"}])
def test_words_are_shown_while_a_mailbox_is_still_being_written(admin_client, changes):
    answer = shown(admin_client, **changes)

    assert answer["mail"]["subject"] == "Sold: Ada"
    assert [problem["field"] for problem in answer["problems"]] == list(changes)


@pytest.mark.parametrize("field", ["sender", "recipient", "subject", "body"])
def test_a_form_that_has_only_begun_is_no_error(admin_client, field):
    answer = shown(admin_client, **{field: ""})

    assert answer["problems"] == []
    assert answer["mail"] is not None


def test_what_would_keep_the_mail_from_leaving_is_said(admin_client):
    answer = shown(admin_client, recipient="{{ lead.nothing }}")

    assert answer["mail"] is None
    assert "address" in answer["failed"].lower()


def test_a_missing_value_is_told_and_stops_nothing(admin_client):
    mail = shown(admin_client, body="{{ lead.nothing }}!")["mail"]

    assert mail["missing"] == ["lead.nothing"]
    assert "lead.nothing" in mail["remark"]


def test_events_of_the_trigger_and_owner_are_offered_newest_first(admin_client, rung, monkeypatch):
    product = factories.ProductFactory.create()
    sold, here = "lms.lead_sold", product.pk
    for number, (trigger, owner) in enumerate([(sold, here), (sold, here), ("lms.lead_rejected", here), (sold, 9)]):
        emit(factories.event(event_id=f"e{number}", trigger=trigger, product=owner))
    emit(factories.event(trigger=sold, product=here, test=True))

    def offered(**query: Any) -> list[str]:
        return [row["text"].split()[-1] for row in admin_client.get(EVENTS, query).json()["events"]]

    assert offered(trigger="lms.lead_sold") == ["e3", "e1", "e0"]
    assert offered(trigger="lms.lead_sold", product=product.pk) == ["e1", "e0"]
    assert offered(trigger="lms.lead_sold", owner_campaign="x") == ["e3", "e1", "e0"]
    assert offered() == []
    monkeypatch.setattr(past, "LOOKED_AT", 1)
    assert offered(trigger="lms.lead_rejected") == ["e2"], "events of others do not hide those of a rare trigger"
    assert offered(trigger="lms.lead_sold") == ["e3"], "no more than the newest are looked at"


def test_who_may_not_write_rules_previews_none(person):
    assert person("view_rule").post(PREVIEW, typed()).status_code == 403
    assert person("view_rule", "change_rule").post(PREVIEW, typed()).status_code == 200


def test_events_are_for_those_who_may_view_them(person, rung):
    product = factories.ProductFactory.create()
    emit(factories.event(product=product.pk, lead={"first_name": "Grace", "email": "grace@example.org"}))
    key, client = StoredEvent.objects.get().pk, person("add_rule")

    assert client.get(EVENTS, {"trigger": "lms.lead_sold"}).json() == {"events": []}
    assert shown(client, preview_event=key)["mail"]["subject"] == "Sold: Ada"


def test_looking_writes_nothing(admin_client):
    assert admin_client.get(PREVIEW).status_code == 405


def test_previews_of_one_person_are_limited(admin_client, settings):
    settings.TRACKING_MAX_PREVIEWS_PER_MINUTE = 1

    with time_machine.travel(factories.NOON, tick=False):
        assert shown(admin_client)["mail"]
        refused = shown(admin_client)

    assert "at most 1 in a minute" in refused["paused"]
    assert 0 < refused["seconds"] <= 60


@pytest.mark.parametrize("by", ["product", "owner_campaign"])
def test_previews_of_one_product_are_limited_whoever_looks(person, settings, by):
    settings.TRACKING_MAX_PRODUCT_PREVIEWS_PER_MINUTE = 1
    campaign = factories.CampaignFactory.create()
    owner = {by: {"product": campaign.product_id, "owner_campaign": campaign.pk}[by]}

    with time_machine.travel(factories.NOON, tick=False):
        assert shown(person("add_rule"), **owner)["mail"]
        refused = shown(person("add_rule"), **owner)

    assert "Previews of one product: at most 1 in a minute" in refused["paused"]


def test_nobody_uses_up_the_previews_of_a_product_that_is_not_theirs(settings):
    settings.TRACKING_MAX_PRODUCT_PREVIEWS_PER_MINUTE = 1
    foreign = factories.CampaignFactory.create()
    client = Client()
    client.force_login(factories.member(Role.BUYER_EDITOR, buyers=[factories.BuyerFactory.create()]))

    with time_machine.travel(factories.NOON, tick=False):
        for owner in ({"product": foreign.product_id}, {"owner_campaign": foreign.pk}):
            assert shown(client, **owner)["mail"]

    assert not QuotaUse.objects.filter(subject__startswith="product").exists()
