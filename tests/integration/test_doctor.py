"""What the doctor finds: each unsafe setting by its name, and nothing where all is well."""

from __future__ import annotations

import sys
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection as database
from django.db import transaction
from django.utils import timezone

from config import celery
from tests import factories
from tests.smtp_server import ScriptedServer
from tracking import canary, checks, conf, doctor, tasks
from tracking.choices import Encryption
from tracking.doctor import Level, configuration, services
from tracking.models import Connection
from tracking.store import connections, pulse

pytestmark = pytest.mark.django_db


def found(subject: str) -> tuple[Level, str]:
    return doctor.LOOKS[subject]()


@pytest.fixture(autouse=True)
def smtp(settings) -> None:
    """The tests' runner puts a mailbox in its place."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"


@pytest.fixture
def alive(monkeypatch) -> None:
    """Beat, a worker at each queue, and a broker."""
    now = timezone.now()
    for name in (pulse.SWEEPER, *(pulse.canary(queue) for queue in conf.queues())):
        pulse.beat(name, now=now)
    monkeypatch.setattr(tasks, "ask_broker", lambda patience: None)


def test_an_installation_that_is_well_has_nothing_unsafe(alive, settings):
    with ScriptedServer() as server:
        settings.TRACKING_SYSTEM_EMAIL = settings.TRACKING_SYSTEM_EMAIL | {"port": server.port}

        findings = list(doctor.examine())

    assert [str(finding) for finding in findings if finding.level is Level.UNSAFE] == []
    assert [finding.subject for finding in findings] == list(doctor.LOOKS)


@pytest.mark.parametrize(
    ("changes", "subject", "sentence"),
    [
        pytest.param({"DEBUG": True}, "settings", "DEBUG", id="error pages for everybody"),
        pytest.param({"SECRET_KEY": "short"}, "settings", "SECRET_KEY", id="a key that can be guessed"),
        pytest.param({"ALLOWED_HOSTS": ["*"]}, "settings", "ALLOWED_HOSTS", id="every name"),
        pytest.param({"TRACKING_HEARTBEAT_SECONDS": 30}, "settings", "E004", id="a lease of two heartbeats"),
        pytest.param(
            {"TRACKING_LEASE_SECONDS": 45}, "times", "TRACKING_LEASE_SECONDS", id="a lease as short as a mail"
        ),
        pytest.param({"TRACKING_SMTP_DATA_TIMEOUT": 0}, "times", "for ever", id="a step without a bound"),
        pytest.param({"CELERY_TASK_ACKS_LATE": True}, "celery", "ACKS_LATE", id="late acknowledgement"),
        pytest.param({"CELERY_WORKER_PREFETCH_MULTIPLIER": 4}, "celery", "PREFETCH", id="wake-ups taken in advance"),
        pytest.param(
            {"CELERY_WORKER_ENABLE_PREFETCH_COUNT_REDUCTION": True},
            "celery",
            "PREFETCH_COUNT_REDUCTION",
            id="threads that read from RabbitMQ beside the worker",
        ),
        pytest.param({"CELERY_BROKER_TRANSPORT_OPTIONS": {}}, "celery", "socket_timeout", id="a broker waited for"),
        pytest.param(
            {"CELERY_BROKER_TRANSPORT_OPTIONS": {"socket_timeout": 1}},
            "celery",
            "socket_connect_timeout",
            id="a broker waited for at the door",
        ),
        pytest.param(
            {"CELERY_TASK_PUBLISH_RETRY_POLICY": {"max_retries": 9}},
            "celery",
            "RETRY_POLICY",
            id="a broker asked often",
        ),
        pytest.param({"CELERY_WORKER_POOL": "prefork"}, "celery", "WORKER_POOL", id="a core for each slow server"),
        pytest.param(
            {"CELERY_BROKER_TRANSPORT_OPTIONS": {"socket_timeout": 1, "visibility_timeout": 60}},
            "celery",
            "visibility_timeout",
            id="wake-ups that come again",
        ),
    ],
)
def test_an_unsafe_setting_is_named(settings, changes, subject, sentence):
    assert found(subject)[0] is not Level.UNSAFE
    for name, value in changes.items():
        setattr(settings, name, value)

    level, text = found(subject)

    assert level is Level.UNSAFE
    assert sentence in text


def test_a_worker_does_not_start_with_a_lease_that_a_heartbeat_cannot_keep(settings):
    celery.refuse_unsafe_settings()
    settings.TRACKING_HEARTBEAT_SECONDS = 30

    with pytest.raises(SystemExit, match=r"tracking\.E004"):
        celery.refuse_unsafe_settings()


def test_a_python_whose_email_package_has_holes_is_noted(monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 11, 7))
    assert configuration.python()[0] is Level.NOTE

    monkeypatch.setattr(sys, "version_info", (3, 13, 1))
    assert configuration.python() == (Level.OK, "3.13.1")


@pytest.mark.parametrize(
    ("cache", "level"), [("locmem.LocMemCache", Level.NOTE), ("redis.RedisCache", Level.OK)], ids=["own", "shared"]
)
def test_a_cache_that_processes_do_not_share_is_noted(settings, cache, level):
    settings.CACHES = {"default": {"BACKEND": f"django.core.cache.backends.{cache}"}}

    assert found("cache")[0] is level


def test_mail_that_is_kept_in_is_told(settings):
    assert found("sending") == (Level.OK, "on")

    settings.TRACKING_SENDING = False

    assert found("sending")[1].startswith("OFF")


def test_a_broker_that_is_away_is_unsafe(monkeypatch):
    def refuse(patience: float) -> None:
        raise ConnectionRefusedError("nobody there")

    monkeypatch.setattr(tasks, "ask_broker", refuse)

    finding = next(finding for finding in doctor.examine() if finding.subject == "broker")

    assert finding.level is Level.UNSAFE
    assert "nobody there" in finding.text


@pytest.mark.parametrize(
    ("memory", "level"),
    [
        pytest.param({"maxmemory": 0, "maxmemory_policy": "allkeys-lru"}, Level.OK, id="it is never full"),
        pytest.param({"maxmemory": 1, "maxmemory_policy": "noeviction"}, Level.OK, id="it refuses when it is full"),
        pytest.param({"maxmemory": 1, "maxmemory_policy": "volatile-lru"}, Level.OK, id="queues do not expire"),
        pytest.param({"maxmemory": 1, "maxmemory_policy": "allkeys-lru"}, Level.UNSAFE, id="it throws queues away"),
    ],
)
def test_a_redis_that_throws_queues_away_is_unsafe(alive, settings, monkeypatch, memory, level):
    settings.CELERY_BROKER_URL = "redis://127.0.0.1:1/0"
    monkeypatch.setattr("redis.Redis.info", lambda self, section: memory)

    assert services.broker()[0] is level


@pytest.mark.parametrize("skew", [timedelta(seconds=-60), timedelta(seconds=60)])
def test_clocks_that_differ_are_unsafe(monkeypatch, skew):
    assert services.clocks()[0] is Level.OK
    monkeypatch.setattr("tracking.store.clock.now", lambda: timezone.now() + skew)

    level, text = services.clocks()

    assert level is Level.UNSAFE
    assert "60.0 s" in text


def test_a_beat_that_is_silent_is_unsafe():
    assert found("beat")[0] is Level.UNSAFE

    pulse.beat(pulse.SWEEPER, now=timezone.now() - timedelta(minutes=2))

    assert "ago" in found("beat")[1]
    assert found("beat")[0] is Level.UNSAFE


def test_two_beats_are_noted_and_one_that_is_gone_is_not(alive):
    now = timezone.now()
    pulse.beat_is("gen1@one", now=now)
    pulse.beat_is("gen2@two", now=now - timedelta(minutes=10))
    assert found("beat")[0] is Level.OK

    pulse.beat_is("gen3@three", now=now)

    level, text = found("beat")
    assert level is Level.NOTE
    assert "gen1@one, gen3@three" in text


def test_a_queue_that_nobody_takes_from_is_unsafe(alive):
    assert found("queues")[0] is Level.OK
    pulse.beat(pulse.canary("mail.slow"), now=timezone.now() - canary.LATE - timedelta(seconds=1))

    level, text = found("queues")

    assert level is Level.UNSAFE
    assert "celery worker --queues mail.slow" in text


def test_a_password_that_no_key_opens_is_unsafe(settings):
    row = factories.ConnectionFactory.create(login="me", encryption=Encryption.TLS)
    connections.save(row, password="sesame", now=factories.NOON)
    assert found("credentials")[0] is Level.OK

    settings.CREDENTIALS_KEYS = [factories.new_key()]

    assert row.name in found("credentials")[1]
    assert found("credentials")[0] is Level.UNSAFE


def test_a_password_that_travels_in_clear_is_noted():
    row = factories.ConnectionFactory.create(login="me", encryption=Encryption.NONE)
    connections.save(row, password="sesame", now=factories.NOON)

    level, text = found("credentials")

    assert level is Level.NOTE
    assert Connection.objects.get().name in text


def test_a_worker_that_may_open_more_sessions_than_there_are_is_unsafe(settings, monkeypatch):
    monkeypatch.setattr("tracking.doctor.services.connection.vendor", "postgresql")
    monkeypatch.setattr("tracking.doctor.services._sessions", lambda: 100)
    assert services.database()[0] is Level.OK

    settings.CELERY_WORKER_CONCURRENCY = 90

    assert services.database()[0] is Level.UNSAFE


def test_the_command_ends_with_one_when_something_is_unsafe(settings):
    settings.DEBUG = True
    output = StringIO()

    with pytest.raises(SystemExit) as ended:
        call_command("doctor", stdout=output)

    assert ended.value.code == 1
    assert "UNSAFE settings: DEBUG" in output.getvalue()


def test_a_database_without_tables_has_no_secrets_that_could_be_unreadable(db):
    """What `migrate` meets on a new database. A server-side cursor would hide there that a table is missing."""
    with transaction.atomic():
        with database.cursor() as cursor:
            cursor.execute("ALTER TABLE tracking_connection RENAME TO tracking_connection_of_another_name")

        assert checks.stored_secrets(databases=["default"]) == []

        transaction.set_rollback(True)
