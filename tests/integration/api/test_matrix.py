"""Every operation by every caller, on a row of one's own, a foreign one and one that does not exist."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.core.cache import cache
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from tests import factories, tenants
from tests.integration.api.conftest import JSON
from tests.operations import OPERATIONS, Name, Operation, operations
from tests.tenants import Rows
from tracking.api import tokens
from tracking.api.filters import IdFilter
from tracking.choices import AuditAction, Role, Scope
from tracking.models import AuditEntry, Job, User
from tracking.roles import BUYER_ROLES, PERMISSIONS

pytestmark = pytest.mark.django_db

ALL = {name: (pattern, action) for name, pattern, action in operations()}
BODIES = {"api:alert-snooze": {"until": "2126-01-31T12:00:00Z"}}
WITH_A_NUMBER = {"api:rule-version", "api:rule-restore"}  # behind the key
MISSING = 987_654_321
METHODS = {"get", "head", "post", "put", "patch", "delete", "options"}
PROBLEM = ("type", "title", "status", "detail")  # what a refusal says, and nothing more

# caller -> the tables whose rows are not all theirs
_PLATFORM = frozenset(
    {"product", "campaign", "channel", "rule", "delivery", "storedevent", "alert", "preset", "job", "usageday"}
)
_TOKEN = _PLATFORM - {"preset"}
OF_THE_HOUSE = {"directory:write", "connections:write", "presets:write"}  # not for a token of some products


def test_every_operation_has_its_row():
    assert ALL.keys() - OPERATIONS.keys() == set(), "say in tests/operations.py what it needs"
    assert OPERATIONS.keys() - ALL.keys() == set(), "gone: take the rows away"


def test_the_doors_need_what_the_rows_say():
    needed = {}
    for name, (pattern, action) in ALL.items():
        door = pattern.callback.cls
        right, more = door.rights[action], door.also.get(action)
        also = (more.permission, more.scope.value) if more else None
        needed[name] = (right.permission, right.scope.value, right.instead, also)

    assert needed == {name: (row.permission, row.scope, row.instead, row.also) for name, row in OPERATIONS.items()}


@dataclass(frozen=True, slots=True)
class Caller:
    """`role` None: nothing is permitted; `scopes`: the verb that the token is narrowed to."""

    role: Role | None
    client: Client
    own: Rows
    foreign: Rows
    narrowed: frozenset[str] = frozenset()
    scopes: str = ""

    def may(self, row: Operation) -> bool:
        held = PERMISSIONS[self.role] if self.role is not None else frozenset()
        if self.narrowed == _TOKEN and row.scope in OF_THE_HOUSE:
            return False
        if row.also and not (row.also[0] in held and row.also[1].endswith(self.scopes)):
            return False
        return not held.isdisjoint({row.permission, row.instead}) and row.scope.endswith(self.scopes)

    def send(self, name: Name, key: object, query: str = "", body: object = None) -> Any:
        """Undone once it is answered; counted by no limit. `denied`: of which rows the audit log says so."""
        cache.clear()
        body = body if body is not None else BODIES.get(name[0], {})
        with transaction.atomic():
            response = self.client.generic(
                name[1].upper(),
                address(name[0], key) + query,
                json.dumps(body),
                content_type=JSON,
                headers={"if-match": "*"},
            )
            noted = AuditEntry.objects.filter(action=AuditAction.DENIED)
            response.denied = list(noted.values_list("target_id", flat=True))
            transaction.set_rollback(True)
        return response


def address(name: str, key: object) -> str:
    more = (1,) if name in WITH_A_NUMBER else ()
    return reverse(name, args=() if key is None else (key, *more))


def key_of(row: Operation, rows: Rows) -> object:
    if not row.of:
        return None
    return rows[row.of].event_id if row.of == "storedevent" else rows[row.of].pk


def missing(row: Operation) -> object:
    """A key of the form that the table's have."""
    return {"delivery": factories.new_token(), "storedevent": "no-such-event"}.get(row.of, MISSING)


def _token(user: User, **narrowed: Any) -> Client:
    return Client(headers={"authorization": f"Bearer {tokens.issue(user, 'token', **narrowed)[1]}"})


def _of_role(role: Role) -> Callable[[tenants.World], Caller]:
    def made(world: tenants.World) -> Caller:
        own, foreign = (world.calls, world.lms) if role is Role.CALL_LOGIC_ADMIN else (world.lms, world.calls)
        if role in BUYER_ROLES:
            foreign = _beside(world)
        user = factories.member(role, buyers=[own["buyer"]] if role in BUYER_ROLES else ())
        Job.objects.filter(pk=own["job"].pk).update(author=user)
        return Caller(role, _token(user), own, foreign, frozenset() if role in _UNLIMITED else _PLATFORM)

    return made


def _beside(world: tenants.World) -> Rows:
    """What another buyer of the same product has; of products, one that is not theirs."""
    return {**world.neighbour, "product": world.calls["product"]}


_UNLIMITED = {Role.GLOBAL_ADMIN, Role.SUPPORT}


def _of_products(world: tenants.World) -> Caller:
    user = factories.member(Role.GLOBAL_ADMIN)
    client = _token(user, products=[world.lms["product"]])
    return Caller(Role.GLOBAL_ADMIN, client, world.lms, world.calls, _TOKEN)


def _scoped(verb: str) -> Callable[[tenants.World], Caller]:
    def made(world: tenants.World) -> Caller:
        scopes = [scope for scope in Scope if scope.value.endswith(verb)]
        client = _token(factories.member(Role.GLOBAL_ADMIN), scopes=scopes)
        return Caller(Role.GLOBAL_ADMIN, client, world.lms, world.calls, scopes=verb)

    return made


def _by_session(world: tenants.World) -> Caller:
    client = Client()
    client.force_login(factories.member(Role.BUYER_EDITOR, buyers=[world.lms["buyer"]]))
    Job.objects.filter(pk=world.lms["job"].pk).update(author=client.session["_auth_user_id"])
    return Caller(Role.BUYER_EDITOR, client, world.lms, _beside(world), _PLATFORM)


CALLERS: dict[str, Callable[[tenants.World], Caller]] = {
    **{role.value: _of_role(role) for role in Role},
    "a buyer editor by session": _by_session,
    "staff without a role": lambda world: Caller(None, _token(factories.member()), world.lms, world.calls),
    "a token of one product": _of_products,
    "a token that reads": _scoped("read"),
    "a token that writes": _scoped("write"),
}


@pytest.fixture
def world(rung, settings, caplog) -> tenants.World:
    caplog.set_level(logging.CRITICAL, "django.request")  # thousands of refusals, each with its traceback
    settings.TRACKING_API_TOKEN_RATE = settings.TRACKING_API_DEAR_RATE = 10**9
    return tenants.world()


@pytest.fixture(params=CALLERS)
def caller(request, world) -> Caller:
    return CALLERS[request.param](world)


def passes(response: HttpResponse, method: str) -> bool:
    """What was read is there; what was written is, or was refused for what it says."""
    return response.status_code == 200 or (method != "get" and response.status_code in {201, 202, 204, 400, 409})


def test_a_caller_does_what_it_may_with_what_is_its_own(caller):
    wrong = []
    for name, row in OPERATIONS.items():
        response = caller.send(name, key_of(row, caller.own))
        if not (passes(response, name[1]) if caller.may(row) else response.status_code == 403):
            wrong.append((*name, response.status_code, response.content[:200]))

    assert wrong == []


def test_a_foreign_row_answers_as_one_that_does_not_exist(caller):
    wrong = []
    for name, row in OPERATIONS.items():
        if row.of not in caller.narrowed:
            continue
        theirs, none = caller.send(name, key_of(row, caller.foreign)), caller.send(name, missing(row))
        status = 404 if caller.may(row) else 403
        if not (theirs.status_code == none.status_code == status and theirs.content == none.content):
            wrong.append((*name, theirs.status_code, none.status_code, theirs.content[:200]))
        noted = ([str(caller.foreign[row.of].pk)], []) if status == 404 else ([""], [""])
        if (theirs.denied, none.denied) != noted:
            wrong.append((*name, theirs.denied, none.denied))

    assert wrong == []


@pytest.mark.parametrize(
    "caller", [Role.GLOBAL_ADMIN.value, Role.BUYER_AGENT.value, "a token that writes"], indirect=True
)
def test_head_answers_as_get_does_without_a_body(caller):
    wrong = []
    for (name, method), row in OPERATIONS.items():
        if method != "get":
            continue
        told = {"own": caller.send((name, "head"), key_of(row, caller.own))}
        if row.of in caller.narrowed:
            told["foreign"] = caller.send((name, "head"), key_of(row, caller.foreign))
        for whose, said in told.items():
            status = 403 if not caller.may(row) else 200 if whose == "own" else 404
            if said.status_code != status or _body(said):
                wrong.append((name, whose, said.status_code, _body(said)[:50]))

    assert wrong == []


@pytest.mark.parametrize(
    "caller", [Role.GLOBAL_ADMIN.value, Role.BUYER_EDITOR.value, "staff without a role"], indirect=True
)
def test_a_method_that_an_address_does_not_have_is_refused_whoever_asks(caller):
    wrong = []
    for name, row in {name: row for (name, _), row in OPERATIONS.items()}.items():
        has = {method for known, method in OPERATIONS if known == name}
        for method in METHODS - has - ({"head"} if "get" in has else set()):
            said = caller.send((name, method), key_of(row, caller.own))
            if said.status_code != 405 or (method != "head" and said.json().keys() != {*PROBLEM}):
                wrong.append((name, method, said.status_code, said.content[:100]))

    assert wrong == []


def test_a_list_holds_what_is_one_s_own_and_a_foreign_id_filters_like_none(caller):
    wrong = []
    for name, row in OPERATIONS.items():
        pattern, action = ALL[name]
        door = pattern.callback.cls
        model = row.permission.removeprefix("view_")
        if name[1] != "get" or action not in door.filtered or row.of or model not in caller.narrowed:
            continue
        if not caller.may(row):
            continue
        if action == "list" and (keys := _keys(caller.send(name, None))) is not None:
            own, theirs = (str(key_of(Operation("", "", model), rows)) for rows in (caller.own, caller.foreign))
            if own not in keys or theirs in keys:
                wrong.append((name, keys))
        filters = getattr(door, "filterset_class", None)
        for field, known in (filters.base_filters if filters else {}).items():
            if isinstance(known, IdFilter) and field in caller.narrowed:
                there = caller.send(name, None, f"?{field}={caller.foreign[field].pk}")
                none = caller.send(name, None, f"?{field}={MISSING}")
                if (there.status_code, _body(there)) != (none.status_code, _body(none)):
                    wrong.append((name, field, there.status_code))

    assert wrong == []


def _body(response: Any) -> bytes:
    return b"".join(response.streaming_content) if response.streaming else response.content


def _keys(response: HttpResponse) -> set[str] | None:
    """The keys of a page's rows; None for rows that show none."""
    rows = response.json()["results"]
    assert rows
    keys = {str(row.get("id") or row.get("event_id")) for row in rows}
    return None if keys == {"None"} else keys


def test_strangers_are_asked_who_they_are(world):
    wrong = []
    for named in ({}, {"authorization": "Bearer evt_no-such-token"}):
        stranger = Caller(None, Client(headers=named), world.lms, world.calls)
        for (name, method), row in OPERATIONS.items():
            for verb in {method, "options", "head"}:
                response = stranger.send((name, verb), key_of(row, world.lms))
                if (response.status_code, response.get("WWW-Authenticate")) != (401, "Bearer"):
                    wrong.append((name, verb, response.status_code))

    assert wrong == []


# --- foreign ids in what is sent --------------------------------------------------------------------------------------


def _rule(own: Rows, **changes: Any) -> dict[str, Any]:
    trigger, connection = own["rule"].trigger, own["any connection"].key
    whole = {"trigger": trigger, "campaign": own["campaign"].pk, "action__connection": connection, **changes}
    return factories.definition(**whole).to_json()


def _replay(**named: int) -> dict[str, Any]:
    return {"first": "2020-01-01T00:00:00Z", "until": "2030-01-01T00:00:00Z", **named}


def _entry(**fields: Any) -> list[dict[str, Any]]:
    return [{"id": 5, "name": "New", **fields}]


Body = Callable[[Rows, Any], Any]
SENT: list[tuple[str, str, str, Body]] = [
    ("rule-list", "post", "campaign", lambda own, key: _rule(own, campaign=key)),
    ("rule-list", "post", "product", lambda own, key: _rule(own, campaign=None, product=key)),
    (
        "rule-list",
        "post",
        "campaign",
        lambda own, key: _rule(own, campaign=None, product=own["product"].pk, filters__campaign=[key]),
    ),
    ("rule-list", "post", "channel", lambda own, key: _rule(own, filters__channel=[key])),
    ("rule-detail", "put", "campaign", lambda own, key: _rule(own, campaign=key)),
    ("rule-detail", "patch", "campaign", lambda own, key: {"campaign": key}),
    ("rule-lint", "post", "campaign", lambda own, key: _rule(own, campaign=key)),
    ("rule-backtest", "post", "campaign", lambda own, key: {"document": _rule(own, campaign=key)}),
    ("rule-backtest-document", "post", "campaign", lambda own, key: {"document": _rule(own, campaign=key)}),
    ("rule-preview", "post", "campaign", lambda own, key: {"document": _rule(own, campaign=key)}),
    ("rule-preview", "post", "storedevent", lambda own, key: {"document": _rule(own), "event_id": key}),
    ("rule-test-run", "post", "storedevent", lambda own, key: {"event_id": key}),
    (
        "rule-preview",
        "post",
        "campaign",
        lambda own, key: {"document": _rule(own), "values": {"campaign.id": str(key)}},
    ),
    ("rule-test-run", "post", "campaign", lambda own, key: {"values": {"campaign.id": str(key)}}),
    ("preset-list", "post", "rule", lambda own, key: {"rule": key, "name": "Mine"}),
    *(
        (f"delivery-{what}", "post", table, lambda own, key, table=table: _replay(**{table: key}))
        for what in ("replay", "preview-replay")
        for table in ("rule", "product", "campaign")
    ),
    ("campaigns-list", "put", "product", lambda own, key: _entry(product=key, buyer=own["buyer"].pk)),
    ("channels-list", "put", "product", lambda own, key: _entry(product=key, publisher=own["any publisher"].pk)),
    ("event-explain", "post", "campaign", lambda own, key: factories.event(event_id="e", campaign=key).to_json()),
]

ASKED_OF_NOTHING = {"event-explain"}  # an event is not refused for its owner: of foreign rules nothing is said


def test_a_foreign_id_in_a_body_is_answered_as_one_that_leads_nowhere(caller):
    wrong = []
    for base, method, table, body in SENT:
        name = (f"api:{base}", method)
        row, of = OPERATIONS[name], Operation("", "", table)
        if table not in caller.narrowed or not caller.may(row):
            continue
        told = []
        for key in (key_of(of, caller.foreign), missing(of)):
            response = caller.send(name, key_of(row, caller.own), body=body(caller.own, key))
            content = re.sub(rf"\b{key}\b".encode(), b"?", response.content)  # 4 is not the 4 of a status 400
            told.append((response.status_code, content))
            if key == key_of(of, caller.foreign) and not response.denied and base not in ASKED_OF_NOTHING:
                wrong.append((base, table, "left no row in the audit log"))
        if told[0] != told[1]:
            wrong.append((base, table, told))

    assert wrong == []


def test_the_server_of_a_foreign_rule_is_no_connection_to_choose(world):
    caller = CALLERS[Role.BUYER_EDITOR.value](world)
    custom = {"action__kind": "smtp_custom", "action__server": {"host": "127.0.0.1", "port": 2525}}
    theirs = factories.saved_rule(
        campaign=caller.foreign["campaign"].pk, trigger="lms.campaign_sold", **custom
    ).connection
    assert theirs is not None

    told = []
    for key in (theirs.key, "no-such-key"):
        patch = {"action": {"connection": key}}
        response = caller.send(("api:rule-detail", "patch"), caller.own["rule"].pk, body=patch)
        told.append((response.status_code, response.content.replace(key.encode(), b"?")))

    assert told[0] == told[1]
    assert told[0][0] == 400


@pytest.mark.parametrize("table", ["product", "campaign", "channel"])
def test_a_foreign_entry_is_not_overwritten_by_its_id(world, table):
    caller = CALLERS[Role.LMS_ADMIN.value](world)
    row, own = world.calls[table], world.lms[table]
    fields = {
        "product": {"platform": "lms"},
        "campaign": {"product": world.lms["product"].pk, "buyer": world.lms["buyer"].pk},
        "channel": {"product": world.lms["product"].pk, "publisher": own.publisher_id if table == "channel" else 0},
    }[table]

    def put(key: int, **more: Any) -> Any:
        sent = [{"id": key, "name": "Taken", **fields, **more}]
        return caller.client.put(reverse(f"api:{table}s-list"), sent, content_type=JSON)

    assert put(row.pk).json()["errors"] == {"0.id": ["is an id of another platform"]}
    assert put(own.pk).status_code == 200
    row.refresh_from_db()
    own.refresh_from_db()
    assert (row.name == "Taken", own.name == "Taken") == (False, True)


def test_an_admin_of_one_platform_makes_no_product_of_the_other(world):
    caller = CALLERS[Role.LMS_ADMIN.value](world)

    response = caller.client.put(
        reverse("api:products-list"), [{"id": 5, "name": "X", "platform": "call_logic"}], content_type=JSON
    )

    assert response.json()["errors"] == {"0.platform": ["is not available to your role"]}
