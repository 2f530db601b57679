"""A rule's life in a browser: added, previewed, tried, fired by real events, put back, kept as a preset."""

from __future__ import annotations

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from tests import factories
from tests.acceptance.stage import eventually
from tests.browser.journeys.happening import arrived, mailed, sold
from tests.browser.running import LOGIN, PASSWORD, Running
from tests.browser.test_rule_form import choose, editor
from tracking.models import Connection, Preset, Rule
from tracking.store import rulebook

pytestmark = [pytest.mark.browser, pytest.mark.postgres, pytest.mark.redis]

LOG = reverse("admin:tracking_delivery_changelist")


def test_a_rule_of_a_campaign_fires_for_the_next_event(page: Page, running: Running, relay: Connection) -> None:
    campaign = factories.CampaignFactory.create()
    page.goto(f"{reverse('admin:tracking_campaign_change', args=(campaign.pk,))}#dataset-rule")
    page.get_by_role("link", name="Add Rule", exact=True).click()
    inside = page.frame_locator("dialog iframe")
    inside.get_by_role("radio", name="[LMS] Campaign Sold").check()
    inside.get_by_role("radio", name="SMTP ESP").check()
    inside.locator("#id_name").fill("Welcome the lead")
    inside.get_by_role("button", name="Next").click()
    choose(inside, page, "connection", relay.name, relay.name)
    inside.locator("#id_sender").fill("Acme Leads <leads@example.com>")
    inside.locator("#id_recipient").fill("{{ lead.email }}")
    editor(inside, "subject").fill("Welcome, {{ lead.first_name }}")
    editor(inside, "body").fill("<p>Hello</p>")
    inside.get_by_role("button", name="Save", exact=True).click()
    row = page.locator("#result_list tr", has_text="Welcome the lead")
    expect(row.get_by_text("Never fired")).to_be_visible()

    rule = Rule.objects.get(campaign=campaign)
    sold(rule, "Katherine")

    assert b"Subject: Welcome, Katherine" in arrived(running, "katherine@example.org")
    page.reload()
    expect(row.get_by_text("1 fired, 1 sent", exact=True)).to_be_visible()
    row.get_by_role("button", name=f"Actions of rule {rule.pk}").click()
    row.get_by_role("button", name="Disable").click()
    expect(row.get_by_text("Disabled")).to_be_visible()
    rulebook.forget()
    assert sold(rule, "Late") == []


def test_rules_are_copied_switched_and_deleted_from_their_list(page: Page, relay: Connection) -> None:
    first = factories.saved_rule(connection=relay, name="Old hand")
    here = f"{reverse('admin:tracking_rule_changelist')}?q=Old+hand"

    def choose_action(rule: Rule, title: str) -> None:
        page.goto(here)
        row = page.locator("#result_list tr", has=page.get_by_role("button", name=f"Actions of rule {rule.pk}"))
        row.get_by_role("button", name=f"Actions of rule {rule.pk}").click()
        row.get_by_role("button", name=title).or_(row.get_by_role("link", name=title, exact=True)).click()

    def switch_all(action: str) -> None:
        page.locator("#action-toggle").check()
        page.locator("select[name=action]").first.select_option(action)
        page.get_by_role("button", name="Run").first.click()
        expect(page.get_by_text(f"2 of 2 rules {action}d.")).to_be_visible()

    choose_action(first, "Clone")
    page.get_by_role("button", name="Clone").click()
    expect(page.get_by_text(f"is a copy of rule #{first.pk}")).to_be_visible()
    copy = Rule.objects.get(name="Old hand (copy)")
    choose_action(copy, "Enable")
    expect(page.locator("#result_list").get_by_text("Active", exact=True)).to_have_count(2)
    switch_all("disable")
    switch_all("enable")
    choose_action(copy, "History")
    expect(page.get_by_text("The rule was made.")).to_be_visible()
    choose_action(first, "Disable and discard")
    page.get_by_role("button", name="Yes, disable and discard").click()
    expect(page.get_by_text("1 rule disabled, 0 waiting mails discarded.")).to_be_visible()
    choose_action(copy, "Delete")
    page.get_by_role("button", name="Yes").click()
    page.goto(here)

    expect(page.locator("#result_list tbody tr")).to_have_count(1)
    assert list(Rule.objects.filter(name__startswith="Old hand", deleted_at=None)) == [first]


def test_the_mail_is_previewed_on_a_real_event_and_then_sent_so(page: Page, running: Running, rule: Rule) -> None:
    (delivery,) = sold(rule, "Mary")
    page.goto(reverse("admin:tracking_rule_change", args=(rule.pk,)))
    mail = page.locator("#rule-preview")
    event = mail.get_by_label("Preview on")
    expect(event.locator("option", has_text=delivery.event.event_id)).to_have_count(1)
    event.select_option(value=str(delivery.event_id))
    editor(page, "body").fill("<p>Dear {{ lead.nickname }}</p>")
    page.get_by_role("button", name="Check the rule").click()
    expect(page.locator("[data-try]")).to_contain_text("lead.nickname")
    editor(page, "body").fill("<p>Dear {{ lead.first_name }}</p>")
    expect(mail.frame_locator("iframe").get_by_text("Dear Mary")).to_be_visible()
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_url("**/rule/")

    rulebook.forget()
    sold(rule, "Dorothy")

    assert b"Dear Dorothy" in arrived(running, "dorothy@example.org")
    assert b"Hello Mary" in arrived(running, "mary@example.org")


def test_a_connection_is_checked_until_it_works_then_saved(page: Page, running: Running) -> None:
    page.goto(reverse("admin:tracking_connection_add"))
    typed = {"name": "Guarded", "host": "127.0.0.1", "port": str(running.guarded.port), "login": LOGIN}
    for name, value in {**typed, "password": "wrong"}.items():
        page.fill(f"[name={name}]", value)
    page.select_option("[name=encryption]", "none")
    panel = page.locator("[data-try]")
    panel.get_by_role("button", name="Check connection").click()
    expect(panel.get_by_text("It does not work")).to_be_visible()
    expect(panel.get_by_role("cell", name="535 5.7.8 Wrong")).to_be_visible()

    page.fill("[name=password]", PASSWORD)
    panel.get_by_role("button", name="Check connection").click()
    expect(panel.get_by_text("It works")).to_be_visible()
    expect(panel.get_by_role("cell", name="AUTH PLAIN ********")).to_be_visible()
    assert PASSWORD not in panel.inner_text()
    panel.get_by_label("Mail from").fill("leads@example.com")
    panel.get_by_label("to", exact=True).fill("post@example.com")
    panel.get_by_role("button", name="Send a test mail").click()
    expect(panel.get_by_text("The server took the mail to post@example.com.")).to_be_visible(timeout=60_000)
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_url("**/connection/")

    assert [mail.recipients for mail in running.guarded.mails].count(("post@example.com",)) == 1
    assert Connection.objects.get(name="Guarded").login == LOGIN


def test_a_test_run_and_a_test_mail_of_the_unsaved_form_reach_the_server(
    page: Page, running: Running, rule: Rule
) -> None:
    page.goto(reverse("admin:tracking_rule_test", args=(rule.pk,)))
    page.get_by_role("textbox", name="lead.first_name").fill("Hedy")
    page.get_by_label("Addresses, separated by commas").fill("run@example.com")
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_text("The test run is on its way")).to_be_visible()
    assert eventually(lambda: len(mailed(running, "run@example.com")) == 1, within=30)
    page.reload()
    expect(page.locator("#content").get_by_text("Sent", exact=True).first).to_be_visible()
    page.goto(LOG)
    page.get_by_role("link", name="Test Runs").click()
    expect(page.locator("#result_list tr", has_text=rule.name).get_by_text("Sent").first).to_be_visible()

    page.goto(reverse("admin:tracking_rule_change", args=(rule.pk,)))
    panel = page.locator("[data-try]")
    panel.get_by_label("Mail to").fill("mail@example.com")
    panel.get_by_role("button", name="Send a test mail").click()
    expect(panel.get_by_text("The server took the mail to mail@example.com.")).to_be_visible(timeout=60_000)

    assert b"Subject: Sold: Hedy" in mailed(running, "run@example.com")[0]
    assert len(mailed(running, "mail@example.com")) == 1


def test_a_rule_is_put_back_kept_as_a_preset_and_begun_from_it(page: Page, running: Running, rule: Rule) -> None:
    page.goto(reverse("admin:tracking_rule_change", args=(rule.pk,)))
    editor(page, "subject").fill("Worse words")
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_url("**/rule/")
    page.goto(reverse("admin:tracking_rule_versions", args=(rule.pk,)))
    expect(page.get_by_text("Subject changed from “Sold: {{ lead.first_name }}” to “Worse words”.")).to_be_visible()
    page.get_by_role("link", name="Restore").click()
    page.get_by_role("button", name="Restore version 1").click()
    expect(page.get_by_text("Version 1 is in force again.")).to_be_visible()

    page.goto(reverse("admin:tracking_rule_preset", args=(rule.pk,)))
    page.locator("[name=name]").fill(f"As rule {rule.pk}")
    page.get_by_role("button", name="Save as preset").click()
    page.get_by_text("Start a rule from it").first.click()
    product = factories.ProductFactory.create()
    choose(page, page, "product", product.name, product.name)
    page.get_by_role("button", name="Next").click()
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_url("**/rule/")

    made = Rule.objects.get(product=product)
    assert made.preset == Preset.objects.get(name=f"As rule {rule.pk}")
    sold(made, "Annie")
    assert b"Subject: Sold: Annie" in arrived(running, "annie@example.org")
