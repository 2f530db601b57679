"""For machines that watch: what is said when all is well, and what when a part is away."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import OperationalError
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from tests import factories, flow
from tracking import tasks
from tracking.choices import DeliveryState

pytestmark = pytest.mark.django_db


@pytest.fixture
def broker(monkeypatch) -> None:
    """One that answers at once."""
    monkeypatch.setattr(tasks, "ask_broker", lambda patience: None)


def test_a_living_process_says_so_without_asking_anybody(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        response = client.get("/healthz")

    assert (response.status_code, response.content) == (200, b"ok\n")


def test_all_that_a_request_needs_is_there(client, broker):
    response = client.get("/readyz")

    assert response.status_code == 200
    assert response.json() == {"database": "ok", "broker": "ok", "migrations": "ok"}


def test_a_broker_that_is_away_is_named_without_its_address(client, monkeypatch):
    def refuse(patience: float) -> None:
        raise ConnectionRefusedError("redis://user:secret@broker:6379 refused")

    monkeypatch.setattr(tasks, "ask_broker", refuse)

    response = client.get("/readyz")

    assert response.status_code == 503
    assert response.json()["broker"] == "ConnectionRefusedError: not available"
    assert b"secret" not in response.content


def test_a_database_that_is_away_is_named(client, broker, monkeypatch):
    def refuse(self: object, *arguments: object) -> None:
        raise OperationalError("no such host")

    monkeypatch.setattr("django.db.backends.base.base.BaseDatabaseWrapper.cursor", refuse)

    response = client.get("/readyz")

    assert response.status_code == 503
    assert response.json()["database"] == "OperationalError: not available"


def test_missing_migrations_are_named(client, broker, monkeypatch):
    monkeypatch.setattr(MigrationExecutor, "migration_plan", lambda self, targets: ["one"])

    response = client.get("/readyz")

    assert response.status_code == 503
    assert response.json()["migrations"] == "run manage.py migrate"


def test_metrics_tell_queue_and_age(client):
    rule = factories.saved_rule()
    first, *_ = flow.owe(rule, 2, now=timezone.now() - timedelta(minutes=10))
    first.state = DeliveryState.FAILED
    first.save()

    lines = client.get("/metrics").content.decode().splitlines()

    assert 'tracking_queue_depth{state="queued"} 1.0' in lines
    age = next(float(line.split()[1]) for line in lines if line.startswith("tracking_oldest_due_seconds "))
    assert 600 <= age < 700
    assert "tracking_rules_firing 0.0" in lines


def test_metrics_count_what_was_taken(client, platform):
    def counted() -> float:
        lines = client.get("/metrics").content.decode().splitlines()
        return sum(float(line.split()[1]) for line in lines if line.startswith("tracking_events_total"))

    before = counted()
    platform.post([factories.event().to_json(), factories.event().to_json()])

    assert counted() == before + 2


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_machines_that_watch_only_look(client, path, broker):
    assert client.head(path).status_code == 200
    assert client.post(path).status_code == 405
