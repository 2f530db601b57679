"""Clients that send slowly, or never end, hold up nobody else."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from tests.environment import ROOT
from tests.product import until
from tracking.embedded import ports

THREADS = 2
HASTY = "import config.patience as p; p.REQUEST_SECONDS = 1.0; from gunicorn.app.wsgiapp import run; run()"


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """A web process with two threads, which waits a second for a request."""
    chosen = ports.any_free()
    arguments = ("--config", "config/gunicorn.py", "config.wsgi", "--bind", f"127.0.0.1:{chosen}")
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"}
    process = subprocess.Popen(
        [sys.executable, "-c", HASTY, *arguments, "--workers", "1", "--threads", str(THREADS)],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        until(lambda: process.poll() is not None or _answers(chosen))
        yield chosen
    finally:
        process.terminate()
        process.wait(timeout=30)


def _answers(port: int) -> bool:
    try:
        return b" 200 " in _ask(port, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    except OSError:
        return False


def _ask(port: int, data: bytes) -> bytes:
    """The first bytes of the answer; nothing when the server hangs up without one."""
    with _said(port, data) as client:
        client.settimeout(20)
        return client.recv(4_096)


@contextmanager
def _said(port: int, data: bytes) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
        client.sendall(data)
        yield client


UNFINISHED = {
    "half a request line": b"GET /heal",
    "a head without end": b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-A: ",
    "a body that does not come": (
        b"POST /api/v1/events/ HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        b"Content-Length: 5000\r\n\r\n{"
    ),
}


@pytest.mark.parametrize("start", UNFINISHED.values(), ids=UNFINISHED)
def test_unfinished_requests_in_every_thread_hold_up_nobody(port, start):
    with ExitStack() as held:
        for _ in range(2 * THREADS):
            held.enter_context(_said(port, start))

        assert _answers(port)


LARGE = {
    "a request line": b"GET /" + b"a" * 5_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "a header": b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-A: " + b"a" * 9_000 + b"\r\n\r\n",
    "many headers": b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n" + b"X-A: a\r\n" * 70 + b"\r\n",
}


@pytest.mark.parametrize("request_", LARGE.values(), ids=LARGE)
def test_a_head_beyond_the_limits_is_refused(port, request_):
    assert _ask(port, request_).startswith((b"HTTP/1.1 400", b"HTTP/1.1 414", b"HTTP/1.1 431"))
