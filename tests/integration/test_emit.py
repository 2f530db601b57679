"""Platform code hands over what happened and goes on, whatever the broker does."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from tests import factories
from tracking import tasks
from tracking.emit import emit
from tracking.models import Delivery
from tracking.pipeline import sweep
from tracking.pipeline.doorbell import Doorbell
from tracking.store import clock

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def dead_port() -> Iterator[int]:
    """A port that takes connections and never says a word: a broker that hangs."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


@pytest.fixture
def bell(monkeypatch) -> Iterator[list[int]]:
    """The threads in which the product's own publishing runs."""
    threads: list[int] = []

    def publish(connection_id: int) -> None:
        threads.append(threading.get_ident())
        called.set()
        tasks._publish(connection_id)

    called = threading.Event()
    monkeypatch.setattr(tasks, "_doorbell", Doorbell(publish, rest=60))
    yield threads
    assert called.wait(5)


@pytest.mark.parametrize("broker", ["hangs", "refuses"])
def test_emit_succeeds_without_a_broker_and_never_calls_it_in_the_callers_thread(monkeypatch, bell, dead_port, broker):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    address = f"redis://127.0.0.1:{dead_port if broker == 'hangs' else port}/0"
    monkeypatch.setenv("CELERY_BROKER_URL", address)  # Celery looks there first
    rule = factories.saved_rule()

    receipts = [emit(factories.event(product=rule.product_id)) for _ in range(20)]

    assert all(len(receipt.matched) == 1 for receipt in receipts)
    assert threading.get_ident() not in bell
    assert Delivery.objects.filter(state="queued").count() == 20
    assert sweep.sweep(now=clock.now()).connections == [rule.connection_id], "the sweeper rings when it is back"
