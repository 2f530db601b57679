"""Postfix's smtp-sink, told to refuse or to hang up: another one's faults end as those of our own server do."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import SimpleNamespace

import pytest

from tests import services
from tests.acceptance.stage import eventually
from tests.crash.machines import free_port
from tests.faults.scenes import SENT, End, Scene, later, play, refused, unknown

pytestmark = [pytest.mark.django_db, pytest.mark.faults]

_PROGRAM = shutil.which("smtp-sink", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


@contextmanager
def sink(*options: str) -> Iterator[SimpleNamespace]:
    if _PROGRAM is None:
        (pytest.fail if services.required() else pytest.skip)("no smtp-sink on this machine; Debian's postfix has it")
    port = free_port()
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    process = subprocess.Popen([_PROGRAM, *user, *options, f"127.0.0.1:{port}", "10"], stderr=subprocess.DEVNULL)

    def listens() -> bool:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
        return False

    try:
        assert eventually(listens, within=10, every=0.02)
        yield SimpleNamespace(port=port, mails=[])
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize(
    ("options", "end"),
    [
        pytest.param((), End(state=SENT, attempt=("accepted", 250)), id="takes it"),
        pytest.param(("-a",), End(state=SENT, attempt=("accepted", 250)), id="knows no EHLO"),
        pytest.param(("-p",), End(state=SENT, attempt=("accepted", 250)), id="knows no pipelining"),
        pytest.param(("-8",), End(state=SENT, attempt=("accepted", 250)), id="knows no 8-bit"),
        pytest.param(("-r", "MAIL"), later("mail", 450), id="MAIL refused for now"),
        pytest.param(("-r", "RCPT"), later("rcpt", 450), id="RCPT refused for now"),
        pytest.param(("-r", "DATA"), later("data", 450), id="DATA refused for now"),
        pytest.param(("-r", "."), later("data", 450), id="the message refused for now"),
        pytest.param(("-f", "MAIL"), refused("mail", 500), id="MAIL refused for good"),
        pytest.param(("-f", "RCPT"), refused("rcpt", 500), id="RCPT refused for good"),
        pytest.param(("-f", "DATA"), refused("data", 500), id="DATA refused for good"),
        pytest.param(("-f", "."), refused("data", 500), id="the message refused for good"),
        pytest.param(("-q", "CONNECT"), later("connect", None, streak=1), id="hangs up at once"),
        pytest.param(("-q", "EHLO"), later("connect", None, streak=1), id="hangs up at EHLO"),
        pytest.param(("-q", "MAIL"), later("mail", None, streak=1), id="hangs up at MAIL"),
        pytest.param(("-q", "RCPT"), later("rcpt", None, streak=1), id="hangs up at RCPT"),
        pytest.param(("-q", "DATA"), later("data", None, streak=1), id="hangs up at DATA"),
        pytest.param(("-q", "."), unknown(copies=0), id="hangs up after the final dot"),
    ],
)
def test_a_sink_that_refuses_or_hangs_up(clock, options, end):
    with sink(*options) as server:
        play(Scene(server, clock), end)
