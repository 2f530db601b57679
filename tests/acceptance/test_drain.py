"""Mail leaves where no worker runs and no broker answers, and whoever sends it may be told to end at any time."""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.stage import Stage, eventually, json_lines, staged
from tests.smtp_server import InTurn, Say, ScriptedServer, Step, Wait

_SETTLE_IN = """
from tracking.definition import RuleDefinition
from tracking.store import clock, connections, rules
c = Connection(key="main", name="Main", host="127.0.0.1", port={port}, encryption="none", login="")
connections.save(c, password=None, now=clock.now())
Product.objects.create(id=1, name="Leads", platform="lms")
rules.save(RuleDefinition.from_json({{
    "name": "Sold", "product": 1, "trigger": "lms.lead_sold",
    "action": {{"kind": "smtp_esp", "connection": "main", "sender": "leads@example.com",
               "recipient": "{{{{ lead.email }}}}", "subject": "Sold", "body": "<p>Sold</p>"}},
}}), author=None, now=clock.now())
print("true")
"""

SLOW = 0.5  # seconds of a mail
LEASE = 3.0
MANY = int(4 * LEASE / SLOW)


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    """Each mail takes a while, so that one is always on its way."""
    with ScriptedServer(script={Step.FINAL: InTurn(Wait(SLOW), Say("250 2.0.0 Taken"))}) as running:
        yield running


@pytest.fixture
def stage(tmp_path: Path, server: ScriptedServer) -> Iterator[Stage]:
    variables = {
        "DATABASE_URL": f"sqlite:///{tmp_path / 'tracking.sqlite3'}",
        "CELERY_BROKER_URL": "redis://127.0.0.1:1/0",  # nobody listens there
        "TRACKING_SWEEP_SECONDS": "0.5",
        "TRACKING_SLICE_SECONDS": "60",
        "TRACKING_LEASE_SECONDS": str(LEASE),
        "TRACKING_HEARTBEAT_SECONDS": "0.5",
    }
    with staged(tmp_path, **variables) as stage:
        stage.ask(_SETTLE_IN.format(port=server.port))
        yield stage


def emit(stage: Stage, *ids: str) -> None:
    fields = {"trigger": "lms.lead_sold", "occurred_at": "2026-01-31T12:00:00Z", "product": 1}
    events = [{**fields, "event_id": id_, "lead": {"email": "ada@example.org"}} for id_ in ids]
    stage.manage("emit_events", text=json_lines(events))


def states(stage: Stage) -> Counter[str]:
    return Counter(stage.ask("print(json.dumps(list(Delivery.objects.values_list('state', flat=True))))"))


def test_mails_go_out_without_celery_until_it_is_told_to_end(stage: Stage, server: ScriptedServer):
    drain = stage.start("manage", "drain", "--forever")
    emit(stage, "first")
    assert eventually(lambda: len(server.mails) == 1, within=60)

    many = [f"event-{number}" for number in range(60)]
    emit(stage, *many)
    assert eventually(lambda: len(server.mails) >= 3, within=60)
    drain.send_signal(signal.SIGTERM)

    assert drain.wait(30) == 0
    left = states(stage)
    assert left == {"sent": len(server.mails), "queued": 61 - len(server.mails)}
    assert left["queued"] > 0, "it was told to end in the midst of them"


def test_what_it_sends_for_longer_than_a_lease_stays_its_own(stage: Stage, server: ScriptedServer):
    emit(stage, *(f"event-{number}" for number in range(MANY)))
    drain = stage.start("manage", "drain", "--forever")
    assert eventually(lambda: len(server.mails) * SLOW > LEASE + 1, within=60)

    assert "taken back" not in stage.manage("drain"), "the other has renewed its lease"

    assert eventually(lambda: states(stage) == {"sent": MANY}, within=60)
    drain.send_signal(signal.SIGINT)
    assert drain.wait(30) == 0
    assert len({mail.message_id for mail in server.mails}) == len(server.mails)
