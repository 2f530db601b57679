"""A rule's versions in words, and back; a rule once more; presets; rules as JSON out and in."""

from __future__ import annotations

import json

import pytest
from django.contrib.admin import helpers
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from tests import factories
from tests.integration.admin.pages import form_of, listed, sent
from tracking.choices import AuditAction, Role
from tracking.models import AuditEntry, Preset, Rule
from tracking.store import presets

pytestmark = pytest.mark.django_db

LIST = reverse("admin:tracking_rule_changelist")
ADD = reverse("admin:tracking_rule_add")
IMPORT = reverse("admin:tracking_rule_import")


def page(rule, name) -> str:
    return reverse(f"admin:tracking_rule_{name}", args=(rule.pk,))


def acts() -> list[str]:
    return list(AuditEntry.objects.exclude(actor="").order_by("id").values_list("action", flat=True))


@pytest.fixture
def own():
    return factories.CampaignFactory.create(name="Mine")


@pytest.fixture
def editor(own) -> Client:
    client = Client()
    client.force_login(factories.member(Role.BUYER_EDITOR, buyers=[own.buyer]))
    return client


def of_campaign(campaign, **changes) -> Rule:
    return factories.saved_rule(**{"trigger": "lms.campaign_sold", "campaign": campaign.pk, **changes})


# --- history ----------------------------------------------------------------------------------------------------------


def test_each_version_says_what_it_changed(admin_client):
    factories.PublisherFactory.create(id=7, name="Bright Leads")
    rule = factories.saved_rule(action__subject="Old")
    factories.save_again(rule, action__subject="New", filters__publisher=[7])

    text = admin_client.get(page(rule, "versions")).content.decode()

    assert "Subject changed from “Old” to “New”." in text
    assert "Publisher set to Bright Leads." in text
    assert "The rule was made." in text


def test_a_restore_is_shown_first_and_makes_a_new_version(admin_client):
    rule = factories.saved_rule(action__subject="Old")
    factories.save_again(rule, action__subject="New")

    asked = admin_client.get(page(rule, "versions"), {"version": 1}).content.decode()
    admin_client.post(page(rule, "versions"), {"version": 1})

    assert "Subject changed from “New” to “Old”." in asked
    rule.refresh_from_db()
    assert (rule.current.number, rule.current.document["action"]["subject"]) == (3, "Old")
    assert acts()[-2:] == [AuditAction.RULE_CHANGED, AuditAction.RULE_RESTORED]


@pytest.mark.parametrize("number", ["0", "99", "abc", "9" * 30])
def test_a_version_that_is_not_there_restores_nothing(admin_client, number):
    rule = factories.saved_rule()

    assert "there is no version" in admin_client.get(page(rule, "versions"), {"version": number}).content.decode()
    text = admin_client.post(page(rule, "versions"), {"version": number}, follow=True).content.decode()

    assert "Not restored" in text
    assert rule.versions.count() == 1


def test_a_version_that_cannot_run_any_more_is_refused_with_its_reason(admin_client):
    rule = factories.saved_rule(filters__publisher=[factories.PublisherFactory.create(id=7).pk])
    factories.save_again(rule, filters__publisher=[])
    rule.versions.filter(number=1).update(document={**rule.current.document, "filters": {"publisher": [8]}})

    text = admin_client.post(page(rule, "versions"), {"version": 1}, follow=True).content.decode()

    assert "there is no publisher 8 in the directory" in text


def test_a_restore_by_a_buyer_keeps_what_he_does_not_see(editor, own):
    factories.PublisherFactory.create(id=4711, name="Secret")
    rule = of_campaign(own, action__subject="Old")
    factories.save_again(rule, action__subject="New", filters__publisher=[4711])

    text = editor.get(page(rule, "versions"), {"version": 1}).content.decode()
    editor.post(page(rule, "versions"), {"version": 1})

    rule.refresh_from_db()
    assert "Secret" not in text
    assert "4711" not in text
    assert rule.current.document["action"]["subject"] == "Old"
    assert rule.current.document["filters"]["publisher"] == [4711]


def test_an_agent_looks_and_restores_nothing(own):
    rule = of_campaign(own)
    client = Client()
    client.force_login(factories.member(Role.BUYER_AGENT, buyers=[own.buyer]))

    assert client.get(page(rule, "versions")).status_code == 200
    assert client.post(page(rule, "versions"), {"version": 1}).status_code == 403


# --- clone ------------------------------------------------------------------------------------------------------------


def test_a_rule_is_cloned_to_another_campaign_disabled(admin_client, own):
    rule = of_campaign(own, action__subject="Mine too")
    other = factories.CampaignFactory.create(product=own.product)

    admin_client.post(page(rule, "clone"), {"name": "Again", "owner_campaign": other.pk})

    made = Rule.objects.exclude(pk=rule.pk).get()
    assert (made.name, made.campaign, made.enabled, made.key == rule.key) == ("Again", other, False, False)
    assert made.current.document["action"] == rule.current.document["action"]
    assert AuditAction.RULE_CLONED in acts()


def test_a_clone_keeps_the_password_of_its_own_server(admin_client, own):
    server = {"host": "127.0.0.1", "port": 2525, "login": "me", "encryption": "none"}
    rule = of_campaign(own, action__kind="smtp_custom", action__server=server, password="sesame")

    admin_client.post(page(rule, "clone"), {"owner_campaign": own.pk})

    made = Rule.objects.exclude(pk=rule.pk).get()
    assert made.connection != rule.connection
    assert made.connection.sealed_password not in ("", rule.connection.sealed_password)


def test_filters_that_the_other_level_lacks_are_left_out(admin_client, own):
    rule = factories.saved_rule(
        product=own.product_id, trigger="lms.campaign_sold", filters__buyer=[own.buyer_id], filters__method="POST"
    )

    admin_client.post(page(rule, "clone"), {"owner_campaign": own.pk})

    filters = Rule.objects.exclude(pk=rule.pk).get().current.document["filters"]
    assert (filters["buyer"], filters["method"]) == ([], "POST")


def test_a_buyer_clones_to_his_own_campaigns_only(editor, own):
    rule, other = of_campaign(own), factories.CampaignFactory.create(product=own.product)

    for typed in ({"owner_campaign": other.pk}, {"product": own.product_id}, {}):
        assert editor.post(page(rule, "clone"), typed).status_code == 200
    assert Rule.objects.count() == 1
    assert editor.get(page(of_campaign(other), "clone")).status_code == 404


# --- presets ----------------------------------------------------------------------------------------------------------


def test_a_rule_starts_from_a_preset_and_names_it(admin_client, own):
    rule = of_campaign(own, action__subject="As usual", filters__price_restriction="positive")
    admin_client.post(page(rule, "preset"), {"name": "Usual mail"})
    preset = Preset.objects.get()
    url = f"{ADD}?preset={preset.pk}"

    admin_client.post(url, sent(form_of(admin_client, url), owner_campaign=own.pk))

    made = Rule.objects.exclude(pk=rule.pk).get()
    assert (made.preset, made.current.document["action"]) == (preset, rule.current.document["action"])
    assert made.current.document["filters"]["price_restriction"] == "positive"
    assert "product" not in preset.document
    shown = admin_client.get(reverse("admin:tracking_preset_change", args=(preset.pk,))).content.decode()
    assert "Subject set to “As usual”." in shown


def test_the_form_offers_the_presets_that_suit_the_owner_and_keeps_it(admin_client, editor, own):
    campaign_rule, product_rule = of_campaign(own), factories.saved_rule()
    for rule, name in ((campaign_rule, "Of both levels"), (product_rule, "Of products")):
        presets.save(rule, name=name, buyer=None, author=None, now=factories.NOON)
    owner = {"owner_campaign": own.pk, "_popup": 1}

    shown = {len(query): admin_client.get(ADD, query) for query in ({}, owner)}

    assert [[preset.name for preset in page.context["presets"]] for page in shown.values()] == [
        ["Of both levels", "Of products"],
        ["Of both levels"],
    ]
    for kept in (f'name="owner_campaign" value="{own.pk}"', 'name="_popup" value="1"'):
        assert f'<input type="hidden" {kept}>' in shown[2].text
    started = admin_client.get(ADD, {**owner, "preset": Preset.objects.get(name="Of both levels").pk})
    initial = started.context["adminform"].form.initial
    assert (initial["trigger"], str(initial["owner_campaign"])) == ("lms.campaign_sold", str(own.pk))
    assert "Start from a preset" not in editor.get(ADD).text


def test_a_preset_of_a_buyer_is_his_and_the_house_s_is_not(editor, own, admin_client):
    editor.post(page(of_campaign(own), "preset"), {"name": "Mine"})
    admin_client.post(page(factories.saved_rule(), "preset"), {"name": "The house's"})
    mine, house = Preset.objects.get(name="Mine"), Preset.objects.get(name="The house's")

    assert listed(editor.get(reverse("admin:tracking_preset_changelist"))) == [mine.pk]
    assert mine.buyer == own.buyer
    assert editor.get(reverse("admin:tracking_preset_change", args=(house.pk,))).status_code == 404
    assert "initial" not in editor.get(f"{ADD}?preset={house.pk}").context["adminform"].form.initial.get("subject", "")


def test_a_name_is_taken_once(admin_client):
    rule = factories.saved_rule()
    admin_client.post(page(rule, "preset"), {"name": "Usual"})

    text = admin_client.post(page(rule, "preset"), {"name": "Usual"}).content.decode()

    assert "Another preset has this name." in text
    assert Preset.objects.count() == 1


def test_a_deleted_preset_leaves_its_rules(admin_client):
    rule = factories.saved_rule()
    admin_client.post(page(rule, "preset"), {"name": "Usual"})
    preset = Preset.objects.get()
    Rule.objects.update(preset=preset)

    admin_client.post(reverse("admin:tracking_preset_delete", args=(preset.pk,)), {"post": "yes"})

    rule.refresh_from_db()
    assert rule.preset is None
    assert AuditAction.PRESET_DELETED in acts()


# --- export and import ------------------------------------------------------------------------------------------------


def exported(client, *rules) -> list:
    chosen = {"action": "export", helpers.ACTION_CHECKBOX_NAME: [rule.pk for rule in rules]}
    return json.loads(client.post(LIST, chosen).content)


def upload(client, documents, **more):
    file = SimpleUploadedFile("rules.json", json.dumps(documents).encode())
    return client.post(IMPORT, {"file": file, **more})


def test_the_chosen_rules_are_exported(admin_client):
    one, _, three = (factories.saved_rule(name=name) for name in ("One", "Two", "Three"))

    assert [document["name"] for document in exported(admin_client, one, three)] == ["One", "Three"]
    assert acts() == [AuditAction.LOGGED_IN, AuditAction.RULES_EXPORTED]


def test_a_dry_run_shows_the_difference_and_writes_nothing(admin_client):
    rule = factories.saved_rule(action__subject="Old")
    (document,) = exported(admin_client, rule)
    document["action"]["subject"] = "New"
    fresh = {**document, "name": "Fresh"}
    del fresh["key"]

    response = upload(admin_client, [document, fresh, {"name": "Broken"}])

    text = response.content.decode()
    assert "Subject changed from “Old” to “New”." in text
    assert response.context["counted"] == {"created": 1, "changed": 1, "unchanged": 0, "refused": 1}
    assert Rule.objects.get().current.document["action"]["subject"] == "Old"


def test_what_was_shown_is_done_once_confirmed(admin_client):
    rule = factories.saved_rule(action__subject="Old")
    (document,) = exported(admin_client, rule)
    document["action"]["subject"] = "New"
    shown = upload(admin_client, [document]).context["text"]

    admin_client.post(IMPORT, {"text": shown, "confirmed": "yes"})

    rule.refresh_from_db()
    assert rule.current.document["action"]["subject"] == "New"
    assert acts()[-2:] == [AuditAction.RULE_CHANGED, AuditAction.RULES_IMPORTED]


@pytest.mark.parametrize("text", ["", "{", "NaN", '{"a": 1, "a": 2}', "[" * 5_000])
def test_what_is_no_json_is_said(admin_client, text):
    response = admin_client.post(IMPORT, {"text": text})

    assert "not valid JSON" in response.content.decode()


def test_a_buyer_exports_and_imports_within_his_scope(editor, own):
    factories.PublisherFactory.create(id=4711)
    other = factories.CampaignFactory.create(product=own.product)
    mine, theirs = of_campaign(own, filters__publisher=[4711]), of_campaign(other)

    (document,) = exported(editor, mine, theirs)
    document["action"]["subject"] = "New"
    foreign = {**theirs.current.document, "key": str(theirs.key)}
    moved = {**mine.current.document, "campaign": other.pk}
    filtered = {**mine.current.document, "filters": {"publisher": [4711]}}
    response = upload(editor, [document, foreign, moved, filtered], confirmed="yes")

    assert response.status_code == 302
    assert document["filters"]["publisher"] == []
    mine.refresh_from_db()
    assert mine.current.document["action"]["subject"] == "New"
    assert mine.current.document["filters"]["publisher"] == [4711]
    assert Rule.objects.count() == 2
    assert AuditEntry.objects.filter(action=AuditAction.DENIED).exists()


def test_an_import_needs_the_permissions_to_write(person):
    assert person("view_rule", "add_rule").get(IMPORT).status_code == 403


def test_versions_beyond_the_newest_hundred_are_reached(admin_client, monkeypatch):
    monkeypatch.setattr("tracking.admin.rules.history.SHOWN", 2)
    rule = factories.saved_rule(action__subject="No. 1")
    for number in range(2, 7):
        factories.save_again(rule, action__subject=f"No. {number}")

    newest, older = (admin_client.get(page(rule, "versions"), query) for query in ({}, {"from": "4"}))

    assert [step.version.number for step, _ in newest.context["steps"]] == [6, 5]
    assert 'href="?from=4"' in newest.content.decode()
    assert [step.version.number for step, _ in older.context["steps"]] == [4, 3]
    assert 'href="?from=2"' in older.content.decode()


def test_a_rule_has_one_history(admin_client):
    rule = factories.saved_rule()
    djangos = reverse("admin:tracking_rule_history", args=(rule.pk,))

    assert djangos not in admin_client.get(page(rule, "change")).content.decode()
    assert admin_client.get(djangos).url == page(rule, "versions")
