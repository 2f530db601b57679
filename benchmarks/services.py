"""What a benchmark stands on: a database of its own, a broker of its own, a mail server that takes everything.

All of it is started for the run, on loopback, and ended with it. `BENCH_POSTGRES_URL` names a PostgreSQL server on
which databases may be made; the tests' one is the default.
"""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg2
from cryptography.fernet import Fernet

from tests.environment import names
from tracking.embedded import broker, ports

ROOT = Path(__file__).resolve().parent.parent

_POSTGRES = "postgres://postgres@127.0.0.1:5432/postgres"
_PATIENCE = 15.0  # seconds that a server has to answer


class Missing(Exception):
    """Something that a benchmark needs is not on this machine; the text says what."""


@contextmanager
def environment(name: str) -> Iterator[dict[str, str]]:
    """What a benchmark's process finds in its environment: the product's settings, its tables made, and SINK_PORT.

    Raises Missing.
    """
    with ExitStack() as stack:
        port = stack.enter_context(sink())
        kept = {key: value for key, value in os.environ.items() if key not in set(names())}
        product = {
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "ENV_FILE": os.devnull,
            "SECRET_KEY": secrets.token_hex(32),
            "CREDENTIALS_KEYS": Fernet.generate_key().decode(),
            "DATABASE_URL": stack.enter_context(database(name)),
            "CELERY_BROKER_URL": stack.enter_context(redis()),
            "TRACKING_SMTP_ALLOWED_NETWORKS": "127.0.0.0/8",
            "TRACKING_SMTP_ALLOWED_PORTS": str(port),
            "TRACKING_METRICS_FOLDER": stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-metrics-")),
            "LOG_LEVEL": "ERROR",
            "SINK_PORT": str(port),
        }
        subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], cwd=ROOT, env={**kept, **product}, check=True)
        yield {**kept, **product}


def postgres_url() -> str:
    return os.environ.get("BENCH_POSTGRES_URL") or os.environ.get("TEST_POSTGRES_URL") or _POSTGRES


@contextmanager
def database(name: str) -> Iterator[str]:
    """The URL of an empty database that goes when the block ends. Raises Missing."""
    name = f"bench_{name}_{os.getpid()}"
    _administer(f'CREATE DATABASE "{name}"')
    try:
        yield urlunsplit(urlsplit(postgres_url())._replace(path=f"/{name}"))
    finally:
        _administer(f'DROP DATABASE "{name}" WITH (FORCE)')


def _administer(statement: str) -> None:
    url = postgres_url().replace("postgres://", "postgresql://", 1)
    try:
        connection = psycopg2.connect(url, connect_timeout=2)
    except psycopg2.OperationalError as error:
        raise Missing(f"no PostgreSQL at {postgres_url()}; set BENCH_POSTGRES_URL ({error})") from None
    with closing(connection):
        connection.autocommit = True
        connection.cursor().execute(statement)


@contextmanager
def redis() -> Iterator[str]:
    """The URL of a broker that keeps nothing. Raises Missing."""
    port = ports.any_free()
    with tempfile.TemporaryDirectory(prefix="bench-broker-") as folder:
        command = [broker.program(), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder]
        with running(command, port=port):
            yield f"redis://127.0.0.1:{port}/0"


@contextmanager
def sink() -> Iterator[int]:
    """The port of postfix's smtp-sink: it takes every mail and keeps none. Raises Missing."""
    port = ports.any_free()
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    with running([program("smtp-sink"), *user, f"127.0.0.1:{port}", "1000"], port=port):
        yield port


def program(name: str) -> str:
    """Where a program is. Raises Missing."""
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if found is None:
        raise Missing(f"{name} is not installed")
    return found


@contextmanager
def running(command: Sequence[str | Path], *, port: int) -> Iterator[None]:
    """A server that answers on a port of loopback."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        _wait_for(port)
        yield
    finally:
        process.terminate()
        process.wait(timeout=10)


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise Missing(f"nothing answers on port {port}")
