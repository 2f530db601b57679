"""Leases: two workers never share a mail, the dead lose theirs, and whoever comes late changes nothing."""

from __future__ import annotations

import threading
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from django.db import IntegrityError, connection, connections, transaction
from django.db.models import Count, Sum

from tests import factories, flow
from tests.acceptance.stage import eventually
from tests.factories import NOON
from tests.flow import LEASE, Hands
from tests.integration.test_intake import at_once
from tracking.choices import DeliveryPolicy, DeliveryState, Phase, Reason, RecipientRole, RecipientStatus, WarningCause
from tracking.models import (
    Attempt,
    Connection,
    Delivery,
    DeliveryRecipient,
    EventMinute,
    Lease,
    SentMinute,
    UsageDay,
    WarningMinute,
)
from tracking.pipeline import sweep
from tracking.policy.retry import Fate
from tracking.store import claims, deliveries, leases, outcomes, reconcile
from tracking.store.claims import Claim, GivenBack
from tracking.store.outcomes import Reached, Result, Tried

pytestmark = pytest.mark.django_db
SENT = Fate(state=DeliveryState.SENT)


def claim(rule, *, limit: int = 10, now=NOON) -> Claim | None:
    return claims.claim(rule.connection_id, limit=limit, lease=LEASE, clock=lambda: now)


def result(delivery: Delivery, fate: Fate = SENT, *, cause=None, now=NOON) -> Result:
    tried = Tried(started_at=now, ended_at=now, phase=Phase.ACCEPTED, code=250, enhanced="2.0.0", text="2.0.0 Ok")
    to = Reached(
        address="ada@example.org", role=RecipientRole.TO, status=RecipientStatus.ACCEPTED, code=250, text="2.0.0 Ok"
    )
    return Result(delivery=delivery, fate=fate, cause=cause, tried=tried, recipients=(to,))


def test_a_claim_takes_the_oldest_due_up_to_the_limit():
    rule = factories.saved_rule()
    late, early = flow.owe(rule, now=NOON), flow.owe(rule, 2, now=NOON - timedelta(minutes=1))
    flow.owe(rule, now=NOON + timedelta(seconds=1))

    first, second, third = claim(rule, limit=2), claim(rule, limit=2), claim(rule, limit=2)

    assert first is not None
    assert second is not None
    assert {row.id for row in first.deliveries} == {row.id for row in early}
    assert first.full
    assert [row.id for row in second.deliveries] == [late[0].id]
    assert not second.full
    assert third is None
    flow.assert_books_balance()


def test_a_claim_counts_and_bills_once_at_the_price_of_its_version(settings):
    settings.TRACKING_REGULAR_PRICE = "0.0020"
    told = {"enable_notifications": True, "warnings_number": 5, "notify_emails": ["a@b.com"]}
    rule = factories.saved_rule(notifications=told)
    flow.owe(rule, 3)

    for _ in range(2):
        taken = claim(rule)
        assert taken is not None
        claims.give_back(taken.token)

    assert EventMinute.objects.get().events == 3
    day = UsageDay.objects.get()
    assert (day.events, str(day.unit_price), str(day.amount)) == (3, "0.0021", "0.0063")
    flow.assert_books_balance()


def test_a_test_run_is_counted_nowhere():
    rule = factories.saved_rule()
    flow.owe(rule, test=True)

    assert claim(rule) is not None

    assert not EventMinute.objects.exists()
    assert not UsageDay.objects.exists()
    flow.assert_books_balance()


def test_a_connection_that_rests_is_not_claimed():
    rule = factories.saved_rule()
    flow.owe(rule)
    rule.connection.paused_until = NOON + timedelta(seconds=1)
    rule.connection.save()

    assert claim(rule) is None
    assert deliveries.due_connections(NOON) == []
    assert claim(rule, now=NOON + timedelta(seconds=1)) is not None


def test_an_unknown_connection_is_not_claimed():
    assert claims.claim(12345, limit=1, lease=LEASE, clock=lambda: NOON) is None


def test_whoever_comes_late_changes_nothing():
    rule = factories.saved_rule()
    (delivery,) = flow.owe(rule)
    slow = claim(rule)
    assert slow is not None
    later = NOON + LEASE + timedelta(seconds=1)
    claims.take_back(now=later)
    quick = claim(rule, now=later)
    assert quick is not None

    assert not leases.mark(slow.token, [delivery.id])
    assert not outcomes.record(slow.token, [result(delivery)], worker="slow", marking=[delivery.id])
    assert claims.give_back(slow.token) == GivenBack(0, knocked=False, lost=True)
    claims.renew([slow.token], lease=LEASE, now=later + timedelta(hours=1))

    delivery.refresh_from_db()
    assert delivery.state == DeliveryState.SENDING
    assert delivery.lease_token == quick.token
    lease = Lease.objects.get()
    assert (lease.token, lease.until, lease.marked) == (quick.token, later + LEASE, [])
    assert not Attempt.objects.exists()


def test_only_what_is_still_held_is_written():
    rule = factories.saved_rule()
    first, second = flow.owe(rule, 2)
    taken = claim(rule)
    assert taken is not None
    Delivery.objects.filter(pk=second.pk).update(lease_token=factories.new_token())

    assert outcomes.record(taken.token, [result(first), result(second)], worker="w")

    second.refresh_from_db()
    assert second.state == DeliveryState.SENDING
    assert Attempt.objects.get().delivery_id == first.id


def test_what_is_marked_with_the_results_of_others_is_unknown_after_a_crash_and_nothing_else():
    rule = factories.saved_rule()
    sent, left, unsaid = flow.owe(rule, 3)
    taken = claim(rule)
    assert taken is not None
    leases.mark(taken.token, [sent.id, left.id])

    assert outcomes.record(taken.token, [result(sent)], worker="w", marking=[unsaid.id])
    claims.take_back(now=NOON + LEASE + timedelta(seconds=1))

    found = [Delivery.objects.get(pk=one.pk).state for one in (sent, left, unsaid)]
    assert found == [DeliveryState.SENT, DeliveryState.RETRYING, DeliveryState.UNKNOWN]
    assert not Lease.objects.exists()


def test_a_lease_that_is_renewed_does_not_expire():
    rule = factories.saved_rule()
    flow.owe(rule)
    taken = claim(rule)
    assert taken is not None

    claims.renew([taken.token], lease=LEASE, now=NOON + timedelta(seconds=50))

    assert claims.take_back(now=NOON + timedelta(seconds=105)) == 0
    assert claims.take_back(now=NOON + timedelta(seconds=111)) == 1


def test_a_dead_workers_mails_go_back_to_the_queue_unless_their_data_may_have_begun():
    rule = factories.saved_rule()
    safe, unsaid = flow.owe(rule, 2)
    taken = claim(rule)
    assert taken is not None
    leases.mark(taken.token, [unsaid.id])
    later = NOON + LEASE + timedelta(seconds=1)

    assert sweep.sweep(now=later).connections == [rule.connection_id]

    safe.refresh_from_db()
    unsaid.refresh_from_db()
    assert (safe.state, safe.crashes, safe.next_attempt_at, safe.warning) == (DeliveryState.RETRYING, 1, later, "")
    assert (unsaid.state, unsaid.next_attempt_at, unsaid.finished_at) == (DeliveryState.UNKNOWN, None, later)
    assert unsaid.warning == "unknown_outcome"
    attempt = Attempt.objects.get()
    assert (attempt.delivery_id, attempt.phase, attempt.failure) == (unsaid.id, Phase.DATA, "unknown")
    flow.assert_books_balance()


def test_a_rule_that_would_rather_not_lose_a_mail_sends_it_again():
    rule = factories.saved_rule(policy__delivery_policy=DeliveryPolicy.NEVER_LOSE.value)
    (delivery,) = flow.owe(rule)
    taken = claim(rule)
    assert taken is not None
    leases.mark(taken.token, [delivery.id])

    claims.take_back(now=NOON + LEASE + timedelta(seconds=1))

    delivery.refresh_from_db()
    assert (delivery.state, delivery.tries, delivery.crashes) == (DeliveryState.RETRYING, 1, 1)
    assert delivery.warning == "unknown_outcome"
    flow.assert_books_balance()


@pytest.mark.parametrize(
    ("policy", "marked", "state", "reason"),
    [
        ("never_twice", False, DeliveryState.FAILED, Reason.WORKER_LOST),
        ("never_lose", False, DeliveryState.FAILED, Reason.WORKER_LOST),
        ("never_lose", True, DeliveryState.UNKNOWN, ""),
    ],
    ids=["before its data", "before its data, never lose", "after its data, never lose"],
)
def test_a_mail_that_kills_its_worker_is_not_tried_for_ever(policy, marked, state, reason):
    rule = factories.saved_rule(policy__delivery_policy=policy)
    (delivery,) = flow.owe(rule)
    clock = Hands()

    for _ in range(3):
        taken = claim(rule, now=clock())
        assert taken is not None
        if marked:
            leases.mark(taken.token, [delivery.id])
        claims.take_back(now=clock.move(seconds=61))

    assert claim(rule, now=clock.move(hours=1)) is None
    delivery.refresh_from_db()
    assert (delivery.state, delivery.reason, delivery.crashes) == (state, reason, 3)
    flow.assert_books_balance()


def test_a_mail_on_its_last_life_is_claimed_alone_so_that_it_takes_no_other_with_it():
    rule = factories.saved_rule()
    flow.owe(rule, 3)
    clock = Hands()
    for _ in range(2):
        assert len(claim(rule, now=clock()).deliveries) == 3
        claims.take_back(now=clock.move(seconds=61))
    flow.owe(rule, now=clock.move(seconds=1))

    sizes = [(len(taken.deliveries), taken.full) for taken in iter(lambda: claim(rule, now=clock()), None)]

    assert sizes == [(1, True), (1, True), (1, True), (1, False)]


def test_what_was_not_tried_is_given_back_as_it_was():
    rule = factories.saved_rule()
    fresh, tried = flow.owe(rule, 2)
    Delivery.objects.filter(pk=tried.pk).update(state=DeliveryState.RETRYING, tries=2)
    taken = claim(rule)
    assert taken is not None

    assert claims.give_back(taken.token).number == 2

    fresh.refresh_from_db()
    tried.refresh_from_db()
    assert (fresh.state, fresh.next_attempt_at) == (DeliveryState.QUEUED, NOON)
    assert (tried.state, tried.tries) == (DeliveryState.RETRYING, 2)
    flow.assert_books_balance()


def test_what_may_have_been_sent_is_not_given_back():
    rule = factories.saved_rule()
    _untried, unsaid = flow.owe(rule, 2)
    taken = claim(rule)
    assert taken is not None
    leases.mark(taken.token, [unsaid.id])

    assert claims.give_back(taken.token).number == 1

    unsaid.refresh_from_db()
    assert unsaid.state == DeliveryState.SENDING, "it waits for its lease to end, and is unknown then"


def test_the_database_refuses_a_lease_without_sending_and_sending_without_a_lease():
    rule = factories.saved_rule()
    (delivery,) = flow.owe(rule)

    for wrong in ({"state": DeliveryState.SENDING}, {"lease_token": factories.new_token()}):
        with pytest.raises(IntegrityError, match="a_lease_while_sending"), transaction.atomic():
            Delivery.objects.filter(pk=delivery.pk).update(**wrong)


def test_an_operator_resends_what_failed_to_those_it_did_not_reach():
    rule = factories.saved_rule()
    failed, sending, sent = flow.owe(rule, 3)
    failed.recipients.create(role="to", address="a@b.com", status=RecipientStatus.REFUSED, code=550)
    failed.recipients.create(role="cc", address="c@d.com", status=RecipientStatus.ACCEPTED)
    Delivery.objects.filter(pk=failed.pk).update(
        state=DeliveryState.FAILED, reason=Reason.REFUSED, tries=20, crashes=3, finished_at=NOON, next_attempt_at=None
    )
    Delivery.objects.filter(pk=sent.pk).update(state=DeliveryState.SENT, next_attempt_at=None)
    claim(rule)

    assert deliveries.resend(Delivery.objects.all(), now=NOON) == 1

    failed.refresh_from_db()
    sending.refresh_from_db()
    assert (failed.state, failed.tries, failed.crashes, failed.reason) == (DeliveryState.RETRYING, 0, 0, "")
    assert dict(failed.recipients.values_list("address", "status")) == {"a@b.com": "open", "c@d.com": "accepted"}
    assert sending.state == DeliveryState.SENDING


def test_an_operator_cancels_what_waits_and_nothing_else():
    rule = factories.saved_rule()
    sending, waiting = flow.owe(rule)[0], None
    claim(rule)
    waiting = flow.owe(rule)[0]

    assert deliveries.discard(Delivery.objects.all(), now=NOON) == 1

    waiting.refresh_from_db()
    sending.refresh_from_db()
    assert (waiting.state, waiting.reason) == (DeliveryState.CANCELLED, Reason.OPERATOR)
    assert sending.state == DeliveryState.SENDING
    flow.assert_books_balance()


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("two_at_once")
def test_two_workers_that_claim_at_the_same_time_share_nothing():
    rule = factories.saved_rule(connection=factories.ConnectionFactory(max_sessions=100))
    owed = flow.owe(rule, 40)
    gate = threading.Barrier(4)
    taken: list[list] = []

    def work() -> None:
        gate.wait()
        try:
            while Delivery.objects.filter(state=DeliveryState.QUEUED).exists():
                if (found := claim(rule, limit=3)) is not None:
                    taken.append([row.id for row in found.deliveries])
        finally:
            connections.close_all()

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    ids = [id_ for batch in taken for id_ in batch]
    assert sorted(ids) == sorted(row.id for row in owed)
    flow.assert_books_balance()


def dead_workers(policy: DeliveryPolicy) -> tuple[set[UUID], set[UUID]]:
    """Thirty, each with three mails in hand of which one is marked; the marked ones, and the others."""
    connection = factories.ConnectionFactory(max_sessions=100)
    rule = factories.saved_rule(connection=connection, policy__delivery_policy=policy.value)
    ids = {row.id for row in flow.owe(rule, 90)}
    marked = set()
    for _ in range(30):
        dead = claim(rule, limit=3)
        assert dead is not None
        leases.mark(dead.token, [dead.deliveries[0].id])
        marked.add(dead.deliveries[0].id)
    return marked, ids - marked


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("two_at_once")
def test_of_sweepers_at_the_same_time_one_alone_settles_what_a_dead_worker_had_in_hand():
    unsaid, unsent = dead_workers(DeliveryPolicy.NEVER_TWICE)
    again, waiting = dead_workers(DeliveryPolicy.NEVER_LOSE)
    later = NOON + LEASE + timedelta(seconds=1)

    def work() -> int:
        return sum(sweep.sweep(now=later).taken_back for _ in range(5))

    answers = at_once(*[work] * 4)

    assert all(isinstance(answer, int) for answer in answers), answers
    assert sum(answers) == Delivery.objects.count() == 180
    assert not Lease.objects.exists()
    rows = Delivery.objects.annotate(told=Count("attempts")).values_list(
        "id", "state", "tries", "told", "warning", "crashes"
    )
    unknown, tried, untried = (
        (DeliveryState.UNKNOWN, 1, 1, WarningCause.UNKNOWN_OUTCOME, 1),
        (DeliveryState.RETRYING, 1, 1, WarningCause.UNKNOWN_OUTCOME, 1),
        (DeliveryState.RETRYING, 0, 0, "", 1),
    )
    assert {id_: tuple(fate) for id_, *fate in rows} == {
        **dict.fromkeys(unsaid, unknown),
        **dict.fromkeys(again, tried),
        **dict.fromkeys(unsent | waiting, untried),
    }
    assert WarningMinute.objects.aggregate(total=Sum("warnings")) == {"total": 60}
    assert [account.balanced for account in reconcile.accounts(now=later)] == [True, True]
    flow.assert_books_balance()


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("two_at_once")
def test_one_thread_waits_for_a_connection_and_finds_what_all_were_woken_for():
    rule = factories.saved_rule()
    now, locked, release = NOON, threading.Event(), threading.Event()
    taken: list[Claim | None] = []

    def hold() -> None:
        with closing(connections["default"]), transaction.atomic():
            Connection.objects.select_for_update(no_key=True).get(pk=rule.connection_id)
            locked.set()
            release.wait(30)

    def wait() -> None:
        with closing(connections["default"]):
            taken.append(claims.claim(rule.connection_id, limit=10, lease=LEASE, clock=lambda: now))

    threads = [threading.Thread(target=hold), threading.Thread(target=wait)]
    owed = flow.owe(rule)
    threads[0].start()
    assert locked.wait(30)
    threads[1].start()
    assert eventually(lambda: rule.connection_id in claims._awaited, within=30, every=0.01)
    now = NOON + timedelta(seconds=1)
    owed += flow.owe(rule, now=now)

    assert claim(rule, now=now) is None, "the one that waits is enough"

    release.set()
    for thread in threads:
        thread.join(30)
    assert taken[0] is not None
    assert [row.id for row in taken[0].deliveries] == [row.id for row in owed]
    assert not claims._awaited


def test_mails_that_are_tried_again_at_different_times_cost_no_statement_each(django_assert_max_num_queries):
    rule = factories.saved_rule()
    flow.owe(rule, 6)
    taken = claim(rule)
    assert taken is not None
    fates = [Fate(state=DeliveryState.RETRYING, next_attempt_at=NOON + timedelta(seconds=30 + n)) for n in range(6)]
    ended = [NOON + timedelta(seconds=n / 10) for n in range(6)]
    results = [
        result(row, fate, cause=WarningCause.TEMPORARY_FAILURE, now=now)
        for row, fate, now in zip(taken.deliveries, fates, ended, strict=True)
    ]

    with django_assert_max_num_queries(8):  # begin, mark, states, attempts, recipients, warned, their minute, commit
        assert outcomes.record(taken.token, results, worker="w")

    for row, fate in zip(taken.deliveries, fates, strict=True):
        stored = Delivery.objects.get(pk=row.id)
        assert (stored.state, stored.next_attempt_at, stored.tries) == (fate.state, fate.next_attempt_at, 1)
        assert stored.warned_at == ended[-1]
    flow.assert_books_balance()


def _written(rows):
    """All that is kept of those deliveries, without the keys of rows."""
    ids = [row.id for row in rows]
    return (
        list(
            Delivery.objects.filter(id__in=ids).values_list(
                "state", "reason", "next_attempt_at", "tries", "finished_at", "lease_token", "warned_at", "test"
            )
        ),
        list(Attempt.objects.filter(delivery__in=ids).order_by("delivery_id").values_list(*outcomes._ATTEMPT[1:])),
        list(
            DeliveryRecipient.objects.filter(delivery__in=ids)
            .order_by("delivery_id")
            .values_list(*outcomes._RECIPIENT[1:])
        ),
        sorted(SentMinute.objects.filter(rule__deliveries__in=ids).distinct().values_list("minute", "sent")),
    )


def _went(rule, monkeypatch, *, at_once: bool):
    """What is written of a chunk that is recorded, and of one that ends its claim, by the one way or the other."""
    flow.owe(rule, 5)
    flow.owe(rule, test=True)
    taken = claim(rule)
    assert taken is not None
    odd = 'tab\t, "quotes", back\\slash, {braces}, NULL, \x00, line\nend, é'
    results = [
        replace(result(row, now=NOON + timedelta(seconds=n)), tried=_said(odd, n))
        for n, row in enumerate(taken.deliveries)
    ]
    if not at_once:
        monkeypatch.setattr(outcomes, "went_well", lambda _results: False)
    assert outcomes.record(taken.token, results[:4], worker="w:1", marking=[one.delivery.id for one in results[4:]])
    marked = set(Lease.objects.get().marked)
    back = claims.give_back(taken.token, results[4:], all_told=True, worker="w:1")
    assert back == GivenBack(0, knocked=False)
    assert not Lease.objects.exists()
    flow.assert_books_balance()
    return len(marked), _written(taken.deliveries)


def _said(text, seconds):
    began = NOON + timedelta(seconds=seconds)
    return Tried(started_at=began, ended_at=began, phase=Phase.ACCEPTED, code=250, enhanced="2.6.0", text=text)


def test_what_is_written_at_once_is_what_a_transaction_would_write(monkeypatch):
    at_once = _went(factories.saved_rule(), monkeypatch, at_once=True)
    one_by_one = _went(factories.saved_rule(), monkeypatch, at_once=False)

    assert at_once == one_by_one


def test_mails_that_went_well_cost_one_statement_a_chunk_and_one_to_end(django_assert_num_queries):
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no statements of several changes")
    rule = factories.saved_rule()
    flow.owe(rule, 6)
    taken = claim(rule)
    assert taken is not None
    results = [result(row) for row in taken.deliveries]

    with django_assert_num_queries(1):
        assert outcomes.record(taken.token, results[:3], worker="w", marking=[one.delivery.id for one in results[3:]])
    with django_assert_num_queries(1):
        claims.give_back(taken.token, results[3:], all_told=True, worker="w")

    assert Attempt.objects.count() == Delivery.objects.filter(state=DeliveryState.SENT).count() == 6


def test_who_knocked_is_heard_when_a_claim_ends_well():
    rule = factories.saved_rule()
    flow.owe(rule)
    taken = claim(rule)
    assert taken is not None
    leases.knock(rule.connection_id, now=NOON)

    assert claims.give_back(taken.token, [result(taken.deliveries[0])], all_told=True, worker="w").knocked


def test_whoever_ends_well_but_late_changes_nothing():
    rule = factories.saved_rule()
    flow.owe(rule)
    slow = claim(rule)
    assert slow is not None
    claims.take_back(now=NOON + LEASE + timedelta(seconds=1))

    back = claims.give_back(slow.token, [result(slow.deliveries[0])], all_told=True, worker="slow")

    assert back == GivenBack(0, knocked=False, lost=True)
    assert Delivery.objects.get().state == DeliveryState.RETRYING
    assert not Attempt.objects.exists()
    assert not SentMinute.objects.exists()
