"""A database that restarts, is away, or takes no writes: its callers hear of it, and no mail is lost or doubled."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from tests import services
from tests.acceptance.stage import eventually
from tests.crash.postgres import Standby
from tests.crash.promises import RECOVERED
from tests.crash.town import LEASE, Town, copies
from tests.crash.wrong_clocks import no_wrong_clocks, wrong_clock
from tests.smtp_server import InTurn, Say, ScriptedServer, Step, Wait

pytestmark = pytest.mark.crash

SLOW = 0.1  # seconds that the server takes for a mail


def recovered(mails: int) -> float:
    """Seconds after the database's return within which so many mails are sent, if one after the other."""
    return RECOVERED + mails * SLOW


def sent_or_unknown(town: Town, server: ScriptedServer, ids: Sequence[str]) -> int:
    """None of these mails is lost or received twice, and few are unknown. How many are sent."""
    states = town.states(ids)
    assert states["sent"] + states["unknown"] == len(ids)
    assert states["unknown"] <= 4 * 20, "at most the marked chunks of the sessions under way"
    assert set(copies(server).values()) == {1}
    return states["sent"]


@pytest.fixture
def slow() -> Iterator[ScriptedServer]:
    """Each mail takes a while, so that some are always on their way."""
    with ScriptedServer(script={Step.FINAL: InTurn(Wait(SLOW), Say("250 2.0.0 Taken"))}) as server:
        yield server


@pytest.fixture
def running(staffed: Town, slow: ScriptedServer) -> Town:
    staffed.mail_to(slow)
    assert staffed.becomes(staffed.emit(1), {"sent": 1})
    return staffed


def test_a_worker_keeps_its_sessions_from_mail_to_mail(running: Town, slow: ScriptedServer):
    """Eight threads, so at most eight; a new one for each task would be more than the mails."""
    before, sent = _sessions(running), len(slow.mails)

    for number in range(1, 21):
        running.emit()
        assert eventually(lambda: len(slow.mails) >= sent + number, within=30, every=0.05)  # noqa: B023 - asked at once

    assert _sessions(running) - before <= 8 + 1, "theirs, and that of the question"


def _sessions(town: Town) -> int:
    """How many the database has had so far."""
    ((number,),) = town.database.ask("SELECT sum(sessions)::int FROM pg_stat_database")
    assert isinstance(number, int)
    return number


@pytest.mark.parametrize(
    "how",
    [
        pytest.param(signal.SIGINT, id="fast"),
        pytest.param(signal.SIGQUIT, id="immediate"),
        pytest.param(signal.SIGKILL, id="killed"),
    ],
)
def test_fault_14_restarted_in_the_middle_of_everything(running: Town, slow: ScriptedServer, how):
    ids = running.emit(40)

    running.database.restart(how)
    ids += running.emit(20)

    assert running.becomes(ids, {"sent": 60}, within=recovered(60))
    assert set(copies(slow).values()) == {1}


def test_fault_15_away_for_longer_than_a_lease(running: Town, slow: ScriptedServer):
    """What the server took meanwhile cannot be written down in time: that, and no more, is unknown."""
    ids = running.emit(40)
    running.database.kill()
    threading.Event().wait(LEASE + 3)
    running.database.start()

    assert running.settles(ids, within=recovered(40))
    sent = sent_or_unknown(running, slow, ids)
    assert sum(copies(slow).values()) - 1 >= sent


def test_fault_15_frozen_for_longer_than_a_lease_while_events_come(running: Town, slow: ScriptedServer):
    """Its sockets stay open and nobody answers. Whoever comes first after the thaw, sweeper or worker, decides."""
    ids = running.emit(40)
    running.database.freeze()
    thaw = threading.Timer(LEASE + 3, running.database.thaw)
    thaw.start()
    try:
        ids += running.emit(20)
    finally:
        thaw.join()

    ids += running.emit(20)
    assert running.settles(ids)
    sent = sent_or_unknown(running, slow, ids)
    assert sum(copies(slow).values()) - 1 >= sent


def test_fault_16_read_only_as_in_the_middle_of_a_failover(running: Town, slow: ScriptedServer):
    assert running.database.set_everywhere("default_transaction_read_only", "on")
    try:
        accepted = running.offer(5)
    finally:
        assert running.database.set_everywhere("default_transaction_read_only", "off")

    assert not accepted, "the platform hears that nothing was taken"
    ids = running.emit(20)
    assert running.becomes(ids, {"sent": 20}, within=recovered(20))
    assert set(copies(slow).values()) == {1}


def test_fault_16_a_standby_that_is_promoted_knows_all_that_was_taken(running: Town, slow: ScriptedServer):
    """The primary dies in the middle of sending. Its standby was synchronous, so that it has every commit."""
    with Standby(running.database) as standby:
        assert standby.follows()
        ids = running.emit(40)

        running.database.kill()
        standby.promote()
        running.database.take_over(standby)

    ids += running.emit(20)
    assert running.settles(ids, within=recovered(60))
    sent_or_unknown(running, slow, ids)


@pytest.mark.skipif(os.geteuid() != 0, reason="root alone can mount a small disk")
def test_fault_17_a_disk_that_is_full_takes_nothing_and_loses_nothing(running: Town, slow: ScriptedServer):
    with running.database.on_a_small_disk(400) as disk:
        assert running.becomes(running.emit(5), {"sent": 5})
        ballast = disk / "ballast"
        _fill(ballast)
        taken = 0
        while running.offer(20):
            taken += 20
            assert taken < 10_000, "the disk is not full"

        ballast.unlink()
        running.database.start_if_down()
        ids = running.emit(20)

        assert running.becomes(ids, {"sent": 20}, within=recovered(taken + 20))
        assert eventually(lambda: running.waiting() == 0, within=recovered(taken)), "what was taken before is sent, too"
    states = running.all_states()
    assert states["sent"] + states["unknown"] >= taken + 25
    assert set(copies(slow).values()) == {1}


def _fill(path: Path) -> None:
    with suppress(OSError), path.open("wb", buffering=0) as file:
        while True:
            file.write(b"x" * 65_536)


def test_fault_43_a_backup_that_is_restored_is_looked_at_before_anything_leaves(
    town: Town, mail_server: ScriptedServer, tmp_path: Path
):
    """What was sent after the backup would be sent again: nobody can know. An operator looks, and decides."""
    town.mail_to(mail_server)
    ids = town.emit(5)
    town.database.back_up(tmp_path / "backup")
    town.hire()
    town.hire_beat()
    assert town.becomes(ids, {"sent": 5})
    town.dismiss()

    town.database.restore(tmp_path / "backup")
    town.stage.variables["TRACKING_SENDING"] = "off"
    try:
        town.hire()
        town.hire_beat()
        before = town.swept_at()
        assert eventually(lambda: town.swept_at() > before, within=60), "a worker is there, and does what it may"
        assert town.states(ids) == {"queued": 5}
        assert len(copies(mail_server)) == sum(copies(mail_server).values()) == 5
        town.dismiss()
    finally:
        del town.stage.variables["TRACKING_SENDING"]
    town.discard(ids[:3])
    town.hire()
    town.hire_beat()

    assert town.becomes(ids, {"cancelled(operator)": 3, "sent": 2})
    assert sorted(copies(mail_server).values()) == [1, 1, 1, 2, 2], "again, under the Message-ID that it had"


def test_fault_38_workers_whose_clocks_are_wrong_work_as_ever(town: Town, mail_server: ScriptedServer):
    _demand_wrong_clocks()
    town.mail_to(mail_server)
    _hire_with_clock(town, 3600)
    town.hire_beat()
    before = town.swept_at()
    assert eventually(lambda: town.swept_at() > before, within=60), "it calls nothing stale that beat asks for"
    _hire_with_clock(town, -3600)

    ids = [id_ for _ in range(10) for id_ in town.emit(5)]

    assert town.becomes(ids, {"sent": 50})
    assert set(copies(mail_server).values()) == {1}


def _hire_with_clock(town: Town, seconds: int) -> None:
    told = " ".join(f"{name}={value}" for name, value in wrong_clock(seconds).items())
    town.hire(within=f"export {told}")


def test_fault_39_a_database_whose_clock_jumps_loses_and_doubles_nothing(running: Town, slow: ScriptedServer):
    _demand_wrong_clocks()
    ids = running.emit(20)
    try:
        for seconds in (3600, 0, 3600):  # what was put off while it was ahead waits for that hour, and no longer
            running.database.clock_ahead = seconds
            running.database.restart(signal.SIGINT)
            ids += running.emit(20)

        assert running.settles(ids)
    finally:
        running.database.clock_ahead = 0
        running.database.restart(signal.SIGINT)

    states = running.states(ids)
    assert states["sent"] + states["unknown"] == 80
    assert set(copies(slow).values()) == {1}


def _demand_wrong_clocks() -> None:
    if why := no_wrong_clocks():
        (pytest.fail if services.required() else pytest.skip)(why)
