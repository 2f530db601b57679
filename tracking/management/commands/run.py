"""The whole product with one command: broker, mail catcher, worker, web and beat, with demo data."""

from __future__ import annotations

import fcntl
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from tracking.demo.login import DemoLogin
from tracking.embedded import broker, environment, ports
from tracking.embedded.supervisor import Interrupted, Part, Supervisor
from tracking.errors import RunError

FIRST_EVENTS = 40
START_SECONDS = 60.0  # until a part answers; slow machines are slow

_MANAGE = (sys.executable, str(environment.ROOT / "manage.py"))
_CELERY = (sys.executable, "-m", "celery", "-A", "config")


class Command(BaseCommand):
    help = "Runs web, worker, beat, a broker and a mail catcher together, with demo data. Ctrl-C ends all of it."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        environment.VAR.mkdir(exist_ok=True)
        try:
            with _alone(environment.VAR / "run.lock"), _socket_folder() as sockets:
                self._run(sockets)
        except RunError as error:
            raise CommandError(str(error)) from None  # Django prints it and ends with status 1

    def _run(self, sockets: Path) -> None:
        web_port = ports.choose("PORT", environment.wish("PORT"), default=8000)
        mail_port = ports.choose("MAIL_PORT", environment.wish("MAIL_PORT"), default=1025, taken=[web_port])
        socket_path = sockets / "broker.sock"
        chosen = environment.choices(web_port=web_port, mail_port=mail_port, broker_url=broker.url(socket_path))
        environment.write_run_file(environment.RUN_FILE, chosen)
        _forget_numbers()
        supervisor = Supervisor(
            logs=environment.VAR / "log",
            folder=environment.ROOT,
            environment={**os.environ, **chosen, "PYTHONUNBUFFERED": "1"},
        )
        supervisor.listen()
        try:
            if "CELERY_BROKER_URL" in chosen:
                _start_broker(supervisor, socket_path)
            self._start(supervisor, web_port=web_port, mail_port=mail_port)
            supervisor.watch()
        except Interrupted:
            self._say("\nStopping …")
        finally:
            supervisor.stop()
            environment.RUN_FILE.unlink(missing_ok=True)
        self._say("All parts have ended.")

    def _start(self, supervisor: Supervisor, *, web_port: int, mail_port: int) -> None:
        self._say("Preparing the database and the demo data …")
        supervisor.start(_catcher(mail_port))  # it needs no database, and listens by the time there is mail
        seed = (*_MANAGE, "seed_demo", "--migrate", "--catcher", f"{ports.HOST}:{mail_port}")
        supervisor.run(Part(name="database", command=seed), seconds=300)
        self._say("Starting worker, web and beat …")
        for part in _parts(web_port):
            supervisor.start(part)
        first = (*_MANAGE, "feed_events", "--count", str(FIRST_EVENTS))
        supervisor.run(Part(name="first-events", command=first), seconds=120)
        supervisor.until(partial(ports.answers, mail_port), seconds=START_SECONDS, what="catcher")
        supervisor.until(partial(_web_answers, web_port), seconds=START_SECONDS, what="web")
        self._say(_welcome(web_port, mail_port, DemoLogin.read(environment.VAR)))

    def _say(self, text: str) -> None:
        with suppress(OSError):  # the terminal may be gone; that must not keep us from ending the parts
            self.stdout.write(text)
            self.stdout.flush()


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Only one `make run` in a tree. The lock goes with its process, however that ends."""
    with path.open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise RunError(f"It runs here already (process {lock.read().strip()}). End that one first.") from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


@contextmanager
def _socket_folder() -> Iterator[Path]:
    """A short path, as sockets need one, that only we can enter."""
    folder = Path(tempfile.mkdtemp(prefix="tracking-", dir="/tmp"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _forget_numbers() -> None:
    """Those of processes that have ended: each leaves files for /metrics, which would grow in number at every start."""
    for file in settings.TRACKING_METRICS_FOLDER.glob("*.db"):
        file.unlink(missing_ok=True)


def _start_broker(supervisor: Supervisor, socket_path: Path) -> None:
    folder = environment.VAR / "broker"
    folder.mkdir(mode=0o700, exist_ok=True)
    command = broker.command(server=broker.program(), socket_path=socket_path, folder=folder)
    advice = f"It only carries wake-ups: move {folder} away to begin with an empty one. No mail is lost."
    supervisor.start(Part(name="broker", command=command, advice=advice))
    supervisor.until(partial(broker.answers, socket_path), seconds=START_SECONDS, what="broker")


def _catcher(port: int) -> Part:
    command = (*_MANAGE, "catch_mail", "--host", ports.HOST, "--port", str(port))
    return Part(
        name="catcher", command=command, advice="If its port is in use, choose another: MAIL_PORT=1026 make run"
    )


def _parts(web_port: int) -> Sequence[Part]:
    """In the order of their start; they end in the reverse order, so that nothing new comes in at the end."""
    quiet = ("--pool", "threads", "--without-gossip", "--without-mingle")
    worker = (*_CELERY, "worker", "--queues", "mail,watch", "--hostname", "mail@%h", *quiet)
    slow = (*_CELERY, "worker", "--queues", "mail.slow", "--hostname", "slow@%h", "--concurrency", "8", *quiet)
    web = (sys.executable, "-m", "gunicorn", "--config", "config/gunicorn.py", "config.wsgi")
    gunicorn = ("--bind", f"{ports.HOST}:{web_port}", "--workers", "1", "--graceful-timeout", "3")
    return (
        Part(name="worker", command=worker, grace=8, advice=_GOES_ON),
        Part(name="worker-slow", command=slow, grace=8, advice=_GOES_ON),
        Part(name="web", command=(*web, *gunicorn), advice="If its port is in use, choose another: PORT=8010 make run"),
        Part(name="beat", command=(*_CELERY, "beat", "--pidfile="), advice="Start again: make run"),
    )


_GOES_ON = "What it had begun goes on at the next start: make run"


def _web_answers(port: int) -> bool:
    connection = HTTPConnection(ports.HOST, port, timeout=5)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def _welcome(web_port: int, mail_port: int, login: DemoLogin) -> str:
    web = f"http://{ports.HOST}:{web_port}"
    event = (
        '{"event_id": "try-1", "trigger": "lms.lead_sold", "occurred_at": "2026-01-31T12:00:00+00:00", "product": 101, '
        '"price": "42.00", "lead": {"first_name": "Ada", "last_name": "Lovelace", "email": "ada@example.org"}}'
    )
    return f"""
  Event Tracking runs.

  Admin         {web}/admin/
  Caught mails  {web}/mail/      (mail server for your own tries: {ports.HOST}:{mail_port}, no encryption)
  Login         {login.username} / {login.password or "the password that you have set"}
  API token     {login.token}

  {FIRST_EVENTS} events were emitted; their mails are in Caught mails now, an alert mail follows within minutes.
  More events:  .venv/bin/python manage.py feed_events --count 100 --rate 5
  One event:    curl -X POST {web}/api/v1/events/ -H "Authorization: Bearer {login.token}" \\
                  -H "Content-Type: application/json" -d '{event}'

  Logs are in var/log. Ctrl-C ends all of it.
"""
