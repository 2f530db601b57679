"""Who goes next, how many at once, how fast: limits of a connection that all workers share."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.db import connection as database

from tests import factories, flow
from tests.factories import NOON
from tests.smtp_actions import Say
from tests.smtp_server import ScriptedServer, Step
from tracking.choices import DeliveryState
from tracking.models import Connection, Delivery
from tracking.pipeline import deliver
from tracking.store import claims, outcomes, turns

LEASE = timedelta(seconds=60)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def first_turn(monkeypatch) -> None:
    monkeypatch.setattr(turns, "_last_served", {})


def claimed(connection: Connection, *, limit: int = 200) -> list[Delivery]:
    claim = claims.claim(connection.pk, limit=limit, lease=LEASE, clock=lambda: NOON)
    return [] if claim is None else claim.deliveries


def test_a_flood_of_one_product_leaves_room_for_the_others():
    connection = factories.ConnectionFactory(max_sessions=100)
    flood, quiet = (factories.saved_rule(connection=connection) for _ in range(2))
    flow.owe(flood, 30)
    flow.owe(quiet, 2)

    served = [row.rule_id for row in claimed(connection, limit=6)]

    assert served.count(quiet.pk) == 2
    assert served.count(flood.pk) >= 3


def test_more_products_than_one_claim_serves_take_turns():
    connection = factories.ConnectionFactory(max_sessions=100)
    rules = [factories.saved_rule(connection=connection) for _ in range(turns.PRODUCTS + 3)]
    for rule in rules:
        flow.owe(rule, 3)

    served = {row.rule_id for _ in range(2) for row in claimed(connection, limit=turns.PRODUCTS)}

    assert served == {rule.pk for rule in rules}


def test_no_delivery_is_claimed_twice_when_another_appears_before_it(monkeypatch):
    """What was emitted first may be committed last: between the two questions of a claim."""
    connection = factories.ConnectionFactory(max_sessions=100)
    flood, quiet = (factories.saved_rule(connection=connection) for _ in range(2))
    flow.owe(flood, 4)
    flow.owe(quiet, 1)
    ask = turns._oldest_due

    def late(*arguments: Any, behind: int = 0) -> Any:
        if behind:
            flow.owe(flood, 1, now=NOON - timedelta(seconds=1))
        return ask(*arguments, behind=behind)

    monkeypatch.setattr(turns, "_oldest_due", late)

    taken = [row.id for row in claimed(connection, limit=4)]

    assert len(taken) == len(set(taken)) == 3


def test_products_take_turns_also_where_fewer_mails_may_go_than_there_are_products():
    connection = factories.ConnectionFactory(max_sessions=100)
    rules = [factories.saved_rule(connection=connection) for _ in range(3)]
    for rule in rules:
        flow.owe(rule, 3)

    served = [row.rule_id for _ in range(3) for row in claimed(connection, limit=1)]

    assert sorted(served) == sorted(rule.pk for rule in rules)


def test_products_that_only_wait_for_later_keep_no_place_in_the_turn():
    connection = factories.ConnectionFactory(max_sessions=100)
    for _ in range(turns.PRODUCTS):
        flow.owe(factories.saved_rule(connection=connection), 1)
    Delivery.objects.update(next_attempt_at=NOON + timedelta(minutes=5))
    last = factories.saved_rule(connection=connection)
    flow.owe(last, 2)

    assert [row.rule_id for row in claimed(connection)] == [last.pk, last.pk]


def test_whose_turn_it_is_costs_no_look_at_all_that_waits():
    if database.vendor != "postgresql":
        pytest.skip("PostgreSQL alone says what a query reads")
    rule = factories.saved_rule()
    flow.owe(rule, 300)
    connection, now = rule.connection_id, NOON
    asked = [connection, -1, connection, connection, -1, connection, connection, now, -1, connection, now, 10]

    with database.cursor() as cursor:  # of a table that PostgreSQL thinks empty, as it has not looked at it lately
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {turns._IN_TURN}", asked)
        [[[plan]]] = cursor.fetchall()

    assert 0 < _read(plan["Plan"]) < 10
    assert turns._in_turn(connection, limit=10, now=now) == [rule.product_id]


def _read(node: dict[str, Any]) -> int:
    """Rows that the nodes of a plan took from tables."""
    own = node["Actual Rows"] * node["Actual Loops"] if "Relation Name" in node else 0
    return own + sum(map(_read, node.get("Plans", [])))


def test_what_one_product_leaves_of_its_share_goes_to_those_that_have_more():
    connection = factories.ConnectionFactory(max_sessions=100)
    rules = [factories.saved_rule(connection=connection) for _ in range(3)]
    for rule, owed in zip(rules, (1, 9, 9), strict=True):
        flow.owe(rule, owed)

    rows = claimed(connection, limit=12)

    assert len({row.id for row in rows}) == 12
    served = [row.rule_id for row in rows]
    assert [served.count(rule.pk) for rule in rules] == [1, 7, 4]


def test_a_connection_has_no_more_sessions_than_it_may():
    connection = factories.ConnectionFactory(max_sessions=2)
    flow.owe(factories.saved_rule(connection=connection), 10)

    assert [len(claimed(connection, limit=3)) for _ in range(3)] == [3, 3, 0]


def test_a_failing_connection_has_one_session():
    connection = factories.ConnectionFactory(max_sessions=5, fail_streak=1)
    flow.owe(factories.saved_rule(connection=connection), 10)

    assert [len(claimed(connection, limit=3)) for _ in range(2)] == [3, 0]


def test_over_the_rate_limit_mail_waits_and_no_try_is_spent():
    connection = factories.ConnectionFactory(max_sessions=100, max_rate=30)
    flow.owe(factories.saved_rule(connection=connection), 10)

    assert [len(claimed(connection)) for _ in range(2)] == [5, 0]
    later = claims.claim(connection.pk, limit=200, lease=LEASE, clock=lambda: NOON + timedelta(seconds=4))

    assert later is not None
    assert len(later.deliveries) == 2
    assert set(Delivery.objects.filter(state=DeliveryState.QUEUED).values_list("tries", flat=True)) == {0}


def test_a_server_that_says_too_fast_is_gone_about_more_slowly():
    with ScriptedServer(script={Step.MAIL: Say("421 4.7.0 Too many messages, slow down")}) as server:
        connection = factories.ConnectionFactory(port=server.port)
        (row,) = flow.owe(factories.saved_rule(connection=connection), 1)

        deliver.drain(connection.pk, clock=lambda: NOON)

    connection.refresh_from_db()
    row.refresh_from_db()
    assert (row.state, row.tries) == (DeliveryState.HELD, 0)
    assert connection.rate is not None
    assert connection.rate_lowered_at == NOON


def test_a_rested_connection_shakes_hands_before_any_mail_is_risked():
    connection = factories.ConnectionFactory(port=1, fail_streak=5, paused_until=NOON - timedelta(seconds=1))
    (row,) = flow.owe(factories.saved_rule(connection=connection), 1)

    assert deliver.drain(connection.pk, clock=lambda: NOON) is False

    connection.refresh_from_db()
    row.refresh_from_db()
    assert (row.state, row.tries, row.attempts.count()) == (DeliveryState.QUEUED, 0, 0)
    assert connection.fail_streak == 6
    assert connection.paused_until > NOON + timedelta(seconds=60)


def test_a_handshake_that_works_lets_the_mail_go():
    with ScriptedServer() as server:
        rested = NOON - timedelta(seconds=1)
        connection = factories.ConnectionFactory(port=server.port, fail_streak=5, paused_until=rested)
        (row,) = flow.owe(factories.saved_rule(connection=connection), 1)

        deliver.drain(connection.pk, clock=lambda: NOON)

    connection.refresh_from_db()
    row.refresh_from_db()
    assert row.state == DeliveryState.SENT
    assert (connection.fail_streak, connection.paused_until) == (0, None)
    assert len(server.sessions) == 1


@pytest.mark.parametrize(("owed", "helped"), [(2, [0]), (1, [])], ids=["more than a slice", "less than a slice"])
def test_others_are_called_before_the_first_mail_when_there_is_more_than_one_can_take(settings, owed, helped):
    settings.TRACKING_SLICE_MAILS = 2
    with ScriptedServer() as server:
        rule = factories.saved_rule(connection=factories.ConnectionFactory(port=server.port))
        flow.owe(rule, owed)
        calls: list[int] = []

        deliver.drain(rule.connection_id, clock=flow.Hands(), on_full=lambda: calls.append(len(server.mails)))

    assert calls == helped


def test_what_waited_for_a_server_that_comes_back_is_let_go_at_a_pace(settings):
    settings.TRACKING_SLICE_SECONDS = 60
    clock = flow.Hands()
    with ScriptedServer() as server:
        connection = factories.ConnectionFactory(port=server.port, fail_streak=5, paused_until=NOON)
        rule = factories.saved_rule(connection=connection)
        flow.owe(rule, 350)
        taken = []
        for _ in range(5):
            while flow.drain(rule, clock):
                pass
            taken.append(len(server.mails))
            clock.move(seconds=10)

    assert taken[0] == 100, "ten seconds' worth at once"
    assert taken == sorted(taken)
    assert all(later - earlier <= 110 for earlier, later in pairwise(taken))
    assert taken[-1] == 350


def test_whoever_is_sent_away_has_those_at_work_look_again():
    """Else a mail that falls due just then would wait for the sweeper."""
    connection = factories.ConnectionFactory(max_sessions=1)
    rule = factories.saved_rule(connection=connection)
    flow.owe(rule)
    first = claims.claim(connection.pk, limit=1, lease=LEASE, clock=lambda: NOON)
    assert first is not None
    flow.owe(rule)

    assert claims.claim(connection.pk, limit=1, lease=LEASE, clock=lambda: NOON) is None

    assert claims.give_back(first.token).knocked
    second = claims.claim(connection.pk, limit=1, lease=LEASE, clock=lambda: NOON)
    assert second is not None
    assert not claims.give_back(second.token).knocked


def test_a_drain_that_somebody_knocked_at_asks_to_be_woken_again(monkeypatch):
    with ScriptedServer() as server:
        connection = factories.ConnectionFactory(max_sessions=1, port=server.port)
        rule = factories.saved_rule(connection=connection)
        flow.owe(rule)
        whole = outcomes.record

        def knocked_at(*arguments: Any, **more: Any) -> bool:
            flow.owe(rule)
            assert claims.claim(connection.pk, limit=1, lease=LEASE, clock=lambda: NOON) is None
            return whole(*arguments, **more)

        monkeypatch.setattr(outcomes, "record", knocked_at)

        assert deliver.drain(connection.pk, clock=flow.Hands())
