"""A worker that is asked to end finishes the mail in flight and gives the others back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests import factories, flow
from tests.smtp_server import ScriptedServer
from tracking import tasks
from tracking.choices import DeliveryState
from tracking.models import Lease
from tracking.pipeline import deliver

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def not_stopping() -> Iterator[None]:
    yield
    deliver.stopping.clear()


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


def test_nothing_new_is_begun():
    with ScriptedServer() as server:
        rule = factories.saved_rule(connection=factories.ConnectionFactory(port=server.port))
        flow.owe(rule)
        tasks.begin_to_stop()

        assert not flow.drain(rule, flow.Hands())

    assert flow.states() == {DeliveryState.QUEUED: 1}
    assert server.sessions == []
