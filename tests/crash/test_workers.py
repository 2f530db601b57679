"""Workers that are killed, frozen or asked to go at the worst moment: what the others make of it."""

from __future__ import annotations

import signal

import pytest

from tests.acceptance.stage import eventually
from tests.crash.promises import CELERY_ENDS, STOPPED, TAKEN_OVER
from tests.crash.town import LOSE, TWICE, Town, copies, end
from tests.smtp_actions import Hold, Signal
from tests.smtp_server import Hang, InTurn, Say, ScriptedServer, Step, Wait

pytestmark = pytest.mark.crash


@pytest.mark.parametrize(
    ("product", "state", "received"),
    [pytest.param(TWICE, "unknown", 1, id="never twice"), pytest.param(LOSE, "sent", 2, id="never lose")],
)
def test_fault_01_killed_while_the_message_is_on_its_way(town: Town, product, state, received):
    answer = Hold(Hang())
    with ScriptedServer(mails=[{Step.FINAL: answer}]) as server:
        town.mail_to(server)
        worker = town.hire()
        ids = town.emit(product=product)
        assert answer.reached.wait(90)

        end(worker)
        town.hire()
        town.hire_beat()

        assert town.becomes(ids, {state: 1}, within=TAKEN_OVER)
        assert list(copies(server).values()) == [received], "the same Message-ID each time"


def test_fault_02_killed_before_a_message_could_begin(town: Town):
    answer = Hold(Hang())
    with ScriptedServer(sessions=[{Step.GREETING: answer}]) as server:
        town.mail_to(server)
        worker = town.hire()
        ids = town.emit(5)
        assert answer.reached.wait(90)

        end(worker)
        town.hire()
        town.hire_beat()

        assert town.becomes(ids, {"sent": 5}, within=TAKEN_OVER)
        assert list(copies(server).values()) == [1] * 5


def test_fault_03_killed_between_the_servers_yes_and_the_record_of_it(town: Town):
    third = Signal()
    with ScriptedServer(mails=[{}, {}, {Step.FINAL: InTurn(Say("250 2.0.0 Taken"), third)}]) as server:
        server.mail_scripts = [*server.mail_scripts, {Step.MAIL: Hang()}]
        town.mail_to(server)
        ids = town.emit(6)
        worker = town.hire()
        town.hire_beat()
        assert third.reached.wait(90)

        end(worker)
        town.hire()

        assert town.becomes(ids, {"unknown": 6}, within=TAKEN_OVER)
        assert set(copies(server).values()) == {1}


def test_fault_04_all_workers_killed(town: Town):
    answers = [Hold(Hang()) for _ in range(2)]
    with ScriptedServer(sessions=[{Step.GREETING: answer} for answer in answers]) as server:
        town.mail_to(server)
        town.hire()
        town.hire_beat()
        ids = town.emit(5)
        assert answers[0].reached.wait(90)

        town.dismiss()
        for answer in answers:
            answer.free.set()
        ids += town.emit(5)
        town.hire()
        town.hire_beat()

        assert town.becomes(ids, {"sent": 10}, within=TAKEN_OVER)
        assert list(copies(server).values()) == [1] * 10


def test_fault_05_asked_to_go_with_sessions_open(town: Town):
    with ScriptedServer(script={Step.FINAL: InTurn(Wait(0.3), Say("250 2.0.0 Taken"))}) as server:
        town.mail_to(server)
        worker = town.hire()
        town.hire_beat()
        ids = town.emit(60)
        assert eventually(lambda: len(server.mails) >= 4, within=90)

        worker.send_signal(signal.SIGTERM)

        assert eventually(lambda: town.states(ids)["sending"] == 0, within=STOPPED), "everything is sent or given back"
        assert town.states(ids)["unknown"] == 0
        worker.wait(CELERY_ENDS)
        town.hire()
        assert town.becomes(ids, {"sent": 60})
        assert set(copies(server).values()) == {1}


def test_fault_06_frozen_for_longer_than_its_lease(town: Town):
    answer = Hold(Say("250 2.0.0 Taken"))
    with ScriptedServer(mails=[{Step.FINAL: answer}]) as server:
        town.mail_to(server)
        frozen = town.hire()
        ids = town.emit(4)
        assert answer.reached.wait(90)

        frozen.send_signal(signal.SIGSTOP)
        town.hire()
        town.hire_beat()
        settled = eventually(lambda: not town.states(ids)["sending"], within=TAKEN_OVER)
        before = town.states(ids)
        answer.free.set()
        frozen.send_signal(signal.SIGCONT)
        end(frozen, signal.SIGTERM)

        assert settled
        assert town.states(ids) == before, "whoever comes late changes nothing"
        assert set(copies(server).values()) == {1}


def test_fault_35_a_mail_whose_worker_dies_each_time_is_given_up(town: Town):
    town.stage.variables["TRACKING_MAX_CRASHES"] = "2"
    try:
        answers = [Hold(Hang()) for _ in range(2)]
        with ScriptedServer(sessions=[{Step.GREETING: answer} for answer in answers]) as server:
            town.mail_to(server)
            town.hire_beat()
            ids = town.emit(1)
            for answer in answers:
                worker = town.hire()
                assert answer.reached.wait(90)
                end(worker)
            town.hire()

            assert town.becomes(ids, {"failed(worker_lost)": 1})
            assert copies(server) == {}
    finally:
        town.stage.variables["TRACKING_MAX_CRASHES"] = "30"


def test_fault_37_beat_is_away(town: Town, mail_server: ScriptedServer):
    """Wake-ups need no beat; only what nobody was woken for waits."""
    town.mail_to(mail_server)
    town.hire()
    ids = town.emit(10)

    assert town.becomes(ids, {"sent": 10})


def test_fault_41_a_dead_host_with_many_mails_holds_nobody_up(town: Town, mail_server: ScriptedServer):
    with ScriptedServer(script={Step.GREETING: Hang()}) as dead:
        town.mail_to(mail_server)
        town.mail_to(dead, connection="dead")
        town.emit(500, product=3)
        town.hire()
        town.hire_beat()
        assert eventually(lambda: len(dead.sessions) > 0, within=90)

        ids = town.emit(20)

        assert town.becomes(ids, {"sent": 20})
