"""A browser at a running admin, which notices every error of the console and every request that fails."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, Page, Request

from tests.chromium import chromium


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Playwright keeps an event loop in this thread, where Django would refuse to query."""
    with pytest.MonkeyPatch.context() as patch, chromium() as started:
        patch.setitem(os.environ, "DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        yield started


@pytest.fixture
def complaints() -> list[str]:
    """What went wrong in the browser, in order."""
    return []


@pytest.fixture
def page(browser: Browser, live_server, admin_user, complaints: list[str]) -> Iterator[Page]:
    """A page of a logged-in superuser; relative addresses lead to the running server."""
    client = Client()
    client.force_login(admin_user)
    context = browser.new_context(base_url=live_server.url, viewport={"width": 1280, "height": 900})
    name = settings.SESSION_COOKIE_NAME
    context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": live_server.url}])
    opened = context.new_page()
    opened.set_default_timeout(15_000)
    opened.on("console", lambda said: complaints.append(said.text) if said.type in {"error", "warning"} else None)
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on("requestfailed", lambda request: complaints.append(request.url) if _failed(request) else None)
    opened.on("response", lambda got: complaints.append(f"{got.status} {got.url}") if got.status >= 400 else None)
    opened.on("request", lambda sent: complaints.append(sent.url) if _foreign(sent.url, live_server.url) else None)
    yield opened
    context.close()
    assert complaints == []


def _failed(request: Request) -> bool:
    """The browser drops what is no longer wanted when the page is left or more is typed: that is no failure."""
    return "ERR_ABORTED" not in str(request.failure)


def _foreign(url: str, home: str) -> bool:
    """Whether a request leaves for another host."""
    return not url.startswith((home, "data:", "blob:"))
