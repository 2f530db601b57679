"""Everything at once: a stream of events while workers, brokers, database and mail server fail in turn.

How long is up to CRASH_SECONDS (for each broker), what happens when to CRASH_SEED; as many seeds as CRASH_SEEDS says,
that one and those after it, share the time. Afterwards every delivery is at its end, and the mails that were received
are compared with the rows, one by one.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.acceptance.stage import eventually
from tests.crash.conftest import settled
from tests.crash.machines import RabbitMQ, Redis
from tests.crash.town import LEASE, LOSE, TWICE, Town, copies, end
from tests.crash.verdict import Verdict
from tests.environment import ROOT
from tests.smtp_server import Action, Close, Hang, Say, ScriptedServer, Step

pytestmark = pytest.mark.crash

_FIRST = int(os.environ.get("CRASH_SEED", "1"))
SEEDS = range(_FIRST, _FIRST + int(os.environ.get("CRASH_SEEDS", "1")))
SECONDS = float(os.environ.get("CRASH_SECONDS", "30")) / len(SEEDS)
BATCH = 5  # events at a time
SETTLING = 150  # seconds that the rest may take, once all is well again

MOODS: dict[Step, list[tuple[float, Action]]] = {  # share of times, and what the server does then
    Step.GREETING: [(0.02, Say("421 4.3.2 Busy")), (0.01, Close())],
    Step.MAIL: [(0.01, Say("451 4.3.0 Later")), (0.005, Close()), (0.003, Hang(1.5))],
    Step.RCPT: [(0.02, Say("450 4.7.1 Greylisted")), (0.005, Close(reset=True))],
    Step.FINAL: [(0.01, Say("451 4.3.0 Later")), (0.01, Close()), (0.005, Close(takes=False)), (0.002, Hang(1.5))],
}


def moody(seed: int) -> dict[Step, list[Action | None]]:
    """A script of many occurrences; None is good behaviour."""
    dice = random.Random(seed)

    def mood(step: Step) -> Action | None:
        number = dice.random()
        for share, action in MOODS[step]:
            number -= share
            if number < 0:
                return action
        return None

    return {step: [mood(step) for _ in range(50_000)] for step in MOODS}


@dataclass
class Stream:
    """A platform that hands over events until it is told to stop, and never gives up on one."""

    town: Town
    accepted: dict[str, int] = field(default_factory=dict)  # event -> product
    error: BaseException | None = None
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        assert self._thread is not None
        self._thread.join(120)
        assert self.error is None, self.error

    def _run(self) -> None:
        try:
            for number in range(1_000_000):
                if self._stop.wait(0.3):
                    return
                product = (TWICE, LOSE)[number % 2]
                self.accepted.update(dict.fromkeys(self.town.emit(BATCH, product=product), product))
        except BaseException as error:
            self.error = error


class Injuries:
    """What is done to the installation, in an order of the dice; each method leaves it able to recover alone."""

    def __init__(self, town: Town, dice: random.Random) -> None:
        self._town = town
        self._dice = dice
        self._frozen: list[tuple[float, Any]] = []
        self._kinds: list[tuple[str, Callable[[], None]]] = [
            ("worker killed (kill -9)", self._kill_worker),
            ("broker killed and restarted", town.broker.restart),
            ("database restarted (fast)", lambda: town.database.restart(signal.SIGINT)),
            ("worker frozen for longer than its lease", self._freeze_worker),
            ("broker frozen", self._freeze_broker),
            ("beat killed (kill -9)", self._kill_beat),
            ("database killed (kill -9)", town.database.restart),
            ("worker asked to go (SIGTERM)", self._dismiss_worker),
            ("broker emptied", town.broker.empty),
            ("all workers killed (kill -9)", self._kill_workers),
            ("database restarted (immediate)", lambda: town.database.restart(signal.SIGQUIT)),
        ]
        self.counts = {name: 0 for name, _ in self._kinds}

    def inflict(self, *, until: float) -> None:
        """One after the other, all of them at least once and in another order each round, until the time is over."""
        rounds = 0
        while time.monotonic() < until or rounds == 0:
            for name, injure in self._dice.sample(self._kinds, len(self._kinds)):
                if rounds and time.monotonic() > until:
                    break
                injure()
                self.counts[name] += 1
                self._thaw()
                time.sleep(self._dice.uniform(1.0, 2.5))
            rounds += 1

    def heal(self) -> None:
        self._thaw(at_once=True)
        while len(self._town.workers) < 2:
            self._town.hire()

    def _victim(self) -> Any:
        awake = [worker for worker in self._town.workers if worker not in {frozen for _, frozen in self._frozen}]
        return self._dice.choice(awake)

    def _kill_worker(self) -> None:
        victim = self._victim()
        self._town.workers.remove(victim)
        end(victim)
        self._town.hire()

    def _kill_workers(self) -> None:
        self._thaw(at_once=True)
        for worker in self._town.workers:
            end(worker)
        self._town.workers.clear()
        self.heal()

    def _dismiss_worker(self) -> None:
        victim = self._victim()
        self._town.workers.remove(victim)
        victim.send_signal(signal.SIGTERM)
        self._town.hire()

    def _freeze_worker(self) -> None:
        victim = self._victim()
        victim.send_signal(signal.SIGSTOP)
        self._frozen.append((time.monotonic() + 1.5 * LEASE, victim))
        self._town.hire()

    def _freeze_broker(self) -> None:
        self._town.broker.freeze()
        time.sleep(3)
        self._town.broker.thaw()

    def _kill_beat(self) -> None:
        end(self._town.beats.pop(0))
        self._town.hire_beat()

    def _thaw(self, *, at_once: bool = False) -> None:
        due = [pair for pair in self._frozen if at_once or pair[0] < time.monotonic()]
        for pair in due:
            self._frozen.remove(pair)
            pair[1].send_signal(signal.SIGCONT)


@pytest.mark.timeout(SECONDS + SETTLING + 600)
@pytest.mark.parametrize("seed", SEEDS, ids="seed {}".format)
@pytest.mark.parametrize("kind", [Redis, RabbitMQ], ids=["redis", "rabbitmq"])
def test_fault_44_everything_at_once(kind: type[Redis] | type[RabbitMQ], seed: int):
    with settled(kind) as town, ScriptedServer(script=moody(seed)) as server:
        stream, injuries = Stream(town), Injuries(town, random.Random(seed))
        town.mail_to(server)
        for _ in range(2):
            town.hire()
            town.hire_beat()
        stream.accepted.update(dict.fromkeys(town.emit(), TWICE))  # the platform is there
        began = time.monotonic()
        stream.start()

        injuries.inflict(until=began + SECONDS)
        stream.stop()
        injuries.heal()
        took = time.monotonic() - began
        at_rest = eventually(lambda: not _open(town), within=SETTLING, every=0.5)
        verdict, given_up = Verdict.of(town, stream.accepted, server), _given_up(town)
        town.stage.manage("reconcile")

    _write_down(
        kind.name,
        {
            "seed": seed,
            "seconds": round(took),
            **verdict.figures(),
            "mails_received": sum(copies(server).values()),
            "survived": injuries.counts,
        },
    )
    assert at_rest, verdict.states
    assert not given_up, "no mail of this stream may fail for good"
    assert (verdict.lost, verdict.twice, verdict.needlessly, verdict.not_really_sent) == ([], [], [], [])
    assert set(verdict.states) <= {"sent", "unknown"}
    assert len(verdict.accepted) > SECONDS, "a stream, not a trickle"


def _given_up(town: Town) -> list[tuple[object, ...]]:
    """Mails that failed: event, reason, and what each try said."""
    return town.database.ask(
        "SELECT e.event_id, d.reason, array_agg(a.text ORDER BY a.id) FROM tracking_delivery d "
        "JOIN tracking_storedevent e ON e.id = d.event_id JOIN tracking_attempt a ON a.delivery_id = d.id "
        "WHERE d.state = 'failed' GROUP BY 1, 2"
    )


def _open(town: Town) -> int:
    rows = town.database.ask(
        "SELECT count(*) FROM tracking_delivery WHERE state IN ('queued', 'retrying', 'held', 'sending')"
    )
    return int(str(rows[0][0]))


def _write_down(name: str, result: dict[str, Any]) -> None:
    """Print what was survived, and keep it in var/soak.json beside that of other seeds and of the other broker."""
    path = ROOT / "var" / "soak.json"
    path.parent.mkdir(exist_ok=True)
    kept = json.loads(path.read_text()) if path.exists() else {}
    before = [] if result["seed"] == SEEDS[0] else kept.get(name, [])
    kept[name] = [*before, result]
    path.write_text(json.dumps(kept, indent=2) + "\n")
    sys.stdout.write(_table(name, result))


def _table(name: str, kept: dict[str, Any]) -> str:
    rows = {**{key: value for key, value in kept.items() if key != "survived"}, **kept["survived"]}
    width = max(map(len, rows))
    return f"\n{name}\n" + "".join(f"  {key.replace('_', ' '):{width}}  {value}\n" for key, value in rows.items())
