"""Who may emit: the token's state, its user's, and what is said to all others."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from tests import factories
from tests.integration.api.conftest import EVENTS, Platform
from tracking.api import tokens
from tracking.models import ApiToken, StoredEvent

pytestmark = pytest.mark.django_db


def emit(authorization: str | None, *, query: str = "") -> int:
    headers = {} if authorization is None else {"authorization": authorization}
    event = factories.event().to_json()
    return Client().post(EVENTS + query, event, content_type="application/json", headers=headers).status_code


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "Token"])
def test_a_token_opens_the_door_and_its_use_is_noted(platform: Platform, scheme):
    assert emit(f"{scheme} {platform.token}") == 202

    assert ApiToken.objects.get().last_used_at is not None


@pytest.mark.parametrize(
    "authorization",
    [
        pytest.param(None, id="no header"),
        pytest.param("", id="an empty header"),
        pytest.param("Bearer", id="no token"),
        pytest.param("Bearer evt_", id="a token's beginning"),
        pytest.param("Bearer {token}x", id="a letter too many"),
        pytest.param("Bearer {token} {token}", id="a token twice"),
        pytest.param("Bearer {token}\n", id="a line break behind it"),
        pytest.param("Bearer {token}\0", id="a NUL behind it"),
        pytest.param("{token}", id="no scheme"),
        pytest.param("Basic {token}", id="another scheme"),
        pytest.param("Bearer é日本", id="letters beyond ASCII"),
        pytest.param("Bearer " + "x" * 10_000, id="a token without end"),
        pytest.param("Bearer {digest}", id="the hash that is stored"),
    ],
)
def test_what_is_no_token_is_401(platform: Platform, authorization):
    shown = {"token": platform.token, "digest": ApiToken.objects.get().digest}

    assert emit(authorization and authorization.format(**shown)) == 401
    assert not StoredEvent.objects.exists()


def test_a_token_in_the_address_counts_for_nothing(platform: Platform):
    assert emit(None, query=f"?token={platform.token}&access_token={platform.token}") == 401


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"revoked_at": timezone.now()}, id="revoked"),
        pytest.param({"expires_at": timezone.now() - timedelta(seconds=1)}, id="expired"),
    ],
)
def test_a_token_that_ended_is_401(platform: Platform, change):
    ApiToken.objects.update(**change)

    assert emit(f"Bearer {platform.token}") == 401


def test_a_token_that_has_not_expired_yet_opens_the_door(platform: Platform):
    ApiToken.objects.update(expires_at=timezone.now() + timedelta(minutes=1))

    assert emit(f"Bearer {platform.token}") == 202


def test_the_token_of_a_deactivated_user_is_401(platform: Platform):
    platform.user.is_active = False
    platform.user.save()

    assert emit(f"Bearer {platform.token}") == 401


def test_a_user_without_the_permission_is_403_and_told_which(platform: Platform):
    platform.user.user_permissions.clear()

    response = platform.post(factories.event().to_json())

    assert response.status_code == 403
    assert response.json()["detail"] == "Emitting events needs the permission “Can add event”."
    assert not StoredEvent.objects.exists()


def test_whoever_has_no_token_is_told_how_to_have_one(db):
    response = Client().post(EVENTS, {}, content_type="application/json")

    assert response["WWW-Authenticate"] == "Bearer"
    assert "create_token" in response.json()["detail"]


def test_a_session_counts_only_with_the_forms_own_token(emitter):
    """So that no foreign page can emit with a person's cookie."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(emitter)

    response = client.post(EVENTS, factories.event().to_json(), content_type="application/json")

    assert response.status_code == 403
    assert "CSRF" in response.json()["detail"]
    assert not StoredEvent.objects.exists()


def test_a_token_whose_last_product_is_deleted_opens_nothing(calls):
    product, _ = factories.ProductFactory.create_batch(2)
    caller = calls("view_product", products=[product])

    product.delete()

    assert caller.get("products/").json()["results"] == []


def test_only_the_hash_of_a_token_is_kept(platform: Platform):
    row = ApiToken.objects.get()

    assert platform.token not in {str(value) for value in vars(row).values()}
    assert tokens.find(platform.token, now=timezone.now()) == row


def test_the_command_prints_a_token_that_works(emitter):
    out = StringIO()

    call_command("create_token", emitter.username, "sales platform", stdout=out)

    assert emit(f"Bearer {out.getvalue().strip()}") == 202


@pytest.mark.parametrize("name", ["", " ", "x" * 101, "a\nb"], ids=["none", "blanks", "too long", "two lines"])
def test_the_command_wants_a_name_that_can_be_read(emitter, name):
    with pytest.raises(CommandError, match="a name: one line of at most 100 characters"):
        call_command("create_token", emitter.username, name)

    assert not ApiToken.objects.exists()


def test_the_command_names_an_unknown_user(db):
    with pytest.raises(CommandError, match="There is no user nobody"):
        call_command("create_token", "nobody", "platform")
