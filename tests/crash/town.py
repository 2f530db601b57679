"""An installation on servers that are made to fail: a platform that emits, workers, and what they left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.acceptance.stage import Stage, eventually
from tests.crash.machines import Broker
from tests.crash.postgres import PostgreSQL
from tests.environment import ROOT
from tests.smtp_server import ScriptedServer

TWICE, LOSE = 1, 2  # products: one of a rule that never sends twice, one of a rule that never loses

LEASE = 6.0  # seconds
SWEEP = 1.0  # seconds from one to the next

QUICK = {
    "TRACKING_LEASE_SECONDS": str(LEASE),
    "TRACKING_HEARTBEAT_SECONDS": "2",
    "TRACKING_SWEEP_SECONDS": str(SWEEP),
    "TRACKING_FIRST_RETRY_SECONDS": "1",
    "TRACKING_WATCH_SECONDS": "5",
    "TRACKING_WORKER_THREADS": "8",
    "TRACKING_MAX_CRASHES": "30",
    "TRACKING_SMTP_CONNECT_TIMEOUT": "3",
    "TRACKING_SMTP_COMMAND_TIMEOUT": "3",
    "TRACKING_SMTP_DATA_TIMEOUT": "5",
    "TRACKING_SMTP_FINAL_TIMEOUT": "5",
    "TRACKING_SMTP_TOTAL_TIMEOUT": "10",
}

_SETTLE_IN = """
from tracking.definition import RuleDefinition
from tracking.store import clock, connections, rules
for key in ("main", "dead"):
    c = Connection(key=key, name=key, host="127.0.0.1", port=2525, encryption="none", login="", max_sessions=4)
    connections.save(c, password=None, now=clock.now())
for product, key, policy in ((1, "main", "never_twice"), (2, "main", "never_lose"), (3, "dead", "never_twice")):
    Product.objects.create(id=product, name=f"Product {product}", platform="lms")
    rules.save(RuleDefinition.from_json({
        "name": policy, "product": product, "trigger": "lms.lead_sold",
        "action": {"kind": "smtp_esp", "connection": key, "sender": "leads@example.com",
                   "recipient": "{{ lead.email }}", "subject": "Sold {{ lead.n }}", "body": "<p>{{ lead.n }}</p>"},
        "policy": {"delivery_policy": policy},
    }), author=None, now=clock.now())
print("true")
"""


@dataclass
class Town:
    """`mail` is the server that the rules' mail goes to; it may be changed while all runs."""

    stage: Stage
    database: PostgreSQL
    broker: Broker
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)
    beats: list[subprocess.Popen[bytes]] = field(default_factory=list)
    _platform: subprocess.Popen[bytes] | None = None
    _number: int = 0

    def settle_in(self) -> None:
        self.stage.ask(_SETTLE_IN)

    def mail_to(self, server: ScriptedServer, *, connection: str = "main") -> None:
        self.database.ask(
            "UPDATE tracking_connection SET port = %s, version = version + 1, fail_streak = 0, paused_until = NULL, "
            "pause_reason = '', rate = NULL, rate_at = NULL, rate_tokens = 0 WHERE key = %s",
            server.port,
            connection,
        )

    # The platform

    def emit(self, count: int = 1, *, product: int = TWICE) -> list[str]:
        """Hand over so many events; their ids, once all of them have been taken."""
        ids = [self._next_id() for _ in range(count)]
        assert self._hand_over(ids, product, once=False)
        return ids

    def offer(self, count: int) -> bool:
        """Hand over so many events once; whether they were taken."""
        return self._hand_over([self._next_id() for _ in range(count)], TWICE, once=True)

    def _next_id(self) -> str:
        self._number += 1
        return f"event-{os.getpid()}-{self._number}"

    def _hand_over(self, ids: Sequence[str], product: int, *, once: bool) -> bool:
        platform = self._running_platform()
        assert platform.stdin is not None
        assert platform.stdout is not None
        document = {"once": once, "events": [_event(id_, product) for id_ in ids]}
        platform.stdin.write(json.dumps(document).encode() + b"\n")
        platform.stdin.flush()
        return bool(json.loads(platform.stdout.readline()))

    def _running_platform(self) -> subprocess.Popen[bytes]:
        if self._platform is None:
            with (self.stage.folder / "platform.log").open("ab") as log:
                self._platform = subprocess.Popen(
                    [sys.executable, "-m", "tests.crash.platform"],
                    env={**self.stage.environment, "DJANGO_SETTINGS_MODULE": "config.settings"},
                    cwd=ROOT,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=log,
                )
        return self._platform

    def leave(self) -> None:
        if self._platform is not None:
            self._platform.kill()
            self._platform.communicate()
            self._platform = None

    # Workers

    def hire(self, *, within: str = ":", output: Path | None = None) -> subprocess.Popen[bytes]:
        """One more worker; `within` is what a shell does before, such as lowering a limit."""
        worker = self.stage.start_worker(within=within, output=output)
        self.workers.append(worker)
        return worker

    def hire_beat(self) -> subprocess.Popen[bytes]:
        schedule = self.stage.folder / f"schedule-{len(self.beats)}"
        self.stage.variables["TRACKING_BEAT_SCHEDULE"] = str(schedule)
        beat = self.stage.start_beat()
        self.beats.append(beat)
        return beat

    def staff(self) -> None:
        """A worker and beat; those that live stay."""
        for processes, hire in ((self.workers, self.hire), (self.beats, self.hire_beat)):
            processes[:] = [process for process in processes if process.poll() is None]
            if not processes:
                hire()

    def dismiss(self, *, how: signal.Signals = signal.SIGKILL) -> None:
        """All workers and beats, at once."""
        for process in (*self.workers, *self.beats):
            end(process, how)
        self.workers.clear()
        self.beats.clear()

    # What is left

    def states(self, ids: Sequence[str]) -> Counter[str]:
        rows = self.database.ask(
            "SELECT d.state, d.reason FROM tracking_delivery d JOIN tracking_storedevent e ON e.id = d.event_id "
            "WHERE e.event_id = ANY(%s)",
            list(ids),
        )
        return Counter(f"{state}({reason})" if reason else str(state) for state, reason in rows)

    def becomes(self, ids: Sequence[str], states: dict[str, int], *, within: float = 90) -> bool:
        return eventually(lambda: self.states(ids) == Counter(states), within=within, every=0.2)

    def settles(self, ids: Sequence[str], *, within: float = 90) -> bool:
        """Whether all of these come to an end."""
        final = ("sent", "unknown", "failed", "cancelled")

        def settled() -> bool:
            return sum(n for state, n in self.states(ids).items() if state.startswith(final)) == len(ids)

        return eventually(settled, within=within, every=0.3)

    def swept_at(self) -> Any:
        """When a worker last did what beat asks for all the time."""
        ((seen_at,),) = self.database.ask("SELECT coalesce(max(seen_at), now() - interval '1 day') FROM tracking_pulse")
        return seen_at

    def all_states(self) -> Counter[str]:
        return Counter(dict(self.database.ask("SELECT state, count(*) FROM tracking_delivery GROUP BY state")))  # type: ignore[arg-type]

    def waiting(self) -> int:
        states = self.all_states()
        return sum(states[name] for name in ("queued", "retrying", "held", "sending"))

    def discard(self, ids: Sequence[str]) -> None:
        """As an operator does in the log."""
        self.database.ask(
            "UPDATE tracking_delivery d SET state = 'cancelled', reason = 'operator', next_attempt_at = NULL "
            "FROM tracking_storedevent e WHERE e.id = d.event_id AND e.event_id = ANY(%s)",
            list(ids),
        )

    def cancel(self) -> None:
        """Leave nothing for the next test."""
        self.database.ask(
            "UPDATE tracking_delivery SET state = 'cancelled', reason = 'operator', next_attempt_at = NULL, "
            "lease_token = NULL WHERE state IN ('queued', 'retrying', 'held', 'sending')"
        )


def end(process: subprocess.Popen[bytes], how: signal.Signals = signal.SIGKILL) -> None:
    with suppress(ProcessLookupError):
        process.send_signal(signal.SIGCONT)
        process.send_signal(how)
    process.wait(60)


def copies(server: ScriptedServer) -> Counter[str]:
    """Message-ID -> how often the server has taken it."""
    return Counter(mail.message_id for mail in list(server.mails) if mail.data)


def _event(id_: str, product: int) -> dict[str, Any]:
    return {
        "event_id": id_,
        "trigger": "lms.lead_sold",
        "occurred_at": "2026-01-31T12:00:00Z",
        "product": product,
        "lead": {"email": "ada@example.org", "n": id_},
    }
