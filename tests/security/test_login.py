"""Guessing passwords is slowed, and tells nothing about who exists."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from axes.models import AccessAttempt
from django.contrib.auth import hashers
from django.test import Client
from django.urls import reverse

from tests import factories
from tests.security.conftest import PASSWORD
from tracking.api import tokens
from tracking.choices import AuditAction
from tracking.models import ApiToken, AuditEntry

pytestmark = pytest.mark.django_db


def try_in(client: Client, username: str, password: str, address: str = "203.0.113.7", **headers: str):
    form = {"username": username, "password": password}
    return client.post(reverse("admin:login"), form, REMOTE_ADDR=address, **headers)


@pytest.fixture
def locked(visitor, operator, settings) -> Client:
    """A visitor who has guessed as often as is allowed."""
    for guess in range(settings.AXES_FAILURE_LIMIT):
        try_in(visitor, "ada", f"guess {guess}")
    return visitor


def test_the_right_password_lets_in(visitor, operator):
    assert try_in(visitor, "ada", PASSWORD).status_code == 302


def test_after_five_guesses_even_the_right_password_waits(locked):
    response = try_in(locked, "ada", PASSWORD)

    assert response.status_code == 429
    assert response.headers["Retry-After"] == "900"
    assert "Wait 15 minutes" in response.text
    assert "axes_reset_username" in response.text


def test_the_wait_ends(locked, settings):
    with time_machine.travel(datetime.now(UTC) + settings.AXES_COOLOFF_TIME + timedelta(seconds=1)):
        assert try_in(locked, "ada", PASSWORD).status_code == 302


def test_a_stranger_elsewhere_locks_nobody_out(locked):
    assert try_in(Client(), "ada", PASSWORD, address="198.51.100.9").status_code == 302


def test_a_name_that_does_not_exist_is_answered_alike(visitor, operator, settings):
    known = [try_in(visitor, "ada", "wrong") for _ in range(settings.AXES_FAILURE_LIMIT)]
    unknown = [try_in(visitor, "nobody", "wrong") for _ in range(settings.AXES_FAILURE_LIMIT)]

    def told(response):
        words = response.text.replace("nobody", "ada")
        return response.status_code, words.split("csrfmiddlewaretoken")[0], response.headers.get("Retry-After")

    assert [told(response) for response in known] == [told(response) for response in unknown]
    assert known[-1].status_code == 429


def test_a_name_that_does_not_exist_costs_the_same_hashing(visitor, operator, monkeypatch):
    made: list[str] = []
    hasher = hashers.get_hasher("default")
    encode = type(hasher).encode
    monkeypatch.setattr(type(hasher), "encode", lambda self, *args: made.append("hash") or encode(self, *args))

    try_in(visitor, "ada", "wrong")
    with_user = len(made)
    try_in(visitor, "nobody", "wrong")

    assert len(made) - with_user == with_user == 1


def test_who_is_not_staff_learns_nothing_from_the_right_password(visitor, operator):
    outsider = factories.UserFactory.create(username="bob")
    outsider.set_password(PASSWORD)
    outsider.save()

    right, wrong = try_in(visitor, "bob", PASSWORD), try_in(visitor, "bob", "wrong")

    assert right.status_code == wrong.status_code == 200
    assert right.context["form"].non_field_errors() == wrong.context["form"].non_field_errors()


def test_what_was_typed_as_password_is_kept_nowhere(visitor, operator):
    try_in(visitor, "ada", "almost-my-password")

    row = AccessAttempt.objects.values().get()
    assert "almost-my-password" not in str(row)


PROXY = ("HTTP_X_FORWARDED_PROTO", "https")


@pytest.mark.parametrize(
    ("proxy", "claimed", "counted"),
    [
        pytest.param((None, 1), "192.0.2.1", "203.0.113.7", id="without a proxy a client's claim counts nothing"),
        pytest.param((PROXY, 1), "192.0.2.1, 192.0.2.2", "192.0.2.2", id="behind one, what the proxy saw last"),
        pytest.param((PROXY, 2), "6.6.6.6, 192.0.2.1, 10.0.0.1", "192.0.2.1", id="behind two, what the first saw"),
        pytest.param((PROXY, 2), "192.0.2.1", "203.0.113.7", id="asked past one of them"),
        pytest.param((PROXY, 1), "not an address", "203.0.113.7", id="no address"),
        pytest.param((PROXY, 1), "2001:db8::a:b:c:d", "2001:db8::", id="of IPv6 the network that one client has"),
        pytest.param((PROXY, 1), "::ffff:192.0.2.9", "192.0.2.9", id="IPv4 in IPv6"),
    ],
)
def test_the_address_that_is_counted(visitor, settings, proxy, claimed, counted):
    settings.SECURE_PROXY_SSL_HEADER, settings.TRACKING_PROXIES = proxy

    try_in(visitor, "ada", "wrong", HTTP_X_FORWARDED_FOR=claimed)

    assert AccessAttempt.objects.get().ip_address == counted


# --- one password for many names --------------------------------------------------------------------------------------


def test_one_password_for_many_names_makes_the_address_wait(visitor, operator, settings):
    settings.TRACKING_LOGIN_TRIES_OF_ADDRESS = 7

    statuses = [try_in(visitor, f"name-{n}", "Spring2026!").status_code for n in range(7)]
    known = try_in(Client(), "ada", PASSWORD)

    assert statuses == [200] * 6 + [429]
    assert known.status_code == 429
    assert try_in(Client(), "ada", PASSWORD, address="198.51.100.9").status_code == 302


def test_the_wait_of_an_address_ends(visitor, operator, settings):
    settings.TRACKING_LOGIN_TRIES_OF_ADDRESS = 7
    for n in range(9):
        try_in(visitor, f"name-{n}", "Spring2026!")

    with time_machine.travel(datetime.now(UTC) + settings.AXES_COOLOFF_TIME + timedelta(seconds=1)):
        assert try_in(visitor, "ada", PASSWORD).status_code == 302


def test_logging_in_as_oneself_does_not_forget_what_was_tried_on_others(visitor, operator, settings):
    settings.TRACKING_LOGIN_TRIES_OF_ADDRESS = 7
    for n in range(6):
        try_in(visitor, f"name-{n}", "Spring2026!")

    assert try_in(Client(), "ada", PASSWORD).status_code == 302
    assert try_in(Client(), "name-6", "Spring2026!").status_code == 429


# --- what the audit log keeps of it -----------------------------------------------------------------------------------


def failures():
    return AuditEntry.objects.filter(action=AuditAction.LOGIN_FAILED).order_by("pk")


def test_a_wrong_password_leaves_a_row_without_it(visitor, operator):
    try_in(visitor, "ada", "almost-my-password")

    row = failures().get()
    assert (row.target_type, row.target_id, row.target, row.actor) == ("user", str(operator.pk), "ada", "")
    assert row.detail == {"by": "password", "address": "203.0.113.7"}
    assert "almost" not in str(AuditEntry.objects.values())


def test_a_password_typed_as_a_name_is_not_kept(visitor, operator):
    try_in(visitor, "almost-my-password", "ada")

    assert failures().get().target == ""
    assert "almost" not in str(AuditEntry.objects.values())


def test_guessing_does_not_flood_the_log(visitor, operator, settings):
    settings.TRACKING_LOGIN_TRIES_OF_ADDRESS = 1_000
    with time_machine.travel(datetime.now(UTC), tick=False) as moved:
        for n in range(9):
            try_in(visitor, "ada", "wrong")
            try_in(visitor, f"nobody-{n}", "wrong")
        assert (failures().filter(target="ada").count(), failures().filter(target="").count()) == (5, 5)
        moved.shift(61)
        try_in(visitor, "ada", "wrong")

    assert failures().filter(target="ada").count() == 6


@pytest.mark.parametrize("known", [True, False], ids=["revoked", "made up"])
def test_a_refused_token_leaves_a_row_without_it(operator, known):
    _, text = tokens.issue(operator, "mine")
    tokens.revoke(ApiToken.objects.all(), by=operator, now=factories.NOON)

    for _ in range(9):
        sent = text if known else "evt_made-up"
        assert Client().get("/api/v1/rules/", headers={"authorization": f"Bearer {sent}"}).status_code == 401

    found = failures()
    assert found.count() == 5
    assert {(one.target, one.detail["by"]) for one in found} == {("ada" if known else "", "API token")}
    assert sent not in str(AuditEntry.objects.values())
