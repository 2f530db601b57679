"""Connections rest when they fail, longer each time, and go on when they are mended."""

from __future__ import annotations

import socket
import threading
from datetime import timedelta

import pytest
from django.db import connection as database

from tests import factories, flow
from tests.factories import NOON
from tests.flow import Hands
from tests.smtp_server import InTurn, Say, ScriptedServer, Step, Wait
from tracking.choices import DeliveryState, Reason
from tracking.models import Connection, Delivery
from tracking.pipeline import deliver, sweep
from tracking.policy import rate
from tracking.store import claims, connections, deliveries, leases, rules

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


def fail(connection: Connection, *, reason: Reason | None = None, now=NOON) -> Connection:
    connections.failed(connection, reason=reason, error="no", now=now, breaks_at=5)
    connection.refresh_from_db()
    return connection


def test_the_fifth_failure_in_a_row_rests_a_connection_and_each_one_more_twice_as_long():
    connection = factories.ConnectionFactory()

    rests = [fail(connection).paused_until for _ in range(12)]

    minutes = [None if until is None else (until - NOON) / MINUTE for until in rests]
    assert minutes == [None] * 4 + [1, 2, 4, 8, 16, 32, 60, 60]
    assert (connection.last_error, connection.last_error_at, connection.pause_reason) == ("no", NOON, "")


def test_broken_encryption_rests_a_connection_at_once_and_twice_as_long_each_time():
    connection = factories.ConnectionFactory()

    rests = [fail(connection, reason=Reason.TLS).paused_until - NOON for _ in range(3)]

    assert rests == [MINUTE, 2 * MINUTE, 4 * MINUTE]
    assert connection.pause_reason == Reason.TLS


def test_the_third_refused_login_rests_a_connection_until_it_is_mended():
    connection = factories.ConnectionFactory()
    for _ in range(4):
        fail(connection)

    rests = [fail(connection, reason=Reason.AUTHENTICATION).paused_until for _ in range(3)]

    assert rests == [NOON + MINUTE, NOON + 2 * MINUTE, connections.UNTIL_MENDED]
    connections.release(connection, now=NOON)
    connection.refresh_from_db()
    assert (connection.paused_until, connection.fail_streak) == (NOON, 0)


def test_a_session_that_opens_ends_the_row_of_failures():
    connection = factories.ConnectionFactory()
    for _ in range(5):
        fail(connection)

    connections.succeeded(connection, now=NOON)

    connection.refresh_from_db()
    assert (connection.fail_streak, connection.paused_until, connection.last_success_at) == (0, None, NOON)
    assert fail(connection).paused_until is None


def test_a_rest_without_failures_ends_with_a_session_that_opens():
    """So it stands after one worker's failure and another's success have crossed."""
    with ScriptedServer() as server:
        rule = factories.saved_rule(connection=factories.ConnectionFactory(port=server.port))
        flow.owe(rule)
        Connection.objects.update(paused_until=NOON + MINUTE, fail_streak=0)
        clock = Hands()

        flow.drain(rule, clock)
        assert server.sessions == []
        clock.move(minutes=2)
        flow.drain(rule, clock)

        assert len(server.mails) == 1


def test_a_changed_connection_is_not_blamed_for_the_failures_of_its_older_self():
    connection = factories.ConnectionFactory()
    stale = Connection.objects.get()
    connection.port = 587
    connections.save(connection, password=None, now=NOON)

    fail(stale, reason=Reason.TLS)

    row = Connection.objects.get()
    assert (row.version, row.fail_streak, row.paused_until) == (2, 0, None)


def test_saving_a_connection_lets_go_what_was_held_for_it_and_nothing_else():
    connection, other = factories.ConnectionFactory(), factories.ConnectionFactory()
    rule, elsewhere = factories.saved_rule(connection=connection), factories.saved_rule(connection=other)
    held, failed, later = flow.owe(rule, 3)
    (foreign,) = flow.owe(elsewhere)
    for row, state, reason in (
        (held, DeliveryState.HELD, Reason.AUTHENTICATION),
        (foreign, DeliveryState.HELD, Reason.AUTHENTICATION),
        (failed, DeliveryState.FAILED, Reason.REFUSED),
        (later, DeliveryState.RETRYING, ""),
    ):
        Delivery.objects.filter(pk=row.pk).update(state=state, reason=reason, next_attempt_at=NOON + 60 * MINUTE)
    fail(connection, reason=Reason.AUTHENTICATION)

    connections.save(connection, password="new", now=NOON + MINUTE)

    assert deliveries.due_connections(NOON + MINUTE) == [connection.pk]
    held.refresh_from_db()
    assert (held.state, held.reason, held.next_attempt_at) == (DeliveryState.RETRYING, "", NOON + MINUTE)
    states = [Delivery.objects.get(pk=row.pk).state for row in (failed, later, foreign)]
    assert states == [DeliveryState.FAILED, DeliveryState.RETRYING, DeliveryState.HELD]
    connection.refresh_from_db()
    assert (connection.fail_streak, connection.paused_until, connection.pause_reason) == (0, NOON + MINUTE, "")


def test_a_server_that_comes_back_gets_all_that_waited():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    rule = factories.saved_rule(connection=factories.ConnectionFactory(port=port))
    flow.owe(rule, 2)
    clock = Hands()
    for _ in range(7):
        flow.drain(rule, clock)
        clock.move(hours=2)
    assert flow.states() == {"retrying": 2}

    with ScriptedServer() as server:
        Connection.objects.update(port=server.port)
        clock.move(hours=2)
        while flow.drain(rule, clock):
            pass

        assert len(server.mails) == 2
    assert Connection.objects.get().fail_streak == 0
    flow.assert_books_balance()


@pytest.mark.faults
@pytest.mark.parametrize("reply", ["530 5.7.0 log in", "534 5.7.9 too weak", "535 5.7.8 wrong"])
def test_a_login_that_is_wanted_or_refused_is_a_matter_of_the_connection(reply):
    with ScriptedServer(script={Step.AUTH: Say(reply)}, auth=["PLAIN"]) as server:
        connection = factories.ConnectionFactory(port=server.port, login="leads")
        connections.save(connection, password="x", now=NOON)
        rule = factories.saved_rule(connection=connection)
        flow.owe(rule, 2)

        flow.drain(rule, Hands())

    assert flow.states() == {"held": 2}
    assert Connection.objects.get().pause_reason == Reason.AUTHENTICATION
    flow.assert_books_balance()


def test_what_senders_wrote_of_its_health_meanwhile_survives_an_edit():
    connection = factories.ConnectionFactory()
    Connection.objects.update(last_error="451 busy", rate=120.0)
    connection.name = "Renamed"

    connections.save(connection, password=None, now=NOON)

    row = Connection.objects.get()
    assert (row.name, row.last_error, row.rate) == ("Renamed", "451 busy", 120.0)


def test_what_a_server_saw_is_that_of_the_sessions_at_work():
    connection = factories.ConnectionFactory(max_sessions=8)
    for _ in range(2):
        leases.grant(factories.new_token(), connection.pk, until=NOON + MINUTE)

    connections.slow_down(connection.pk, seen=100, now=NOON)

    assert Connection.objects.get().rate == 100, "half of what two sessions sent"


def test_a_server_that_takes_mail_is_noted_once_a_minute():
    connection = factories.ConnectionFactory()

    for seconds in (0, 30, 61):
        connections.worked(connection, now=NOON + timedelta(seconds=seconds))
        connection.refresh_from_db()

    assert connection.last_success_at == NOON + timedelta(seconds=61)


def test_the_password_of_a_server_that_nobody_uses_any_more_is_forgotten():
    server = {"host": "127.0.0.1", "port": 2525, "encryption": "none", "login": "me"}
    rule = factories.saved_rule(action__kind="smtp_custom", action__server=server, password="secret")
    flow.owe(rule)
    assert connections.forget_passwords() == 0

    rules.delete([rule], now=NOON)

    assert connections.forget_passwords() == 1
    assert Connection.objects.get().sealed_password == ""


@pytest.mark.faults
@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("two_at_once")
def test_a_burst_of_sessions_tries_a_wrong_password_three_times(monkeypatch):
    refused = InTurn(Wait(0.2), Say("535 5.7.8 Wrong"))
    with ScriptedServer(script={Step.AUTH: refused}, auth=["PLAIN"]) as server:
        connection = factories.ConnectionFactory(port=server.port, login="leads", max_sessions=6)
        rule = factories.saved_rule(connection=connection)
        flow.owe(rule, 6)
        made = [claims.claim(connection.pk, limit=1, lease=flow.LEASE, clock=Hands()) for _ in range(6)]
        monkeypatch.setattr(claims, "claim", lambda *_, **__: made.pop())

        def drain() -> None:
            deliver.drain(connection.pk, clock=Hands())
            database.close()

        workers = [threading.Thread(target=drain) for _ in range(6)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()

        assert len(server.auth_attempts) == 3
    assert flow.states() == {"held": 3, "queued": 3}
    assert Connection.objects.get().waits_for_an_operator


def test_what_waits_for_a_connection_that_rests_is_held_until_it_has_rested(monkeypatch):
    monkeypatch.setattr(connections, "_PARKED", 2)
    with ScriptedServer() as server:
        rule = factories.saved_rule(connection=factories.ConnectionFactory(port=server.port))
        elsewhere = factories.saved_rule(connection=factories.ConnectionFactory(port=server.port))
        waiting = flow.owe(rule, 5)
        flow.owe(elsewhere)
        clock = Hands()
        for _ in range(5):
            fail(rule.connection)

        parked = []
        for _ in range(5):
            sweep.sweep(now=clock.now)
            parked.append(Delivery.objects.filter(state=DeliveryState.HELD, reason=Reason.UNREACHABLE).count())

        assert parked == [2, 4, 5, 5, 5]
        waiting += flow.owe(rule, now=clock.move(seconds=1))
        sweep.sweep(now=clock.now)
        assert flow.states() == {"held": 6, "queued": 1}

        clock.move(minutes=2)
        flow.drain(rule, clock)

    assert {row.state for row in Delivery.objects.filter(rule=rule)} == {DeliveryState.SENT}
    assert Connection.objects.get(pk=rule.connection_id).parked_to is None
    flow.assert_books_balance()


def test_more_than_is_let_go_at_once_is_sent_as_it_stands(monkeypatch):
    monkeypatch.setattr(connections, "_LET_GO", 1)
    with ScriptedServer() as server:
        rule = factories.saved_rule(connection=factories.ConnectionFactory(port=server.port))
        flow.owe(rule, 3)
        fail(rule.connection, reason=Reason.TLS)
        assert connections.park(now=NOON) == 3
        clock = Hands()

        clock.move(minutes=2)
        flow.drain(rule, clock)

    assert flow.states() == {"sent": 3}


def test_a_connection_that_is_mended_shakes_hands_before_any_mail_is_risked_and_goes_slowly_at_first():
    with ScriptedServer(sessions=[{Step.AUTH: Say("535 5.7.8 wrong")}], auth=["PLAIN"]) as server:
        connection = factories.ConnectionFactory(port=server.port, login="leads")
        connections.save(connection, password="x", now=NOON)
        rule = factories.saved_rule(connection=connection)
        (row,) = flow.owe(rule)
        for _ in range(3):
            fail(connection, reason=Reason.AUTHENTICATION)
        clock = Hands()

        connections.save(connection, password="still wrong", now=clock.now)
        flow.drain(rule, clock)
        row.refresh_from_db()
        assert (len(server.sessions), row.tries, row.attempts.count()) == (1, 0, 0)

        connections.release(Connection.objects.get(), now=clock.move(minutes=2))
        flow.drain(rule, clock)

    assert flow.states() == {"sent": 1}
    assert Connection.objects.get().rate == rate.EASED
