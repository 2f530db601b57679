"""A rule's daily cap: what is over it waits for the next day, costs nothing, and holds nobody else up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests import factories, flow
from tests.smtp_server import ScriptedServer
from tracking.choices import DeliveryState, Reason
from tracking.models import Delivery, UsageDay

pytestmark = pytest.mark.django_db


def test_what_is_over_the_cap_waits_for_the_next_day():
    clock = flow.Hands()
    with ScriptedServer() as server:
        rule = factories.saved_rule(connection=factories.ConnectionFactory(port=server.port), policy__daily_cap=3)
        flow.owe(rule, 5)
        flow.drain(rule, clock)
        held = Delivery.objects.filter(state=DeliveryState.HELD)
        assert flow.states() == {DeliveryState.SENT: 3, DeliveryState.HELD: 2}
        assert {(row.reason, row.next_attempt_at) for row in held} == {
            (Reason.DAILY_CAP, datetime(2026, 2, 1, tzinfo=UTC))
        }
        assert {row.renewed_at for row in held} == {datetime(2026, 2, 1, tzinfo=UTC)}, "its day begins then"
        assert UsageDay.objects.get().events == 3

        clock.move(days=1)
        flow.drain(rule, clock)

    assert flow.states() == {DeliveryState.SENT: 5}
    flow.assert_books_balance()


def test_a_capped_rule_holds_no_other_up():
    with ScriptedServer() as server:
        connection = factories.ConnectionFactory(port=server.port)
        capped = factories.saved_rule(connection=connection, policy__daily_cap=1)
        free = factories.saved_rule(connection=connection)
        flow.owe(capped, 3)
        flow.owe(free, 3)

        flow.drain(free, flow.Hands())

    assert Delivery.objects.filter(rule=free, state=DeliveryState.SENT).count() == 3


def test_tests_and_later_tries_do_not_use_the_cap_up():
    clock = flow.Hands()
    with ScriptedServer(refuse=lambda address: None if address.startswith("good") else "451 4.7.1 Later") as server:
        rule = factories.saved_rule(connection=factories.ConnectionFactory(port=server.port), policy__daily_cap=1)
        flow.owe(rule, lead={"first_name": "T", "email": "good@example.org"}, test=True)
        flow.owe(rule)
        flow.drain(rule, clock)
        clock.now += timedelta(hours=1)
        flow.drain(rule, clock)

    assert flow.states() == {DeliveryState.SENT: 1, DeliveryState.RETRYING: 1}
    assert Delivery.objects.get(state=DeliveryState.RETRYING).tries == 2
