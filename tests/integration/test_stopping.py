"""A worker that is asked to end finishes the mail in flight and gives the others back."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from tests import factories, flow
from tests.smtp_actions import Talk
from tests.smtp_server import Hang, ScriptedServer, Step
from tracking import tasks
from tracking.choices import DeliveryState
from tracking.models import Attempt, Lease
from tracking.pipeline import stopping

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def not_stopping() -> Iterator[None]:
    yield
    stopping.asked.clear()
    for thread in threading.enumerate():
        if isinstance(thread, threading.Timer):
            thread.cancel()


def test_the_mail_in_flight_is_finished_and_the_others_are_given_back():
    def asked_to_end(address: str) -> None:
        tasks.begin_to_stop()

    with ScriptedServer(refuse=asked_to_end) as server:
        rule = factories.saved_rule(connection=factories.ConnectionFactory(port=server.port))
        flow.owe(rule, 5)

        more = flow.drain(rule, flow.Hands())

    assert flow.states() == {DeliveryState.SENT: 1, DeliveryState.QUEUED: 4}
    assert not Lease.objects.exists()
    assert len(server.mails) == 1
    assert more


def test_a_server_that_keeps_a_worker_waiting_is_left_when_it_should_end(monkeypatch):
    monkeypatch.setattr(stopping, "PATIENCE", 0.1)

    def hangs(talk: Talk) -> str:
        tasks.begin_to_stop()
        return Hang()(talk)

    with ScriptedServer(script={Step.MAIL: hangs}) as server:
        rule = factories.saved_rule(connection=factories.ConnectionFactory(port=server.port))
        flow.owe(rule, 5)

        flow.drain(rule, flow.Hands())

    assert flow.states() == {DeliveryState.RETRYING: 1, DeliveryState.QUEUED: 4}
    assert "asked to end" in Attempt.objects.get().text, "it was not the server's own time that was over"


def test_nothing_new_is_begun():
    with ScriptedServer() as server:
        rule = factories.saved_rule(connection=factories.ConnectionFactory(port=server.port))
        flow.owe(rule)
        tasks.begin_to_stop()

        assert not flow.drain(rule, flow.Hands())

    assert flow.states() == {DeliveryState.QUEUED: 1}
    assert server.sessions == []
