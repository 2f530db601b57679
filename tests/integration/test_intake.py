"""Events are kept once, whoever sends them how often; each owes the mails of the rules that fire."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime

import pytest
from django.db import connection, connections, transaction

from tests import factories, flow
from tests.factories import NOON
from tracking.emit import emit, emit_many
from tracking.errors import EventError
from tracking.events import Event
from tracking.models import Delivery, StoredEvent
from tracking.pipeline import intake
from tracking.signals import event_emitted

pytestmark = pytest.mark.django_db


def submit(*events):
    return intake.submit(events, now=NOON).receipts


def at_once(*works: Callable[[], object]) -> list[object]:
    """Run them at the same time, each in a transaction of its own that ends when all have begun."""
    gate = threading.Barrier(len(works))
    answers: list[object] = []

    def run(work: Callable[[], object]) -> None:
        gate.wait()
        try:
            answers.append(work())
        except Exception as error:  # shown by the assertion that follows
            answers.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_an_event_owes_a_mail_for_each_rule_that_fires():
    first = factories.saved_rule()
    second = factories.saved_rule(product=first.product_id, filters__source=[factories.source().pk])
    factories.saved_rule()
    event = factories.event(product=first.product_id)

    (receipt,) = submit(event)

    assert not receipt.duplicate
    assert [match.rule for match in receipt.matched] == [first.pk]
    delivery = Delivery.objects.get()
    assert delivery.id == receipt.matched[0].delivery
    assert (delivery.version, delivery.connection, delivery.next_attempt_at) == (first.current, first.connection, NOON)
    assert StoredEvent.objects.get().event() == event
    assert second.pk not in {match.rule for match in receipt.matched}


@pytest.mark.parametrize("offset", ["+14:45", "+19:44", "-23:59"])
def test_a_moment_of_any_offset_is_kept(offset):
    """PostgreSQL itself takes none of 16 hours or more."""
    moment = f"2026-01-31T12:00:00{offset}"

    submit(Event.from_json({**factories.event(event_id="sale-1").to_json(), "occurred_at": moment}))

    stored = StoredEvent.objects.get()
    assert stored.occurred_at == stored.event().occurred_at == datetime.fromisoformat(moment)


def test_the_same_event_again_is_a_duplicate_and_changes_nothing():
    rule = factories.saved_rule()
    event = factories.event(product=rule.product_id)

    (first,) = submit(event)
    (again,) = submit(factories.event(event_id=event.event_id, product=rule.product_id, lead={"other": 1}))

    assert (first.duplicate, again.duplicate, again.matched) == (False, True, ())
    assert Delivery.objects.count() == 1
    assert StoredEvent.objects.get().event() == event


def test_of_duplicates_in_one_batch_the_first_counts():
    rule = factories.saved_rule(filters__method="POST")
    event_id = factories.event().event_id
    first = factories.event(event_id=event_id, product=rule.product_id, method="POST")
    second = factories.event(event_id=event_id, product=rule.product_id, method="FORM")

    receipts = submit(first, first, second)

    assert [receipt.duplicate for receipt in receipts] == [False, True, True]
    assert [len(receipt.matched) for receipt in receipts] == [1, 0, 0]
    assert StoredEvent.objects.get().event() == first, "the mail is about the event that matched"


def test_receipts_come_in_the_order_of_the_events():
    rule = factories.saved_rule()
    batch = [factories.event(event_id=f"{n % 7}-{n}", product=rule.product_id) for n in range(20)]

    receipts = submit(*batch)

    assert [receipt.event_id for receipt in receipts] == [event.event_id for event in batch]


def test_ids_that_the_directory_does_not_know_are_taken():
    everything = dict.fromkeys(
        ("product", "campaign", "publisher", "channel", "source", "buyer", "pingtree"), 2**63 - 1
    )

    (receipt,) = submit(factories.event(**everything))

    assert (receipt.duplicate, receipt.matched) == (False, ())
    assert StoredEvent.objects.get().event().buyer == 2**63 - 1


def test_an_event_comes_back_from_the_database_as_it_was():
    lead = {"a": [1, 0.1, -1.5e-7, True, None, {"é": "漢\n\u2028"}], "b": {}, "n": 2**80, "s": "\U0001f600"}
    event = factories.event(price="0.000001", lead=lead, occurred_at="2026-01-31T12:00:00.123456+05:30")

    submit(event)

    assert StoredEvent.objects.get().event() == event


def test_numbers_that_a_database_writes_longer_do_no_harm():
    rule = factories.saved_rule()
    (delivery,) = flow.owe(rule, lead={"email": "a@example.org", "n": [1e300] * 5_000})

    assert len(StoredEvent.objects.get().payload["lead"]["n"]) == 5_000
    assert delivery.state == "queued"


@pytest.mark.parametrize(
    ("second", "mails"),
    [
        pytest.param({"lead_id": "7"}, 1, id="one lead"),
        pytest.param({"lead_id": "8"}, 2, id="two leads"),
        pytest.param({"lead_id": None}, 2, id="a lead without id"),
        pytest.param({"lead_id": "7", "test": True}, 2, id="a test run"),
    ],
)
@pytest.mark.parametrize("together", [True, False], ids=["in one batch", "one after the other"])
def test_once_per_lead(second, mails, together):
    rule = factories.saved_rule(policy__once_per_lead=True)
    other = factories.saved_rule(product=rule.product_id)
    events = [factories.event(product=rule.product_id, **fields) for fields in ({"lead_id": "7"}, second)]

    receipts = submit(*events) if together else [submit(event)[0] for event in events]

    assert Delivery.objects.filter(rule=rule).count() == mails
    assert Delivery.objects.filter(rule=other).count() == 2
    told = [match.delivery for receipt in receipts for match in receipt.matched]
    assert sorted(told) == sorted(Delivery.objects.values_list("id", flat=True))


def test_two_events_without_lead_are_two_leads():
    rule = factories.saved_rule(policy__once_per_lead=True)

    flow.owe(rule, 2)

    assert Delivery.objects.count() == 2


def test_emit_wakes_each_connection_once_after_the_commit(rung, django_capture_on_commit_callbacks):
    rule = factories.saved_rule()
    factories.saved_rule(product=rule.product_id, connection=rule.connection)

    with django_capture_on_commit_callbacks(execute=True):
        emit_many([factories.event(product=rule.product_id) for _ in range(3)])
        assert rung == []

    assert rung == [rule.connection_id]


def test_emit_wakes_nobody_when_no_rule_fires(rung, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True) as callbacks:
        emit(factories.event(product=1))

    assert (rung, callbacks) == ([], [])


def test_a_savepoint_that_is_rolled_back_takes_its_events_with_it(rung, django_capture_on_commit_callbacks):
    rule = factories.saved_rule()

    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        emit(factories.event(product=rule.product_id))
        transaction.set_rollback(True)

    assert rung == []
    assert not StoredEvent.objects.exists()


def test_the_signal_does_what_emit_does(rung):
    rule = factories.saved_rule()

    answers = event_emitted.send(sender=None, event=factories.event(product=rule.product_id))

    assert [answer.matched[0].rule for _, answer in answers] == [rule.pk]


def test_what_is_no_event_is_refused_before_any_is_taken(rung):
    with pytest.raises(EventError) as refused:
        emit_many([factories.event(), {"event_id": "1"}])

    assert refused.value.errors == {"1": ["must be a tracking.events.Event, not dict"]}
    assert not StoredEvent.objects.exists()


def test_no_events_are_no_receipts():
    assert emit_many([]) == []


def test_an_event_costs_as_many_queries_however_many_rules_there_are(django_assert_max_num_queries, rung):
    rule = factories.saved_rule()
    for _ in range(5):
        factories.saved_rule(connection=rule.connection)
    emit(factories.event(product=rule.product_id))

    with django_assert_max_num_queries(7):
        emit_many([factories.event(product=rule.product_id) for _ in range(50)])


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("two_at_once", "rung")
def test_the_same_event_from_two_at_the_same_time_is_one():
    rule = factories.saved_rule()
    events = [factories.event(event_id=f"e{n}", product=rule.product_id) for n in range(20)]

    answers = at_once(lambda: emit_many(events), lambda: emit_many(events[::-1]), lambda: emit_many(events))

    assert all(isinstance(answer, list) for answer in answers), answers
    assert Delivery.objects.count() == StoredEvent.objects.count() == 20
    assert sorted(receipt.duplicate for answer in answers for receipt in answer) == [False] * 20 + [True] * 40


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("two_at_once", "rung")
def test_two_events_of_one_lead_at_the_same_time_owe_one_mail():
    rule = factories.saved_rule(policy__once_per_lead=True)

    answers = at_once(
        *(lambda n=n: emit(factories.event(event_id=f"e{n}", product=rule.product_id, lead_id="7")) for n in range(4))
    )

    assert connection.vendor == "postgresql"
    assert sorted(len(answer.matched) for answer in answers) == [0, 0, 0, 1]
    assert Delivery.objects.count() == 1
