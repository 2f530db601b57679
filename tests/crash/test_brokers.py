"""A broker that is away, hangs, forgets, is full or comes and goes: events are taken all the same, and mailed."""

from __future__ import annotations

from contextlib import closing

import pytest

from tests.acceptance.stage import eventually
from tests.crash.conftest import settled
from tests.crash.machines import RabbitMQ, Redis
from tests.crash.promises import FLOWING
from tests.crash.town import LOSE, Town, copies, end
from tests.smtp_actions import Hold
from tests.smtp_server import Hang, ScriptedServer, Step

pytestmark = pytest.mark.crash


@pytest.fixture
def running(staffed: Town, mail_server: ScriptedServer) -> Town:
    """With a worker and beat that are known to work, and a platform that has emitted."""
    staffed.mail_to(mail_server)
    assert staffed.becomes(staffed.emit(1), {"sent": 1})
    return staffed


def test_fault_07_events_are_taken_while_the_broker_is_away(running: Town, mail_server: ScriptedServer):
    running.broker.kill()

    ids = running.emit(20)
    assert running.states(ids)["queued"] + running.states(ids)["sent"] == 20
    running.broker.start()

    assert running.becomes(ids, {"sent": 20}, within=FLOWING)
    assert set(copies(mail_server).values()) == {1}


def test_fault_08_events_are_taken_while_the_broker_hangs(running: Town, mail_server: ScriptedServer):
    running.broker.freeze()
    try:
        ids = running.emit(20)
    finally:
        running.broker.thaw()

    assert running.becomes(ids, {"sent": 20}, within=FLOWING)
    assert set(copies(mail_server).values()) == {1}


def test_fault_09_a_broker_that_forgets_everything_loses_nothing(running: Town, mail_server: ScriptedServer):
    ids = running.emit(20)
    running.broker.empty()
    ids += running.emit(20)
    running.broker.restart()
    ids += running.emit(20)

    assert running.becomes(ids, {"sent": 60}, within=FLOWING)
    assert set(copies(mail_server).values()) == {1}


def test_fault_10_a_broker_that_is_full_loses_nothing(running: Town, mail_server: ScriptedServer):
    with running.broker.full():
        ids = running.emit(20)

    assert running.becomes(ids, {"sent": 20}, within=FLOWING)
    assert set(copies(mail_server).values()) == {1}


def test_fault_11_a_broker_that_is_restarted_three_times_is_used_each_time(running: Town, mail_server: ScriptedServer):
    for _ in range(3):
        running.broker.restart()
        assert running.becomes(running.emit(5), {"sent": 5}, within=FLOWING)

    assert set(copies(mail_server).values()) == {1}


def test_fault_11_worker_and_beat_find_a_rabbitmq_again(mail_server: ScriptedServer):
    with settled(RabbitMQ) as town:
        town.mail_to(mail_server)
        town.hire()
        town.hire_beat()
        assert town.becomes(town.emit(1), {"sent": 1})

        town.broker.restart()
        before = town.swept_at()

        assert eventually(lambda: town.swept_at() > before, within=FLOWING), "beat asked, a worker swept"
        assert town.becomes(town.emit(5), {"sent": 5}, within=FLOWING)
        town.broker.freeze()
        try:
            ids = town.emit(10)
        finally:
            town.broker.thaw()
        assert town.becomes(ids, {"sent": 10}, within=FLOWING)

    assert set(copies(mail_server).values()) == {1}


def test_fault_40_a_flood_keeps_no_other_product_waiting_and_the_broker_empty(
    running: Town, mail_server: ScriptedServer
):
    """The flood is rows; what goes over the broker is a wake-up now and then."""
    assert isinstance(running.broker, Redis)
    deepest = 0
    flood = []
    with closing(running.broker.client()) as client:
        for _ in range(10):
            flood += running.emit(200)
            deepest = max(deepest, sum(client.llen(queue) for queue in ("mail", "mail.slow", "watch")))
    quiet = running.emit(1, product=LOSE)

    assert running.becomes(quiet, {"sent": 1})
    assert running.becomes(flood, {"sent": 2_000})
    assert deepest <= 20
    assert set(copies(mail_server).values()) == {1}


def test_fault_18_a_worker_whose_log_can_grow_no_more_sends(town: Town, mail_server: ScriptedServer):
    """Logs go to standard output; a disk that is full behind it is nothing that mail depends on."""
    log = town.stage.folder / "full.log"
    log.write_bytes(b"x" * (_FULL - 4_096) + b"\n")
    town.mail_to(mail_server)
    town.hire(within=f"ulimit -f {_FULL // 512}", output=log)
    town.hire_beat()

    ids = [id_ for _ in range(5) for id_ in town.emit(10)]

    assert town.becomes(ids, {"sent": 50})
    assert _FULL - 512 <= log.stat().st_size <= _FULL, "the test is about a log that was full"


_FULL = 2 << 20  # bytes: more than any other file of a worker has


def test_fault_36_two_beats_and_two_workers_on_the_same_rows(town: Town):
    """What a third worker had in hand when it died is among them: one marked chunk, and the rest of its claim."""
    answer = Hold(Hang())
    with ScriptedServer(mails=[{Step.FINAL: answer}]) as server:
        town.mail_to(server)
        third = town.hire()
        left = town.emit(30)
        assert answer.reached.wait(90)
        end(third)
        for _ in range(2):
            town.hire()
            town.hire_beat()

        ids = [id_ for _ in range(10) for id_ in town.emit(20)]

        assert town.becomes(ids, {"sent": 200})
        assert town.settles(left)
        states = town.states(left)
        assert states["sent"] + states["unknown"] == 30
        assert 1 <= states["unknown"] <= 20
        assert eventually(lambda: len(copies(server)) >= 200 + states["sent"], within=5)
        assert set(copies(server).values()) == {1}
