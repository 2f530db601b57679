"""The tracking log: read-only, searched by exact keys, and never counted to its end."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.contrib.admin import helpers
from django.urls import reverse

from tests import factories
from tests.integration.admin.pages import listed
from tracking.admin.log.deliveries import DeliveryAdmin
from tracking.choices import DeliveryState, Reason, Role, WarningCause
from tracking.emit import emit
from tracking.models import Attempt, AuditEntry, Delivery, DeliveryRecipient, Rule, StoredEvent
from tracking.models.delivery import first_id, moment_of
from tracking.store import clock, log, presets

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


def test_the_version_of_the_rule_leads_to_its_place_in_the_history(admin_client, failed):
    factories.save_again(failed.rule, action__subject="Another")
    history = reverse("admin:tracking_rule_versions", args=(failed.rule_id,))

    text = admin_client.get(page(failed)).content.decode()

    assert f'href="{history}?from=1#version-1">version 1</a>: the rule was changed since' in text
    assert '<tr id="version-1">' in admin_client.get(f"{history}?from=1").content.decode()


@pytest.mark.parametrize("right", ["view_rule", "view_alert"])
def test_a_rule_leads_to_its_page_for_whoever_may_open_it(person, failed, right):
    client = person("view_delivery", right)
    rule = reverse("admin:tracking_rule_change", args=(failed.rule_id,))

    for address in (page(failed), reverse("admin:tracking_delivery_changelist")):
        text = client.get(address).content.decode()
        assert str(failed.rule) in text
        assert (f'href="{rule}"' in text) is (right == "view_rule")


@pytest.mark.parametrize("why", ["no right to rules", "deleted", "of another platform since"])
def test_who_may_not_open_the_history_reads_the_version_as_text(person, failed, why):
    client = person("view_delivery", *(() if why == "no right to rules" else ("view_rule",)))
    if why == "deleted":
        Rule.objects.update(deleted_at=clock.now())
    if why == "of another platform since":
        calls = factories.ProductFactory.create(calls=True)
        factories.save_again(failed.rule, trigger="call.lead_sold", product=calls.pk)
        client.force_login(factories.member(Role.LMS_ADMIN))
    history = reverse("admin:tracking_rule_versions", args=(failed.rule_id,))

    text = client.get(page(failed)).content.decode()

    assert "version 1" in text
    assert history not in text
    assert client.get(history).status_code in (403, 404)


def test_the_list_leads_to_why_rules_fired_for_the_event(person, failed):
    explained = reverse("admin:tracking_storedevent_explain", args=(failed.event_id,))
    asks, looks = person("view_delivery", "view_rule", "view_storedevent"), person("view_delivery", "view_storedevent")

    assert f'href="{explained}"' in asks.get(LIST).content.decode()
    assert "Why, for evt-77" in asks.get(explained).content.decode()
    assert explained not in looks.get(LIST).content.decode()
    assert looks.get(explained).status_code == 403


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
        pytest.param({"warned": "permanent_refusal"}, True, id="the cause of its warning"),
        pytest.param({"warned": "timeout"}, False, id="another cause"),
        pytest.param({"state__exact": "waiting"}, False, id="what is yet to be sent"),
        pytest.param({"connection__id__exact": "CONNECTION"}, True, id="its connection"),
        pytest.param({"connection__id__exact": "999999"}, False, id="another connection"),
        pytest.param({"rule__id__exact": "999999"}, False, id="another rule"),
        pytest.param({"rule__id__exact": "RULE"}, True, id="its rule"),
        pytest.param({"preset": "PRESET"}, True, id="its preset"),
        pytest.param({"preset": "999999"}, False, id="another preset"),
        pytest.param({"kind": "smtp_esp"}, True, id="its action"),
        pytest.param({"kind": "smtp_custom"}, False, id="the other action"),
        pytest.param({"product_id": "PRODUCT"}, True, id="its product"),
        pytest.param({"product_id": "999999"}, False, id="another product"),
        pytest.param({"campaign_id": "999999"}, False, id="another campaign"),
    ],
)
def test_the_list_is_filtered(admin_client, failed, query, found):
    preset = presets.save(failed.rule, name="Sold", buyer=None, author=None, now=factories.NOON)
    Rule.objects.update(preset=preset)
    known = {"PRODUCT": failed.product_id, "RULE": failed.rule_id, "PRESET": preset.pk}
    known["CONNECTION"] = failed.connection_id
    query = {name: str(known.get(value, value)) for name, value in query.items()}

    assert bool(listed(admin_client.get(LIST, query))) is found


def test_a_rule_that_was_changed_since_is_found_by_what_it_was(admin_client):
    delivery = owed()
    old, new = delivery.product_id, factories.ProductFactory()
    factories.save_again(delivery.rule, trigger="lms.campaign_sold", product=new.pk)

    for query, found in (
        ({"trigger__exact": "lms.lead_sold"}, [delivery.pk]),
        ({"trigger__exact": "lms.campaign_sold"}, []),
        ({"product_id": old}, [delivery.pk]),
        ({"product_id": new.pk}, []),
    ):
        assert listed(admin_client.get(LIST, query)) == found, query


def test_a_connection_leads_to_its_deliveries_however_old_and_whoever_mails_by_it_now(admin_client, monkeypatch):
    delivery = owed()
    [owed() for _ in range(3)]
    other = factories.ConnectionFactory.create()
    factories.save_again(delivery.rule, action__connection=other.key)
    monkeypatch.setattr(log, "READ", 2)
    link = f"{LIST}?connection__id__exact={delivery.connection_id}"

    text = admin_client.get(reverse("admin:tracking_connection_change", args=(delivery.connection_id,))).text

    assert f'href="{link}">Its deliveries' in text
    assert listed(admin_client.get(link)) == [delivery.pk]
    assert listed(admin_client.get(LIST, {"connection__id__exact": other.pk})) == []


def test_what_waits_is_found_whatever_it_waits_for(admin_client, monkeypatch):
    states = (DeliveryState.QUEUED, DeliveryState.RETRYING, DeliveryState.HELD, *[DeliveryState.SENT] * 6)
    keys = []
    for state in states:
        keys.append(owed().pk)
        Delivery.objects.filter(pk=keys[-1]).update(state=state)
    monkeypatch.setattr(log, "READ", 6)

    assert listed(admin_client.get(LIST, {"state__exact": "waiting"})) == [keys[1], keys[0]]


def test_rule_by_rule_gives_the_same_pages_as_by_key(monkeypatch):
    """Of not too many rules each gives its newest; for more of them, the key is walked."""
    rules = [factories.saved_rule() for _ in range(3)]
    keys = [owed(rule).pk for _ in range(3) for rule in rules]
    walk = log.Walk(Delivery.objects.all(), owned=[log.Owned(Rule.objects.exclude(pk=rules[2].pk))])
    pages = []
    for most in (100, 0):
        monkeypatch.setattr(log, "MOST_OWNERS", most)
        shown = log.page(Delivery.objects.all(), log.Cursor(), size=4, walk=walk)
        older = log.page(Delivery.objects.all(), log.Cursor(older_than=shown.older), size=4, walk=walk)
        newer = log.page(Delivery.objects.all(), log.Cursor(newer_than=keys[0]), size=4, walk=walk)
        pages.append([[row.pk for row in page.rows] for page in (shown, older, newer)])

    own = [key for key in keys if key not in keys[2::3]]
    assert pages[0] == pages[1] == [own[::-1][:4], own[::-1][4:], own[1:5][::-1]]


@pytest.mark.parametrize("read", [1, 2, 3, 7, 100])
def test_short_pages_lead_to_every_row_both_ways(monkeypatch, read):
    monkeypatch.setattr(log, "READ", read)
    one, other = factories.saved_rule(), factories.saved_rule()
    wanted = [owed(one if number % 3 == 0 else other).pk for number in range(10)][::3]
    rows = Delivery.objects.filter(rule=one)

    found, cursor = [], log.Cursor()
    while True:
        page = log.page(rows, cursor, size=2)
        found += [row.pk for row in page.rows]
        if page.older is None:
            break
        cursor = log.Cursor(older_than=page.older)
    back, cursor = [], log.Cursor(newer_than=wanted[0])
    while cursor.newer_than:
        page = log.page(rows, cursor, size=2)
        back = [row.pk for row in page.rows] + back
        cursor = log.Cursor(newer_than=page.newer)

    assert found == wanted[::-1]
    assert back == wanted[:0:-1]


def test_a_short_page_says_how_far_it_looked_and_leads_on(admin_client, monkeypatch):
    monkeypatch.setattr(log, "READ", 2)
    wanted = owed()
    others = [owed() for _ in range(3)]
    Delivery.objects.exclude(pk=wanted.pk).update(warned_at=wanted.created_at)

    short = admin_client.get(LIST, {"warned": "no"})
    last = admin_client.get(f"{LIST}{short.context['cl'].older_link}")

    assert (listed(short), listed(last)) == ([], [wanted.pk])
    assert f"looked back to {moment_of(others[1].pk):%Y-%m-%d %H:%M:%S} UTC so far" in short.text
    assert "Search older" in short.text


def test_the_mails_of_a_quiet_rule_stand_on_the_first_page(admin_client, monkeypatch):
    monkeypatch.setattr(log, "READ", 2)
    quiet = owed()
    for _ in range(3):
        owed()

    assert listed(admin_client.get(LIST, {"rule__id__exact": quiet.rule_id})) == [quiet.pk]


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


def test_a_page_takes_a_few_queries_and_counts_nothing(admin_client, django_assert_max_num_queries):
    rule = factories.saved_rule()
    for _ in range(60):
        owed(rule)

    with django_assert_max_num_queries(8) as queries:
        response = admin_client.get(LIST)

    assert len(listed(response)) == 50
    log = [query["sql"] for query in queries.captured_queries if 'FROM "tracking_delivery"' in query["sql"]]
    assert not any("COUNT" in sql for sql in log), log
    assert not any('"payload"' in sql for sql in log), "a list loads no payload"


def walk(client, url: str, rel: str) -> tuple[list[Any], str | None]:
    """The keys of a page, and where its link of that kind leads."""
    response = client.get(url)
    found = re.search(rf'rel="{rel}" href="([^"]+)"', response.content.decode())
    return listed(response), LIST + unescape(found[1]) if found else None


def test_pages_are_walked_by_key_and_rows_that_come_meanwhile_move_nothing(admin_client, monkeypatch):
    monkeypatch.setattr(DeliveryAdmin, "list_per_page", 2)
    rule = factories.saved_rule()
    keys = [owed(rule).pk for _ in range(5)][::-1]

    first, older = walk(admin_client, LIST, "next")
    owed(rule), owed(rule)
    second, oldest = walk(admin_client, older, "next")
    third, end = walk(admin_client, oldest, "next")

    assert (first, second, third, end) == (keys[:2], keys[2:4], keys[4:], None)
    _, back = walk(admin_client, oldest, "prev")
    assert walk(admin_client, back, "prev")[0] == keys[2:4]
    _, first_again = walk(admin_client, back, "prev")
    assert walk(admin_client, first_again, "prev")[0] == keys[:2], "the same rows, though newer ones have come"


def test_filters_stay_while_pages_are_turned(admin_client, monkeypatch):
    monkeypatch.setattr(DeliveryAdmin, "list_per_page", 1)
    rule = factories.saved_rule()
    keys = [owed(rule).pk for _ in range(2)]
    owed()

    shown, older = walk(admin_client, f"{LIST}?rule__id__exact={rule.pk}", "next")

    assert (shown, walk(admin_client, older, "next")[0]) == ([keys[1]], [keys[0]])


@pytest.mark.parametrize("query", ["older=x", "newer=", "older=01a20949-58d2-728f-813f-47f68ca39a7", "newer=%00"])
def test_a_key_that_is_none_shows_the_newest(admin_client, failed, query):
    assert listed(admin_client.get(f"{LIST}?{query}")) == [failed.pk]


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
    pytest.param(("release", DeliveryState.HELD, DeliveryState.RETRYING), id="a held one is released"),
    pytest.param(("release", DeliveryState.FAILED, DeliveryState.FAILED), id="a failed one is not released"),
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
    assert AuditEntry.objects.filter(target_id=str(failed.pk)).count() == (before != after)


def test_sending_again_wakes_the_connection(admin_client, rung, failed, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        admin_client.post(page(failed, "resend"), {"confirmed": "yes"})

    assert rung[-1] == failed.connection_id


def test_looking_at_the_question_does_nothing(admin_client, failed):
    assert admin_client.get(page(failed, "resend")).status_code == 200
    assert Delivery.objects.get().state == DeliveryState.FAILED


@pytest.mark.parametrize("key", ["nonsense", "01a20949-58d2-728f-813f-47f68ca39a71"], ids=["no key", "an unknown key"])
def test_a_delivery_that_is_not_there_is_not_found(admin_client, key):
    for name in ("change", "resend", "discard"):
        assert admin_client.get(reverse(f"admin:tracking_delivery_{name}", args=(key,))).status_code == 404


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
