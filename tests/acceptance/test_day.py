"""The story of a whole day: 2,000 events from a file, real processes, and every mail compared with what was owed."""

from __future__ import annotations

import email
import email.policy
import html
import json
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance import day
from tests.acceptance.stage import Stage, eventually, json_lines, own_database, staged
from tests.services import SERVICES
from tests.smtp_server import Mail, ScriptedServer
from tracking.embedded import broker

EVENTS = 2_000
ALERTED = "every lms.lead_sold"
ON_THE_LINE = "every lms.lead_return"  # as many warnings as its limit: not more, so no alert
BY_SHARE = "every call.amd"

_DIRECTORY = f"""
from tracking.models import *
from tracking.store import clock, connections
Product.objects.bulk_create([Product(id=k, name=n, platform=p, ping_post=g) for k, (n, p, g) in {day.PRODUCTS}.items()])
Buyer.objects.bulk_create([Buyer(id=k, name=n) for k, n in {day.BUYERS}.items()])
Campaign.objects.bulk_create(
    [Campaign(id=k, name=f"Campaign {{k}}", product_id=p, buyer_id=b) for k, (p, b) in {day.CAMPAIGNS}.items()])
Publisher.objects.bulk_create([Publisher(id=k, name=n) for k, n in {day.PUBLISHERS}.items()])
Channel.objects.bulk_create(
    [Channel(id=k, name=f"Channel {{k}}", publisher_id=u, product_id=p) for k, (u, p) in {day.CHANNELS}.items()])
Source.objects.bulk_create([Source(id=k, name=n) for k, n in {day.SOURCES}.items()])
Pingtree.objects.bulk_create([Pingtree(id=k, name=n) for k, n in {day.PINGTREES}.items()])
CallTrackingPool.objects.bulk_create([CallTrackingPool(id=k, name=n) for k, n in {day.POOLS}.items()])
User.objects.create_user("olga", "olga@platform.test", "x")
User.objects.create_user("no-address", "", "x")
"""


@pytest.fixture
def mail_server() -> Iterator[ScriptedServer]:
    with ScriptedServer(refuse=day.refusal(set())) as server:
        yield server


@pytest.mark.postgres
@pytest.mark.redis
def test_a_day_on_postgresql_and_redis(tmp_path, mail_server):
    with own_database(SERVICES["postgres"].url) as database:
        _live_through(tmp_path, mail_server, DATABASE_URL=database, CELERY_BROKER_URL=SERVICES["redis"].url)


@pytest.mark.postgres
@pytest.mark.rabbitmq
def test_a_day_on_postgresql_and_rabbitmq(tmp_path, mail_server):
    with own_database(SERVICES["postgres"].url) as database:
        _live_through(tmp_path, mail_server, DATABASE_URL=database, CELERY_BROKER_URL=SERVICES["rabbitmq"].url)


def test_a_day_on_the_embedded_default(tmp_path, mail_server):
    with _own_broker(tmp_path) as url:
        database = f"sqlite:///{tmp_path / 'day.sqlite3'}"
        _live_through(tmp_path, mail_server, DATABASE_URL=database, CELERY_BROKER_URL=url)


@contextmanager
def _own_broker(folder: Path) -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="day-") as short:  # a socket's path has at most about 107 bytes
        place = Path(short) / "b"
        process = subprocess.Popen(
            broker.command(server=broker.program(), socket_path=place, folder=folder), stdout=subprocess.DEVNULL
        )
        try:
            assert eventually(lambda: broker.answers(place), within=10, every=0.1)
            yield broker.url(place)
        finally:
            process.terminate()
            process.wait(10)


def _live_through(folder: Path, mail_server: ScriptedServer, **services: str) -> None:
    stream = list(day.events(EVENTS, seed=7))
    documents = day.rules(mail_server.port)
    owed = day.expected(documents, stream)
    _watch(documents, owed)

    with ExitStack() as stack:
        stage = stack.enter_context(
            staged(
                folder,
                **services,
                EMAIL_URL=f"smtp://127.0.0.1:{mail_server.port}",
                DEFAULT_FROM_EMAIL="Tracking <alerts@platform.test>",
                TRACKING_FIRST_RETRY_SECONDS="1",
                TRACKING_SWEEP_SECONDS="1",
                TRACKING_WATCH_SECONDS="2",
                TRACKING_REGULAR_PRICE="0.0010",
            )
        )
        _settle_in(stage, documents, mail_server.port)
        stage.start_worker()
        stage.start_beat()
        receipts = _emit(stage, stream)
        settled = eventually(lambda: stage.number(_UNSETTLED) == 0, within=120)
        alerted = eventually(lambda: stage.number(_ALERTS_SENT) >= 2, within=30)
        facts = stage.ask(_FACTS)
        stage.manage("reconcile")

    assert settled, facts["states"]
    _compare_counts(facts, owed)
    assert alerted, facts["alerts"]
    _compare_receipts(receipts, stream, owed)
    _compare_mails([mail for mail in mail_server.mails if not _is_alert(mail)], owed)
    _compare_alerts(facts, [mail for mail in mail_server.mails if _is_alert(mail)])


def _watch(documents: list[day.Document], owed: day.Expected) -> None:
    """Thresholds that the day exceeds, or just does not: limits are exceeded strictly."""
    limits = {
        ALERTED: {"warnings_number": owed.warned[ALERTED] - 1},
        ON_THE_LINE: {"warnings_number": owed.warned[ON_THE_LINE]},
        BY_SHARE: {"warnings_percent": "1"},
        "disabled": {"warnings_percent": "0"},
    }
    for document in documents:
        if document["name"] in limits:
            document["notifications"] = {
                "enable_notifications": True,
                "timeframe": "1h",
                "notify_users": ["olga", "no-address"],
                "notify_emails": ["ops@platform.test"],
                "notification_frequency": 60,
                **limits[document["name"]],
            }


def _settle_in(stage: Stage, documents: list[day.Document], port: int) -> None:
    connection = (
        "c = Connection(key='main', name='Main', host='127.0.0.1', "
        f"port={port}, encryption='none', login='')\nconnections.save(c, password=None, now=clock.now())\n"
    )
    stage.manage("shell", "--no-imports", "-c", _DIRECTORY + connection)
    rules = stage.folder / "rules.json"
    rules.write_text(json.dumps(documents))
    answers = [json.loads(line) for line in stage.manage("import_rules", str(rules)).splitlines()]
    assert [answer["action"] for answer in answers] == ["created"] * len(documents), answers


def _emit(stage: Stage, stream: list[day.Document]) -> list[dict[str, Any]]:
    """The day's events, some of them twice, and rubbish between them."""
    lines = [*stream, *stream[:50]]
    rubbish = [{"event_id": "x", "trigger": "lms.nothing", "occurred_at": "2026-01-31T12:00:00Z"}, {"colour": "red"}]
    file = stage.folder / "events.jsonl"
    file.write_text(json_lines(lines[:1_000]) + "not JSON\n" + json_lines(rubbish) + json_lines(lines[1_000:]))
    answers = [json.loads(line) for line in stage.manage("emit_events", str(file), status=1).splitlines()]
    assert [answer["line"] for answer in answers if "error" in answer] == [1_001, 1_002, 1_003]
    return [answer for answer in answers if "error" not in answer]


def _compare_receipts(receipts: list[dict[str, Any]], stream: list[day.Document], owed: day.Expected) -> None:
    assert [receipt["event_id"] for receipt in receipts[:EVENTS]] == [event["event_id"] for event in stream]
    assert not any(receipt["duplicate"] for receipt in receipts[:EVENTS])
    assert all(receipt["duplicate"] and not receipt["matched"] for receipt in receipts[EVENTS:])
    assert sum(len(receipt["matched"]) for receipt in receipts) == sum(owed.processed.values())


def _compare_mails(mails: list[Mail], owed: day.Expected) -> None:
    """Same recipients, subjects, bodies; none missing, none twice to anybody."""
    got: dict[tuple[str, str], list[Mail]] = {}
    for mail in mails:
        rule, _, event = str(_parsed(mail)["Subject"]).partition(" / ")
        got.setdefault((rule, event), []).append(mail)
    assert got.keys() == owed.mails.keys()
    for key, sent in got.items():
        wanted = owed.mails[key]
        reached = Counter(address for mail in sent for address in mail.recipients)
        assert reached == Counter(wanted["recipients"]), key
        for mail in sent:
            message = _parsed(mail)
            assert message["Subject"] == wanted["subject"]
            assert _words(message) == _shown(wanted["body"]), key
            assert "evil@x.test" not in mail.recipients
            assert "Bcc" not in message


def _words(message: Any) -> str:
    """What a reader sees, whichever form the mail has; markup in values must arrive as text."""
    found = {part.get_content_type(): part.get_content() for part in message.walk() if not part.is_multipart()}
    if "text/html" in found:
        assert "<b>" not in found["text/html"]
        shown = html.unescape(_shown(found["text/html"]))
        assert _shown(found.get("text/plain", shown)) == shown
        return shown
    return _shown(found["text/plain"])


def _shown(text: str) -> str:
    """White space folded, and the one tag that the day's HTML bodies have taken away."""
    return " ".join(text.strip().removeprefix("<p>").removesuffix("</p>").split())


def _compare_counts(facts: dict[str, Any], owed: day.Expected) -> None:
    assert facts["events"] == owed.processed
    assert facts["warnings"] == owed.warned
    assert {name: sum(count for _, count in rows) for name, rows in facts["usage"].items()} == owed.processed
    prices = {name: {Decimal(price) for price, _ in rows} for name, rows in facts["usage"].items()}
    dearer = {ALERTED, ON_THE_LINE, BY_SHARE}
    assert all(price == {Decimal("0.0011" if name in dearer else "0.0010")} for name, price in prices.items())
    assert set(facts["states"]) == {"sent", "failed"}


def _compare_alerts(facts: dict[str, Any], mails: list[Mail]) -> None:
    """One alert for each rule that exceeds its limits, whatever the number of looks at it; none for the others."""
    assert sorted(name for name, _ in facts["alerts"]) == sorted([ALERTED, BY_SHARE])
    assert {state for _, state in facts["alerts"]} == {"sent"}
    assert len(mails) == 2
    for mail in mails:
        text = _parsed(mail).get_content()
        assert set(mail.recipients) == {"olga@platform.test", "ops@platform.test"}
        assert "Not told, for want of an address or because deactivated: no-address." in text
    texts = " ".join(_parsed(mail).get_content() for mail in mails)
    assert "is over the limit of 1 %." in texts
    assert "- Number of Warnings: " in texts
    assert "Refused for good: " in texts
    assert "/admin/tracking/rule/" in texts


def _is_alert(mail: Mail) -> bool:
    return mail.sender == "alerts@platform.test"


def _parsed(mail: Mail) -> Any:
    return email.message_from_bytes(mail.data, policy=email.policy.default)


_UNSETTLED = "SELECT count(*) FROM tracking_delivery WHERE state IN ('queued', 'sending', 'retrying', 'held')"
_ALERTS_SENT = "SELECT count(*) FROM tracking_alert WHERE state = 'sent'"
_FACTS = """
from django.db.models import Sum, Count
names = dict(Rule.objects.values_list("id", "name"))
def sums(model, column):
    rows = model.objects.values_list("rule_id").annotate(total=Sum(column)).values_list("rule_id", "total")
    return {names[rule]: total for rule, total in rows}
usage = {}
for row in UsageDay.objects.all():
    usage.setdefault(names[row.rule_id], []).append([str(row.unit_price), row.events])
print(json.dumps({
    "events": sums(EventMinute, "events"),
    "warnings": sums(WarningMinute, "warnings"),
    "usage": usage,
    "states": dict(Delivery.objects.values_list("state").annotate(n=Count("id")).values_list("state", "n")),
    "alerts": [[names[a.rule_id], a.state] for a in Alert.objects.all()],
}))
"""
