"""Who clicks in the journeys, and what they find: a rule whose mail goes to a server that takes it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests import factories
from tests.browser.conftest import opened_by
from tests.browser.running import Running
from tracking.models import Connection, Rule, User


@pytest.fixture
def operator(running: Running) -> User:
    return factories.UserFactory.create(is_staff=True, is_superuser=True, email="op@example.com")


@pytest.fixture
def page(operator: User, running: Running, browser: Browser, complaints: list[str]) -> Iterator[Page]:
    with opened_by(operator, browser, running.url, complaints) as opened:
        yield opened
    assert complaints == []


@pytest.fixture
def relay(running: Running) -> Connection:
    return factories.ConnectionFactory.create(port=running.mail.port)


@pytest.fixture
def rule(relay: Connection) -> Rule:
    return factories.saved_rule(connection=relay, name="Tell the buyer")
