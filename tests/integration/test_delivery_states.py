"""The states of deliveries against a model of them, under workers that live, stall, die and write late."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from tests import factories, flow
from tests.factories import NOON
from tests.flow import LEASE
from tracking import conf
from tracking.choices import DeliveryPolicy, DeliveryState, Failure, Phase
from tracking.models import Delivery, Lease, Rule
from tracking.models.delivery import WAITING
from tracking.policy import retry
from tracking.policy.retry import Fate, Limits, Try
from tracking.policy.warning import CAUSES
from tracking.store import claims, deliveries, leases, outcomes
from tracking.store.claims import Claim
from tracking.store.outcomes import Result, Tried

FINAL = {DeliveryState.SENT, DeliveryState.FAILED, DeliveryState.UNKNOWN, DeliveryState.CANCELLED}
# whether the server took a mail, and what its worker understood, of four mails
Fortunes = list[tuple[bool, Failure | None]]
FORTUNES = st.lists(
    st.sampled_from([(True, None), (True, Failure.UNKNOWN), *((False, failure) for failure in Failure)]),
    min_size=4,
    max_size=4,
)


@dataclass
class Owed:
    """What a delivery must be. `taken` counts how often a server took its mail."""

    policy: DeliveryPolicy
    state: DeliveryState = DeliveryState.QUEUED
    due_at: datetime | None = NOON
    token: UUID | None = None
    lease_until: datetime | None = None
    marked: bool = False
    tries: int = 0
    crashes: int = 0
    warned: bool = False
    taken: int = 0
    may_be_taken: int = 1  # one more for each time an operator sends it again, or the rule would rather not lose it


@dataclass
class Worker:
    """A claim and what its mails met: failure by delivery, not yet written down."""

    claim: Claim
    met: dict[UUID, Failure | None] = field(default_factory=dict)


class Deliveries(RuleBasedStateMachine):
    workers = Bundle("workers")

    def __init__(self) -> None:
        super().__init__()
        self.now = NOON
        self.model: dict[UUID, Owed] = {}
        self.atomic = transaction.atomic()
        self.atomic.__enter__()

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.atomic.__exit__(None, None, None)

    @initialize()
    def two_rules_over_one_connection(self) -> None:
        first = factories.saved_rule()
        second = factories.saved_rule(connection=first.connection, policy__delivery_policy="never_lose")
        self.rules: dict[DeliveryPolicy, Rule] = {DeliveryPolicy.NEVER_TWICE: first, DeliveryPolicy.NEVER_LOSE: second}
        self.connection = first.connection_id
        self.owe(DeliveryPolicy.NEVER_TWICE, 2, test=False)
        self.owe(DeliveryPolicy.NEVER_LOSE, 1, test=False)

    @rule(policy=st.sampled_from(DeliveryPolicy), count=st.integers(1, 3), test=st.booleans())
    def more_is_owed(self, policy: DeliveryPolicy, count: int, test: bool) -> None:
        self.owe(policy, count, test=test)

    def owe(self, policy: DeliveryPolicy, count: int, *, test: bool) -> None:
        for delivery in flow.owe(self.rules[policy], count, now=self.now, test=test):
            self.model[delivery.id] = Owed(policy=policy, due_at=self.now)

    @rule(seconds=st.sampled_from([1, 29, 45, 61, 600, 4_000, 90_000]))
    def time_goes_by(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @rule(target=workers, limit=st.integers(1, 4), chunk=st.integers(0, 4), fortunes=FORTUNES)
    def claim(self, limit: int, chunk: int, fortunes: Fortunes) -> Worker | MultipleResults:
        """Take what is due, and send some of it at once."""
        claim = claims.claim(self.connection, limit=limit, lease=LEASE, clock=lambda: self.now)
        if claim is None:
            return multiple()
        assert 0 < len(claim.deliveries) <= limit
        for row in claim.deliveries:
            owed = self.model[row.id]
            assert owed.state in WAITING, "nobody else has it, and it is not over"
            assert owed.due_at is not None
            assert owed.due_at <= self.now
            assert owed.crashes + 1 < conf.max_crashes() or len(claim.deliveries) == 1, "on its last life it goes alone"
            owed.state, owed.token, owed.lease_until = DeliveryState.SENDING, claim.token, self.now + LEASE
            owed.marked = False
        worker = Worker(claim)
        self.send(worker, chunk, fortunes)
        return worker

    def held(self, worker: Worker) -> set[UUID]:
        return {id_ for id_, owed in self.model.items() if owed.token == worker.claim.token}

    @rule(worker=workers, chunk=st.integers(1, 4), fortunes=FORTUNES)
    def send_more(self, worker: Worker, chunk: int, fortunes: Fortunes) -> None:
        self.send(worker, chunk, fortunes)

    def send(self, worker: Worker, size: int, fortunes: Fortunes) -> None:
        """Mark a chunk and send what is still ours; what it met is written later, or never."""
        chunk = [row.id for row in worker.claim.deliveries if row.id not in worker.met][:size]

        held = leases.mark(worker.claim.token, [*worker.met, *chunk])

        assert held or not self.held(worker)
        mine = self.held(worker) & set(chunk)
        for id_, (taken, failure) in zip(sorted(mine), fortunes, strict=False):
            self.model[id_].marked = True
            self.model[id_].taken += taken
            worker.met[id_] = failure

    @rule(worker=workers)
    def record(self, worker: Worker) -> None:
        if not worker.met:
            return
        mine = self.held(worker)
        results = [self.result(row, worker.met[row.id]) for row in worker.claim.deliveries if row.id in worker.met]

        held = outcomes.record(worker.claim.token, results, worker="w")

        assert held or not mine
        for one in results:
            if one.delivery.id in mine:
                self.settle(self.model[one.delivery.id], one)

    def result(self, row: Delivery, failure: Failure | None) -> Result:
        tried = Tried(started_at=self.now, ended_at=self.now, phase=Phase.DATA, failure=failure)
        attempt = Try(number=row.tries + 1, begun_at=row.begun_at, now=self.now)
        fate = Fate(state=DeliveryState.SENT)
        if failure is not None:
            policy = self.model[row.id].policy
            fate = retry.fate(failure, attempt, policy=policy, limits=Limits(tries=4), jitter=lambda: 0.5)
        return Result(delivery=row, fate=fate, cause=CAUSES[failure] if failure else None, tried=tried)

    def settle(self, owed: Owed, one: Result) -> None:
        owed.state, owed.due_at = one.fate.state, one.fate.next_attempt_at
        owed.tries += one.fate.spends_try
        owed.token, owed.lease_until, owed.marked = None, None, False
        owed.warned |= one.cause is not None
        if one.tried.failure is Failure.UNKNOWN and owed.state not in FINAL:
            owed.may_be_taken += 1

    @rule(worker=workers)
    def give_back(self, worker: Worker) -> None:
        back = {id_ for id_ in self.held(worker) if not self.model[id_].marked}

        assert claims.give_back(worker.claim.token).number == len(back)

        for id_ in back:
            owed = self.model[id_]
            fresh = owed.tries == 0 and owed.crashes == 0
            owed.state = DeliveryState.QUEUED if fresh else DeliveryState.RETRYING
            owed.token = owed.lease_until = None

    @rule(worker=workers)
    def renew(self, worker: Worker) -> None:
        claims.renew([worker.claim.token], lease=LEASE, now=self.now)
        for id_ in self.held(worker):
            self.model[id_].lease_until = self.now + LEASE

    @rule()
    def take_back(self) -> None:
        dead = [owed for owed in self.model.values() if owed.lease_until is not None and owed.lease_until < self.now]

        assert claims.take_back(now=self.now) == len(dead)

        for owed in dead:
            owed.crashes += 1
            over = owed.crashes >= conf.max_crashes()
            if owed.marked or over:
                owed.tries += 1
                owed.warned = True
            if owed.marked and owed.policy is DeliveryPolicy.NEVER_LOSE and not over:
                owed.state, owed.due_at = DeliveryState.RETRYING, self.now
                owed.may_be_taken += 1
            elif owed.marked:
                owed.state, owed.due_at = DeliveryState.UNKNOWN, None
            elif over:
                owed.state, owed.due_at = DeliveryState.FAILED, None
            else:
                owed.state, owed.due_at = DeliveryState.RETRYING, self.now
            owed.token, owed.lease_until, owed.marked = None, None, False

    @rule()
    def an_operator_sends_again(self) -> None:
        again = [
            owed
            for owed in self.model.values()
            if owed.state in {DeliveryState.FAILED, DeliveryState.UNKNOWN, DeliveryState.HELD}
        ]

        assert deliveries.resend(Delivery.objects.all(), now=self.now) == len(again)

        for owed in again:
            owed.state, owed.due_at, owed.tries, owed.crashes = DeliveryState.RETRYING, self.now, 0, 0
            owed.may_be_taken += 1

    @rule()
    def an_operator_cancels_what_waits(self) -> None:
        waiting = [owed for owed in self.model.values() if owed.state in WAITING]

        assert deliveries.discard(Delivery.objects.all(), now=self.now) == len(waiting)

        for owed in waiting:
            owed.state, owed.due_at = DeliveryState.CANCELLED, None

    @invariant()
    def the_rows_are_what_the_model_says(self) -> None:
        rows = {row.id: row for row in Delivery.objects.all()}
        leased = {lease.token: lease for lease in Lease.objects.all()}
        assert rows.keys() == self.model.keys()
        for id_, owed in self.model.items():
            row = rows[id_]
            lease = leased.get(row.lease_token)
            assert (row.state, row.lease_token) == (owed.state, owed.token)
            assert (lease.until if lease else None) == owed.lease_until
            assert (id_.hex in lease.marked if lease else False) == owed.marked
            assert (row.tries, row.crashes) == (owed.tries, owed.crashes)
            assert (row.state in FINAL) == (row.finished_at is not None)
            assert owed.state in FINAL or row.next_attempt_at == owed.due_at
            assert (row.warned_at is not None) == owed.warned

    @invariant()
    def nothing_is_sent_twice_unless_somebody_asked_for_it(self) -> None:
        assert all(owed.taken <= owed.may_be_taken for owed in self.model.values())

    @invariant()
    def the_books_balance(self) -> None:
        flow.assert_books_balance()


@pytest.mark.django_db
def test_deliveries_are_always_where_the_model_says():
    run_state_machine_as_test(
        Deliveries,
        settings=settings(
            max_examples=40, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
