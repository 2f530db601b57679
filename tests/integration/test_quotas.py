"""What costs others is limited: counted for all processes, and refused with the time to wait."""

from __future__ import annotations

import threading
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection as database

from tests import factories, flow
from tests.factories import NOON
from tests.smtp_server import ScriptedServer
from tracking.api import problems
from tracking.choices import DeliveryState, Quota, Reason
from tracking.errors import QuotaError
from tracking.models import Delivery, QuotaUse, Rule
from tracking.pipeline import retention
from tracking.store import claims, quotas

pytestmark = pytest.mark.django_db


def test_what_is_beyond_a_quota_is_refused_until_the_next_window(settings):
    settings.TRACKING_MAX_PREVIEWS_PER_MINUTE = 3
    for _ in range(3):
        quotas.spend(Quota.PREVIEWS, 7, now=NOON)

    with pytest.raises(QuotaError, match=r"at most 3 in a minute\. Try again in 45 seconds") as refused:
        quotas.spend(Quota.PREVIEWS, 7, now=NOON + timedelta(seconds=15))

    assert refused.value.retry_after == 45
    quotas.spend(Quota.PREVIEWS, 7, now=NOON + timedelta(minutes=1))
    quotas.spend(Quota.PREVIEWS, 8, now=NOON)


def test_a_refused_try_does_not_count(settings):
    settings.TRACKING_MAX_TEST_MAILS_PER_HOUR = 5
    quotas.spend(Quota.TEST_MAILS, 1, now=NOON, amount=4)
    with pytest.raises(QuotaError):
        quotas.spend(Quota.TEST_MAILS, 1, now=NOON, amount=2)

    quotas.spend(Quota.TEST_MAILS, 1, now=NOON)

    assert QuotaUse.objects.get().used == 5


def test_what_a_product_has_is_shared_by_all_who_ask_for_it(settings):
    settings.TRACKING_MAX_PRODUCT_PREVIEWS_PER_MINUTE = 2
    for person in (1, 2):
        quotas.spend(Quota.PREVIEWS, person, product=7, now=NOON)

    with pytest.raises(QuotaError, match=r"Previews of one product: at most 2 in a minute\. Try again in 60 seconds"):
        quotas.spend(Quota.PREVIEWS, 3, product=7, now=NOON)

    quotas.spend(Quota.PREVIEWS, 3, product=8, now=NOON)
    quotas.spend(Quota.PREVIEWS, 3, now=NOON)


def test_what_is_refused_to_a_person_is_not_taken_from_the_product(settings):
    settings.TRACKING_MAX_PREVIEWS_PER_MINUTE = 1
    quotas.spend(Quota.PREVIEWS, 7, product=7, now=NOON)
    with pytest.raises(QuotaError, match="Previews of one person: at most 1 in a minute"):
        quotas.spend(Quota.PREVIEWS, 7, product=7, now=NOON)

    used = dict(QuotaUse.objects.values_list("subject", "used"))

    assert used == {"person 7": 1, "product 7": 1}


def test_no_limit_counts_nothing(settings):
    settings.TRACKING_MAX_CHECKS_PER_MINUTE = 0

    quotas.spend(Quota.CHECKS, 1, now=NOON)

    assert not QuotaUse.objects.exists()


@pytest.mark.parametrize("quota", list(Quota))
def test_every_quota_has_a_window_and_a_limit(settings, quota):
    settings.TRACKING_MAX_MAILS_PER_DAY = 1
    quotas.spend(quota, 1, product=1, now=NOON)

    with pytest.raises(QuotaError):
        quotas.spend(quota, 1, product=1, now=NOON, amount=1_000)


def test_the_api_answers_429_with_the_time_to_wait():
    answer = problems.handle(QuotaError("Previews: at most 3 in a minute.", retry_after=12), {})

    assert (answer.status_code, answer["Retry-After"]) == (429, "12")
    assert answer.data["detail"] == "Previews: at most 3 in a minute."


def test_the_mails_of_a_product_are_those_of_all_its_rules_and_campaigns(settings):
    settings.TRACKING_MAX_MAILS_PER_DAY = 3
    clock = flow.Hands()
    with ScriptedServer() as server:
        connection = factories.ConnectionFactory(port=server.port)
        campaign = factories.CampaignFactory()
        of_product = factories.saved_rule(connection=connection, product=campaign.product_id)
        of_campaign = factories.saved_rule(connection=connection, campaign=campaign.pk, trigger="lms.campaign_sold")
        stranger = factories.saved_rule(connection=connection)
        for rule in (of_product, of_campaign, stranger):
            flow.owe(rule, 2)
        flow.drain(stranger, clock)
        held = Delivery.objects.filter(state=DeliveryState.HELD)
        assert flow.states() == {DeliveryState.SENT: 5, DeliveryState.HELD: 1}
        assert {(row.reason, row.next_attempt_at) for row in held} == {
            (Reason.PRODUCT_QUOTA, datetime(2026, 2, 1, tzinfo=UTC))
        }

        clock.move(days=1)
        flow.drain(stranger, clock)

    assert flow.states() == {DeliveryState.SENT: 6}
    flow.assert_books_balance()


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("two_at_once")
def test_claims_at_the_same_time_do_not_exceed_what_a_product_may_mail(settings, monkeypatch):
    settings.TRACKING_MAX_MAILS_PER_DAY = 3
    first = factories.saved_rule()
    second = factories.saved_rule(product=first.product_id)
    flow.owe(first, 3)  # for each, as both are of the product
    both = threading.Barrier(2)
    looked = quotas._used

    def look(*arguments: Any) -> Any:
        with suppress(threading.BrokenBarrierError):  # the other one waits for what this one has counted
            both.wait(0.5)
        return looked(*arguments)

    def claim(rule: Rule) -> None:
        claims.claim(rule.connection_id, limit=3, lease=flow.LEASE, clock=flow.Hands())
        database.close()

    monkeypatch.setattr(quotas, "_used", look)
    workers = [threading.Thread(target=claim, args=(rule,)) for rule in (first, second)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert flow.states() == {DeliveryState.SENDING: 3, DeliveryState.HELD: 3}


def test_a_mail_that_goes_round_in_a_circle_ends_at_the_quota(settings):
    """A rule whose mail makes the platform emit the same event again."""
    settings.TRACKING_MAX_MAILS_PER_DAY = 10
    clock = flow.Hands()
    with ScriptedServer() as server:
        rule = factories.saved_rule(connection=factories.ConnectionFactory(port=server.port))
        for _ in range(15):
            flow.owe(rule)
            flow.drain(rule, clock)

    assert flow.states() == {DeliveryState.SENT: 10, DeliveryState.HELD: 5}


def test_old_counters_go(settings):
    quotas.spend(Quota.PREVIEWS, 1, now=NOON)

    removed = retention.prune(now=NOON + timedelta(days=3), seconds=10)

    assert removed["quota counters"] == 1
    assert not QuotaUse.objects.exists()
