"""Every page by every role, with a row of one's own, a foreign one and one that does not exist."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.auth.models import AnonymousUser
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from django.http import Http404, HttpResponse
from django.test import Client, RequestFactory
from django.urls import resolve, reverse

from tests import factories, tenants
from tests.authorisation import ANYBODY, NOBODY, STAFF, TABLE, Row, walk
from tests.integration.admin.pages import listed
from tests.operations import OPERATIONS
from tests.tenants import Rows
from tracking.choices import AuditAction, Role
from tracking.models import AuditEntry, Job, User
from tracking.roles import BUYER_ROLES, PERMISSIONS

pytestmark = pytest.mark.django_db

WITH_A_NUMBER = {"admin:tracking_job_mail", "admin:tracking_job_html"}  # behind the key
LEADING_AWAY = {"admin:logout", "admin:autocomplete", "admin:view_on_site"}  # want more than an address
REFUSED = {403, 404, 405}
METHODS = ("get", "head", "post", "put", "patch", "delete", "options")
NARROWED = frozenset(  # the tables whose rows are not all theirs, for whoever is of a buyer or a platform
    {"product", "campaign", "channel", "rule", "delivery", "storedevent", "alert", "preset", "job", "usageday"}
)
LIMITED = [*sorted(BUYER_ROLES), Role.LMS_ADMIN, Role.CALL_LOGIC_ADMIN]


@pytest.fixture(autouse=True)
def nobody_is_woken(rung):
    return rung


@pytest.fixture(autouse=True)
def unlogged(caplog):
    """Thousands of refusals, each with its traceback, cost as much as the answers."""
    caplog.set_level(logging.CRITICAL, "django.request")


def test_every_address_has_its_row():
    addresses, rows = {name for name, _ in walk()}, TABLE.keys() | {name for name, _ in OPERATIONS}

    assert addresses - rows == set(), "say in tests/authorisation.py or tests/operations.py who may open it"
    assert rows - addresses == set(), "gone: take the rows away"


def address(name: str, row: Row, key: Any = None) -> str:
    """With the key of its row, and some word where the address wants another."""
    if row.of:
        return reverse(name, args=(key, 1) if name in WITH_A_NUMBER else (key,))
    words = {"admin:app_list": ("tracking",), "admin:view_on_site": (1, 1), "alert": ("nonsense",)}
    return reverse(name, args=words.get(name, ()))


@dataclass(frozen=True, slots=True)
class Person:
    """`role` None: staff to whom nothing is permitted."""

    role: Role | None
    user: User
    client: Client
    own: Rows
    foreign: Rows

    def may(self, row: Row) -> bool:
        if row.needs in (ANYBODY, STAFF):
            return True
        needs = {row.needs} if isinstance(row.needs, str) else set(row.needs)
        return self.role is not None and row.needs != NOBODY and not PERMISSIONS[self.role].isdisjoint(needs)

    def ask(self, method: str, url: str, data: Any = None) -> HttpResponse:
        """Undone once it is answered; counted by no limit."""
        cache.clear()
        with transaction.atomic():
            response = getattr(self.client, method)(url, data)
            transaction.set_rollback(True)
        return response


def straight(user: User | AnonymousUser, method: str, url: str) -> int:
    """What the page's view answers when the method gets to it. Fails where the view fails, or writes.

    The middleware, which looks at no method, is left out: a page is asked for through it with its own method.
    """
    request, found = RequestFactory().generic(method.upper(), url), resolve(url)
    request.user, request._dont_enforce_csrf_checks = user, True
    with connection.execute_wrapper(_no_write):
        try:
            return found.func(request, *found.args, **found.kwargs).status_code
        except PermissionDenied:
            return 403
        except Http404:
            return 404


def _no_write(execute: Callable[..., Any], sql: str, *more: Any) -> Any:
    assert not sql.lstrip().upper().startswith(("INSERT", "UPDATE", "DELETE")), sql
    return execute(sql, *more)


@pytest.fixture
def world() -> tenants.World:
    return tenants.world()


def person_of(role: Role | None, world: tenants.World) -> Person:
    """A person of the role, the rows of their own, and foreign ones."""
    own, foreign = (world.calls, world.lms) if role is Role.CALL_LOGIC_ADMIN else (world.lms, world.calls)
    if role in BUYER_ROLES:
        foreign = {**world.neighbour, "product": foreign["product"]}
    user = factories.member(*filter(None, [role]), buyers=[own["buyer"]] if role in BUYER_ROLES else ())
    Job.objects.filter(pk=own["job"].pk).update(author=user)
    client = Client(raise_request_exception=False)
    client.force_login(user)
    return Person(role, user, client, own, foreign)


@pytest.mark.parametrize("role", [*Role, None])
def test_a_role_opens_what_it_may_and_nothing_else(world, role):
    person, wrong = person_of(role, world), []
    reveal = reverse("admin:tracking_delivery_reveal", args=(person.own["delivery"].pk,))
    person.client.post(reveal)

    for name, row in sorted(TABLE.items()):
        if name in LEADING_AWAY or row.needs == ANYBODY:
            continue
        url = address(name, row, row.of and person.own[row.of].pk)
        told = {row.method: person.ask(row.method, url).status_code}
        if not person.may(row):
            told |= {method: straight(person.user, method, url) for method in METHODS if method != row.method}
        for method, status in told.items():
            if status not in ({200, 302, 400, 404} if person.may(row) else REFUSED):
                wrong.append((name, method, status))

    assert wrong == []


@pytest.mark.parametrize("role", LIMITED)
def test_a_foreign_row_answers_as_one_that_does_not_exist(world, role):
    person, wrong = person_of(role, world), []

    for name, row in sorted(TABLE.items()):
        if row.of not in NARROWED:
            continue
        missing = factories.new_token() if row.of in ("delivery", "storedevent") else 987_654_321
        urls = [address(name, row, key) for key in (person.foreign[row.of].pk, missing)]
        theirs, none = (person.ask(row.method, url) for url in urls)
        expected = {404} if person.may(row) else REFUSED
        if theirs.status_code not in expected or (theirs.status_code, theirs.content) != (
            none.status_code,
            none.content,
        ):
            wrong.append((name, row.method, theirs.status_code, none.status_code))
        for method in METHODS:
            told = [straight(person.user, method, url) for url in urls]
            if told[0] not in REFUSED or told[0] != told[1]:
                wrong.append((name, method, *told))

    assert wrong == []


def test_asking_for_a_foreign_row_leaves_a_row_in_the_audit_log(world):
    person = person_of(Role.BUYER_EDITOR, world)

    person.client.get(reverse("admin:tracking_rule_change", args=(person.foreign["rule"].pk,)))

    assert AuditEntry.objects.get(action=AuditAction.DENIED).target_id == str(person.foreign["rule"].pk)


def _lists(person: Person) -> Iterator[tuple[Any, str]]:
    """Model admin and table of the lists that this person may open and that hold rows of others."""
    for model, page in admin.site._registry.items():
        table = str(model._meta.model_name)
        if table in NARROWED and f"view_{table}" in PERMISSIONS[person.role or Role.SUPPORT]:
            yield page, table


@pytest.mark.parametrize("role", LIMITED)
def test_a_list_shows_and_offers_one_s_own_rows(world, role):
    person, wrong = person_of(role, world), []

    for _, table in _lists(person):
        own, foreign = person.own[table].pk, person.foreign[table].pk
        found = listed(person.ask("get", reverse(f"admin:tracking_{table}_changelist")))
        if own not in found or foreign in found:
            wrong.append((table, found))
    for name in (name for name in TABLE if name.endswith("_choices")):
        table = name.removeprefix("admin:tracking_").removesuffix("_choices")
        for term in ("", str(person.foreign[table].pk)) if table in NARROWED else ():
            found = person.ask("get", reverse(name), {"term": term})
            if found.status_code == 200 and str(person.foreign[table].pk) in {
                row["id"] for row in found.json()["results"]
            }:
                wrong.append((name, term))

    assert wrong == []


@pytest.mark.parametrize("role", LIMITED)
def test_an_action_on_foreign_rows_is_answered_as_one_on_none(world, role):
    """Those that a role is not offered are tried all the same."""
    person, wrong = person_of(role, world), []
    superuser = RequestFactory().get("/")
    superuser.user = factories.UserFactory.create(is_staff=True, is_superuser=True)

    for page, table in _lists(person):
        url, foreign = reverse(f"admin:tracking_{table}_changelist"), person.foreign[table]
        before = type(foreign).objects.filter(pk=foreign.pk).values().get()
        for action in page.get_actions(superuser):
            missing = factories.new_token() if table in ("delivery", "storedevent") else 987_654_321
            chosen = {"action": action, "confirmed": "yes", "post": "yes"}
            with transaction.atomic():
                theirs = person.client.post(url, {**chosen, ACTION_CHECKBOX_NAME: [foreign.pk]})
                after = type(foreign).objects.filter(pk=foreign.pk).values().first()
                transaction.set_rollback(True)
            none = person.ask("post", url, {**chosen, ACTION_CHECKBOX_NAME: [missing]})
            if after != before or (theirs.status_code, theirs.get("Location")) != (
                none.status_code,
                none.get("Location"),
            ):
                wrong.append((table, action, theirs.status_code, none.status_code))

    assert wrong == []


@pytest.mark.parametrize("role", LIMITED)
def test_a_search_and_an_export_tell_nothing_of_others(world, role):
    person = person_of(role, world)
    foreign = person.foreign["rule"]
    type(foreign).objects.filter(pk=foreign.pk).update(name="Unheard of")

    found = person.ask("get", reverse("admin:search"), {"s": "Unheard"})
    export = person.ask("get", reverse("admin:tracking_usageday_download"))

    assert "Unheard of" not in found.content.decode()
    assert "Unheard of" not in b"".join(export.streaming_content).decode()


def test_strangers_are_asked_who_they_are(client, world):
    wrong = []
    for name, row in sorted(TABLE.items()):
        if row.needs == ANYBODY or name == "admin:logout":
            continue
        url = address(name, row, row.of and world.lms[row.of].pk)
        response = getattr(client, row.method)(url)
        if response.status_code != 302 or "login" not in response["Location"]:
            wrong.append((name, row.method, response.status_code))
        for method in METHODS:
            if (status := straight(AnonymousUser(), method, url)) not in {302, 405}:
                wrong.append((name, method, status))

    assert wrong == []
