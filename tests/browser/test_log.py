"""The log in a browser: a mail revealed in its frame, a window replayed, charts, and a home page that refreshes."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from tests import factories
from tests.browser.test_rule_form import choose
from tests.integration.test_watch import count, watched
from tracking.choices import DeliveryState
from tracking.emit import emit
from tracking.models import AuditEntry, Delivery, Job, RuleWatch
from tracking.pipeline import jobs, watch
from tracking.store import clock

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def nobody_is_woken(rung, monkeypatch) -> None:
    monkeypatch.setattr("tracking.tasks.run_job.delay", lambda job_id: None)


def owed(**changes) -> Delivery:
    rule = factories.saved_rule(
        action__content_type="all", action__body="<h1>Hello {{ lead.first_name }}</h1>", **changes
    )
    receipt = emit(factories.event(product=rule.product_id))
    return Delivery.objects.get(pk=receipt.matched[0].delivery)


def test_a_mail_is_revealed_in_a_frame_and_compared_with_todays_rule(page: Page):
    delivery = owed()
    factories.save_again(delivery.rule, action__body="<h1>Good day {{ lead.first_name }}</h1>")

    page.goto("/admin/tracking/delivery/")
    page.get_by_role("link", name="Explain event").click()
    expect(page.get_by_role("heading", name="what each rule")).to_be_visible()
    page.go_back()
    page.get_by_role("link", name="Log of delivery").click()
    expect(page.get_by_text("Sold: Ada")).to_have_count(0)
    page.get_by_role("button", name="I confirm to get access").click()

    frame = page.frame_locator("iframe[name=mail-view]")
    expect(frame.get_by_role("heading", name="Hello Ada")).to_be_visible()
    page.get_by_role("tab", name="Source").click()
    expect(frame.get_by_text("Message-ID:")).to_be_visible()
    page.get_by_role("link", name="With today's rule").click()
    expect(page.locator("#mail ins").first).to_have_text("Good day Ada")
    expect(page.frame_locator("iframe[name=mail-view]").get_by_role("heading", name="Good day Ada")).to_be_visible()
    assert AuditEntry.objects.filter(target_id=str(delivery.pk)).count() == 1


def test_a_window_is_replayed_after_a_preview(page: Page):
    delivery = owed()
    ended = {"finished_at": clock.now() - timedelta(minutes=1), "state": DeliveryState.FAILED}
    Delivery.objects.filter(pk=delivery.pk).update(**ended)

    page.goto("/admin/tracking/delivery/")
    page.get_by_role("link", name="Replay a window").click()
    choose(page, page, "rule", delivery.rule.name, str(delivery.rule))
    page.get_by_role("button", name="Preview").click()
    page.get_by_role("button", name="Replay 1 delivery").click()
    page.wait_for_url("**/admin/tracking/job/*/change/")
    jobs.run(Job.objects.get().pk, clock=clock.now)
    assert Job.objects.get().state == "done", (Job.objects.get().error, page.locator("[data-job]").inner_text())

    expect(page.get_by_text("1 delivery is in the queue again")).to_be_visible()
    assert Delivery.objects.get().state == DeliveryState.RETRYING


def test_charts_and_controls_of_a_rule_and_a_home_page_that_refreshes(page: Page):
    rule = watched(warnings_percent="10", warnings_number=5)
    now = clock.now()
    count(rule, now.replace(second=0, microsecond=0) - timedelta(minutes=2), events=30, warnings=9)
    watch.watch(now=now)

    page.goto(f"/admin/tracking/rule/{rule.pk}/warnings/")
    expect(page.locator(".tracking-charts svg")).to_have_count(3)
    expect(page.locator("line.tracking-limit")).to_have_count(2)
    page.get_by_role("button", name="Acknowledge until it is over").click()
    expect(page.get_by_text("no more mails until it is over")).to_be_visible()
    assert RuleWatch.objects.get().acknowledged_at is not None

    page.goto("/admin/")
    expect(page.locator("[data-part=mail]")).to_contain_text("No mail in the last hour")
    emit(factories.event(product=rule.product_id))
    expect(page.locator("[data-part=mail]")).to_contain_text("the oldest waits", timeout=15_000)
    expect(page.locator("[data-part=alerts]")).to_contain_text("acknowledged")
