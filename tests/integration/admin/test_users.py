"""People and tokens: nobody gives himself more than he has, and a token is seen once."""

from __future__ import annotations

import pytest
from django.contrib.admin import helpers
from django.contrib.auth.models import Permission
from django.urls import reverse

from tests import factories
from tests.integration.admin.pages import form_of, sent
from tracking.api import tokens
from tracking.models import ApiToken, User
from tracking.store import clock

LIST = reverse("admin:tracking_apitoken_changelist")
ADD = reverse("admin:tracking_apitoken_add")

pytestmark = pytest.mark.django_db


def shown_token(response) -> str:
    (text,) = (str(message) for message in response.context["messages"] if "The token is" in str(message))
    return text.split("The token is ")[1].split(" ")[0]


def test_a_token_is_shown_once_and_kept_as_a_hash(admin_client, admin_user):
    response = admin_client.post(ADD, {"name": "Feeder", "user": admin_user.pk}, follow=True)

    token = shown_token(response)
    row = ApiToken.objects.get()
    assert tokens.find(token, now=clock.now()) == row
    assert token not in row.digest
    for url in (LIST, reverse("admin:tracking_apitoken_change", args=(row.pk,))):
        page = admin_client.get(url).content.decode()
        assert token not in page
        assert row.digest not in page


def test_a_revoked_token_opens_nothing(admin_client, admin_user):
    row, token = tokens.issue(admin_user, "Feeder")

    admin_client.post(LIST, {"action": "revoke", helpers.ACTION_CHECKBOX_NAME: [row.pk]})

    assert tokens.find(token, now=clock.now()) is None
    assert "Revoked" in admin_client.get(LIST).content.decode()


def test_people_make_tokens_for_themselves_only(person, admin_user):
    client = person("add_apitoken", "view_apitoken", username="zoe")

    client.post(ADD, {"name": "Stolen", "user": admin_user.pk})
    client.post(ADD, {"name": "Own", "user": User.objects.get(username="zoe").pk})

    assert list(ApiToken.objects.values_list("name", "user__username")) == [("Own", "zoe")]


def test_who_edits_users_hands_out_no_powers(person):
    client = person("change_user", "view_user", username="zoe")
    zoe = User.objects.get(username="zoe")
    url = reverse("admin:tracking_user_change", args=(zoe.pk,))
    everything = [str(pk) for pk in Permission.objects.values_list("pk", flat=True)]

    client.post(url, sent(form_of(client, url), is_superuser="on", user_permissions=everything, first_name="Zoe"))

    zoe.refresh_from_db()
    assert zoe.first_name == "Zoe"
    assert not zoe.is_superuser
    assert zoe.user_permissions.count() == 2


def test_who_edits_users_leaves_superusers_alone(person, admin_user):
    client = person("change_user", "view_user", "delete_user")

    for name in ("change", "delete"):
        url = reverse(f"admin:tracking_user_{name}", args=(admin_user.pk,))
        assert client.post(url, {"username": "gone", "post": "yes"}).status_code == 403


def test_a_user_is_given_buyers(admin_client):
    user, buyer = factories.UserFactory.create(), factories.BuyerFactory.create()
    url = reverse("admin:tracking_user_change", args=(user.pk,))

    admin_client.post(url, sent(form_of(admin_client, url), buyers=[buyer.pk]))

    assert list(user.buyers.all()) == [buyer]


def test_who_writes_rules_chooses_whom_alerts_reach(person):
    factories.UserFactory.create(username="adam")
    url = reverse("admin:tracking_user_choices")

    assert person("view_product").get(url).status_code == 403
    answer = person("add_rule").get(url, {"term": "ada"}).json()
    assert [one["text"] for one in answer["results"]] == ["adam"]
