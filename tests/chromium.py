"""The system's Chromium, driven by Playwright, without a word to the world outside."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page, sync_playwright

from tests.services import SERVICES

_QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=SERVICES["browser"].url, args=list(_QUIET))
        try:
            yield browser
        finally:
            browser.close()


def log_in(page: Page, url: str, *, username: str, password: str) -> None:
    """On the admin's login page; ends on the page that `url` asked for."""
    page.goto(url)
    page.fill("[name=username]", username)
    page.fill("[name=password]", password)
    page.click("button[type=submit]")
    page.wait_for_url(url)
