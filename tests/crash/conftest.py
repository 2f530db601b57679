"""Installations to be crashed: one a module for each kind of broker, on servers of their own."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests import services
from tests.acceptance.stage import staged
from tests.crash.machines import Broker, PostgreSQL, RabbitMQ, Redis
from tests.crash.town import QUICK, Town
from tests.smtp_server import ScriptedServer


@contextmanager
def settled(broker_kind: type[Redis] | type[RabbitMQ]) -> Iterator[Town]:
    for why in (PostgreSQL.missing(), broker_kind.missing()):
        if why and services.required():
            pytest.fail(why, pytrace=False)
        if why:
            pytest.skip(why)
    with ExitStack() as stack:
        database = stack.enter_context(PostgreSQL())
        broker: Broker = stack.enter_context(broker_kind())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="crash-stage-")))
        variables = {"DATABASE_URL": database.url, "CELERY_BROKER_URL": broker.url, **QUICK}
        stage = stack.enter_context(staged(folder, **variables))
        town = Town(stage, database, broker)
        town.settle_in()
        stack.callback(town.leave)
        yield town


@pytest.fixture(scope="module")
def installation() -> Iterator[Town]:
    with settled(Redis) as town:
        yield town


@pytest.fixture
def town(installation: Town) -> Iterator[Town]:
    """Without workers and beat; what a test hires is gone after it, and nothing waits any more."""
    yield installation
    installation.dismiss()
    installation.cancel()


@pytest.fixture
def mail_server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        yield server
