"""POST /api/v1/events/: what is taken, what is answered, and that no input is too odd for an answer."""

from __future__ import annotations

import gzip
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote

import pytest
from django.db import connection

from tests import factories
from tests.integration.api.conftest import EVENTS, Platform, told
from tracking.choices import Role
from tracking.events import MAX_BATCH
from tracking.models import Delivery, StoredEvent
from tracking.store import log

pytestmark = pytest.mark.django_db


def fields(**changes: Any) -> dict[str, Any]:
    """An event as the platform writes it."""
    return {**factories.event().to_json(), **changes}


def test_an_event_is_taken_and_its_receipt_names_rule_and_delivery(platform, django_capture_on_commit_callbacks, rung):
    rule = factories.saved_rule()

    with django_capture_on_commit_callbacks(execute=True):
        response = platform.post(fields(event_id="sale-1", product=rule.product_id))

    delivery = Delivery.objects.get()
    assert response.status_code == 202
    assert response.json() == {
        "event_id": "sale-1",
        "duplicate": False,
        "matched": [{"rule": rule.pk, "delivery": str(delivery.pk)}],
    }
    assert rung == [rule.connection_id]


def test_the_same_event_again_is_a_duplicate_and_owes_nothing(platform):
    rule = factories.saved_rule()
    event = fields(event_id="sale-1", product=rule.product_id)
    platform.post(event)

    response = platform.post({**event, "lead": {"first_name": "Grace"}})

    assert response.status_code == 202
    assert response.json() == {"event_id": "sale-1", "duplicate": True, "matched": []}
    assert Delivery.objects.count() == 1


def test_a_list_is_answered_in_its_order(platform):
    response = platform.post([fields(event_id="b"), fields(event_id="a"), fields(event_id="b")])

    assert response.status_code == 202
    assert [(row["event_id"], row["duplicate"]) for row in response.json()] == [
        ("b", False),
        ("a", False),
        ("b", True),
    ]


def test_of_a_mixed_list_the_good_ones_are_taken_and_the_bad_ones_told_in_their_places(platform):
    response = platform.post([fields(event_id="good"), {"price": 1.5}, None, fields(event_id="fine")])

    assert response.status_code == 400
    first, wrong, none, last = response.json()
    assert (first["event_id"], last["event_id"]) == ("good", "fine")
    assert wrong["index"] == 1
    assert set(wrong["error"]) == {"event_id", "trigger", "occurred_at", "price"}
    assert none == {"error": {"event": ["must be an object"]}, "index": 2}
    assert set(StoredEvent.objects.values_list("event_id", flat=True)) == {"good", "fine"}


def test_a_thousand_are_taken_at_once_and_one_more_is_refused_with_all(platform):
    events = [fields(event_id=f"sale-{number}") for number in range(MAX_BATCH + 1)]

    refused = platform.post(events)
    taken = platform.post(events[:-1])

    assert told(refused)["errors"] == {"events": ["must be at most 1,000 in one request, not 1,001"]}
    assert taken.status_code == 202
    assert StoredEvent.objects.count() == MAX_BATCH


def test_an_empty_list_is_nothing_to_do(platform):
    response = platform.post([])

    assert (response.status_code, response.json()) == (202, [])


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        pytest.param({"trigger": "lms.lead_stolen"}, "trigger", id="an unknown trigger"),
        pytest.param({"colour": "red"}, "colour", id="an unknown field"),
        pytest.param({"__class__": "Event"}, "__class__", id="a field with a meaning in Python"),
        pytest.param({"model_config": {}}, "model_config", id="a field with a meaning in the library"),
        pytest.param({"price": "1,000"}, "price", id="a price with a comma"),
        pytest.param({"price": "1e400"}, "price", id="a price without end"),
        pytest.param({"occurred_at": "2026-01-31T12:00:00"}, "occurred_at", id="a date without offset"),
        pytest.param({"occurred_at": "0001-01-01T00:00:00+14:00"}, "occurred_at", id="a date before all dates"),
        pytest.param({"product": 2**63}, "product", id="an id over a bigint"),
        pytest.param({"product": True}, "product", id="an id that is true"),
        pytest.param({"event_id": "a\nb"}, "event_id", id="a key of two lines"),
        pytest.param({"event_id": "\ud800"}, "event_id", id="a key of half a character"),
        pytest.param({"event_id": "x" * 201}, "event_id", id="a key too long"),
        pytest.param({"lead": {"a": "\0"}}, "lead", id="a NUL"),
        pytest.param({"lead": {"\ud800": 1}}, "lead", id="half a character as a lead's field"),
        pytest.param({"lead": {"a": {"b": {"c": {"d": {"e": {}}}}}}}, "lead", id="a lead six deep"),
        pytest.param({"lead": {"a": "x" * 65 * 1024}}, "event", id="65 KiB"),
        pytest.param({"\ud800": 1}, "event", id="half a character as a field"),
    ],
)
def test_a_refused_event_names_the_field(platform, changes, field):
    response = platform.post(fields(**changes))

    problem = told(response)
    assert response.status_code == 400
    assert list(problem["errors"]) == [field]
    assert not StoredEvent.objects.exists()


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        pytest.param(b"{", "The body is not valid JSON", id="half an object"),
        pytest.param(b"{'a': 1}", "The body is not valid JSON", id="single quotes"),
        pytest.param(b'{"price": NaN}', "NaN is not JSON", id="not a number"),
        pytest.param(b'{"a": 1, "a": 2}', "a key stands twice", id="a key twice"),
        pytest.param(b"[" * 100_000, "nested too deeply", id="a hundred thousand lists"),
        pytest.param(b'{"product": ' + b"9" * 5_000 + b"}", "a number has more than", id="an endless number"),
        pytest.param(b'{"event_id": "\xe9"}', "is not UTF-8", id="another encoding"),
        pytest.param(b"\0\0\0\0", "The body is not valid JSON", id="nothing but NUL"),
    ],
)
def test_what_is_not_json_is_told(platform, body, detail):
    response = platform.post(body)

    assert response.status_code == 400
    assert detail in told(response)["detail"]


@pytest.mark.parametrize("body", [b"null", b"1", b'"sale"', b"true"], ids=["null", "a number", "a text", "true"])
def test_what_is_no_event_is_told(platform, body):
    assert told(platform.post(body))["errors"] == {"event": ["must be an object"]}


def test_an_empty_body_lacks_every_field(platform):
    assert set(told(platform.post(b""))["errors"]) == {"event_id", "trigger", "occurred_at"}


@pytest.mark.parametrize(
    "content_type",
    ["text/xml", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "é"],
)
def test_only_json_is_read(platform, content_type):
    response = platform.post(fields(), content_type=content_type)

    assert response.status_code == 415
    assert "application/json" in told(response)["detail"]


@pytest.mark.parametrize("coding", ["gzip", "deflate", "identity, gzip"])
def test_a_compressed_body_is_not_unpacked(platform, coding):
    response = platform.post(gzip.compress(json.dumps(fields()).encode()), content_encoding=coding)

    assert response.status_code == 415
    assert "Content-Encoding is not supported" in told(response)["detail"]


def test_a_body_in_chunks_is_not_taken_for_an_empty_one(platform):
    response = platform.post(b"", transfer_encoding="chunked")

    assert response.status_code == 411
    assert "Content-Length" in told(response)["detail"]


def test_a_body_over_the_limit_is_refused_unread(platform, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100

    response = platform.post(b'"' + b"x" * 100 + b'"')

    assert response.status_code == 413
    assert "100 bytes" in told(response)["detail"]


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONJURE"])
def test_events_are_posted_and_read(platform, method):
    response = platform.send(method, EVENTS, None)

    assert response.status_code == 405
    assert "POST" in response["Allow"]


def test_no_header_makes_another_method_of_a_post(platform):
    assert platform.post(fields(), x_http_method_override="DELETE").status_code == 202


def test_what_the_event_says_comes_back_as_it_was_stored(platform):
    event = fields(event_id="<b>'\"&é日本😀</b>", lead={"first_name": "Zoë", "n": [1, None, {"deep": True}]})

    response = platform.post(json.dumps(event, ensure_ascii=False).encode())

    assert response.json()["event_id"] == event["event_id"]
    assert StoredEvent.objects.get().payload["lead"] == event["lead"]


@pytest.mark.django_db(transaction=True)
def test_the_same_event_eight_times_at_once_is_taken_once(two_at_once, platform: Platform):
    rule = factories.saved_rule()
    event = fields(event_id="sale-1", product=rule.product_id)

    def post(_: int) -> bool:
        try:
            return platform.post([event, fields(product=rule.product_id)]).json()[0]["duplicate"]
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        answers = sorted(pool.map(post, range(8)))

    assert answers == [False, *[True] * 7]
    assert Delivery.objects.filter(event__event_id="sale-1").count() == 1


def test_what_was_taken_is_read_by_its_key_with_what_became_of_it(platform, calls):
    rule = factories.saved_rule()
    key = "sale/1 é?"
    platform.post(fields(event_id=key, product=rule.product_id))

    response = calls("view_storedevent", "view_delivery").get(f"events/{quote(key, safe='')}/")

    told = response.json()
    assert response.status_code == 200
    assert (told["event_id"], told["product_id"]) == (key, rule.product_id)
    assert told["event"]["lead"] == {"first_name": "Ada", "email": "ada@example.org"}
    assert [(row["rule_id"], row["state"]) for row in told["deliveries"]] == [(rule.pk, "queued")]


def test_events_are_listed_newest_first_in_pages(platform, calls):
    platform.post([fields(event_id=key) for key in "abc"])
    reader = calls("view_storedevent")

    first = reader.get("events/?limit=2").json()
    last = reader.get(first["next"]).json()

    assert [row["event_id"] for row in first["results"] + last["results"]] == ["c", "b", "a"]
    assert last["next"] is None
    assert "event" not in first["results"][0]


def test_pages_of_a_rare_choice_are_short_and_lead_to_its_rows(platform, calls, monkeypatch):
    monkeypatch.setattr(log, "READ", 2)
    platform.post([fields(event_id=key, product=1 if key == "a" else 2) for key in "abcde"])
    reader, path, pages = calls("view_storedevent"), "events/?product=1&limit=1", []

    while path:
        answer = reader.get(path).json()
        pages.append([row["event_id"] for row in answer["results"]])
        path = answer["next"]

    assert pages == [[], [], ["a"]]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        pytest.param("event_id=a", ["a"], id="by key"),
        pytest.param("lead_id=lead-1", ["b"], id="by lead"),
        pytest.param("trigger=lms.lead_rejected", ["c"], id="by trigger"),
        pytest.param("test=true", ["c"], id="tests"),
        pytest.param("received_until=2020-01-01T00:00:00Z", [], id="before a moment"),
        pytest.param("received_until=0045-08-17T22:01:37Z", [], id="before all moments that a key can have"),
        pytest.param("received_since=0001-01-01T00:00:00%2B14:00", ["c", "b", "a"], id="since the first moment"),
        pytest.param("received_since=2020-01-01T00:00:00%2B02:00", ["c", "b", "a"], id="since a moment"),
    ],
)
def test_events_are_found(platform, calls, query, found):
    platform.post([fields(event_id="a"), fields(event_id="b", lead_id="lead-1")])
    platform.post(fields(event_id="c", trigger="lms.lead_rejected", test=True))

    rows = calls("view_storedevent").get(f"events/?{query}").json()["results"]

    assert [row["event_id"] for row in rows] == found


def test_explaining_says_of_each_rule_what_it_would_do_and_stores_nothing(calls):
    product = factories.ProductFactory.create()
    fires = factories.saved_rule(product=product.pk)
    refuses = factories.saved_rule(product=product.pk, filters__method="FORM")

    said = calls("view_rule").post(fields(product=product.pk, method="POST"), path="events/explain/").json()

    assert [(row["rule"], row["matched"], row["refused_by"]) for row in said["rules"]] == [
        (fires.pk, True, None),
        (refuses.pk, False, "method"),
    ]
    assert not StoredEvent.objects.exists()


def test_a_stored_event_is_explained_by_the_rules_of_now(platform, calls):
    rule = factories.saved_rule()
    platform.post(fields(event_id="sale-1", product=rule.product_id))
    later = factories.saved_rule(product=rule.product_id)

    said = calls("view_rule", "view_storedevent").get("events/sale-1/explain/").json()

    assert [row["rule"] for row in said["rules"]] == [rule.pk, later.pk]


def test_a_buyer_is_told_of_his_own_rules_and_of_no_publisher(calls):
    campaign = factories.CampaignFactory.create()
    publisher = factories.PublisherFactory.create()
    mine = factories.saved_rule(campaign=campaign.pk, trigger="lms.campaign_sold", filters__publisher=[publisher.pk])
    factories.saved_rule(product=campaign.product_id, trigger="lms.campaign_sold")
    event = fields(trigger="lms.campaign_sold", product=campaign.product_id, campaign=campaign.pk, publisher=7)

    response = calls(role=Role.BUYER_EDITOR, buyers=[campaign.buyer]).post(event, path="events/explain/")

    (row,) = response.json()["rules"]
    assert (row["rule"], row["matched"], row["refused_by"]) == (mine.pk, False, None)
    assert str(publisher.pk) not in response.content.decode()


def test_a_token_of_some_products_emits_for_these_alone(calls):
    campaign, foreign = factories.CampaignFactory.create_batch(2)
    caller = calls("add_storedevent", products=[campaign.product])

    response = caller.post(
        [
            fields(event_id="mine", product=campaign.product_id, campaign=campaign.pk),
            fields(event_id="other", product=foreign.product_id),
            fields(event_id="none"),
            fields(event_id="mixed", product=campaign.product_id, campaign=foreign.pk),
        ]
    )

    assert [list(row.get("error", ())) for row in response.json()] == [[], ["product"], ["product"], ["campaign"]]
    assert told(caller.post(fields(product=foreign.product_id)))["errors"]
    assert [row.event_id for row in StoredEvent.objects.all()] == ["mine"]
