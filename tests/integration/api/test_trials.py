"""Rules tried over HTTP: nothing is changed, and nothing is sent but what was asked for."""

from __future__ import annotations

import pytest
import time_machine

from tests import factories
from tests.integration.api.conftest import Platform, told
from tests.integration.api.test_rules import document
from tracking.api import tokens
from tracking.choices import AuditAction, JobKind, JobState, Role, Scope
from tracking.models import AuditEntry, Delivery, Job, Rule, StoredEvent
from tracking.pipeline.explain import HIDDEN

pytestmark = pytest.mark.django_db


def test_lint_tells_errors_and_oddities(admin):
    odd = admin.post(document(action__subject="Sold"), path="rules/lint/").json()
    wrong = admin.post(document(action__subject="{{ leed.name }}"), path="rules/lint/").json()

    assert odd["errors"] == {}
    assert {row["severity"] for row in odd["findings"]} <= {"warning", "note"}
    assert list(wrong["errors"]) == ["action.subject"]
    assert not Rule.objects.exists()


@pytest.mark.parametrize(
    ("filled", "greeting"),
    [
        pytest.param({"values": {"lead.first_name": "G", "lead.email": "g@example.org"}}, "Hello G", id="typed"),
        pytest.param({"event_id": "sale-1"}, "Hello Ada", id="an event that was taken"),
    ],
)
def test_a_preview_is_the_mail_as_it_would_leave(admin, filled, greeting):
    admin.post(factories.event(event_id="sale-1").to_json())

    mail = admin.post({"document": document(), **filled}, path="rules/preview/").json()

    assert greeting in mail["html"]
    assert mail["sender"] == "Leads <leads@example.com>"
    assert not Delivery.objects.exists()


def test_a_preview_of_nothing_shows_samples(admin):
    assert admin.post({"document": document()}, path="rules/preview/").json()["html"]


def test_previews_of_one_product_are_limited_whoever_asks(admin, calls, settings):
    settings.TRACKING_MAX_PRODUCT_PREVIEWS_PER_MINUTE = 1
    wanted = {"document": document()}

    with time_machine.travel(factories.NOON, tick=False):
        assert admin.post(wanted, path="rules/preview/").status_code == 200
        refused = calls(role=Role.LMS_ADMIN).post(wanted, path="rules/preview/")

    assert refused.status_code == 429
    assert "Previews of one product: at most 1 in a minute" in refused.json()["detail"]


@pytest.mark.parametrize("who", ["no permission", "no scope"])
def test_an_event_is_shown_in_a_mail_to_who_may_read_events(admin, calls, who):
    admin.post(factories.event(event_id="sale-1").to_json())
    rule, permissions = factories.saved_rule(), ["change_rule", "view_rule", "view_connection"]
    if who == "no scope":
        caller = calls(*permissions, "view_storedevent", scopes=[Scope.RULES_READ, Scope.RULES_WRITE])
    else:
        caller = calls(*permissions)

    mail = caller.post({"document": document(), "event_id": "sale-1"}, path="rules/preview/")
    sent = caller.post({"event_id": "sale-1", "to": ["me@example.org"]}, path=f"rules/{rule.pk}/test-run/")
    samples = caller.post({"document": document()}, path="rules/preview/")

    assert (mail.status_code, sent.status_code, samples.status_code) == (403, 403, 200)
    assert b"Ada" not in mail.content
    assert not Delivery.objects.exists()


def test_a_job_of_a_token_of_some_products_is_there_for_it_and_for_no_other_token_of_its_person(calls):
    product, other = factories.ProductFactory.create_batch(2)
    caller = calls(role=Role.GLOBAL_ADMIN, products=[product])
    beside = Platform(caller.user, tokens.issue(caller.user, "beside", products=[other])[1])
    rule = factories.saved_rule(product=product.pk)
    window = {"first": "2026-01-31T00:00:00Z", "until": "2026-02-01T00:00:00Z", "rule": rule.pk}

    for path, body in (
        ("rules/backtest/", {"document": document(product=product.pk)}),
        (f"rules/{rule.pk}/backtest/", {}),
        ("deliveries/replay/", window),
    ):
        address = caller.post(body, path=path)["Location"]
        assert (caller.get(address).status_code, beside.get(address).status_code) == (200, 404)


def test_a_mail_that_could_not_leave_is_told(admin):
    response = admin.post({"document": document(), "values": {"lead.email": "nobody"}}, path="rules/preview/")

    assert list(told(response)["errors"]) == ["document"]


def test_a_test_run_owes_one_mail_that_goes_where_it_is_asked_to(admin, rung):
    rule = factories.saved_rule(filters__method="FORM")
    asked = {"values": {"lead.email": "ada@example.org", "method": "POST"}, "to": ["me@example.com"]}

    response = admin.post(asked, path=f"rules/{rule.pk}/test-run/", idempotency_key="k")
    again = admin.post(asked, path=f"rules/{rule.pk}/test-run/", idempotency_key="k")

    delivery = Delivery.objects.get()
    assert response.status_code == 202
    assert (delivery.test, delivery.redirect) == (True, "me@example.com")
    assert response.json() == again.json()
    assert response.json()["delivery"] == str(delivery.pk)
    assert "Method" in response.json()["refusal"]
    assert AuditEntry.objects.latest("pk").action == AuditAction.TEST_SENT


def test_a_buyer_s_test_run_tells_of_no_publisher(calls):
    """Neither what an administrator's filter asks for, nor, by the mail to oneself, who stands behind an id."""
    factories.PublisherFactory.create(id=4711)
    campaign = factories.CampaignFactory.create()
    rule = factories.saved_rule(trigger="lms.campaign_sold", campaign=campaign.pk, filters__publisher=[4711])
    buyer = calls(role=Role.BUYER_EDITOR, buyers=[campaign.buyer])
    asked = {"values": {"lead.email": "ada@example.org", "publisher.id": "4711"}, "to": ["me@example.com"]}

    response = buyer.post(asked, path=f"rules/{rule.pk}/test-run/")

    assert response.json()["refusal"] == HIDDEN
    assert StoredEvent.objects.get().payload.get("publisher") is None


@pytest.mark.parametrize(
    ("asked", "redirect"),
    [
        pytest.param({}, "own@example.com", id="nothing said: to oneself"),
        pytest.param({"to": []}, "own@example.com", id="no address: to oneself"),
        pytest.param({"to": ["me@example.com"], "whom": "own"}, "me@example.com", id="an address of one's choice"),
        pytest.param({"whom": "rules"}, None, id="the rule's recipients, when asked for by name"),
    ],
)
def test_a_test_run_mails_nobody_but_whom_it_is_asked_to(admin, rung, asked, redirect):
    admin.user.email = "own@example.com"
    admin.user.save()
    rule = factories.saved_rule()

    assert admin.post(asked, path=f"rules/{rule.pk}/test-run/").status_code == 202

    assert Delivery.objects.get().redirect == redirect


def test_who_has_no_address_says_where_a_test_run_is_to_go(admin, rung):
    admin.user.email = ""
    admin.user.save()
    rule = factories.saved_rule()

    assert list(told(admin.post({}, path=f"rules/{rule.pk}/test-run/"))["errors"]) == ["to"]
    assert not Delivery.objects.exists()


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        pytest.param({"to": ["a@example.com"], "whom": "rules"}, "to", id="both at once"),
        pytest.param({"whom": "all"}, "whom", id="somebody else"),
        pytest.param({"to": ["nobody"]}, "to", id="no address"),
        pytest.param({"to": ["a@example.com"] * 6}, "to", id="too many addresses"),
        pytest.param({"values": {"price": "10%"}}, "values.price", id="a price that is none"),
        pytest.param({"values": {"lead": 1}}, "values.lead", id="a value that is no text"),
        pytest.param({"rule": 1}, "rule", id="an unknown field"),
    ],
)
def test_a_refused_test_run_names_the_field(admin, asked, field):
    rule = factories.saved_rule()

    response = admin.post(asked, path=f"rules/{rule.pk}/test-run/")

    assert list(told(response)["errors"]) == [field]
    assert not Delivery.objects.exists()


def test_an_event_that_is_not_there_is_404(admin):
    rule = factories.saved_rule()

    assert admin.post({"event_id": "gone"}, path=f"rules/{rule.pk}/test-run/").status_code == 404


def test_a_backtest_is_a_job_whose_address_is_told(admin):
    rule = factories.saved_rule()

    saved = admin.post({"days": 3}, path=f"rules/{rule.pk}/backtest/")
    unsaved = admin.post({"days": 3, "document": document()}, path="rules/backtest/")

    first, second = Job.objects.order_by("pk")
    assert (saved.status_code, saved["Location"]) == (202, f"/api/v1/jobs/{first.pk}/")
    assert admin.get(saved["Location"]).json()["state"] == JobState.QUEUED
    assert (first.kind, first.rule, second.rule) == (JobKind.BACKTEST, rule, None)
    assert unsaved.status_code == 202


def test_too_many_backtests_at_a_time_are_refused(admin):
    rule = factories.saved_rule()

    answers = [admin.post({}, path=f"rules/{rule.pk}/backtest/").status_code for _ in range(6)]

    assert answers == [202] * 5 + [409]


@pytest.mark.parametrize("body", [b"", b"[null]", b"{}"], ids=["nothing", "a list", "an empty object"])
def test_what_is_no_document_is_not_looked_over(admin, body):
    assert admin.send("POST", "rules/lint/", body).status_code == 400
