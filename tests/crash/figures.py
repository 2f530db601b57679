"""How long faults are felt: `python -m tests.crash.figures` prints a table, best with the machine to itself."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.acceptance.stage import eventually
from tests.crash.conftest import settled
from tests.crash.machines import RabbitMQ, Redis
from tests.crash.town import LEASE, TWICE, Town, end
from tests.smtp_server import ScriptedServer

EMITS = 500

_EMIT = """
import time
from tracking.emit import emit
from tracking.events import Event
took = []
for n in range({count}):
    event = Event.from_json({{"event_id": "{name}-%d" % n, "trigger": "lms.lead_sold", "product": {product},
        "occurred_at": "2026-01-31T12:00:00Z", "lead": {{"email": "ada@example.org", "n": str(n)}}}})
    began = time.perf_counter()
    emit(event)
    took.append(1000 * (time.perf_counter() - began))
took.sort()
print(json.dumps([took[len(took) // 2], took[len(took) * 99 // 100], took[-1]]))
"""


@contextmanager
def frozen(town: Town) -> Iterator[None]:
    town.broker.freeze()
    try:
        yield
    finally:
        town.broker.thaw()


@contextmanager
def down(town: Town) -> Iterator[None]:
    town.broker.kill()
    try:
        yield
    finally:
        town.broker.start()


def emits(town: Town, name: str) -> str:
    """Median, 99th of 100 and longest of single emits."""
    median, late, longest = town.stage.ask(_EMIT.format(count=EMITS, name=name, product=TWICE))
    return f"{median:.1f} / {late:.1f} / {longest:.1f} ms"


def seconds(claim: Callable[[], bool]) -> str:
    began = time.monotonic()
    assert eventually(claim, within=120, every=0.05)
    return f"{time.monotonic() - began:.1f} s"


def measure(kind: type[Redis] | type[RabbitMQ]) -> Iterator[tuple[str, str]]:
    with settled(kind) as town, ScriptedServer() as server:
        town.mail_to(server)
        yield "emit, broker there", emits(town, "there")
        with frozen(town):
            yield "emit, broker frozen", emits(town, "frozen")
        with down(town):
            yield "emit, broker down", emits(town, "down")
        with town.broker.full():
            yield "emit, broker full", emits(town, "full")
        yield f"{town.waiting():,} that had waited for a worker", all_sent(town)
        for number in (1, 2, 3):
            town.broker.restart()
            ids = town.emit(5)
            yield f"broker restarted ({number}), until mailed", seconds(lambda ids=ids: town.states(ids)["sent"] == 5)
        ids = town.emit(50)
        town.broker.empty()
        yield "broker emptied, until mailed", seconds(lambda: town.states(ids)["sent"] == 50)
        town.database.restart()
        ids = town.emit(5)
        yield "database killed and started, until mailed", seconds(lambda: town.states(ids)["sent"] == 5)
        yield f"worker killed, until taken over (lease {LEASE:g} s)", taken_over(town)


def all_sent(town: Town) -> str:
    """From the start of a worker and beat on."""
    town.staff()
    return seconds(lambda: town.waiting() == 0)


def taken_over(town: Town) -> str:
    """From the death of a worker in the middle of a queue to the end of that queue by another."""
    ids = town.emit(400)
    eventually(lambda: town.states(ids)["sent"] > 20, within=60, every=0.01)
    end(town.workers[0])
    return all_sent(town)


def main() -> None:
    """Each figure as soon as it is there, then the table. What was started ends with SIGTERM and Ctrl-C too."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended"))
    found: dict[str, dict[str, str]] = {}
    for kind in (Redis, RabbitMQ):
        for subject, figure in measure(kind):
            found.setdefault(subject, {})[kind.name] = figure
            sys.stderr.write(f"{kind.name}: {subject}: {figure}\n")
    for subject, figures in found.items():
        sys.stdout.write(f"| {subject} | {figures['redis']} | {figures['rabbitmq']} |\n")
    sys.stdout.write(f"load {os.getloadavg()[0]:.1f}\n")


if __name__ == "__main__":
    main()
