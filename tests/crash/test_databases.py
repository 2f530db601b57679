"""A database that restarts, is away, or takes no writes: its callers hear of it, and no mail is lost or doubled."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator

import pytest

from tests.crash.town import LEASE, Town, copies
from tests.smtp_server import InTurn, Say, ScriptedServer, Step, Wait

pytestmark = pytest.mark.crash


@pytest.fixture
def slow() -> Iterator[ScriptedServer]:
    """Each mail takes a while, so that some are always on their way."""
    with ScriptedServer(script={Step.FINAL: InTurn(Wait(0.1), Say("250 2.0.0 Taken"))}) as server:
        yield server


@pytest.fixture
def running(town: Town, slow: ScriptedServer) -> Iterator[Town]:
    town.mail_to(slow)
    town.hire()
    town.hire_beat()
    assert town.becomes(town.emit(1), {"sent": 1})
    yield town
    town.database.start_if_down()


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

    assert running.becomes(ids, {"sent": 60})
    assert set(copies(slow).values()) == {1}


def test_fault_15_away_for_longer_than_a_lease(running: Town, slow: ScriptedServer):
    """What the server took meanwhile cannot be written down in time: that, and no more, is unknown."""
    ids = running.emit(40)
    running.database.kill()
    threading.Event().wait(LEASE + 3)
    running.database.start()

    assert running.settles(ids)
    states = running.states(ids)
    assert states["sent"] + states["unknown"] == 40
    assert states["unknown"] <= 4 * 20, "at most the marked chunks of the sessions under way"
    assert set(copies(slow).values()) == {1}
    assert sum(copies(slow).values()) - 1 >= states["sent"]


def test_fault_16_read_only_as_after_a_failover_to_a_standby(running: Town, slow: ScriptedServer):
    running.database.ask("ALTER SYSTEM SET default_transaction_read_only = on")
    running.database.ask("SELECT pg_reload_conf()")
    try:
        accepted = running.offer(5)
    finally:
        running.database.ask("ALTER SYSTEM RESET default_transaction_read_only")
        running.database.ask("SELECT pg_reload_conf()")

    assert not accepted, "the platform hears that nothing was taken"
    ids = running.emit(20)
    assert running.becomes(ids, {"sent": 20})
    assert set(copies(slow).values()) == {1}
