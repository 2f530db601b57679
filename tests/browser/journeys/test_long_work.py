"""Long work and mail in a browser, with web, worker and beat as processes on PostgreSQL and Redis."""

from __future__ import annotations

import json
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect

from tests.acceptance.stage import eventually
from tests.browser.conftest import opened_by
from tests.browser.journeys.happening import failed, mailed
from tests.browser.running import Running
from tests.browser.test_rule_form import choose
from tracking.choices import DeliveryState, JobState
from tracking.models import Delivery, Job, Rule, StoredEvent, User
from tracking.models.delivery import first_id
from tracking.pipeline import replay
from tracking.pipeline.report import EVERY
from tracking.store import clock

pytestmark = [pytest.mark.browser, pytest.mark.postgres, pytest.mark.redis]

LIST = reverse("admin:tracking_rule_changelist")
MANY = 201  # rules: more than a person waits for
PAGE = replay.PAGE
LOCK = "SELECT FROM tracking_delivery WHERE id = %s FOR UPDATE"


def test_a_backtest_goes_on_when_the_browser_is_closed(
    operator: User, running: Running, browser: Browser, complaints: list[str], rule: Rule
) -> None:
    failed(rule, "Ada", "Bob", "Cy")
    with running.resting_worker():
        with opened_by(operator, browser, running.url, complaints) as page:
            page.goto(reverse("admin:tracking_rule_backtest", args=(rule.pk,)))
            page.get_by_role("button", name="Start").click()
            expect(page.get_by_text("Waiting for a worker.")).to_be_visible()
        job = Job.objects.get(author=operator)
        assert job.state == JobState.QUEUED

    assert eventually(lambda: Job.objects.get(pk=job.pk).state == JobState.DONE, within=30)
    with opened_by(operator, browser, running.url, complaints) as page:
        page.goto(reverse("admin:tracking_job_changelist"))
        page.get_by_role("link", name="Backtest").first.click()
        expect(page.get_by_text("would have matched 3 of 3 events and cost $0.03")).to_be_visible()
        page.get_by_role("link", name="The events").click()
        expect(page.get_by_role("cell", name="bob@example.org")).to_be_visible()
    assert complaints == []


def test_many_rules_are_imported_after_a_look_at_the_differences(page: Page, rule: Rule, tmp_path: Path) -> None:
    document = {**rule.current.document}
    wanted = [{**document, "key": str(rule.key), "name": "Told otherwise"}, {"name": "Broken"}]
    wanted += [{**document, "name": f"Copy {number:03}"} for number in range(MANY)]
    file = tmp_path / "rules.json"
    file.write_text(json.dumps(wanted))

    page.goto(LIST)
    page.get_by_role("link", name="Import").click()
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_role("button", name="Show what would change").click()
    expect(page.get_by_text(f"What would become of {MANY + 2} rules")).to_be_visible(timeout=60_000)
    expect(page.get_by_text("Name changed from “Tell the buyer” to “Told otherwise”.")).to_be_visible()
    assert Rule.objects.filter(product=rule.product_id).count() == 1
    page.get_by_role("button", name="Import all but the refused").click()
    expect(page.get_by_text(f"What became of {MANY + 2} rules")).to_be_visible(timeout=60_000)
    assert Rule.objects.filter(product=rule.product_id).count() == MANY + 1

    page.goto(f"{LIST}?product__id__exact={rule.product_id}")
    page.locator("#action-toggle").check()
    page.get_by_role("link", name=f"Select all {MANY + 1} rules").click()
    page.locator("select[name=action]").first.select_option("export")
    page.get_by_role("button", name="Run").first.click()
    expect(page.get_by_text(f"{MANY + 1} rules, without passwords")).to_be_visible(timeout=60_000)
    with page.expect_download() as taken:
        page.get_by_role("link", name="Download rules.json").click()
    assert len(json.loads(Path(taken.value.path()).read_text())) == MANY + 1


def test_rules_of_a_product_are_exported_from_its_tab(page: Page, rule: Rule) -> None:
    page.goto(f"{reverse('admin:tracking_product_change', args=(rule.product_id,))}#dataset-rule")
    page.locator("input.action-select[name=_selected_action]").first.check()
    page.locator("select[name=action]").first.select_option("export")
    with page.expect_download() as taken:
        page.get_by_role("button", name="Run").first.click()

    (document,) = json.loads(Path(taken.value.path()).read_text())
    assert document["key"] == str(rule.key)


def test_a_replayed_window_is_mailed(page: Page, running: Running, rule: Rule) -> None:
    (delivery,) = failed(rule, "Grace")

    page.goto(reverse("admin:tracking_delivery_changelist"))
    page.get_by_role("link", name="Replay a window").click()
    choose(page, page, "rule", rule.name, str(rule))
    page.get_by_role("button", name="Preview").click()
    page.get_by_role("button", name="Replay 1 delivery").click()
    expect(page.get_by_text("1 delivery is in the queue again")).to_be_visible()

    assert eventually(lambda: len(mailed(running, "grace@example.org")) == 1, within=30)
    assert eventually(lambda: Delivery.objects.get(pk=delivery.pk).state == DeliveryState.SENT, within=30)


def test_a_replay_is_cancelled_in_the_middle(page: Page, running: Running, rule: Rule) -> None:
    owed = failed(rule, *(f"Lead{number}" for number in range(2 * PAGE + 2)))
    cap = 2 * PAGE + 1

    page.goto(reverse("admin:tracking_delivery_changelist"))
    page.get_by_role("link", name="Replay a window").click()
    choose(page, page, "rule", rule.name, str(rule))
    page.get_by_label("At most").fill(str(cap))
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_text(f"{cap} deliveries: the cap. If there are more, the older ones go first")).to_be_visible()
    with running.locked(LOCK, str(owed[PAGE].pk)):
        with running.locked(LOCK, str(owed[0].pk)):
            page.get_by_role("button", name=f"Replay {cap} deliveries").click()
            expect(page.locator("[data-job-percent]")).to_have_text("0 %")
            time.sleep(EVERY)  # the next step is written down
        expect(page.get_by_text(f"{PAGE} are in the queue again")).to_be_visible()
        page.get_by_role("link", name="Cancel").click()
        page.get_by_role("button", name="Yes, cancel").click()
        expect(page.get_by_text("Cancelled.")).to_be_visible()

    assert eventually(lambda: left(owed, DeliveryState.SENT) == 2 * PAGE, within=60)
    assert left(owed, DeliveryState.FAILED) == 2
    expect(page.locator("#content").get_by_text("Cancelled", exact=True)).to_be_visible()


def left(deliveries: list[Delivery], state: DeliveryState) -> int:
    return Delivery.objects.filter(pk__in=[delivery.pk for delivery in deliveries], state=state).count()


def test_a_long_backtest_is_cancelled_and_its_worker_is_free(page: Page, running: Running, rule: Rule) -> None:
    failed(rule, "Ada")
    with running.locked("LOCK TABLE tracking_backtestmatch IN SHARE MODE"):
        page.goto(reverse("admin:tracking_rule_backtest", args=(rule.pk,)))
        page.get_by_role("button", name="Start").click()
        expect(page.locator("[data-job-label]")).to_have_text("Running")
        page.get_by_role("link", name="Cancel").click()
        page.get_by_role("button", name="Yes, cancel").click()
        expect(page.get_by_text("Cancelled.")).to_be_visible()
    cancelled = Job.objects.get(rule=rule)

    page.goto(reverse("admin:tracking_rule_backtest", args=(rule.pk,)))
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_text("would have matched 1 of 1 event")).to_be_visible()

    cancelled.refresh_from_db()
    assert (cancelled.state, cancelled.result) == (JobState.CANCELLED, None)


def test_a_job_is_watched_on_while_the_web_is_started_anew(
    page: Page, running: Running, complaints: list[str], rule: Rule
) -> None:
    failed(rule, "Ada")
    form = page.context.new_page()
    form.goto(reverse("admin:tracking_rule_change", args=(rule.pk,)))
    panel = form.locator("[data-try]")
    with running.resting_worker():
        page.goto(reverse("admin:tracking_rule_backtest", args=(rule.pk,)))
        page.get_by_role("button", name="Start").click()
        panel.get_by_role("button", name="Backtest").click()
        expect(panel.get_by_text("Waiting for a worker.")).to_be_visible()
        with running.web_away():
            for watched in (page, panel):
                expect(watched.get_by_text("The server does not answer; asking again.")).to_be_visible()
        for watched in (page, panel):
            expect(watched.get_by_text("Waiting for a worker.")).to_be_visible()

    for watched in (page, panel):
        expect(watched.get_by_text("would have matched 1 of 1 event")).to_be_visible()
    complaints[:] = [said for said in complaints if "ERR_CONNECTION" not in said and "/state/" not in said]


def test_a_job_is_watched_on_after_a_login_elsewhere(page: Page, running: Running, rule: Rule) -> None:
    with running.resting_worker():
        page.goto(reverse("admin:tracking_rule_backtest", args=(rule.pk,)))
        page.get_by_role("button", name="Start").click()
        expect(page.get_by_text("Waiting for a worker.")).to_be_visible()
        known = page.context.cookies()
        page.context.clear_cookies()
        expect(page.get_by_text("You are logged out.")).to_be_visible()
        page.context.add_cookies(known)
        expect(page.get_by_text("Waiting for a worker.")).to_be_visible()

    expect(page.get_by_text("would have matched 0 of 0 events")).to_be_visible()


def test_what_is_too_old_is_removed_by_a_job(page: Page, rule: Rule) -> None:
    failed(rule, "Old")
    old = StoredEvent.objects.latest("id")
    Delivery.objects.filter(event=old).delete()
    long_ago = first_id(clock.now() - timedelta(days=400))
    StoredEvent.objects.filter(pk=old.pk).update(id=long_ago)

    page.goto(reverse("admin:tracking_job_changelist"))
    page.get_by_role("link", name="Remove what is too old").click()
    page.get_by_role("button", name="Yes, remove").click()

    expect(page.get_by_role("row", name="Events 1")).to_be_visible()
    assert not StoredEvent.objects.filter(pk=long_ago).exists()
