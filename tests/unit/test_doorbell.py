"""Wake-ups never wait for a broker, are one as long as they are unsent, and start again after it was away."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from unittest.mock import Mock

import pytest

from tracking.pipeline import doorbell
from tracking.pipeline.doorbell import Doorbell

PATIENCE = 5.0  # seconds until a test gives up; none waits that long


class Broker:
    """Notes what is published, by which thread; refuses while `away`, hangs while `stuck`."""

    def __init__(self) -> None:
        self.published: list[int] = []
        self.threads: set[int] = set()
        self.calls = 0
        self.away = False
        self.reached = threading.Event()  # a call has begun
        self.free = threading.Event()
        self.free.set()
        self.changed = threading.Condition()

    def publish(self, id_: int) -> None:
        with self.changed:
            self.calls += 1
            self.threads.add(threading.get_ident())
            self.changed.notify_all()
        self.reached.set()
        if not self.free.wait(PATIENCE):
            return
        if self.away:
            raise ConnectionError("no broker")
        with self.changed:
            self.published.append(id_)
            self.changed.notify_all()

    def until(self, condition) -> None:
        with self.changed:
            assert self.changed.wait_for(condition, PATIENCE)


@pytest.fixture
def broker() -> Iterator[Broker]:
    broker = Broker()
    yield broker
    broker.free.set()
    broker.away = False


def test_a_ring_is_published_by_another_thread(broker):
    bell = Doorbell(broker.publish)

    bell.ring([1, 2])

    broker.until(lambda: broker.published == [1, 2])
    assert threading.get_ident() not in broker.threads


def test_ringing_returns_while_the_broker_hangs(broker):
    broker.free.clear()
    bell = Doorbell(broker.publish)

    bell.ring([1])
    assert broker.reached.wait(PATIENCE)
    for _ in range(1000):
        bell.ring([1, 2, 3])

    assert broker.published == []
    assert broker.calls == 1


def test_rings_for_one_connection_are_one_until_they_are_published(broker):
    broker.free.clear()
    bell = Doorbell(broker.publish)
    bell.ring([7])
    assert broker.reached.wait(PATIENCE)

    for _ in range(100):
        bell.ring([1, 2])
    bell.ring([7])
    broker.free.set()

    broker.until(lambda: len(broker.published) == 4)
    assert broker.published == [7, 1, 2, 7], "what rang while it was being published rings again"


def test_after_a_failure_the_broker_is_left_alone_and_then_everything_is_published(broker):
    broker.away = True
    rests = threading.Event()
    bell = Doorbell(broker.publish, rest=0.2)
    bell.ring([1])
    broker.until(lambda: broker.calls == 1)

    bell.ring([2])
    bell.ring([1])
    assert not rests.wait(0.05)
    assert broker.calls == 1

    broker.away = False
    broker.until(lambda: sorted(broker.published) == [1, 2])
    assert broker.calls == 3


def test_a_ring_without_ids_rings_nobody(broker):
    bell = Doorbell(broker.publish)

    bell.ring([])
    bell.ring(iter([3]))

    broker.until(lambda: broker.published == [3])


def test_the_last_rings_of_a_process_are_waited_for_a_moment(broker):
    bell = Doorbell(broker.publish, farewell=PATIENCE)
    bell.ring(range(50))

    bell.flush()

    assert len(broker.published) == 50


def test_a_process_ends_although_its_broker_hangs(broker):
    broker.free.clear()
    bell = Doorbell(broker.publish, farewell=0.05)
    bell.ring([1])

    bell.flush()

    assert broker.published == []


def test_many_threads_that_ring_at_once_lose_no_ring(broker):
    bell = Doorbell(broker.publish)
    gate = threading.Barrier(8)

    def ring(number: int) -> None:
        gate.wait()
        bell.ring([number])

    threads = [threading.Thread(target=ring, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    broker.until(lambda: sorted(broker.published) == list(range(8)))
    assert len(broker.threads) == 1


def test_a_thread_that_died_with_a_fork_is_replaced(broker):
    bell = Doorbell(broker.publish)
    bell.ring([1])
    broker.until(lambda: broker.published == [1])

    bell.forget_parent()  # what a forked child does first
    bell.ring([2])

    broker.until(lambda: broker.published == [1, 2])


def test_a_broker_that_stays_away_is_told_of_once_a_minute_and_when_it_is_back(broker, monkeypatch):
    told: list[str] = []
    noted = Mock(warning=lambda event, **_: told.append(event), info=told.append)
    monkeypatch.setattr(doorbell, "log", noted)
    broker.away = True
    bell = Doorbell(broker.publish, rest=0.01)

    bell.ring([1])
    broker.until(lambda: broker.calls >= 5)
    assert told == ["broker_away"]
    monkeypatch.setattr(doorbell, "TELL", 0.0)
    broker.until(lambda: len(told) >= 3)
    broker.away = False
    broker.until(lambda: broker.published == [1])

    bell.ring([2])
    broker.until(lambda: broker.published == [1, 2])
    assert set(told[:-1]) == {"broker_away"}
    assert told[-1] == "broker_back"
