"""The tracking log: read-only, searched by exact keys, and never counted to its end."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin import helpers
from django.urls import reverse

from tests import factories
from tests.integration.admin.pages import listed
from tracking.admin import listing
from tracking.choices import DeliveryState, Reason, WarningCause
from tracking.emit import emit
from tracking.models import Attempt, Delivery, DeliveryRecipient, StoredEvent
from tracking.models.delivery import first_id
from tracking.store import clock

LIST = reverse("admin:tracking_delivery_changelist")
EVENTS = reverse("admin:tracking_storedevent_changelist")

pytestmark = pytest.mark.django_db


def page(delivery: Delivery, name: str = "change") -> str:
    return reverse(f"admin:tracking_delivery_{name}", args=(delivery.pk,))


def owed(rule: Any = None, **event: Any) -> Delivery:
    """A delivery that a rule owes for a new event."""
    rule = rule or factories.saved_rule()
    receipt = emit(factories.event(product=rule.product_id, **event))
    return Delivery.objects.get(pk=receipt.matched[0].delivery)


@pytest.fixture
def failed() -> Delivery:
    """A delivery that the server refused, with its attempt and recipient."""
    delivery = owed(event_id="evt-77", lead_id="lead-7")
    Delivery.objects.filter(pk=delivery.pk).update(
        state=DeliveryState.FAILED, reason=Reason.REFUSED, tries=1, warning=WarningCause.PERMANENT_REFUSAL,
        warned_at=factories.NOON,
    )  # fmt: skip
    Attempt.objects.create(
        delivery=delivery, started_at=factories.NOON, ended_at=factories.NOON + timedelta(milliseconds=250),
        phase="rcpt", failure="permanent", code=550, enhanced="5.1.1", text="No such user", worker="w1@host",
    )  # fmt: skip
    DeliveryRecipient.objects.create(
        delivery=delivery, role="to", address="ada@example.org", status="refused", code=550, text="No such user"
    )
    delivery.refresh_from_db()
    return delivery


def test_the_list_answers_who_what_and_why_not(admin_client, failed):
    text = admin_client.get(LIST).content.decode()

    for words in ("Lead lead-7", "evt-77", "[LMS] Lead Sold", "Product:", "Tell the buyer", "Failed",
                  "Refused by the mail server", "Refused for good"):  # fmt: skip
        assert words in text


def test_the_page_shows_recipients_attempts_and_the_event(admin_client, failed):
    text = admin_client.get(page(failed)).content.decode()

    for words in ("ada@example.org", "Refused", "550", "5.1.1", "No such user", "0.250 s", "w1@host", "Recipients",
                  "Permanent refusal", "version 1", "&quot;first_name&quot;: &quot;Ada&quot;"):  # fmt: skip
        assert words in text


@pytest.mark.parametrize("model", ["delivery", "storedevent", "alert", "usageday"])
def test_nobody_adds_changes_or_deletes_what_the_product_writes(admin_client, failed, model):
    keys = {"delivery": failed.pk, "storedevent": failed.event_id}
    urls = [reverse(f"admin:tracking_{model}_add")]
    if model in keys:
        urls += [reverse(f"admin:tracking_{model}_{name}", args=(keys[model],)) for name in ("change", "delete")]

    for url in urls:
        assert admin_client.post(url, {"state": "sent", "post": "yes"}).status_code == 403

    assert Delivery.objects.get().state == DeliveryState.FAILED


@pytest.mark.parametrize(
    ("query", "found"),
    [
        pytest.param("evt-77", True, id="the event id"),
        pytest.param("lead-7", True, id="the lead id"),
        pytest.param(" lead-7 ", True, id="blanks around it"),
        pytest.param("lead", False, id="a part of the lead id"),
        pytest.param("LEAD-7", False, id="other letters"),
        pytest.param("%", False, id="a wildcard"),
        pytest.param("", True, id="nothing"),
    ],
)
@pytest.mark.parametrize("url", [LIST, EVENTS], ids=["deliveries", "events"])
def test_search_takes_exact_keys_only(admin_client, failed, url, query, found):
    assert bool(listed(admin_client.get(url, {"q": query}))) is found


def test_search_finds_a_delivery_by_its_own_id(admin_client, failed):
    owed()

    assert listed(admin_client.get(LIST, {"q": str(failed.pk)})) == [failed.pk]


def test_test_runs_have_a_tab_of_their_own(admin_client):
    rule = factories.saved_rule()
    real, test = owed(rule), owed(rule, test=True)

    assert listed(admin_client.get(LIST)) == [real.pk]
    assert listed(admin_client.get(LIST, {"runs": "test"})) == [test.pk]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        pytest.param({"state__exact": "failed"}, True, id="its state"),
        pytest.param({"state__exact": "sent"}, False, id="another state"),
        pytest.param({"trigger__exact": "lms.lead_sold"}, True, id="its trigger"),
        pytest.param({"trigger__exact": "call.amd"}, False, id="another trigger"),
        pytest.param({"warned": "yes"}, True, id="with a warning"),
        pytest.param({"warned": "no"}, False, id="without"),
        pytest.param({"rule__id__exact": "999999"}, False, id="another rule"),
    ],
)
def test_the_list_is_filtered(admin_client, failed, query, found):
    assert bool(listed(admin_client.get(LIST, query))) is found


@pytest.mark.parametrize(
    ("first", "last", "found"),
    [
        pytest.param(0, 0, True, id="today"),
        pytest.param(-1, 1, True, id="around today"),
        pytest.param(1, None, False, id="from tomorrow on"),
        pytest.param(None, -1, False, id="until yesterday"),
    ],
)
def test_days_are_found_by_the_key(admin_client, failed, first, last, found):
    today = clock.now().date()
    days = {"from": first, "to": last}
    query = {f"created_at_{end}": today + timedelta(days=day) for end, day in days.items() if day is not None}

    assert bool(listed(admin_client.get(LIST, query))) is found


def test_a_day_that_is_none_restricts_nothing(admin_client, failed):
    assert listed(admin_client.get(LIST, {"created_at_from": "yesterday"})) == [failed.pk]


def test_keys_made_at_a_moment_are_not_before_it():
    before = clock.now() - timedelta(milliseconds=2)

    made = StoredEvent().pk

    assert first_id(before) < made < first_id(clock.now() + timedelta(seconds=5))


def test_a_page_takes_a_few_queries_and_counts_no_further_than_needed(
    admin_client, monkeypatch, django_assert_max_num_queries
):
    rule = factories.saved_rule()
    for _ in range(60):
        owed(rule)
    monkeypatch.setattr(listing, "COUNTED", 55)

    with django_assert_max_num_queries(7) as queries:
        response = admin_client.get(LIST)

    assert len(listed(response)) == 50
    assert response.context["cl"].result_count == 55
    assert "or more" in response.content.decode()
    log = [query["sql"] for query in queries.captured_queries if "tracking_delivery" in query["sql"]]
    assert all("LIMIT" in sql for sql in log), "no query over the whole log"
    assert not any('"payload"' in sql for sql in log), "a list loads no payload"


@pytest.mark.parametrize("column", ["1", "2", "-1", "7"])
def test_nothing_but_the_key_orders_the_log(admin_client, column, django_assert_max_num_queries):
    rule = factories.saved_rule()
    keys = [owed(rule).pk for _ in range(3)]

    assert listed(admin_client.get(LIST, {"o": column})) == keys[::-1]


STATES = [
    pytest.param(("resend", DeliveryState.FAILED, DeliveryState.RETRYING), id="a failed one is sent again"),
    pytest.param(("resend", DeliveryState.UNKNOWN, DeliveryState.RETRYING), id="an unknown one is sent again"),
    pytest.param(("resend", DeliveryState.HELD, DeliveryState.RETRYING), id="a held one is sent again"),
    pytest.param(("resend", DeliveryState.SENT, DeliveryState.SENT), id="a sent one is not sent again"),
    pytest.param(("discard", DeliveryState.QUEUED, DeliveryState.CANCELLED), id="a queued one is discarded"),
    pytest.param(("discard", DeliveryState.HELD, DeliveryState.CANCELLED), id="a held one is discarded"),
    pytest.param(("discard", DeliveryState.SENT, DeliveryState.SENT), id="a sent one is not discarded"),
    pytest.param(("discard", DeliveryState.FAILED, DeliveryState.FAILED), id="a failed one is not discarded"),
]


@pytest.mark.parametrize("where", ["page", "list"])
@pytest.mark.parametrize("decision", STATES)
def test_operators_decide_after_being_asked(admin_client, failed, where, decision):
    action, before, after = decision
    Delivery.objects.update(state=before)
    url, data = page(failed, action), {}
    if where == "list":
        url, data = LIST, {"action": f"{action}_selected", helpers.ACTION_CHECKBOX_NAME: [str(failed.pk)]}

    asked = admin_client.post(url, data)
    state_when_asked = Delivery.objects.get().state
    admin_client.post(url, {**data, "confirmed": "yes"})

    assert "No, take me back" in asked.content.decode()
    assert state_when_asked == before
    assert Delivery.objects.get().state == after


def test_sending_again_wakes_the_connection(admin_client, rung, failed, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        admin_client.post(page(failed, "resend"), {"confirmed": "yes"})

    assert rung[-1] == failed.connection_id


def test_looking_at_the_question_does_nothing(admin_client, failed):
    assert admin_client.get(page(failed, "resend")).status_code == 200
    assert Delivery.objects.get().state == DeliveryState.FAILED


@pytest.mark.parametrize("key", ["nonsense", "01a20949-58d2-728f-813f-47f68ca39a71"], ids=["no key", "an unknown key"])
def test_a_delivery_that_is_not_there_leads_back(admin_client, key):
    for name in ("change", "resend", "discard"):
        assert admin_client.get(reverse(f"admin:tracking_delivery_{name}", args=(key,))).status_code == 302


def test_the_buttons_are_those_of_the_state(admin_client, failed):
    text = admin_client.get(page(failed)).content.decode()

    assert page(failed, "resend") in text
    assert page(failed, "discard") not in text


def test_an_events_page_lists_its_deliveries(admin_client, failed):
    text = admin_client.get(reverse("admin:tracking_storedevent_change", args=(failed.event_id,))).content.decode()

    assert str(failed.pk) in text
    assert "ada@example.org" in text


def test_the_content_of_an_event_needs_its_own_permission(person, failed):
    looks = person("view_delivery")
    reads = person("view_delivery", "view_storedevent")

    assert "ada@example.org&quot;" not in looks.get(page(failed)).content.decode()
    assert "ada@example.org&quot;" in reads.get(page(failed)).content.decode()
