"""Earlier versions, clones and presets over HTTP."""

from __future__ import annotations

import pytest

from tests import factories
from tests.integration.api.conftest import told
from tracking.choices import AuditAction, Role
from tracking.models import AuditEntry, Preset, Rule

pytestmark = pytest.mark.django_db


def test_earlier_versions_are_read_in_words_and_restored(admin):
    rule = factories.saved_rule(action__subject="First")
    factories.save_again(rule, action__subject="Second")

    listed = admin.get(f"rules/{rule.pk}/versions/").json()["results"]
    second = admin.get(f"rules/{rule.pk}/versions/2/").json()
    restored = admin.post(path=f"rules/{rule.pk}/versions/1/restore/")

    assert [row["number"] for row in listed] == [2, 1]
    assert len(second["changes"]) == 1
    assert second["document"]["action"]["subject"] == "Second"
    assert (restored.json()["version"], restored.json()["document"]["action"]["subject"]) == (3, "First")
    assert AuditEntry.objects.filter(action=AuditAction.RULE_RESTORED).count() == 1


def test_a_version_that_is_not_there_is_404(admin):
    rule = factories.saved_rule()

    assert admin.get(f"rules/{rule.pk}/versions/2/").status_code == 404
    assert admin.post(path=f"rules/{rule.pk}/versions/2/restore/").status_code == 404


def test_whoever_has_not_seen_the_last_change_does_not_restore_over_it(admin):
    rule = factories.saved_rule()
    etag = admin.get(f"rules/{rule.pk}/")["ETag"]
    factories.save_again(rule, name="Meanwhile")

    assert admin.post(path=f"rules/{rule.pk}/versions/1/restore/", if_match=etag).status_code == 412


def test_a_clone_does_the_same_for_another_owner_and_is_disabled(admin):
    rule = factories.saved_rule()
    other = factories.ProductFactory.create()

    response = admin.post({"product": other.pk, "name": "Copy"}, path=f"rules/{rule.pk}/clone/")

    body = response.json()
    assert (response.status_code, body["product"], body["name"], body["enabled"]) == (201, other.pk, "Copy", False)
    assert body["document"]["action"] == rule.current.document["action"]


def test_a_buyer_clones_to_no_foreign_campaign(calls):
    campaign, foreign = factories.CampaignFactory.create_batch(2)
    rule = factories.saved_rule(campaign=campaign.pk, trigger="lms.campaign_sold")
    other = factories.saved_rule(campaign=foreign.pk, trigger="lms.campaign_sold")
    caller = calls(role=Role.BUYER_EDITOR, buyers=[campaign.buyer])

    assert list(told(caller.post({"campaign": foreign.pk}, path=f"rules/{rule.pk}/clone/"))["errors"]) == ["campaign"]
    assert caller.post({}, path=f"rules/{other.pk}/clone/").status_code == 404
    assert Rule.objects.count() == 2


def test_a_preset_is_kept_listed_and_deleted(admin):
    rule = factories.saved_rule()

    made = admin.post({"rule": rule.pk, "name": "Usual"}, path="presets/")
    again = admin.post({"rule": rule.pk, "name": "Usual"}, path="presets/")

    assert made.status_code == 201
    assert "product" not in made.json()["document"]
    assert list(told(again)["errors"]) == ["name"]
    assert [row["name"] for row in admin.get("presets/?search=usu").json()["results"]] == ["Usual"]
    assert admin.send("DELETE", f"presets/{made.json()['id']}/", None).status_code == 204
    assert not Preset.objects.exists()


def test_presets_of_other_buyers_are_not_there(calls, admin):
    campaign = factories.CampaignFactory.create()
    rule = factories.saved_rule(campaign=campaign.pk, trigger="lms.campaign_sold")
    house = admin.post({"rule": rule.pk, "name": "House"}, path="presets/").json()
    caller = calls(role=Role.BUYER_EDITOR, buyers=[campaign.buyer])

    made = caller.post({"rule": rule.pk, "name": "Own"}, path="presets/").json()

    assert made["buyer"] == campaign.buyer_id
    assert [row["name"] for row in caller.get("presets/").json()["results"]] == ["Own"]
    assert caller.get(f"presets/{house['id']}/").status_code == 404
