"""Is this installation safe to run? One finding for each thing that has hurt people."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from django.conf import settings
from django.core.checks import ERROR, run_checks
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from tracking import credentials, tasks
from tracking.errors import CredentialsError, SendError
from tracking.models import Connection
from tracking.pipeline import transport
from tracking.store import clock, pulse

_SKEW = timedelta(seconds=5)
_FAULTY_EMAIL = (3, 11, 10)  # before it, the standard library's email package lets encoded words add headers


class Level(StrEnum):
    OK = "ok"
    NOTE = "note"
    UNSAFE = "UNSAFE"


@dataclass(frozen=True, slots=True)
class Finding:
    subject: str
    level: Level
    text: str

    def __str__(self) -> str:
        return f"{self.level.value:7}{self.subject}: {self.text}"


def examine() -> Iterator[Finding]:
    """Each finding as it is made; a part that cannot even be asked is unsafe, and stops none of the others."""
    for subject, look in _LOOKS.items():
        try:
            level, text = look()
        except Exception as error:  # whatever a client library raises means that the part is not there
            level, text = Level.UNSAFE, f"not available ({type(error).__name__}: {str(error).strip()[:200]})"
        yield Finding(subject, level, text)


def _settings() -> tuple[Level, str]:
    errors = [check for check in run_checks(include_deployment_checks=False) if check.level >= ERROR]
    if errors:
        return Level.UNSAFE, "; ".join(f"{check.id} {check.msg}" for check in errors)
    if settings.DEBUG:
        return Level.UNSAFE, "DEBUG is on: pages show settings and code to whoever breaks them; set DEBUG=false"
    if len(settings.SECRET_KEY) < 40:
        return Level.UNSAFE, "SECRET_KEY has fewer than 40 characters; set a long random one"
    if "*" in settings.ALLOWED_HOSTS:
        return Level.UNSAFE, "ALLOWED_HOSTS takes every name; list the names of this installation"
    if not settings.SESSION_COOKIE_SECURE:
        return Level.NOTE, "pages and tokens travel in clear unless a proxy encrypts; then set HTTPS_ONLY=true"
    return Level.OK, "no errors"


def _python() -> tuple[Level, str]:
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < _FAULTY_EMAIL:
        return Level.NOTE, f"{version}: its email package has known holes; mails are composed without it, but update"
    return Level.OK, version


def _database() -> tuple[Level, str]:
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        return Level.UNSAFE, "there are migrations to apply; run manage.py migrate"
    if connection.vendor == "sqlite":
        return Level.NOTE, "SQLite: fine for one machine and a gentle stream; set DATABASE_URL to PostgreSQL for more"
    return Level.OK, f"{connection.display_name} answers, migrations are applied"


def _broker() -> tuple[Level, str]:
    tasks.ask_broker(patience=2)
    return Level.OK, "answers; it carries wake-ups only, so it may lose all of them"


def _clock() -> tuple[Level, str]:
    skew = abs(clock.now() - datetime.now(tz=UTC))
    text = f"this machine and the database differ by {skew.total_seconds():.1f} s"
    return (Level.UNSAFE, f"{text}; set up NTP on both") if skew > _SKEW else (Level.OK, text)


def _beat() -> tuple[Level, str]:
    silent = pulse.silence(pulse.SWEEPER, now=clock.now())
    patience = timedelta(seconds=60 + 3 * settings.TRACKING_SWEEP_SECONDS)
    if silent is None or silent > patience:
        since = "never" if silent is None else f"{silent.total_seconds():.0f} s ago"
        return Level.UNSAFE, f"the sweeper last ran {since}: start beat and a worker, or nothing is retried or alerted"
    return Level.OK, f"the sweeper ran {silent.total_seconds():.0f} s ago"


def _credentials() -> tuple[Level, str]:
    unreadable = [row.name for row in Connection.objects.exclude(sealed_password="") if not _opens(row)]
    if unreadable:
        names = ", ".join(unreadable[:10])
        return Level.UNSAFE, f"no key opens the passwords of {names}: bring back the old key or enter them anew"
    return Level.OK, "every stored password opens"


def _opens(row: Connection) -> bool:
    try:
        credentials.unseal(row.sealed_password, bound_to=str(row.secret_id))
    except CredentialsError:
        return False
    return True


def _system_mail() -> tuple[Level, str]:
    try:
        with transport.system_pool().session(transport.system_endpoint()):
            return Level.OK, "the server of EMAIL_URL lets us in"
    except SendError as error:
        return Level.UNSAFE, f"no alert could be mailed by EMAIL_URL: {error.message}"


_LOOKS: dict[str, Callable[[], tuple[Level, str]]] = {
    "settings": _settings,
    "python": _python,
    "database": _database,
    "broker": _broker,
    "clock": _clock,
    "beat": _beat,
    "credentials": _credentials,
    "alert mail": _system_mail,
}
