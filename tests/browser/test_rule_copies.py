"""A rule's versions, copies, presets and files, as a person clicks through them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from tests import factories
from tracking import tasks
from tracking.admin.rules import exchange
from tracking.admin.rules.pages import RuleAdmin
from tracking.models import Preset, Rule
from tracking.pipeline import jobs
from tracking.store import clock

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_rule_is_restored_kept_as_preset_and_imported(page, rung, tmp_path):
    rule = factories.saved_rule(name="Welcome", action__subject="Old words")
    factories.save_again(rule, action__subject="New words", filters__method="POST")

    page.goto(reverse("admin:tracking_rule_versions", args=(rule.pk,)))
    expect(page.get_by_text("Subject changed from “Old words” to “New words”.")).to_be_visible()
    page.get_by_role("link", name="Restore").click()
    expect(page.get_by_text("Subject changed from “New words” to “Old words”.")).to_be_visible()
    page.get_by_role("button", name="Restore version 1").click()
    page.get_by_text("Version 1 is in force again.").wait_for()

    page.goto(reverse("admin:tracking_rule_preset", args=(rule.pk,)))
    page.get_by_role("button", name="Save as preset").click()
    page.get_by_text("Start a rule from it").first.click()
    expect(page.locator("[name=subject]")).to_have_value("Old words")

    rule.refresh_from_db()
    document = {**rule.current.document, "key": str(rule.key), "name": "Welcome again"}
    file = tmp_path / "rules.json"
    file.write_text(json.dumps([document, {"name": "Broken"}]))
    page.goto(reverse("admin:tracking_rule_import"))
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_role("button", name="Show what would change").click()
    expect(page.get_by_text("Name changed from “Welcome” to “Welcome again”.")).to_be_visible()
    page.get_by_role("button", name="Import all but the refused").click()
    page.get_by_text("1 changed, 1 refused").wait_for()

    assert Preset.objects.get().name == "Welcome"
    assert Rule.objects.get().name == "Welcome again"


def test_all_rules_of_the_list_are_exported_by_a_job(page, rung, monkeypatch):
    monkeypatch.setattr(RuleAdmin, "list_per_page", 2)
    monkeypatch.setattr(exchange, "AT_ONCE", 2)
    monkeypatch.setattr(tasks._job_bell, "ring", lambda ids: [jobs.run(one, clock=clock.now) for one in ids])
    rules = [factories.saved_rule(name=name) for name in ("One", "Two", "Three")]

    page.goto(reverse("admin:tracking_rule_changelist"))
    page.locator("#action-toggle").check()
    page.get_by_role("link", name="Select all 3 rules").click()
    page.locator("select[name=action]").first.select_option("export")
    page.get_by_role("button", name="Run").first.click()
    page.get_by_text("3 rules, without passwords").wait_for()
    with page.expect_download() as taken:
        page.get_by_role("link", name="Download rules.json").click()

    exported = json.loads(Path(taken.value.path()).read_text())
    assert [document["key"] for document in exported] == [str(rule.key) for rule in rules]
