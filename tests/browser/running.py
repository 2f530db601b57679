"""The product as it runs for real: web, worker and beat as processes, on PostgreSQL and Redis of their own."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

import environ
import psycopg2
import pytest
from django.conf import settings
from django.db import connections
from django.db.utils import load_backend

from tests import services
from tests.acceptance.stage import Stage, eventually, own_database, staged
from tests.crash.machines import Redis, free_port
from tests.smtp_server import ScriptedServer


@dataclass(slots=True)
class Running:
    """`mail` and `guarded` are the only servers that mail can be sent to; `mail` takes the system's own, too."""

    stage: Stage
    url: str
    mail: ScriptedServer
    guarded: ScriptedServer
    web: subprocess.Popen[bytes]
    worker: subprocess.Popen[bytes]

    @property
    def database_url(self) -> str:
        return self.stage.variables["DATABASE_URL"]

    @contextmanager
    def database(self) -> Iterator[None]:
        """Have this thread read and write the rows of the product, instead of those of the tests' own database."""
        values = {**connections.settings["default"], **environ.Env.db_url_config(self.database_url), "OPTIONS": {}}
        own = connections["default"]
        connections["default"] = load_backend(values["ENGINE"]).DatabaseWrapper(values, "default")
        try:
            yield
        finally:
            connections["default"].close()
            connections["default"] = own

    @contextmanager
    def resting_worker(self) -> Iterator[None]:
        """What is begun meanwhile waits."""
        self.worker.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.worker.send_signal(signal.SIGCONT)

    @contextmanager
    def worker_lost(self) -> Iterator[None]:
        """It is killed in the middle of whatever it does; another one comes afterwards."""
        self.worker.kill()
        self.worker.wait()
        try:
            yield
        finally:
            self.worker = self.stage.start_worker()

    @contextmanager
    def web_away(self) -> Iterator[None]:
        """It is asked to go, as for a new release, and is started anew afterwards."""
        self.web.terminate()
        self.web.wait()
        try:
            yield
        finally:
            self.web = _web(self.stage, self.url)

    @contextmanager
    def locked(self, statement: str, *values: str) -> Iterator[None]:
        """Work that comes to these rows, or this table, waits there."""
        with closing(psycopg2.connect(self.database_url.replace("postgres://", "postgresql://", 1))) as session:
            session.cursor().execute(statement, values)
            yield


LOGIN, PASSWORD = "me", "hunter2"  # of the guarded server


def _refusal(address: str) -> str | None:
    return "550 5.1.1 No such user" if address.endswith("@nobody.example") else None


@contextmanager
def started(folder: Path) -> Iterator[Running]:
    if why := Redis.missing():
        if services.required():
            pytest.fail(why, pytrace=False)
        pytest.skip(why)
    with ExitStack() as stack:
        mail = stack.enter_context(ScriptedServer(refuse=_refusal))
        guarded = stack.enter_context(ScriptedServer(auth=["PLAIN"], users={LOGIN: PASSWORD}))
        url = f"http://127.0.0.1:{free_port()}"
        variables = {
            "DATABASE_URL": stack.enter_context(own_database(services.SERVICES["postgres"].url)),
            "CELERY_BROKER_URL": stack.enter_context(Redis()).url,
            "SECRET_KEY": settings.SECRET_KEY,  # who is logged in by a test is so for the web
            "TRACKING_SMTP_ALLOWED_PORTS": f"{mail.port},{guarded.port}",
            "TRACKING_BASE_URL": url,
            "EMAIL_URL": f"smtp://127.0.0.1:{mail.port}",
            "TRACKING_REGULAR_PRICE": "0.01",
            "TRACKING_SWEEP_SECONDS": "1",
            "TRACKING_WATCH_SECONDS": "1",
            "TRACKING_FIRST_RETRY_SECONDS": "1",
            "TRACKING_WORKER_THREADS": "4",
        }
        stage: Stage = stack.enter_context(staged(folder, **variables))
        worker = stage.start_worker()
        stage.start_beat()
        yield Running(stage, url, mail, guarded, _web(stage, url), worker)


def _web(stage: Stage, url: str) -> subprocess.Popen[bytes]:
    started = stage.start_web(int(url.rpartition(":")[2]))
    assert eventually(lambda: _answers(f"{url}/admin/login/"), within=60), "the web does not answer"
    return started


def _answers(url: str) -> bool:
    with suppress(OSError), urlopen(url, timeout=30) as answer:
        return bool(answer.status == 200)
    return False
