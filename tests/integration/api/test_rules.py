"""Rules over HTTP: one document in and out, nobody's change undone unseen, the admin's validation and rights."""

from __future__ import annotations

from typing import Any

import pytest

from tests import factories
from tests.integration.api.conftest import told
from tests.integration.test_intake import at_once
from tracking.choices import AuditAction, Role
from tracking.models import AuditEntry, Connection, Rule

pytestmark = pytest.mark.django_db


def document(**changes: Any) -> dict[str, Any]:
    """A rule as people exchange it, for a product and a connection that are there."""
    if "product" not in changes and "campaign" not in changes:
        changes["product"] = factories.ProductFactory.create().pk
    if changes.get("action__kind", "smtp_esp") == "smtp_esp":
        changes.setdefault("action__connection", factories.ConnectionFactory.create().key)
    return factories.definition(**changes).to_json()


def custom(**server: Any) -> dict[str, Any]:
    return document(action__kind="smtp_custom", action__server={"host": "127.0.0.1", "port": 2525, **server})


def acts() -> list[str]:
    return list(AuditEntry.objects.exclude(actor="").order_by("pk").values_list("action", flat=True))


def test_a_rule_is_made_and_read_as_one_document(admin):
    wanted = document(name="Tell them")

    response = admin.post(wanted, path="rules/")

    rule = Rule.objects.get()
    body = response.json()
    assert (response.status_code, response["Location"]) == (201, f"/api/v1/rules/{rule.pk}/")
    assert body["document"] == {**wanted, "key": str(rule.key), "enabled": True}
    assert (body["version"], body["author"]) == (1, admin.user.username)
    read = admin.get(f"rules/{rule.pk}/")
    assert (read.json(), read["ETag"]) == (body, response["ETag"])
    assert acts() == [AuditAction.RULE_CREATED]


def test_what_was_read_can_be_put_back_changed(admin):
    rule = factories.saved_rule()
    read = admin.get(f"rules/{rule.pk}/")
    changed = {**read.json()["document"], "name": "Another", "enabled": False}

    response = admin.put(f"rules/{rule.pk}/", changed, if_match=read["ETag"])

    rule.refresh_from_db()
    assert response.status_code == 200
    assert response["ETag"] != read["ETag"]
    assert (rule.name, rule.enabled, rule.current.number) == ("Another", False, 2)


def test_whoever_has_not_seen_the_last_change_does_not_undo_it(admin):
    rule = factories.saved_rule()
    read = admin.get(f"rules/{rule.pk}/")
    factories.save_again(rule, name="Meanwhile")

    responses = [
        admin.put(f"rules/{rule.pk}/", read.json()["document"], if_match=read["ETag"]),
        admin.send("PATCH", f"rules/{rule.pk}/", {"name": "Mine"}, if_match=read["ETag"]),
        admin.send("DELETE", f"rules/{rule.pk}/", None, if_match=read["ETag"]),
        admin.post(path=f"rules/{rule.pk}/disable/", if_match=read["ETag"]),
    ]

    rule.refresh_from_db()
    assert [told(response)["status"] for response in responses] == [412] * 4
    assert (rule.name, rule.enabled, rule.deleted_at) == ("Meanwhile", True, None)


@pytest.mark.django_db(transaction=True)
def test_of_several_who_change_a_rule_at_the_same_time_one_is_first(two_at_once, admin):
    rule = factories.saved_rule()
    read = admin.get(f"rules/{rule.pk}/")
    wanted = [{**read.json()["document"], "name": name} for name in "abcd"]

    answers = at_once(
        *(lambda sent=sent: admin.put(f"rules/{rule.pk}/", sent, if_match=read["ETag"]).status_code for sent in wanted)
    )

    assert sorted(answers) == [200, 412, 412, 412]


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_a_change_wants_the_etag_that_was_read(admin, method):
    rule = factories.saved_rule()

    response = admin.send(method, f"rules/{rule.pk}/", {"name": "Blind"})

    assert response.status_code == 428
    assert "If-Match" in told(response)["detail"]


@pytest.mark.parametrize("header", ["*", '"other", {etag}', "{etag}"], ids=["any", "one of several", "the one"])
def test_if_match_names_one_of_several_or_any(admin, header):
    rule = factories.saved_rule()
    etag = admin.get(f"rules/{rule.pk}/")["ETag"]

    response = admin.send("PATCH", f"rules/{rule.pk}/", {"name": "New"}, if_match=header.format(etag=etag))

    assert response.status_code == 200


@pytest.mark.parametrize("content_type", ["application/json", "application/merge-patch+json"])
def test_a_patch_changes_what_it_names_and_null_empties(admin, content_type):
    rule = factories.saved_rule(filters__method="POST", action__subject="Old")

    response = admin.send(
        "PATCH",
        f"rules/{rule.pk}/",
        {"filters": {"method": None}, "action": {"subject": "New"}},
        content_type=content_type,
        if_match="*",
    )

    document = response.json()["document"]
    assert (document["filters"]["method"], document["action"]["subject"]) == (None, "New")
    assert document["action"]["body"] == rule.current.document["action"]["body"]


def test_a_deleted_rule_is_gone_and_its_log_stays(admin):
    rule = factories.saved_rule()

    assert admin.send("DELETE", f"rules/{rule.pk}/", None).status_code == 204
    assert admin.get(f"rules/{rule.pk}/").status_code == 404
    assert Rule.objects.get().deleted_at is not None
    assert acts() == [AuditAction.RULE_DELETED]


def test_a_rule_is_disabled_and_enabled(admin):
    rule = factories.saved_rule()

    off = admin.post(path=f"rules/{rule.pk}/disable/").json()
    on = admin.post(path=f"rules/{rule.pk}/enable/").json()
    admin.post(path=f"rules/{rule.pk}/enable/")

    assert (off["enabled"], on["enabled"]) == (False, True)
    assert acts() == [AuditAction.RULE_DISABLED, AuditAction.RULE_ENABLED]


def test_a_password_goes_in_and_never_out(admin):
    wanted = custom(login="me")
    wanted["action"]["server"]["password"] = "s3cret-of-ours"

    response = admin.post(wanted, path="rules/")
    read = admin.get(f"rules/{response.json()['id']}/")

    assert response.status_code == 201
    assert Connection.objects.get().sealed_password
    assert b"s3cret" not in response.content + read.content
    assert "password" not in read.json()["document"]["action"]["server"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        pytest.param({"trigger": "lms.lead_stolen"}, "trigger", id="an unknown trigger"),
        pytest.param({"product": 9_999}, "product", id="a product that is not there"),
        pytest.param({"colour": "red"}, "colour", id="an unknown field"),
        pytest.param({"__class__": 1}, "__class__", id="a field with a meaning in Python"),
        pytest.param({"enabled": "yes"}, "enabled", id="a status that is a word"),
        pytest.param({"key": "7"}, "key", id="a key that is none"),
        pytest.param({"filters": {"publisher": [4_711]}}, "filters.publisher", id="a publisher that is not there"),
        pytest.param({"notifications": {"warnings_percent": "10%"}}, "notifications.warnings_percent", id="10%"),
        pytest.param({"notifications": {"timeframe": 0}}, "notifications.timeframe", id="a timeframe of nothing"),
        pytest.param(
            {"notifications": {"notification_frequency": 0}},
            "notifications.notification_frequency",
            id="a frequency of nothing",
        ),
    ],
)
def test_a_refused_rule_names_the_field(admin, change, field):
    response = admin.post({**document(), **change}, path="rules/")

    assert response.status_code == 400
    assert list(told(response)["errors"]) == [field]
    assert not Rule.objects.exists()


@pytest.mark.parametrize("body", [b"null", b"[]", b'"rule"', b"1", b""], ids=["null", "a list", "a text", "1", "none"])
def test_what_is_no_rule_is_told(admin, body):
    rule = factories.saved_rule()

    for path, method in [("rules/", "POST"), (f"products/{rule.product_id}/rules/", "POST")]:
        assert admin.send(method, path, body).status_code == 400


def test_a_rule_is_made_under_its_owner(admin):
    campaign = factories.CampaignFactory.create()
    wanted = document(campaign=campaign.pk, trigger="lms.campaign_sold")
    del wanted["campaign"], wanted["product"]

    made = admin.post(wanted, path=f"campaigns/{campaign.pk}/rules/")
    factories.saved_rule(product=campaign.product_id)

    assert made.status_code == 201
    assert [row["id"] for row in admin.get(f"campaigns/{campaign.pk}/rules/").json()["results"]] == [made.json()["id"]]
    assert len(admin.get(f"products/{campaign.product_id}/rules/").json()["results"]) == 1
    assert admin.get("products/999/rules/").status_code == 404


def test_a_document_with_another_owner_than_its_address_is_refused(admin):
    mine, other = factories.ProductFactory.create_batch(2)

    response = admin.post(document(product=other.pk), path=f"products/{mine.pk}/rules/")

    assert told(response)["errors"] == {"product": [f"must be {mine.pk}, as in the address, or be left out"]}


@pytest.mark.parametrize(
    "query",
    ["trigger=lms.lead_sold", "kind=smtp_esp", "enabled=true", "product={product}", "connection={key}", "search=TELL"],
)
def test_rules_are_found(admin, query):
    rule = factories.saved_rule(name="Tell Ada")
    other = factories.saved_rule(
        name="Other",
        trigger="lms.lead_rejected",
        action__kind="smtp_custom",
        action__server={"host": "127.0.0.1", "port": 25},
    )
    admin.post(path=f"rules/{other.pk}/disable/")

    wanted = query.format(product=rule.product_id, key=rule.connection.key)
    rows = admin.get(f"rules/?{wanted}").json()["results"]

    assert [row["id"] for row in rows] == [rule.pk]
    assert "document" not in rows[0]


def test_the_key_of_another_rule_is_taken(admin):
    rule = factories.saved_rule()

    response = admin.post({**document(), "key": str(rule.key)}, path="rules/")

    assert list(told(response)["errors"]) == ["key"]


# --- whose rules ------------------------------------------------------------------------------------------------------


def test_a_buyers_editor_has_the_rules_of_his_campaigns_and_no_others(calls):
    campaign, foreign = factories.CampaignFactory.create_batch(2)
    mine = factories.saved_rule(campaign=campaign.pk, trigger="lms.campaign_sold")
    others = [
        factories.saved_rule(campaign=foreign.pk, trigger="lms.campaign_sold"),
        factories.saved_rule(product=campaign.product_id),
    ]
    caller = calls(role=Role.BUYER_EDITOR, buyers=[campaign.buyer])

    assert [row["id"] for row in caller.get("rules/").json()["results"]] == [mine.pk]
    for rule in others:
        assert caller.get(f"rules/{rule.pk}/").content == caller.get("rules/987654/").content
        assert caller.send("PATCH", f"rules/{rule.pk}/", {"name": "x"}, if_match="*").status_code == 404
        assert caller.send("DELETE", f"rules/{rule.pk}/", None).status_code == 404
        assert caller.post(path=f"rules/{rule.pk}/disable/").status_code == 404


def test_a_buyers_editor_gives_no_rule_to_a_foreign_campaign(calls):
    campaign, foreign = factories.CampaignFactory.create_batch(2)
    mine = factories.saved_rule(campaign=campaign.pk, trigger="lms.campaign_sold")
    caller = calls(role=Role.BUYER_EDITOR, buyers=[campaign.buyer])

    made = caller.post(document(campaign=foreign.pk, trigger="lms.campaign_sold"), path="rules/")
    moved = caller.send("PATCH", f"rules/{mine.pk}/", {"campaign": foreign.pk}, if_match="*")

    assert told(made)["errors"] == told(moved)["errors"]
    assert told(made)["errors"] == {"campaign": [f"there is no campaign {foreign.pk} in the directory"]}


def test_publishers_stay_hidden_from_a_buyer_and_stay_in_the_rule(calls):
    campaign = factories.CampaignFactory.create()
    publisher = factories.PublisherFactory.create()
    rule = factories.saved_rule(campaign=campaign.pk, trigger="lms.campaign_sold", filters__publisher=[publisher.pk])
    caller = calls(role=Role.BUYER_EDITOR, buyers=[campaign.buyer])

    read = caller.get(f"rules/{rule.pk}/")
    changed = {**read.json()["document"], "name": "Renamed"}
    response = caller.put(f"rules/{rule.pk}/", changed, if_match=read["ETag"])

    rule.refresh_from_db()
    assert read.json()["document"]["filters"]["publisher"] == []
    assert response.status_code == 200
    assert (rule.name, rule.current.document["filters"]["publisher"]) == ("Renamed", [publisher.pk])


def test_a_token_of_some_products_has_their_rules_alone(calls):
    campaign = factories.CampaignFactory.create()
    mine = {
        factories.saved_rule(product=campaign.product_id).pk,
        factories.saved_rule(campaign=campaign.pk, trigger="lms.campaign_sold").pk,
    }
    foreign = factories.saved_rule()
    caller = calls(role=Role.GLOBAL_ADMIN, products=[campaign.product])

    assert {row["id"] for row in caller.get("rules/").json()["results"]} == mine
    assert caller.get(f"rules/{foreign.pk}/").status_code == 404
    assert list(told(caller.post(document(), path="rules/"))["errors"]) == ["product"]
