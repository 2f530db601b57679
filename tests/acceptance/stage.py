"""The product as its user runs it: processes of its own with an environment of their own, on services of their own."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg2

from tests.environment import ROOT


@dataclass
class Stage:
    """An installation in `folder`. Its commands run as processes and see nothing of the tests' own settings."""

    folder: Path
    variables: dict[str, str]
    _running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        return {
            **kept,
            "PYTHONPATH": str(ROOT),
            "ENV_FILE": os.devnull,
            "SECRET_KEY": "a-secret-of-the-stage-that-is-long-enough-for-everyone",
            "CREDENTIALS_KEYS": "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
            "TRACKING_SMTP_ALLOWED_NETWORKS": "127.0.0.0/8",
            "TRACKING_METRICS_FOLDER": str(self.folder / "metrics"),
            "TRACKING_BEAT_SCHEDULE": str(self.folder / "beat"),
            **self.variables,
        }

    def manage(self, *arguments: str, text: str = "", status: int = 0) -> str:
        """What a command prints; its exit status must be `status`."""
        done = subprocess.run(
            [sys.executable, str(ROOT / "manage.py"), *arguments],
            env=self.environment,
            cwd=self.folder,
            input=text,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == status, (
            f"{arguments}: {done.returncode}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
        )
        return done.stdout

    def ask(self, code: str) -> Any:
        """The JSON value that a piece of code prints inside the product, with its models imported."""
        prelude = "import json\nfrom tracking.models import *\n"
        return json.loads(self.manage("shell", "--no-imports", "-c", prelude + code))

    def number(self, statement: str) -> int:
        """What a query with one number answers; without starting the product, so that it can be asked often."""
        url = self.variables["DATABASE_URL"]
        if url.startswith("sqlite"):
            opened: Any = sqlite3.connect(url.removeprefix("sqlite:///"), timeout=20)
        else:
            opened = psycopg2.connect(url.replace("postgres://", "postgresql://", 1))
        with closing(opened) as connection, closing(connection.cursor()) as cursor:
            cursor.execute(statement)
            return int(cursor.fetchone()[0])

    def start(self, *arguments: str, within: str = ":", output: Path | None = None) -> subprocess.Popen[bytes]:
        """A process that runs until the stage is struck; its output goes to a file named after it.

        `within` is what a shell does before, such as lowering a limit.
        """
        with (output or self.folder / f"{arguments[-1].strip('-')}-{len(self._running)}.log").open("ab") as log:
            process = subprocess.Popen(
                ["sh", "-c", f'{within}; exec "$@"', "sh", sys.executable, "-m", *arguments],
                env=self.environment,
                cwd=ROOT,
                stdout=log,
                stderr=log,
            )
        self._running.append(process)
        return process

    def start_worker(self, **how: Any) -> subprocess.Popen[bytes]:
        """Under a name of its own: RabbitMQ gives each name's mailbox to one worker."""
        name = f"worker-{len(self._running)}@%h"
        options = ("-n", name, "--without-gossip", "--without-mingle", "--loglevel", "INFO")
        return self.start("celery", "-A", "config", "worker", "-Q", "mail,mail.slow,watch", *options, **how)

    def start_web(self, port: int) -> subprocess.Popen[bytes]:
        return self.start("gunicorn", "--config", "config/gunicorn.py", "--bind", f"127.0.0.1:{port}", "config.wsgi")

    def start_beat(self) -> subprocess.Popen[bytes]:
        return self.start("celery", "-A", "config", "beat", "--loglevel", "INFO")

    def strike(self) -> None:
        for process in reversed(self._running):
            process.terminate()
        for process in self._running:
            with suppress(subprocess.TimeoutExpired):
                process.wait(15)
            process.kill()
            process.wait()


@contextmanager
def staged(folder: Path, **variables: str) -> Iterator[Stage]:
    """A migrated installation; all its processes are gone afterwards."""
    stage = Stage(folder, variables)
    try:
        stage.manage("migrate", "-v0")
        yield stage
    finally:
        stage.strike()


@contextmanager
def own_database(server: str) -> Iterator[str]:
    """The URL of a new database on a PostgreSQL server, dropped afterwards."""
    name = f"stage_{os.getpid()}_{time.monotonic_ns()}"
    address = server.replace("postgres://", "postgresql://", 1)
    _execute(address, f"CREATE DATABASE {name}")
    try:
        yield urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
    finally:
        _execute(address, f"DROP DATABASE {name} WITH (FORCE)")


def _execute(address: str, statement: str) -> None:
    with closing(psycopg2.connect(address)) as connection:
        connection.autocommit = True
        connection.cursor().execute(statement)


def eventually(claim: Callable[[], bool], *, within: float, every: float = 0.5) -> bool:
    """Whether the claim comes true in time (seconds)."""
    until = time.monotonic() + within
    while not claim():
        if time.monotonic() > until:
            return False
        time.sleep(every)
    return True


def json_lines(values: Sequence[Any]) -> str:
    return "".join(json.dumps(value) + "\n" for value in values)
