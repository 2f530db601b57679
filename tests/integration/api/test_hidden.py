"""What an administrator chose of a buyer's rule is told at no address to the buyer, and stays whatever is sent."""

from __future__ import annotations

import json

import pytest
from django.urls import reverse

from tests import factories
from tests.factories import NOON
from tests.integration.api.conftest import told
from tests.integration.api.test_rules import document
from tracking.choices import Role
from tracking.models import Alert, Rule, User
from tracking.store import presets

pytestmark = pytest.mark.django_db

KEPT = {"publisher": [4711], "notify_users": ["boss", "chief"], "connection": "house-key-7"}


@pytest.fixture
def own():
    return factories.CampaignFactory.create(name="Own")


@pytest.fixture
def buyer(calls, own):
    """The API as a Buyer Editor of the campaign."""
    return calls(role=Role.BUYER_EDITOR, buyers=[own.buyer])


@pytest.fixture
def rule(own) -> Rule:
    for name in ("boss", "chief"):
        factories.UserFactory.create(username=name, email=f"{name}@house.example")
    factories.PublisherFactory.create(id=4711)
    connection = factories.ConnectionFactory.create(key="house-key-7", name="Main relay")
    notify = {"enable_notifications": True, "warnings_number": 1, "notify_users": ["boss", "chief"]}
    return factories.saved_rule(
        trigger="lms.campaign_sold",
        campaign=own.pk,
        connection=connection,
        filters__publisher=[4711],
        **{f"notifications__{name}": value for name, value in notify.items()},
    )


def stands(rule: Rule) -> dict[str, object]:
    """What of the rule the buyer does not see, as it is stored."""
    rule.refresh_from_db()
    found = rule.current.document
    return {
        "publisher": found["filters"]["publisher"],
        "notify_users": found["notifications"]["notify_users"],
        "connection": found["action"]["connection"],
    }


def read(buyer, rule: Rule) -> tuple[dict, str]:
    response = buyer.get(f"rules/{rule.pk}/")
    return response.json()["document"], response["ETag"]


def renamed(rule: Rule) -> None:
    """Another version, by somebody who sees all."""
    factories.save_again(rule, name="Renamed", notifications__notify_users=["chief", "boss"])


def alert_of(rule: Rule, **fields: object) -> Alert:
    return Alert.objects.create(rule=rule, version=rule.current, raised_at=factories.NOON, **fields)


def test_no_document_version_difference_or_preset_tells_it(buyer, rule):
    renamed(rule)
    preset = presets.save(rule, name="Kept", buyer=rule.campaign.buyer, author=None, now=factories.NOON)

    paths = (
        f"rules/{rule.pk}/",
        f"rules/{rule.pk}/versions/1/",
        f"rules/{rule.pk}/versions/2/",
        f"presets/{preset.pk}/",
    )
    for response in map(buyer.get, paths):
        assert response.status_code == 200
        assert "Main relay" in response.json()["document"]["action"]["connection"]
        for hidden in ("boss", "chief", "house-key-7", "4711"):
            assert hidden not in response.content.decode()


def test_nobody_is_named_who_is_none_of_their_business(buyer, admin, rule):
    boss = User.objects.get(username="boss")
    rule.current.author, rule.author = boss, boss
    rule.current.save()
    rule.save()
    preset = presets.save(rule, name="Kept", buyer=rule.campaign.buyer, author=boss, now=NOON)
    paths = (f"rules/{rule.pk}/", "rules/", f"rules/{rule.pk}/versions/", f"presets/{preset.pk}/", "presets/")

    for path in paths:
        assert '"author":"boss"' in admin.get(path).content.decode()
        assert '"author":null' in buyer.get(path).content.decode()
        assert "boss" not in buyer.get(path).content.decode()


def test_who_is_not_of_a_buyer_reads_all_of_it(admin, rule):
    found = admin.get(f"rules/{rule.pk}/").json()["document"]

    assert found["notifications"]["notify_users"] == ["boss", "chief"]
    assert found["action"]["connection"] == "house-key-7"


def test_what_was_read_can_be_put_back_and_changes_nothing(buyer, rule):
    found, etag = read(buyer, rule)

    response = buyer.put(f"rules/{rule.pk}/", found, if_match=etag)

    assert (response.status_code, response["ETag"]) == (200, etag)
    assert stands(rule) == KEPT


@pytest.mark.parametrize("gone", ["the parts", "their values", "everything that may be left out"])
def test_a_put_that_leaves_it_out_keeps_it(buyer, rule, gone):
    found, etag = read(buyer, rule)
    found["action"]["subject"] = "Changed"
    if gone == "the parts":
        del found["filters"]["publisher"], found["notifications"]["notify_users"], found["action"]["connection"]
    elif gone == "their values":
        found["filters"]["publisher"], found["notifications"]["notify_users"] = [], []
        found["action"]["connection"] = None
    else:
        del found["filters"], found["notifications"], found["action"]["connection"]

    response = buyer.put(f"rules/{rule.pk}/", found, if_match=etag)

    assert response.status_code == 200, response.content
    assert stands(rule) == KEPT
    assert rule.current.document["action"]["subject"] == "Changed"


@pytest.mark.parametrize(
    ("patch", "users"),
    [
        pytest.param({"action": {"connection": None}, "notifications": None}, ["boss", "chief"], id="nulls"),
        pytest.param({"notifications": {"notify_users": ["me"]}}, ["boss", "chief", "me"], id="oneself beside them"),
        pytest.param({"notifications": {"notify_users": "me"}}, ["boss", "chief", "me"], id="oneself, as a text"),
        pytest.param({"notifications": {"notify_users": ["chief"]}}, ["boss", "chief"], id="one guessed"),
    ],
)
def test_a_patch_takes_none_of_them_away(buyer, rule, patch, users):
    buyer.user.username = "me"
    buyer.user.save()

    response = buyer.send("PATCH", f"rules/{rule.pk}/", patch, if_match=read(buyer, rule)[1])

    assert response.status_code == 200, response.content
    assert stands(rule) == {**KEPT, "notify_users": users}


@pytest.mark.parametrize(
    ("patch", "field"),
    [
        pytest.param({"notifications": {"notify_users": ["stranger"]}}, "notifications.notify_users", id="a stranger"),
        pytest.param({"notifications": {"notify_users": [1]}}, "notifications.notify_users.0", id="no name"),
        pytest.param({"filters": {"publisher": [4712]}}, "filters.publisher", id="another publisher"),
        pytest.param({"action": {"connection": 7}}, "action.connection", id="no key"),
        pytest.param({"action": {"connection": "nowhere"}}, "action.connection", id="a connection that is not there"),
    ],
)
def test_what_is_not_theirs_to_set_is_refused_by_its_field(buyer, rule, patch, field):
    factories.UserFactory.create(username="stranger")
    factories.PublisherFactory.create(id=4712)

    response = buyer.send("PATCH", f"rules/{rule.pk}/", patch, if_match=read(buyer, rule)[1])

    assert field in " ".join(told(response)["errors"])
    assert stands(rule) == KEPT


def test_a_connection_is_chosen_by_its_name_or_its_key(buyer, rule, own):
    factories.ConnectionFactory.create(key="other", name="Second relay")
    for chosen in ("Second relay", "other"):
        wanted = document(trigger="lms.campaign_sold", campaign=own.pk, product=None, action__connection=chosen)

        made = buyer.post(wanted, path="rules/")

        assert made.status_code == 201, made.content
        assert made.json()["document"]["action"]["connection"] == "Second relay"
        assert Rule.objects.get(pk=made.json()["id"]).current.document["action"]["connection"] == "other"


def test_an_earlier_version_comes_back_with_what_stands_now(buyer, rule):
    renamed(rule)

    response = buyer.post({}, path=f"rules/{rule.pk}/versions/1/restore/")

    assert response.status_code == 200, response.content
    assert stands(rule) == {**KEPT, "notify_users": ["chief", "boss"]}
    assert rule.current.document["name"] != "Renamed"


def test_a_file_that_was_downloaded_comes_back_without_loss(buyer, rule, client):
    client.force_login(buyer.user)
    buyer.user.is_staff = True
    buyer.user.save()
    listing = reverse("admin:tracking_rule_changelist")
    exported = client.post(listing, {"action": "export", "_selected_action": [rule.pk]})
    text = exported.content.decode()
    assert exported["Content-Type"].startswith("application/json")
    for hidden in ("boss", "chief", "house-key-7", "4711"):
        assert hidden not in text
    (found,) = json.loads(text)
    found["action"]["subject"] = "Imported"
    del found["notifications"]["notify_users"]

    page = client.post(reverse("admin:tracking_rule_import"), {"text": json.dumps(found), "confirmed": "yes"})

    assert page.status_code == 302
    assert stands(rule) == KEPT
    assert rule.current.document["action"]["subject"] == "Imported"


def test_what_an_import_would_change_is_said_without_it(buyer, rule, client):
    client.force_login(buyer.user)
    buyer.user.is_staff = True
    buyer.user.save()
    factories.ConnectionFactory.create(key="other-key", name="Second relay")
    found, _ = read(buyer, rule)
    found["action"]["connection"] = "Second relay"
    found["notifications"]["notify_users"] = [buyer.user.username]

    text = client.post(reverse("admin:tracking_rule_import"), {"text": json.dumps(found)}).content.decode()

    assert "Main relay" in text
    assert "Second relay" in text
    for hidden in ("boss", "chief", "house-key-7", "other-key", "4711"):
        assert hidden not in text


def test_a_reader_of_a_buyer_sees_no_strangers_on_the_page_either(calls, rule, own, client):
    agent = calls(role=Role.BUYER_AGENT, buyers=[own.buyer]).user
    agent.is_staff = True
    agent.save()
    client.force_login(agent)
    said = f"550 <boss@house.example>: no such user; {agent.email}: accepted"
    alert = alert_of(rule, recipients=["boss@house.example", agent.email], skipped=["chief"], last_error=said)

    pages = [
        reverse("admin:tracking_rule_change", args=[rule.pk]),
        reverse("admin:tracking_rule_versions", args=[rule.pk]),
        reverse("admin:tracking_rule_warnings", args=[rule.pk]),
        reverse("admin:tracking_alert_change", args=[alert.pk]),
        reverse("admin:tracking_alert_changelist"),
    ]
    for page in pages:
        text = client.get(page).content.decode()
        assert rule.name in text or str(rule.pk) in text
        for hidden in ("boss", "chief", "house-key-7", "4711"):
            assert hidden not in text


def test_an_alert_names_the_addresses_that_a_buyer_knows_and_no_others(buyer, rule, admin):
    recipients = ["boss@house.example", buyer.user.email, "me@example.com"]
    factories.save_again(rule, notifications__notify_emails=["me@example.com"])
    said = '550 <boss@house.example> unknown, "the boss"@house.example too; me@example.com accepted'
    alert = alert_of(rule, recipients=recipients, skipped=["chief"], last_error=said)

    seen, whole = (caller.get(f"alerts/{alert.pk}/").json() for caller in (buyer, admin))

    assert (seen["recipients"], seen["skipped"]) == ([buyer.user.email, "me@example.com"], [])
    assert seen["last_error"] == "550 <…@…> unknown, …@… too; me@example.com accepted"
    assert (whole["recipients"], whole["skipped"], whole["last_error"]) == (recipients, ["chief"], said)
    assert Alert.objects.get().recipients == recipients
