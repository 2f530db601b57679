"""People and tokens: nobody gives himself more than he has, and a token is seen once."""

from __future__ import annotations

import pytest
from django.contrib.admin import helpers
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from tests import factories
from tests.integration.admin.pages import errors, form_of, sent
from tracking import access
from tracking.api import tokens
from tracking.choices import AuditAction, Role, Scope
from tracking.models import ApiToken, AuditEntry, User
from tracking.store import clock

LIST = reverse("admin:tracking_apitoken_changelist")
ADD = reverse("admin:tracking_apitoken_add")
USERS = reverse("admin:tracking_user_changelist")

pytestmark = pytest.mark.django_db


def page(user: User) -> str:
    return reverse("admin:tracking_user_change", args=(user.pk,))


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
    acts = AuditEntry.objects.filter(target_type="apitoken").order_by("id").values_list("action", flat=True)
    assert list(acts) == [AuditAction.TOKEN_ISSUED, AuditAction.TOKEN_REVOKED]
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


# --- roles ------------------------------------------------------------------------------------------------------------


def staff(role: Role, *names: str) -> Client:
    """A member of staff of a role, with some more permissions of their own."""
    user = factories.member(role)
    user.user_permissions.set(Permission.objects.filter(codename__in=names))
    client = Client()
    client.force_login(user)
    return client


def test_a_role_and_buyers_are_given_on_one_page(admin_client):
    factories.member(Role.SUPPORT)
    user, buyer = factories.UserFactory.create(is_staff=False), factories.BuyerFactory.create()
    url = page(user)

    admin_client.post(
        url, sent(form_of(admin_client, url), groups=[factories.group(Role.BUYER_EDITOR).pk], buyers=[buyer.pk])
    )

    user.refresh_from_db()
    assert access.of(user).buyers == {buyer.pk}
    assert user.is_staff, "whoever has a role logs in here"
    entry = AuditEntry.objects.get(action=AuditAction.USER_CHANGED)
    assert entry.detail["groups"] == [[], ["Buyer Editor"]]


def test_a_global_admin_gives_any_role_and_no_superuser(db):
    client = staff(Role.GLOBAL_ADMIN)
    user = factories.UserFactory.create()

    client.post(
        page(user), sent(form_of(client, page(user)), groups=[factories.group(Role.SUPPORT).pk], is_superuser="on")
    )

    user.refresh_from_db()
    assert list(user.groups.all()) == [factories.group(Role.SUPPORT)]
    assert not user.is_superuser


@pytest.mark.parametrize("role", [Role.GLOBAL_ADMIN, Role.CALL_LOGIC_ADMIN, Role.SUPPORT])
def test_nobody_gives_a_role_that_sees_or_does_more(db, role):
    client = staff(Role.LMS_ADMIN, "view_user", "change_user")
    user = factories.UserFactory.create()

    found = errors(client.post(page(user), sent(form_of(client, page(user)), groups=[factories.group(role).pk])))

    assert "groups" in found
    assert not user.groups.exists()


@pytest.mark.parametrize("role", [Role.GLOBAL_ADMIN, Role.CALL_LOGIC_ADMIN])
def test_nobody_takes_over_whoever_has_more(db, role):
    client = staff(Role.LMS_ADMIN, "view_user", "change_user", "delete_user")
    other = factories.member(role)
    password = reverse("admin:auth_user_password_change", args=(other.pk,))

    assert client.post(page(other), {"username": "x"}).status_code == 403
    assert client.post(password, {"password1": "Taken-over-1", "password2": "Taken-over-1"}).status_code == 403
    client.post(USERS, {"action": "delete_selected", helpers.ACTION_CHECKBOX_NAME: [other.pk], "post": "yes"})
    assert User.objects.filter(pk=other.pk).exists()


def test_nobody_widens_what_they_see_themselves(db):
    buyer = factories.BuyerFactory.create()
    me = factories.member(Role.GLOBAL_ADMIN)
    client = Client()
    client.force_login(me)

    client.post(page(me), sent(form_of(client, page(me)), buyers=[buyer.pk], groups=[factories.group(Role.SUPPORT).pk]))

    assert list(me.groups.all()) == [factories.group(Role.GLOBAL_ADMIN)]
    assert not me.buyers.exists()


def test_groups_are_changed_by_superusers_only(db):
    client = staff(Role.GLOBAL_ADMIN, "view_group", "change_group", "add_group", "delete_group")
    everything = [str(pk) for pk in Permission.objects.values_list("pk", flat=True)]
    url = reverse("admin:auth_group_change", args=(factories.group(Role.GLOBAL_ADMIN).pk,))

    assert client.post(url, {"name": "Global Admin", "permissions": everything}).status_code == 403


def test_a_new_password_is_noted_and_not_told(admin_client):
    user = factories.UserFactory.create()
    url = reverse("admin:auth_user_password_change", args=(user.pk,))

    admin_client.post(url, {"usable_password": "true", "password1": "Sesame-open-7", "password2": "Sesame-open-7"})

    entry = AuditEntry.objects.get(action=AuditAction.PASSWORD_CHANGED)
    assert entry.target == user.username
    assert "Sesame" not in str(entry.detail)


def test_logging_in_and_out_is_noted(client):
    user = factories.UserFactory.create(username="zoe", is_staff=True)
    client.force_login(user)
    client.post(reverse("admin:logout"))

    assert list(AuditEntry.objects.order_by("id").values_list("actor", "action")) == [
        ("zoe", AuditAction.LOGGED_IN),
        ("zoe", AuditAction.LOGGED_OUT),
    ]


def test_only_permissions_that_do_something_are_offered(admin_client, admin_user):
    group = factories.group(Role.SUPPORT)
    offered = [
        admin_client.get(address).context["adminform"].form.fields[name].queryset
        for address, name in (
            (reverse("admin:auth_group_change", args=(group.pk,)), "permissions"),
            (page(admin_user), "user_permissions"),
        )
    ]

    for permissions in offered:
        names = {f"{one.content_type.app_label}.{one.codename}" for one in permissions}
        assert {"tracking.view_rule", "tracking.reveal_delivery", "auth.view_group"} <= names
        assert not {"axes.add_accesslog", "sessions.view_session", "tracking.add_delivery", "auth.add_group"} & names


def test_a_token_says_in_words_what_it_is_narrowed_to(admin_client, admin_user):
    token, _ = tokens.issue(admin_user, "Platform", None, scopes=[], products=[], by=admin_user)

    text = admin_client.get(reverse("admin:tracking_apitoken_change", args=(token.pk,))).content.decode()

    assert "choices.Scope" not in text
    assert ">All<" in text


def test_the_list_of_tokens_says_to_which_products_one_is_narrowed(admin_client, admin_user):
    product, gone = (factories.ProductFactory.create(name=name) for name in ("Car loans", "Boats"))
    tokens.issue(admin_user, "A", scopes=[Scope.EVENTS_READ], products=[product])
    tokens.issue(admin_user, "B", products=[gone])

    gone.delete()

    text = admin_client.get(reverse("admin:tracking_apitoken_changelist")).content.decode()
    assert "events:read, Car loans" in text
    assert "no product that is left" in text
