"""What a rule as edited would have done: the same matcher, the same addresses, counted and listed."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from tests import factories, flow
from tracking.choices import JobState, Verdict
from tracking.errors import RuleError
from tracking.models import Delivery, Job, UsageDay
from tracking.pipeline import backtest, intake, jobs
from tracking.store import backtests, clock

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def priced(settings):
    settings.TRACKING_REGULAR_PRICE = "0.01"


def happen(rule, *prices, **fields):
    events = [
        factories.event(product=rule.product_id, price=price, **{"lead": {"email": f"a{n}@x.org"}, **fields})
        for n, price in enumerate(prices)
    ]
    intake.submit(events, now=clock.now())
    return events


def run(definition, rule=None, *, days=7) -> Job:
    """The job after a worker has run it, a second later."""
    now = clock.now() + timedelta(seconds=1)
    job = backtest.start(definition, rule=rule, days=days, author=None, now=now)
    jobs.run(job.pk, clock=lambda: now)
    job.refresh_from_db()
    assert job.state == JobState.DONE, job.error
    return job


def edited(rule, **changes):
    return factories.changed(rule, **changes)


def test_it_says_what_would_have_matched_who_would_have_been_mailed_and_what_it_had_cost():
    rule = factories.saved_rule()
    happen(rule, "1", "2", "3")
    happen(factories.saved_rule(), "9")

    result = run(edited(rule, filters__price_restriction="greater", filters__price_restriction_value="1"), rule).result

    assert result["events"] == 3
    assert (result["edited"]["fired"], result["live"]["fired"]) == (2, 3)
    assert result["verdicts"] == {"both": 2, "live": 1, "edited": 0}
    assert (Decimal(result["edited"]["cost"]), Decimal(result["live"]["cost"])) == (Decimal("0.02"), Decimal("0.03"))
    assert result["recipients"] == [["a1@x.org", 1], ["a2@x.org", 1]]


def test_what_would_have_matched_is_what_did_match():
    rule = factories.saved_rule(filters__method="POST")
    for method in ("POST", "FORM", None):
        happen(rule, "1", "2", method=method)
    owed = set(Delivery.objects.filter(rule=rule).values_list("event_id", flat=True))

    job = run(rule.current.definition(), rule)

    found, _ = backtests.page(job)
    assert {row.event_row for row in found} == owed
    assert {row.verdict for row in found} == {Verdict.BOTH}


def test_nothing_is_sent_billed_or_written_but_the_answer():
    rule = factories.saved_rule()
    happen(rule, "1")
    before = flow.states()

    run(rule.current.definition(), rule)

    assert flow.states() == before
    assert not UsageDay.objects.exists()


def test_a_new_rule_has_no_live_version_to_be_compared_with():
    rule = factories.saved_rule()
    happen(rule, "1")

    result = run(rule.current.definition()).result

    assert (result["live"], result["edited"]["fired"]) == (None, 1)
    assert result["verdicts"]["edited"] == 1


def test_a_rule_moved_to_another_trigger_is_compared_over_both():
    rule = factories.saved_rule()
    happen(rule, "1", "2")
    happen(rule, "3", trigger="lms.lead_rejected")

    result = run(edited(rule, trigger="lms.lead_rejected"), rule).result

    assert result["verdicts"] == {"both": 0, "live": 2, "edited": 1}


def test_once_per_lead_fires_once_for_each():
    rule = factories.saved_rule()
    happen(rule, "1", "2", lead_id="L1")
    happen(rule, "3", lead_id="L2")

    result = run(edited(rule, policy__once_per_lead=True), rule).result

    assert (result["edited"]["fired"], result["edited"]["repeated"]) == (2, 1)
    assert result["verdicts"] == {"both": 2, "live": 1, "edited": 0}


def test_addresses_that_are_none_are_counted_apart_and_names_of_the_directory_fill_in():
    campaign = factories.CampaignFactory.create(name="acme")
    rule = factories.saved_rule(
        campaign=campaign.pk,
        trigger="lms.campaign_sold",
        action__recipient="{{ campaign.name }}@x.org, {{ lead.email }}",
    )
    event = factories.event(trigger="lms.campaign_sold", campaign=campaign.pk, lead={"email": "nobody"})
    intake.submit([event], now=clock.now())

    result = run(rule.current.definition(), rule).result

    assert result["recipients"] == [["acme@x.org", 1]]
    assert result["invalid"] == 1


def test_an_event_of_the_live_version_alone_is_listed_with_whom_that_mailed():
    rule = factories.saved_rule(action__recipient="old@x.org")
    happen(rule, "1")
    changes = {"filters__price_restriction": "greater", "filters__price_restriction_value": "1"}

    job = run(edited(rule, action__recipient="new@x.org", **changes), rule)

    assert [(row.verdict, row.recipients) for row in backtests.page(job)[0]] == [(Verdict.LIVE, "old@x.org")]
    assert job.result["recipients"] == []


@pytest.mark.parametrize(("days", "whole"), [(3, True), (7, False)])
def test_it_says_since_when_all_events_are_kept(settings, days, whole):
    settings.TRACKING_KEEP_SENT_DAYS = 5
    result = run(factories.saved_rule().current.definition(), days=days).result

    since, whole_since = (datetime.fromisoformat(result[name]) for name in ("since", "whole_since"))
    assert (since == whole_since) is whole
    assert whole_since - since == timedelta(days=0 if whole else 3)  # four days are kept for sure


def test_test_events_and_those_before_the_window_do_not_count():
    rule = factories.saved_rule()
    happen(rule, "1", test=True)
    happen(rule, "1")
    now = clock.now() + timedelta(days=3)
    job = backtest.start(rule.current.definition(), rule=rule, days=1, author=None, now=now)

    jobs.run(job.pk, clock=lambda: now)

    job.refresh_from_db()
    assert job.result["events"] == 0


def test_its_list_is_read_page_by_page_by_key(monkeypatch):
    monkeypatch.setattr(backtests, "PAGE", 2)
    rule = factories.saved_rule()
    happen(rule, "1", "2", "3")
    job = run(edited(rule, filters__price_restriction="greater", filters__price_restriction_value="1"), rule)

    first, after = backtests.page(job)
    second, end = backtests.page(job, after=after)
    both, _ = backtests.page(job, verdict=Verdict.BOTH)

    assert ([len(first), len(second)], end) == ([2, 1], None)
    assert [row.recipients for row in both] == ["a1@x.org", "a2@x.org"]


def test_what_is_in_memory_is_a_batch_and_what_is_listed_is_bounded(monkeypatch):
    monkeypatch.setattr(backtest, "BATCH", 2)
    monkeypatch.setattr(backtest, "LISTED", 3)
    monkeypatch.setattr(backtest, "DISTINCT", 1)
    rule = factories.saved_rule()
    happen(rule, *"12345")

    job = run(rule.current.definition(), rule)

    assert job.result["edited"]["fired"] == 5
    assert (job.result["listed"], job.matches.count()) == (3, 3)
    assert (job.result["distinct"], job.result["others"]) == (1, 4)
    assert job.note == "2 events, 2 matched"  # told once a second, after the first batch


def test_one_started_again_after_its_worker_died_lists_nothing_twice():
    rule = factories.saved_rule()
    happen(rule, "1")
    job = run(rule.current.definition(), rule)
    Job.objects.filter(pk=job.pk).update(state=JobState.QUEUED)

    jobs.run(job.pk, clock=clock.now)

    assert job.matches.count() == 1


@pytest.mark.parametrize("days", [0, 91])
def test_its_window_is_bounded(days):
    with pytest.raises(RuleError):
        backtest.start(
            factories.definition(product=1, action__connection="x"),
            rule=None,
            days=days,
            author=None,
            now=factories.NOON,
        )
