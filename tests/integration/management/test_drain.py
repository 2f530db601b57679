"""All that is due is mailed by one command, and nothing is asked of Celery or a broker."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError

from tests import factories, flow
from tests.flow import LEASE
from tests.smtp_server import Say, ScriptedServer, Step
from tracking.choices import DeliveryState
from tracking.management.commands import drain
from tracking.models import Connection, Delivery, Lease, Rule
from tracking.pipeline import deliver, prepare, rounds, stopping
from tracking.store import claims, clock, leases

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rung")]


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as running:
        yield running


def rule_at(server: ScriptedServer) -> Rule:
    return factories.saved_rule(connection=factories.ConnectionFactory(port=server.port))


def drained() -> dict[str, int]:
    """What the command says: outcome -> number."""
    out = StringIO()
    call_command("drain", stdout=out)
    return {outcome: int(number) for outcome, number in (line.split(": ") for line in out.getvalue().splitlines())}


def test_what_is_due_of_all_connections_is_mailed_and_nobody_is_woken(server, rung):
    now = clock.now()
    for rule in (rule_at(server), rule_at(server)):
        flow.owe(rule, 2, now=now)
    flow.owe(rule, now=now + timedelta(minutes=1))

    assert drained() == {"sent": 4}

    assert flow.states() == {"sent": 4, "queued": 1}
    assert len(server.mails) == 4
    assert rung == []
    flow.assert_books_balance()


def test_slice_follows_slice_until_nothing_is_due(settings, server):
    settings.TRACKING_SLICE_MAILS = 2
    flow.owe(rule_at(server), 7, now=clock.now())

    assert drained() == {"sent": 7}


def test_nothing_due_is_said():
    assert drained() == {"due": 0}


def test_each_outcome_has_its_number():
    with ScriptedServer(mails=[{Step.RCPT: Say("550 5.1.1 no")}, {Step.RCPT: Say("451 4.3.0 later")}]) as server:
        flow.owe(rule_at(server), 3, now=clock.now())

        assert drained() == {"sent": 1, "failed": 1, "retrying": 1}


def test_what_the_dead_had_in_hand_is_taken_back_and_goes(server):
    rule = rule_at(server)
    now = clock.now() - LEASE - timedelta(seconds=1)
    unsaid, *_ = flow.owe(rule, 3, now=now)
    dead = claims.claim(rule.connection_id, limit=10, lease=LEASE, clock=lambda: now)
    leases.mark(dead.token, [unsaid.id])

    assert drained() == {"taken back": 3, "sent": 2}

    unsaid.refresh_from_db()
    assert unsaid.state == DeliveryState.UNKNOWN
    flow.assert_books_balance()


def test_more_dead_than_one_sweep_takes_are_all_taken_back():
    rule = factories.saved_rule(connection=factories.ConnectionFactory(max_sessions=100))
    now = clock.now() - LEASE - timedelta(seconds=1)
    flow.owe(rule, 25, now=now)
    for _ in range(25):
        dead = claims.claim(rule.connection_id, limit=1, lease=LEASE, clock=lambda: now)
        leases.mark(dead.token, [one.id for one in dead.deliveries])

    assert drained() == {"taken back": 25}

    assert not Lease.objects.exists()


def test_what_another_worker_has_is_left_to_it(server):
    rule = rule_at(server)
    flow.owe(rule, now=clock.now())
    claims.claim(rule.connection_id, limit=1, lease=LEASE, clock=clock.now)

    assert drained() == {"due": 0}

    assert server.mails == []


def test_a_connection_that_fails_keeps_no_other_from_its_turn(server, monkeypatch):
    broken, well = rule_at(server), rule_at(server)
    for rule in (broken, well):
        flow.owe(rule, now=clock.now())
    gather = prepare.gather

    def fails(rows: Any) -> Any:
        if rows[0].rule_id == broken.pk:
            raise RuntimeError("a fault of ours")
        return gather(rows)

    monkeypatch.setattr(deliver, "gather", fails)
    Connection.objects.filter(pk=broken.connection_id).update(last_success_at=clock.now())  # so that it comes first

    assert drained() == {"sent": 1}

    assert dict(Delivery.objects.values_list("rule_id", "state")) == {broken.pk: "queued", well.pk: "sent"}


def test_alerts_that_are_due_go_too(settings, server):
    settings.TRACKING_SYSTEM_EMAIL |= {"host": "127.0.0.1", "port": server.port}
    factories.UserFactory(is_superuser=True, email="root@example.com")
    factories.ConnectionFactory(paused_until=clock.now() + timedelta(minutes=5), fail_streak=1)

    drained()

    assert [mail.recipients for mail in server.mails] == [("root@example.com",)]


def test_a_database_that_is_away_is_waited_for(settings, monkeypatch, capsys):
    settings.TRACKING_SWEEP_SECONDS = 0.01

    turns = iter(["away", "one mail", "the last"])

    def go_round() -> Counter[str]:
        match next(turns):
            case "away":
                raise OperationalError("the server closed the connection unexpectedly")
            case "the last":
                stopping.asked.set()
                return Counter()
        return Counter(sent=1)

    monkeypatch.setattr(rounds, "go_round", go_round)
    monkeypatch.setattr(drain, "close_old_connections", lambda: None)  # that of the test goes on

    try:
        call_command("drain", "--forever")
    finally:
        stopping.asked.clear()

    assert capsys.readouterr().out == "sent: 1\n"


def test_where_nothing_may_be_sent_it_says_so_and_ends(settings, server):
    settings.TRACKING_SENDING = False
    flow.owe(rule_at(server), now=clock.now())

    with pytest.raises(CommandError, match="TRACKING_SENDING is off"):
        call_command("drain")

    assert Delivery.objects.get().state == DeliveryState.QUEUED
    assert server.mails == []
