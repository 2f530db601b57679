"""A broker behind a wall that swallows everything: no thread is lost to it, and all goes on when the wall is gone."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit, urlunsplit

import pytest
from celery import Celery

from config.broker import transport_options
from config.celery import ANSWER, Bounded
from tests import services
from tests.black_hole import BlackHole
from tracking.pipeline.doorbell import Doorbell

PATIENCE = 30.0  # seconds until a test gives up


def ring(id_: int) -> None:
    """What would be done if anybody took it."""


@dataclass
class Ringer:
    """A doorbell that publishes through a wall; it notes what came of each try."""

    app: Celery
    wall: BlackHole
    queue: str
    bell: Doorbell = field(init=False)
    tries: list[bool] = field(default_factory=list)
    tried: threading.Condition = field(default_factory=threading.Condition)

    def __post_init__(self) -> None:
        self.task = self.app.task(name="ring")(ring)
        self.bell = Doorbell(self._publish, rest=0.1)

    def _publish(self, id_: int) -> None:
        try:
            self.task.apply_async((id_,), queue=self.queue)
        except Exception:
            self._note(False)
            raise
        self._note(True)

    def _note(self, well: bool) -> None:
        with self.tried:
            self.tries.append(well)
            self.tried.notify_all()

    def until(self, *, well: bool) -> bool:
        with self.tried:
            return self.tried.wait_for(lambda: bool(self.tries) and self.tries[-1] is well, PATIENCE)

    def arrived(self) -> int:
        with self.app.connection_for_read(self.direct) as broker:
            return int(broker.channel().queue_declare(self.queue, passive=True).message_count)

    @property
    def direct(self) -> str:
        return self.app.conf.direct_url


@pytest.fixture(params=[pytest.param(name, marks=getattr(pytest.mark, name)) for name in ("redis", "rabbitmq")])
def ringer(request) -> Iterator[Ringer]:
    direct = services.SERVICES[request.param].url
    address = urlsplit(direct)
    with BlackHole(address.hostname or "127.0.0.1", address.port or 0) as wall:
        login = address.netloc.rpartition("@")[0]
        place = f"{login}@127.0.0.1:{wall.port}" if login else f"127.0.0.1:{wall.port}"
        app = Celery(f"wall-{request.param}", task_cls=Bounded, set_as_current=False)
        app.conf.update(
            broker_write_url=urlunsplit(address._replace(netloc=place)),
            broker_transport_options=transport_options(direct) | {"socket_timeout": ANSWER},
            broker_connection_timeout=1,
            task_ignore_result=True,
            task_publish_retry_policy={"max_retries": 1, "interval_start": 0, "interval_step": 0.1},
        )
        app.conf.direct_url = direct
        ringer = Ringer(app, wall, f"wall-{uuid.uuid4().hex}")
        yield ringer
        with app.connection_for_write(direct) as broker:
            broker.channel().queue_delete(ringer.queue)
        app.close()


def test_a_wall_that_comes_between_holds_the_doorbell_for_seconds_and_everything_rings_when_it_goes(ringer: Ringer):
    ringer.bell.ring([1])
    assert ringer.until(well=True)

    ringer.wall.swallows = True
    ringer.bell.ring([2])
    for _ in range(1_000):
        ringer.bell.ring([2, 3])
    assert ringer.wall.swallowed.wait(PATIENCE)
    assert ringer.until(well=False), "the thread is free again"
    ringer.wall.swallows = False

    assert ringer.until(well=True)
    ringer.bell.ring([4])
    with ringer.tried:
        assert ringer.tried.wait_for(lambda: ringer.tries.count(True) >= 4, PATIENCE)
    assert ringer.arrived() >= 4
