"""The log, the warnings and the home page in a browser, while real mails go out and fail."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from email import message_from_bytes, policy

import pytest
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect

from tests import factories
from tests.acceptance.stage import eventually
from tests.browser.conftest import opened_by
from tests.browser.journeys.happening import arrived, failed, mailed, sold
from tests.browser.running import LOGIN, PASSWORD, Running
from tests.browser.test_rule_form import choose
from tests.smtp_server import Close, Step
from tracking.choices import AuditAction, DeliveryState, Role
from tracking.models import AuditEntry, Connection, Delivery, Rule, RuleWatch, User
from tracking.store import clock, rulebook

pytestmark = [pytest.mark.browser, pytest.mark.postgres, pytest.mark.redis]

LOG = reverse("admin:tracking_delivery_changelist")


def page_of(delivery: Delivery) -> str:
    return reverse("admin:tracking_delivery_change", args=(delivery.pk,))


def becomes(delivery: Delivery, state: DeliveryState) -> bool:
    return eventually(lambda: Delivery.objects.get(pk=delivery.pk).state == state, within=60)


def test_an_event_is_found_in_the_log_explained_and_its_mail_revealed(
    page: Page, running: Running, operator: User, rule: Rule
) -> None:
    dear = factories.saved_rule(
        product=rule.product_id,
        connection=rule.connection,
        name="Dear ones",
        filters__price_restriction="greater",
        filters__price_restriction_value="100",
    )
    (delivery,) = sold(rule, "Rosalind")
    arrived(running, "rosalind@example.org")

    page.goto(LOG)
    page.get_by_role("button", name="Filters").press("Enter")
    page.locator("select[name=state__exact]").select_option("sent")
    choose(page, page, "rule__id__exact", rule.name, str(rule))
    page.get_by_role("button", name="Apply Filters").click()
    expect(page.locator("#result_list tbody tr")).to_have_count(1)
    page.locator("#searchbar").fill(delivery.event.event_id)
    page.locator("#searchbar").press("Enter")
    page.get_by_role("link", name="Explain event").click()
    expect(page.get_by_role("row", name=rule.name)).to_contain_text("All filters admit the event.")
    expect(page.get_by_role("row", name=dear.name)).to_contain_text("the price must be greater than 100")
    page.get_by_role("row", name=rule.name).get_by_role("link", name="Sent").click()
    expect(page.get_by_text("Sold: Rosalind")).to_have_count(0)
    page.get_by_role("button", name="I confirm to get access").click()

    expect(page.frame_locator("iframe[name=mail-view]").get_by_text("Hello Rosalind")).to_be_visible()
    page.goto(reverse("admin:tracking_storedevent_explain_pasted"))
    pasted = {**delivery.event.payload, "event_id": "pasted", "price": "200.00"}
    page.get_by_label("The event as JSON").fill(json.dumps(pasted))
    page.get_by_role("button", name="Explain").click()
    expect(page.get_by_role("row", name=dear.name)).to_contain_text("All filters admit the event.")
    looks = AuditEntry.objects.filter(action=AuditAction.CONTENT_REVEALED, target_id=str(delivery.pk))
    assert [look.actor for look in looks] == [operator.username]


def test_mails_are_sent_again_released_and_discarded(page: Page, running: Running, rule: Rule) -> None:
    again, held = failed(rule, "Chien", "Shiung")
    tomorrow = clock.now() + timedelta(days=1)
    Delivery.objects.filter(pk=held.pk).update(state=DeliveryState.HELD, finished_at=None, next_attempt_at=tomorrow)
    for delivery, title in ((again, "Send again"), (held, "Release")):
        page.goto(page_of(delivery))
        page.get_by_role("link", name=title).first.click()
        page.get_by_role("button", name=f"Yes, {title.lower()}").click()
        assert becomes(delivery, DeliveryState.SENT)
    with running.resting_worker():
        (unwanted,) = sold(rule, "Unwanted")
        page.goto(page_of(unwanted))
        page.get_by_role("link", name="Discard").first.click()
        page.get_by_role("button", name="Yes, discard").click()
        expect(page.get_by_text("1 delivery discarded")).to_be_visible()
    sold(rule, "Wanted")

    arrived(running, "wanted@example.org")
    assert len(mailed(running, "chien@example.org")) == len(mailed(running, "shiung@example.org")) == 1
    assert mailed(running, "unwanted@example.org") == []
    assert becomes(unwanted, DeliveryState.CANCELLED)


def test_warnings_bring_an_alert_that_is_acknowledged_and_snoozed(page: Page, running: Running, rule: Rule) -> None:
    told = f"ops-of-{rule.pk}@example.com"
    page.goto(reverse("admin:tracking_rule_change", args=(rule.pk,)))
    page.select_option("#id_enable_notifications", "yes")
    page.fill("#id_warnings_number", "1")
    page.fill("#id_notify_emails", told)
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_url("**/rule/")

    rulebook.forget()
    sold(rule, "One", "Two", domain="nobody.example")
    alert = message_from_bytes(arrived(running, told), policy=policy.default)
    found = re.search(rf"{running.url}/alerts/\S+", alert.get_content())
    assert found, alert.get_content()
    page.goto(found[0])
    page.get_by_role("button", name="Acknowledge").click()
    expect(page.get_by_text("Acknowledged: no more mails until it is over.")).to_be_visible()

    page.goto(reverse("admin:tracking_rule_warnings", args=(rule.pk,)))
    expect(page.locator(".tracking-charts svg")).to_have_count(3)
    expect(page.get_by_role("row", name="Acknowledged")).to_contain_text("somebody with the link in the mail")
    expect(page.get_by_role("cell", name=told)).to_be_visible()
    page.get_by_role("button", name="Snooze 1 hour").click()
    expect(page.get_by_text("Snoozed for 1 hour.")).to_be_visible()
    watch = RuleWatch.objects.get(rule=rule)
    assert watch.acknowledged_at is not None
    assert watch.snoozed_until is not None


def test_the_home_page_follows_the_mail_without_being_loaded_again(
    running: Running, browser: Browser, complaints: list[str], relay: Connection
) -> None:
    campaign = factories.CampaignFactory.create()
    rule = factories.saved_rule(connection=relay, campaign=campaign.pk, trigger="lms.campaign_sold")
    person = factories.member(Role.BUYER_AGENT, buyers=[campaign.buyer])
    with opened_by(person, browser, running.url, complaints) as page:
        page.goto(reverse("admin:index"))
        expect(page.locator("[data-part=mail]")).to_contain_text("No mail in the last hour")
        page.evaluate("window.loadedOnce = true")

        sold(rule, "Lise", "Emmy")

        sent = page.locator("[data-part=cards] .tracking-card", has_text="Sent of the last 24 h")
        expect(sent.locator("strong")).to_have_text("2", timeout=60_000)
        expect(page.locator("[data-part=mail] rect.tracking-sent").first).to_be_attached()
        assert page.evaluate("window.loadedOnce")
    assert complaints == []


def test_a_server_that_dies_stands_on_its_connection_until_it_is_back(page: Page, running: Running) -> None:
    connection = factories.ConnectionFactory.create(port=running.guarded.port, name="Mortal")
    rule = factories.saved_rule(connection=connection)
    running.guarded.script[Step.GREETING] = Close(reset=True)
    (delivery,) = sold(rule, "Hypatia")
    health = reverse("admin:tracking_connection_change", args=(connection.pk,))
    try:
        assert eventually(lambda: Connection.objects.get(pk=connection.pk).fail_streak > 0, within=60)
        page.goto(health)
        expect(page.get_by_text("Failed sessions in a row")).to_be_visible()
        expect(page.get_by_text("Last error")).to_be_visible()
        page.goto(reverse("admin:index"))
        expect(page.locator("[data-part=connections]").get_by_role("link", name="Mortal")).to_be_visible()
    finally:
        del running.guarded.script[Step.GREETING]

    page.goto(health)
    page.fill("[name=login]", LOGIN)
    page.fill("[name=password]", PASSWORD)
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_url("**/connection/")
    assert becomes(delivery, DeliveryState.SENT)
    page.goto(health)
    expect(page.get_by_text("Last success")).to_be_visible()
    expect(page.get_by_text("Failed sessions in a row")).to_have_count(0)
