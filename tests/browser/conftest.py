"""A browser at a running admin, which notices every error of the console and every request that fails."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, Page, Request, expect

from tests.browser.running import Running, started
from tests.chromium import chromium
from tracking.models import User

PATIENCE = 15_000  # milliseconds that a busy machine may take to show what is awaited


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Playwright keeps an event loop in this thread, where Django would refuse to query."""
    with pytest.MonkeyPatch.context() as patch, chromium() as started:
        patch.setitem(os.environ, "DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        expect.set_options(timeout=PATIENCE)
        yield started


@pytest.fixture
def complaints() -> list[str]:
    """What went wrong in the browser, in order."""
    return []


@pytest.fixture
def page(browser: Browser, live_server, admin_user, complaints: list[str]) -> Iterator[Page]:
    """A page of a logged-in superuser; relative addresses lead to the running server."""
    with opened_by(admin_user, browser, live_server.url, complaints) as opened:
        yield opened
    assert complaints == []


@pytest.fixture(scope="package")
def processes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with started(tmp_path_factory.mktemp("running")) as running:
        yield running


@pytest.fixture
def running(processes: Running, browser: Browser, django_db_blocker, rung) -> Iterator[Running]:
    """The product as processes of its own on PostgreSQL and Redis; the test reads and writes the same database."""
    with django_db_blocker.unblock(), processes.database():
        yield processes


@contextmanager
def opened_by(user: User, browser: Browser, url: str, complaints: list[str]) -> Iterator[Page]:
    """A page of a browser of that person's own, closed afterwards."""
    client = Client()
    client.force_login(user)
    name = settings.SESSION_COOKIE_NAME
    with opened(browser, url, complaints) as page:
        page.context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": url}])
        yield page


@contextmanager
def opened(browser: Browser, url: str, complaints: list[str]) -> Iterator[Page]:
    """A page of a browser of its own that nobody has logged in with."""
    context = browser.new_context(base_url=url, viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.on("console", lambda said: complaints.append(said.text) if said.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("requestfailed", lambda request: complaints.append(request.url) if _failed(request) else None)
    page.on("response", lambda got: complaints.append(f"{got.status} {got.url}") if got.status >= 400 else None)
    page.on("request", lambda sent: complaints.append(sent.url) if _foreign(sent.url, url) else None)
    yield page
    context.close()


def _failed(request: Request) -> bool:
    """The browser drops what is no longer wanted when the page is left or more is typed: that is no failure."""
    return "ERR_ABORTED" not in str(request.failure)


def _foreign(url: str, home: str) -> bool:
    """Whether a request leaves for another host."""
    return not url.startswith((home, "data:", "blob:"))
