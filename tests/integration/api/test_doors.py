"""What holds at every door: who may pass, how often, how a request must look, and how a refusal does."""

from __future__ import annotations

import json
from typing import Any

import pytest
import time_machine
from django.db import OperationalError
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from tests import factories
from tests.integration.api.conftest import EVENTS, V1, told
from tracking.api.door import Door
from tracking.api.urls import router
from tracking.choices import Role, Scope
from tracking.models import Connection, Job, KeptAnswer, Rule, StoredEvent
from tracking.store import clock

pytestmark = pytest.mark.django_db


def doors() -> dict[str, type[Door]]:
    return {prefix: viewset for prefix, viewset, _ in router.registry}


def patterns(resolver: URLResolver, before: str = "") -> Any:
    for entry in resolver.url_patterns:
        path = before + str(entry.pattern)
        if isinstance(entry, URLPattern):
            yield path, entry
        else:
            yield from patterns(entry, path)


DOORED = [
    (path.split("api/v1/", 1)[1], method, entry.callback.cls, action)
    for path, entry in patterns(get_resolver())
    if path.startswith("api/v1/") and hasattr(entry.callback, "actions")
    for method, action in entry.callback.actions.items()
    if method != "head"
]
ADDRESSES = [pytest.param(*row, id=f"{row[1].upper()} {row[0]}") for row in DOORED]
_ID = {"uuid": "01890a5d-ac96-774b-bcce-b302099a8057", "key": "sale-1"}


def address(path: str) -> str:
    """A pattern with ids that no row has."""
    parts = path.split("<")
    return parts[0] + "".join(_ID.get(part.split(":")[0], "4711") + part.split(">", 1)[1] for part in parts[1:])


# --- who may pass -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("path", "method", "door", "action"), ADDRESSES)
def test_whoever_passes_has_a_token_the_permission_and_the_scope(calls, path, method, door, action):
    right, more = door.rights[action], door.also.get(action)
    needed = [one for one in (right, more) if one]
    others = [scope for scope in Scope if scope is not right.scope]
    asked: dict[str, Any] = {"method": method, "path": address(path), "value": {}, "if_match": "*"}

    nobody = Client().generic(method, V1 + address(path), b"{}", content_type="application/json")
    unpermitted = calls().send(**asked)
    unscoped = calls(right.permission, scopes=others).send(**asked)
    permissions = [one.permission for one in needed]
    allowed = calls(*permissions, scopes=[one.scope for one in needed]).send(**asked)

    assert (nobody.status_code, nobody["WWW-Authenticate"]) == (401, "Bearer")
    assert "needs the permission" in told(unpermitted)["detail"]
    assert told(unscoped)["detail"] == f"{right.scope.label} needs a token with the scope {right.scope.value}."
    assert allowed.status_code in (200, 202, 400, 404, 409)


def test_a_session_reads_and_writes_with_the_forms_own_token(admin):
    rule = factories.saved_rule()
    client = Client(enforce_csrf_checks=True)
    client.force_login(admin.user)

    forged = client.post(f"{V1}rules/{rule.pk}/disable/")
    client.get("/admin/")
    client.cookies["csrftoken"] = "a" * 32
    own = client.post(f"{V1}rules/{rule.pk}/disable/", {}, "application/json", headers={"x-csrftoken": "a" * 32})

    assert (forged.status_code, own.status_code) == (403, 200)
    assert client.get(f"{V1}rules/").status_code == 200


# --- how a request must look ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "/api/",
        "/api/v2/",
        "/api/v1/nothing/",
        "/api/v1/rules/x/",
        "/api/v1/events/a%0Ab/",
        "/api/v1/rules/9223372036854775808/",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_an_address_that_leads_nowhere_is_a_problem_too(admin, path, method):
    assert told(admin.send(method, path, None))["status"] == 404


@pytest.mark.parametrize("key", ["1e3", "-1", "1.0", "%2e%2e%2f1", "１", "0x1", "1%00", " 1", "null"])
def test_what_is_no_id_leads_nowhere(admin, key):
    assert admin.get(f"rules/{key}/").status_code == 404


def test_an_address_without_its_slash_is_told_so(admin):
    assert told(admin.post({}, path="/api/v1/events"))["detail"] == "Addresses end with a slash."


def test_another_representation_than_json_is_not_to_be_had(admin):
    response = admin.get("rules/", accept="text/html")

    assert told(response)["status"] == 406


def test_a_method_that_is_not_there_names_those_that_are(admin):
    response = admin.send("DELETE", "rules/", None)

    assert told(response)["status"] == 405
    assert set(response["Allow"].split(", ")) == {"GET", "HEAD", "POST"}


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "POST", "OPTIONS"])
def test_machines_that_watch_answer_405_to_whatever_would_change(method):
    client = Client(enforce_csrf_checks=True)

    assert client.generic(method, "/healthz").status_code == 405


@pytest.mark.parametrize(
    "query",
    [
        "page=0",
        "ordering=__class__",
        "ordering=connection__password",
        "connection__password__startswith=a",
        "id__in=" + ",".join(map(str, range(10_000))),
        "enabled=perhaps",
        "product=1e3",
        "product=-1",
        "product=9223372036854775808",
        "search=%00",
        "search=a%0Ab",
        "search=" + "x" * 201,
        "trigger=%27",
        "limit=0",
        "limit=1001",
        "limit=-1",
        "limit=1e2",
        "after=%00",
        "after=é",
        "after=Li4v",
        "token=evt_x",
    ],
)
def test_a_parameter_that_means_nothing_is_refused_by_name(admin, query):
    response = admin.get(f"rules/?{query}")

    name = query.split("=")[0]
    assert response.status_code == 400
    assert list(told(response)["errors"]) == [name]


@pytest.mark.parametrize("query", ["created_since=yesterday", "created_until=2026-13-01", "state=gone", "warned=1"])
def test_a_parameter_of_the_log_is_as_strict(admin, query):
    assert list(told(admin.get(f"deliveries/?{query}"))["errors"]) == [query.split("=")[0]]


def test_a_body_of_too_many_values_is_refused_before_they_are_made(admin):
    body = b"[" + b"[]," * 600_000 + b"[]]"

    response = admin.send("POST", EVENTS, body)

    assert response.status_code == 413
    assert "500,000 values" in told(response)["detail"]


def test_a_list_of_a_thousand_ordinary_events_is_within_the_limit(platform, settings):
    one = factories.event(lead={f"field_{n}": "x" * 60 for n in range(100)}).to_json()

    assert 7_000 < len(json.dumps(one)) < settings.DATA_UPLOAD_MAX_MEMORY_SIZE / 1_000


def test_a_database_that_is_away_is_503_and_says_when_to_come_back(admin, monkeypatch):
    def refuse(*args: object) -> None:
        raise OperationalError("could not connect to server: password s3cret")

    monkeypatch.setattr("tracking.api.rules.Rules.list", refuse)

    response = admin.get("rules/")

    assert (response.status_code, response["Retry-After"]) == (503, "5")
    assert b"s3cret" not in response.content


def test_a_fault_of_ours_is_a_problem_without_a_trace(admin, monkeypatch):
    def fail(*args: object) -> None:
        raise ZeroDivisionError("s3cret")

    monkeypatch.setattr("tracking.api.rules.Rules.list", fail)

    response = admin.get("rules/")

    assert told(response)["status"] == 500
    assert b"s3cret" not in response.content
    assert b"Traceback" not in response.content


# --- how often --------------------------------------------------------------------------------------------------------


def test_who_sends_too_much_is_told_when_to_come_back(admin, calls, settings):
    settings.TRACKING_API_TOKEN_RATE = 3

    with time_machine.travel("2026-01-31T12:00:20Z", tick=False):
        answers = [admin.get("rules/") for _ in range(4)]
        another = calls("view_rule").get("rules/")
    with time_machine.travel("2026-01-31T12:01:00Z", tick=False):
        later = admin.get("rules/")

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert answers[3]["Retry-After"] == "40"
    assert (another.status_code, later.status_code) == (200, 200)


def test_what_costs_more_has_a_limit_of_its_own(admin, settings):
    settings.TRACKING_API_DEAR_RATE = 1
    event = factories.event().to_json()

    answers = [admin.post(event, path="events/explain/").status_code for _ in range(2)]

    assert answers == [200, 429]
    assert admin.get("rules/").status_code == 200


def test_refusals_are_counted_too(calls, settings):
    settings.TRACKING_API_TOKEN_RATE = 1
    nobody = calls()

    assert [nobody.get("rules/").status_code for _ in range(2)] == [403, 429]


def test_a_cache_that_is_away_stops_nobody(admin, monkeypatch):
    def refuse(*args: object) -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr("tracking.api.throttles.cache.add", refuse)

    assert admin.get("rules/").status_code == 200


# --- once -------------------------------------------------------------------------------------------------------------


def connection(**changes: Any) -> dict[str, Any]:
    return {"name": "Relay", "host": "127.0.0.1", "port": 25, "encryption": "none", **changes}


def test_a_post_with_a_key_is_done_once_and_answered_alike(admin):
    first = admin.post(connection(), path="connections/", idempotency_key="k-1")
    again = admin.post(connection(), path="connections/", idempotency_key="k-1")

    assert (first.status_code, again.status_code) == (201, 201)
    assert (again.json(), again["Location"]) == (first.json(), first["Location"])
    assert again["Idempotent-Replayed"] == "true"
    assert Connection.objects.count() == 1


@pytest.mark.parametrize(("path", "method", "door", "action"), ADDRESSES)
def test_what_a_post_makes_can_be_asked_for_with_a_key(path, method, door, action):
    status, _ = door.answers.get(action, (200, None))

    assert hasattr(getattr(door, action), "creates") or method != "post" or status not in {201, 202}


def test_a_version_is_restored_and_a_connection_checked_once_under_a_key(admin):
    rule = factories.saved_rule()
    factories.save_again(rule, name="Later")

    for path in (f"rules/{rule.pk}/versions/1/restore/", f"connections/{rule.connection_id}/check/"):
        first, again = (admin.post({}, path=path, idempotency_key=path) for _ in range(2))
        assert (again.json(), again["Idempotent-Replayed"]) == (first.json(), "true")

    assert (rule.versions.count(), Job.objects.count()) == (3, 1)


@pytest.mark.parametrize(
    ("path", "body"),
    [("connections/", connection(name="Other")), ("rules/", connection())],
    ids=["another body", "another address"],
)
def test_a_key_belongs_to_one_request(admin, path, body):
    admin.post(connection(), path="connections/", idempotency_key="k-1")

    response = admin.post(body, path=path, idempotency_key="k-1")

    assert told(response)["status"] == 422
    assert Connection.objects.count() == 1


def test_a_refusal_is_not_kept(admin):
    refused = admin.post(connection(host=""), path="connections/", idempotency_key="k-1")
    mended = admin.post(connection(), path="connections/", idempotency_key="k-1")

    assert (refused.status_code, mended.status_code) == (400, 201)


def test_the_key_of_somebody_else_is_another_one(admin, calls):
    admin.post(connection(), path="connections/", idempotency_key="k-1")

    other = calls(role=Role.GLOBAL_ADMIN).post(connection(name="B"), path="connections/", idempotency_key="k-1")

    assert other.status_code == 201


def test_an_answer_is_kept_for_a_day(admin):
    admin.post(connection(), path="connections/", idempotency_key="k-1")
    KeptAnswer.objects.update(created_at=clock.now().replace(year=2020))

    later = admin.post(connection(name="B"), path="connections/", idempotency_key="k-1")

    assert later.status_code == 201


@pytest.mark.parametrize("key", ["", "x" * 201, "é", "a\x7f"], ids=["empty", "too long", "not ASCII", "a control"])
def test_a_key_that_cannot_be_kept_is_refused(admin, key):
    response = admin.post(connection(), path="connections/", idempotency_key=key)

    assert list(told(response)["errors"]) == ["Idempotency-Key"]


def test_an_event_with_a_key_is_answered_with_its_first_receipt(platform):
    rule = factories.saved_rule()
    event = factories.event(product=rule.product_id).to_json()

    first = platform.post(event, idempotency_key="k-1").json()
    again = platform.post(event, idempotency_key="k-1").json()

    assert first["matched"]
    assert again == first
    assert StoredEvent.objects.count() == 1


def test_what_was_taken_of_a_list_stays_under_a_key_though_some_were_refused(platform):
    events = [factories.event(event_id="good").to_json(), {"price": 1.5}]

    first = platform.post(events, idempotency_key="k-1")
    again = platform.post(events, idempotency_key="k-1")

    assert (first.status_code, again.status_code) == (400, 400)
    assert again.json() == first.json()
    assert again["Idempotent-Replayed"] == "true"
    assert [row.event_id for row in StoredEvent.objects.all()] == ["good"]


def test_nothing_of_a_request_stays_when_it_fails_under_a_key(admin, monkeypatch):
    def fail(*args: object, **more: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("tracking.store.rules.audit.note", fail)
    wanted = factories.definition(
        product=factories.ProductFactory.create().pk, action__connection=factories.ConnectionFactory.create().key
    ).to_json()

    response = admin.post(wanted, path="rules/", idempotency_key="k-1")

    assert response.status_code == 500
    assert not Rule.objects.exists()
    assert not KeptAnswer.objects.exists()
