"""A worker is killed in the middle of its jobs and mails: each page says what becomes of them, to whoever looks."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta

import pytest
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect

from tests import factories
from tests.acceptance.stage import eventually
from tests.browser.conftest import opened_by
from tests.browser.journeys.happening import failed, sold
from tests.browser.running import Running
from tests.browser.test_rule_form import choose
from tests.smtp_server import Hang, Step
from tracking.choices import DeliveryState, JobKind, JobState
from tracking.models import Delivery, Job, Lease, Rule, User
from tracking.pipeline import replay
from tracking.pipeline.report import EVERY
from tracking.store import clock
from tracking.store.jobs import MAX_STARTS

pytestmark = [pytest.mark.browser, pytest.mark.postgres, pytest.mark.redis]

LOCK = "SELECT FROM tracking_delivery WHERE id = %s FOR UPDATE"
BUSY = "LOCK TABLE tracking_backtestmatch IN SHARE MODE"  # whoever would write there waits
PAGE = replay.PAGE


def begin_a_backtest(page: Page, rule: Rule) -> int:
    page.goto(reverse("admin:tracking_rule_backtest", args=(rule.pk,)))
    page.get_by_role("button", name="Start").click()
    expect(page.locator("[data-job-label]")).to_have_text("Running")
    return Job.objects.filter(rule=rule, kind=JobKind.BACKTEST).latest("pk").pk


def begin_a_replay(page: Page, rule: Rule) -> int:
    page.goto(reverse("admin:tracking_delivery_replay"))
    choose(page, page, "rule", rule.name, str(rule))
    page.get_by_role("button", name="Preview").click()
    page.get_by_role("button", name=f"Replay {PAGE + 1} deliveries").click()
    expect(page.locator("[data-job-percent]")).to_have_text("0 %")
    return Job.objects.filter(kind=JobKind.REPLAY).latest("pk").pk


def time_passes(*jobs: int, **changes: int) -> None:
    """As long as a worker's silence must last before its jobs are another's."""
    Job.objects.filter(pk__in=jobs).update(lease_until=clock.now() - timedelta(seconds=1), **changes)


@pytest.fixture
def others(operator: User, running: Running, browser: Browser, complaints: list[str]) -> Iterator[list[Page]]:
    """Two more of the operator's pages."""
    with ExitStack() as stack:
        yield [stack.enter_context(opened_by(operator, browser, running.url, complaints)) for _ in range(2)]


def test_what_a_killed_worker_had_in_hand_goes_on_fails_or_waits_for_a_decision(
    page: Page, others: list[Page], running: Running, rule: Rule
) -> None:
    owed = failed(rule, *(f"Guest{number}" for number in range(PAGE + 1)))
    hopeless, unwanted = others
    with running.locked(LOCK, str(owed[PAGE].pk)), running.locked(BUSY):
        with running.locked(LOCK, str(owed[0].pk)):
            replayed = begin_a_replay(page, rule)
            failing, cancelled = (begin_a_backtest(one, rule) for one in (hopeless, unwanted))
            time.sleep(EVERY)  # the replay's next step is written down
        expect(page.get_by_text(f"{PAGE} are in the queue again")).to_be_visible()
        assert eventually(lambda: sent(owed) == PAGE, within=60)
        with in_transit(running) as halfway, running.worker_lost():
            unwanted.get_by_role("link", name="Cancel").click()
            unwanted.get_by_role("button", name="Yes, cancel").click()
            expect(unwanted.get_by_text("Cancelled.")).to_be_visible()
            time_passes(failing, starts=MAX_STARTS)
            time_passes(replayed)
            Lease.objects.filter(connection=halfway.connection).update(until=clock.now() - timedelta(seconds=1))

    expect(page.get_by_text("Its worker died, and another one went on")).to_be_visible(timeout=60_000)
    expect(page.get_by_text("1 delivery is in the queue again")).to_be_visible()
    expect(hopeless.get_by_text(f"Its worker died {MAX_STARTS} times.")).to_be_visible(timeout=60_000)
    assert Job.objects.get(pk=cancelled).state == JobState.CANCELLED

    assert eventually(lambda: sent(owed) == PAGE + 1, within=60)
    mails = Counter(address for mail in running.mail.mails for address in mail.recipients if "guest" in address)
    assert set(mails.values()) == {1}
    assert len(mails) == PAGE + 1

    assert eventually(lambda: Delivery.objects.get(pk=halfway.pk).state == DeliveryState.UNKNOWN, within=60)
    page.goto(reverse("admin:tracking_delivery_change", args=(halfway.pk,)))
    expect(page.locator("#content").get_by_text("Unknown", exact=True).first).to_be_visible()
    page.get_by_role("link", name="Send again").first.click()
    page.get_by_role("button", name="Yes, send again").click()
    assert eventually(lambda: sent([halfway]) == 1, within=60)
    first, again = (mail for mail in running.guarded.mails if "halfway@example.org" in mail.recipients)
    assert first.message_id == again.message_id


@contextmanager
def in_transit(running: Running) -> Iterator[Delivery]:
    """A mail that its server has taken, and not said so yet."""
    running.guarded.script[Step.FINAL] = Hang()
    rule = factories.saved_rule(connection=factories.ConnectionFactory.create(port=running.guarded.port))
    try:
        (delivery,) = sold(rule, "Halfway")
        assert eventually(lambda: any("halfway" in str(mail.recipients) for mail in running.guarded.mails), within=60)
        yield delivery
    finally:
        del running.guarded.script[Step.FINAL]


def sent(deliveries: list[Delivery]) -> int:
    found = Delivery.objects.filter(pk__in=[delivery.pk for delivery in deliveries])
    return found.filter(state=DeliveryState.SENT).count()
