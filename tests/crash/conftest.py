"""Installations to be crashed, on servers of their own: one for all tests, and those that a test has for itself."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests import services
from tests.acceptance.stage import staged
from tests.crash.machines import Broker, RabbitMQ, Redis
from tests.crash.postgres import PostgreSQL
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


@pytest.fixture(scope="session")
def installation() -> Iterator[Town]:
    with settled(Redis) as town:
        yield town


@pytest.fixture
def staffed(installation: Town) -> Iterator[Town]:
    """With a worker and beat that go on from test to test: they are to live through it. Nothing waits afterwards."""
    installation.staff()
    yield installation
    installation.database.start_if_down()
    installation.broker.start_if_down()
    installation.cancel()


@pytest.fixture
def town(installation: Town) -> Iterator[Town]:
    """Without workers and beat; what a test hires is gone after it, and nothing waits any more."""
    installation.dismiss()
    yield installation
    installation.dismiss()
    installation.cancel()


@pytest.fixture
def mail_server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        yield server
