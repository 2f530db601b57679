"""docs/api.md: every command in it is answered; and the page and document that the product serves of its API."""

from __future__ import annotations

import re
import shlex
from itertools import pairwise

import jsonschema_rs
import pytest
import time_machine
from django.test import Client

from tests import factories, flow
from tests.environment import ROOT
from tests.integration.api.conftest import JSON, V1, told
from tracking.api.examples import EXAMPLES
from tracking.choices import AlertState, DeliveryState, Scope
from tracking.models import Alert, Connection, Delivery, Product, StoredEvent
from tracking.store import clock

TEXT = (ROOT / "docs" / "api.md").read_text()
COMMANDS = re.findall(r"^    (curl (?:[^'\n]|'[^']*')*)$", TEXT, re.MULTILINE)

pytestmark = pytest.mark.django_db


def on_the_page(text, delivery):
    """A part of a command, with the ids that the database gave in place of those that the page made up."""
    made_up = {"01890a5d-ac96-774b-bcce-b302099a8057": f"{delivery.pk}"}
    forms = ("/rules/{}/", "rule={}", '"rule": {}', '"{}.1.1"')
    made_up |= {form.format(1): form.format(delivery.rule_id) for form in forms}
    return re.sub("|".join(map(re.escape, made_up)), lambda found: made_up[found[0]], text)


@pytest.fixture
def town(admin):
    """What the page speaks of."""
    product = Product.objects.create(pk=101, name="Car loans", platform="lms", ping_post=True)
    relay = Connection.objects.filter(pk=1).first() or factories.ConnectionFactory.create(pk=1, key="demo", name="Demo")
    rule = factories.saved_rule(product=product.pk, connection=relay)
    (delivery,) = flow.owe(rule, 1)
    StoredEvent.objects.update(event_id="sale-342")
    Delivery.objects.filter(pk=delivery.pk).update(state=DeliveryState.FAILED)
    Alert.objects.create(pk=1, rule=rule, version=rule.current, raised_at=clock.now(), state=AlertState.SENT)
    return delivery


@pytest.mark.parametrize("command", COMMANDS, ids=[re.sub(r"[^A-Za-z/]+", " ", row)[:60] for row in COMMANDS])
def test_a_command_of_the_page_is_answered(admin, town, command):
    words = shlex.split(command)
    options = dict(pairwise(words))
    headers = dict(words[n + 1].split(": ", 1) for n, word in enumerate(words) if word == "-H")
    url = next(word for word in words if word.startswith("$API/"))
    path, body = on_the_page(url.replace("$API/", V1), town), on_the_page(options.get("-d", ""), town)
    headers.pop("Authorization", None)
    named = {name.lower().replace("-", "_"): on_the_page(text, town) for name, text in headers.items()}

    with time_machine.travel("2026-01-31T12:00:00Z"):
        response = admin.send(options.get("-X", "GET"), path, body.encode(), **named)

    assert response.status_code in (200, 201, 202) or (path.endswith("jobs/1/") and response.status_code == 404)


def test_the_page_names_every_scope():
    assert {scope for scope in Scope.values if f"`{scope}`" not in TEXT} == set()


def test_the_page_is_served_from_our_own_files_under_a_policy_of_its_own():
    response = Client().get(f"{V1}docs/")

    page = response.content.decode()
    assert response.status_code == 200
    assert re.findall(r'(?:src|href)="(https?:)?//', page) == []
    assert "<script>" not in page
    assert "script-src 'self';" in response["Content-Security-Policy"] + ";"


@pytest.mark.parametrize("page", ["docs", "schema"])
def test_both_refuse_another_method_as_every_door_does(page):
    response = Client().post(f"{V1}{page}/", {}, content_type=JSON)

    assert told(response)["status"] == 405
    assert response["Allow"] == "GET, HEAD"


def test_the_page_says_its_language():
    assert '<html lang="en">' in Client().get(f"{V1}docs/?lang=de").content.decode()


def test_the_document_is_made_once_and_not_sent_to_who_has_it(monkeypatch):
    first = Client().get(f"{V1}schema/")
    monkeypatch.delattr("tracking.api.docs.SchemaGenerator")

    for query in ("", "?lang=xx", "?version=a%0Ab", "?format=yaml"):
        assert Client().get(f"{V1}schema/{query}").content == first.content
    assert Client().get(f"{V1}schema/", headers={"if-none-match": first["ETag"]}).status_code == 304


@pytest.fixture(scope="module")
def document():
    return Client().get(f"{V1}schema/").json()


def test_the_document_is_openapi_31(document):
    assert document["openapi"].startswith("3.1")
    assert document["components"]["securitySchemes"]["token"]["scheme"] == "bearer"


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_what_its_schema_says(document, name):
    schema = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}

    for example in EXAMPLES[name]:
        jsonschema_rs.validate(schema, example)
