"""A window of deliveries sent once more: what is ticked and nothing else, once, and free."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from tests import factories, flow
from tests.flow import Hands
from tests.smtp_server import ScriptedServer
from tracking.choices import DeliveryState, Encryption, JobKind, JobState, Reason
from tracking.errors import RuleError
from tracking.models import Attempt, Delivery, Job, UsageDay
from tracking.pipeline import jobs, replay
from tracking.pipeline.report import Report
from tracking.store import clock, replays
from tracking.store.jobs import cancel
from tracking.store.replays import Window

pytestmark = pytest.mark.django_db
ALL = frozenset(replays.CHOICES)


def window(**changes: Any) -> Window:
    now = clock.now()
    around = {"first": now - timedelta(hours=1), "until": now + timedelta(hours=1)}
    return Window(**{**around, "asked_at": now, **changes})


def stopped(state: DeliveryState, rule: Any = None, **fields: Any) -> Delivery:
    """A delivery that came to that end a minute ago."""
    (delivery,) = flow.owe(rule or factories.saved_rule(), **fields)
    ended = {} if state is DeliveryState.HELD else {"finished_at": clock.now() - timedelta(minutes=1)}
    reason = Reason.REFUSED if state is DeliveryState.FAILED else ""
    Delivery.objects.filter(pk=delivery.pk).update(state=state, reason=reason, tries=3, claimed_at=clock.now(), **ended)
    return delivery


def run(wanted: Window) -> Job:
    job = replay.start(wanted, author=None)
    jobs.run(job.pk, clock=clock.now)
    job.refresh_from_db()
    return job


def test_only_what_is_ticked_is_queued_again():
    by_state = {state: stopped(state) for state in (*replays.CHOICES, DeliveryState.QUEUED, DeliveryState.CANCELLED)}

    job = run(window())

    assert (job.state, job.result["replayed"]) == (JobState.DONE, 2)
    after = {state: Delivery.objects.get(pk=row.pk).state for state, row in by_state.items()}
    assert after == {
        DeliveryState.FAILED: "retrying",
        DeliveryState.HELD: "retrying",
        DeliveryState.UNKNOWN: "unknown",
        DeliveryState.SENT: "sent",
        DeliveryState.QUEUED: "queued",
        DeliveryState.CANCELLED: "cancelled",
    }


@pytest.mark.parametrize("state", replays.CHOICES)
def test_what_is_counted_is_what_is_replayed(state):
    stopped(state), stopped(DeliveryState.CANCELLED)
    wanted = window(states=ALL)

    counted = replays.count(wanted)

    assert counted == {**dict.fromkeys(replays.CHOICES, 0), state: 1}
    assert run(wanted).result["replayed"] == 1


def test_the_filters_of_a_window():
    rule, other = factories.saved_rule(), factories.saved_rule()
    wanted, test = stopped(DeliveryState.FAILED, rule), stopped(DeliveryState.FAILED, rule, test=True)
    stopped(DeliveryState.FAILED, other)

    for chosen in ({"rule": rule.pk}, {"product": rule.product_id}):
        assert list(window(**chosen).rows()) == [wanted], chosen
    assert test not in window().rows()
    assert not window(campaign=1).rows().exists()
    assert not window(trigger="lms.lead_rejected").rows().exists()
    assert not window(buyers=(1,)).rows().exists()
    assert not window(triggers=("call.amd",)).rows().exists()
    assert not window(first=clock.now() + timedelta(minutes=1)).rows().exists()
    assert window(trigger="lms.lead_sold", triggers=("lms.lead_sold",)).rows().count() == 2


def test_a_window_comes_back_from_its_json():
    wanted = window(rule=3, trigger="call.amd", states=ALL, buyers=(1, 2), triggers=(), cap=7, today=True, last=uuid4())

    assert Window.from_json(wanted.to_json()) == wanted


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"until": factories.NOON, "first": factories.NOON}, "until"),
        ({"until": factories.NOON, "first": factories.NOON - timedelta(days=32)}, "until"),
        ({"states": frozenset()}, "states"),
        ({"states": frozenset({DeliveryState.QUEUED})}, "states"),
        ({"cap": 0}, "cap"),
        ({"cap": 10_001}, "cap"),
        ({"trigger": "lms.nothing"}, "trigger"),
    ],
)
def test_what_is_no_window(changes, field):
    with pytest.raises(RuleError) as error:
        window(**changes)

    assert list(error.value.errors) == [field]


def test_the_oldest_go_first_up_to_the_cap(monkeypatch):
    monkeypatch.setattr(replay, "PAGE", 2)
    rows = [stopped(DeliveryState.FAILED) for _ in range(5)]

    assert run(window(cap=3)).result["replayed"] == 3

    left = Delivery.objects.filter(state=DeliveryState.FAILED).values_list("pk", flat=True)
    assert set(left) == {row.pk for row in rows[3:]}


def test_a_replay_that_begins_again_takes_none_twice():
    """Its worker died after a page; the mails of that page were sent, or failed again, since."""
    wanted = window(states=ALL)
    done, left = stopped(DeliveryState.SENT), stopped(DeliveryState.SENT)
    Delivery.objects.filter(pk=done.pk).update(finished_at=wanted.asked_at + timedelta(seconds=1))

    assert run(wanted).result["replayed"] == 1

    assert Delivery.objects.get(state=DeliveryState.RETRYING) == left


def test_a_replay_that_begins_again_stays_within_its_cap():
    for _ in range(3):
        stopped(DeliveryState.FAILED)
    job = replay.start(window(cap=2), author=None)
    begun = Window.from_json(job.params)
    replays.queue_again(begun, next(replays.pages(begun, size=1)), now=clock.now())  # and its worker died

    jobs.run(job.pk, clock=clock.now)

    job.refresh_from_db()
    assert job.result["replayed"] == 1
    assert flow.states() == {"retrying": 2, "failed": 1}


def test_a_replay_of_nothing_takes_nothing_that_comes_later():
    job = replay.start(window(), author=None)
    stopped(DeliveryState.FAILED)

    jobs.run(job.pk, clock=clock.now)

    assert flow.states() == {"failed": 1}


def test_a_cancelled_replay_stops(monkeypatch):
    monkeypatch.setattr(replay, "PAGE", 1)
    monkeypatch.setitem(Report.__init__.__kwdefaults__, "every", 0)
    for _ in range(3):
        stopped(DeliveryState.FAILED)
    job = replay.start(window(), author=None)
    queue = replays.queue_again

    def queue_and_cancel(*arguments: Any, **named: Any) -> int:
        cancel(job.pk, now=clock.now())
        return queue(*arguments, **named)

    monkeypatch.setattr(replays, "queue_again", queue_and_cancel)
    jobs.run(job.pk, clock=clock.now)

    job.refresh_from_db()
    assert (job.kind, job.state) == (JobKind.REPLAY, JobState.CANCELLED)
    assert flow.states() == {"failed": 2, "retrying": 1}


@pytest.mark.parametrize(("today", "amount"), [(False, "0.02"), (True, "0.0202")])
def test_what_was_never_tried_is_billed_and_that_is_said_before(settings, today, amount):
    settings.TRACKING_REGULAR_PRICE = "0.01"
    with ScriptedServer() as server:
        connection = factories.ConnectionFactory(port=server.port, encryption=Encryption.NONE)
        rule = factories.saved_rule(connection=connection, policy__daily_cap=1)
        flow.owe(rule, 3, now=clock.now())
        flow.drain(rule, Hands(clock.now()))
        assert flow.states() == {"sent": 1, "held": 2}
        notify = {"enable_notifications": True, "warnings_number": 1, "notify_emails": ["a@example.com"]}
        factories.save_again(
            rule, policy__daily_cap=None, **{f"notifications__{name}": value for name, value in notify.items()}
        )
        wanted = window(states=ALL, today=today)

        assert replay.bill(wanted) == (2, Decimal(amount))
        job = run(wanted)

    assert (job.result["untried"], job.result["amount"]) == (2, format(Decimal(amount), "f"))


def test_what_was_tried_costs_nothing():
    stopped(DeliveryState.FAILED), stopped(DeliveryState.SENT)

    assert replay.bill(window(states=ALL)) == (0, 0)


@pytest.mark.parametrize(("today", "subject"), [(False, b"Subject: Sold: Ada"), (True, b"Subject: Sorry, Ada")])
def test_it_is_sent_as_then_or_with_the_rule_of_today_and_is_free(today, subject):
    with ScriptedServer() as server:
        connection = factories.ConnectionFactory(port=server.port, encryption=Encryption.NONE)
        rule = factories.saved_rule(connection=connection)
        flow.owe(rule)
        flow.drain(rule, Hands(clock.now() - timedelta(minutes=1)))
        factories.save_again(rule, action__subject="Sorry, {{ lead.first_name }}")
        billed = list(UsageDay.objects.values_list("events", flat=True))

        run(window(states=ALL, today=today))
        flow.assert_books_balance()
        flow.drain(rule, Hands(clock.now()))

    first, again = server.mails
    assert subject in again.data
    assert first.recipients == again.recipients
    assert Attempt.objects.count() == 2
    assert list(UsageDay.objects.values_list("events", flat=True)) == billed
    flow.assert_books_balance()
