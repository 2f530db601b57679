"""Which queue a connection's work goes to, and how one shows that nobody takes what is sent to a queue."""

from __future__ import annotations

import gc
from datetime import timedelta
from io import StringIO
from types import SimpleNamespace

import pytest
from celery.signals import worker_ready
from django.core.management import call_command
from django.utils import timezone

from config.celery import app
from tests import factories, flow, services
from tests.product import until
from tests.smtp_server import ScriptedServer
from tracking import canary, conf, tasks
from tracking.choices import DeliveryState
from tracking.models import Connection
from tracking.pipeline import alert, sweep
from tracking.store import pulse

pytestmark = pytest.mark.django_db


@pytest.fixture
def handed_over(monkeypatch) -> list[int]:
    """The connections whose work was left to the workers of doubtful ones."""
    ids: list[int] = []
    monkeypatch.setattr(tasks, "_doubtful_bell", SimpleNamespace(ring=ids.extend))
    return ids


@pytest.mark.parametrize(
    ("health", "doubtful"),
    [
        pytest.param({"last_success_at": None}, True, id="one that never yet took a mail"),
        pytest.param({"last_success_at": factories.NOON}, False, id="one that is well"),
        pytest.param({"last_success_at": factories.NOON, "fail_streak": 1}, True, id="one that fails"),
        pytest.param({"last_success_at": factories.NOON, "paused_until": factories.NOON}, True, id="one that rested"),
    ],
)
def test_servers_that_may_hang_are_left_to_workers_of_their_own(rung, handed_over, health, doubtful):
    with ScriptedServer() as server:
        connection = factories.ConnectionFactory.create(port=server.port, **health)
        rule = factories.saved_rule(connection=connection)
        flow.owe(rule)

        tasks.drain_connection(connection.pk)

        assert (handed_over, len(server.mails)) == (([connection.pk], 0) if doubtful else ([], 1))
        tasks.drain_doubtful(connection.pk)
        assert len(server.mails) == 1


def test_each_queue_has_its_canary_and_each_task_a_queue_that_a_worker_takes_from():
    singing = {row["args"][0]: row["options"]["queue"] for row in app.conf.beat_schedule.values() if row.get("args")}

    assert singing == {queue: queue for queue in conf.queues()}
    assert {app.amqp.router.route({}, name)["queue"].name for name in app.tasks if name.startswith("tracking.")} == set(
        conf.queues()
    )


def test_a_canary_that_is_taken_shows_the_queue_and_the_beat(client):
    tasks.sing.push_request(origin="gen7@here")
    try:
        tasks.sing.run("mail")
    finally:
        tasks.sing.pop_request()

    assert set(canary.ages()) == set(conf.queues())
    assert canary.ages()["mail"] < timedelta(minutes=1)
    assert pulse.beats(since=timezone.now() - timedelta(minutes=1)) == ["gen7@here"]
    lines = client.get("/metrics").content.decode().splitlines()
    assert [line.split()[0] for line in lines if line.startswith("tracking_canary_age")] == [
        'tracking_canary_age_seconds{queue="mail"}'
    ]


@pytest.mark.parametrize(
    ("silent", "waiting", "status"),
    [
        pytest.param(timedelta(minutes=9), 5, 0, id="it may still come"),
        pytest.param(timedelta(minutes=11), 0, 0, id="nothing waits: beat is away"),
        pytest.param(timedelta(minutes=11), 5, 1, id="messages wait and nobody takes them"),
        pytest.param(timedelta(minutes=11), None, 0, id="the broker is away, no worker is at fault"),
        pytest.param(None, 5, 0, id="nobody ever was there"),
    ],
)
def test_a_worker_that_takes_nothing_any_more_is_ended_by_its_health_check(monkeypatch, silent, waiting, status):
    def count(queue: str, *, patience: float) -> int:
        if waiting is None:
            raise ConnectionRefusedError
        return waiting

    monkeypatch.setattr(tasks, "waiting", count)
    if silent is not None:
        pulse.beat(pulse.canary("mail"), now=timezone.now() - silent)

    try:
        call_command("worker_alive", "mail", stdout=StringIO())
        ended = 0
    except SystemExit as error:
        ended = error.code

    assert ended == status


@pytest.mark.parametrize(
    "kind", [pytest.param(name, marks=getattr(pytest.mark, name)) for name in ("redis", "rabbitmq")]
)
def test_what_waits_in_a_queue_is_counted(monkeypatch, kind):
    monkeypatch.setenv("CELERY_BROKER_URL", services.SERVICES[kind].url)
    assert tasks.waiting("nobody.knows", patience=5) == 0

    with app.connection_for_write(services.SERVICES[kind].url) as broker:
        queue = broker.SimpleQueue("count.me")
        try:
            queue.put("one")
            queue.put("two")
            until(lambda: tasks.waiting("count.me", patience=5) == 2)  # RabbitMQ takes them in when it likes
        finally:
            broker.channel().queue_delete("count.me")


def test_sweeps_that_waited_for_a_worker_are_one(monkeypatch, rung):
    now = [timezone.now()]
    monkeypatch.setattr("tracking.store.clock.now", lambda: now[0])
    swept = []
    monkeypatch.setattr(sweep, "sweep", lambda now: swept.append(now) or sweep.Swept([], [], []))

    for _ in range(100):
        tasks.sweep_queue()
    now[0] += conf.sweep_every()
    tasks.sweep_queue()
    now[0] -= timedelta(hours=1)  # a database whose clock was set back is no reason to wait for an hour
    tasks.sweep_queue()

    assert len(swept) == 3


def test_nothing_leaves_while_sending_is_off_and_everything_when_it_is_on_again(settings, rung):
    settings.TRACKING_SENDING = False
    with ScriptedServer() as server:
        rule = factories.saved_rule(connection=factories.ConnectionFactory.create(port=server.port))
        flow.owe(rule, 3)

        tasks.drain_doubtful(rule.connection_id)

        assert (len(server.mails), flow.states()) == (0, {DeliveryState.QUEUED: 3})
        assert Connection.objects.get().fail_streak == 0
        settings.TRACKING_SENDING = True
        tasks.drain_doubtful(rule.connection_id)
        assert (len(server.mails), flow.states()) == (3, {DeliveryState.SENT: 3})


def test_no_alert_leaves_while_sending_is_off(settings, monkeypatch):
    settings.TRACKING_SENDING = False
    monkeypatch.setattr("tracking.store.alert_mails.claim", lambda *args, **kwargs: pytest.fail("it was claimed"))

    alert.send(1, clock=flow.Hands())


def test_what_a_worker_has_loaded_is_not_searched_for_garbage_again():
    assert gc.get_freeze_count() == 0
    try:
        worker_ready.send(sender=None)
        assert gc.get_freeze_count() > 10_000
    finally:
        gc.unfreeze()
