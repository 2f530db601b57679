"""A newcomer's first minute: start, read a mail in the browser, send an event, end it."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
from urllib.request import Request, urlopen

import pytest

from tests.product import copy_tree, running, until
from tracking.embedded import ports


@pytest.fixture(scope="module")
def product(tmp_path_factory):
    with running(copy_tree(tmp_path_factory.mktemp("tree"))) as product:
        yield product


def inbox(browser, product, recipient: str = "") -> str:
    return browser.open(f"{product.url}/mail/?to={recipient}", timeout=30).read().decode()


def test_a_newcomer_reads_mails_sends_an_event_and_ends_it(product):
    assert product.login["password"] in product.said, product.said
    browser = product.browser()

    until(lambda: "Leadhouse" in inbox(browser, product))
    post(product, {"event_id": "mine-1", "lead": {"first_name": "Ada", "email": "ada@example.org"}})
    until(lambda: "Ada, your auto insurance quotes" in inbox(browser, product, "ada@example.org"))

    feeder(product)
    second_start(product)
    ends_and_leaves_nothing(product)


def post(product, fields: dict) -> None:
    event = {"trigger": "lms.lead_sold", "occurred_at": "2026-01-31T12:00:00+00:00", "product": 101, **fields}
    request = Request(f"{product.url}/api/v1/events/", json.dumps(event).encode())
    request.add_header("Authorization", f"Bearer {product.login['token']}")
    request.add_header("Content-Type", "application/json")
    with urlopen(request, timeout=30) as response:
        assert response.status == 202


def feeder(product) -> None:
    assert "5 events emitted" in product.command("manage.py", "feed_events", "--count", "5")


def second_start(product) -> None:
    """Another one in the same tree says so, and leaves the first alone."""
    second = subprocess.run(
        [sys.executable, "manage.py", "run"],
        cwd=product.folder,
        env=product.environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert second.returncode == 1
    assert f"It runs here already (process {product.process.pid})" in second.stderr


def ends_and_leaves_nothing(product) -> None:
    parts = [os.pidfd_open(pid) for pid in product.children()]
    assert len(parts) == 6

    status = product.end()

    assert status == 0
    gone = [bool(select.select([part], [], [], 5)[0]) for part in parts]
    for part in parts:
        os.close(part)
    assert gone == [True] * 6
    assert ports.is_free(product.port)
    assert not (product.folder / "var" / "run.env").exists()
