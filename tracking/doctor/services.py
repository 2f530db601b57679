"""What the installation stands on: database, broker, clocks, beat and workers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import redis
from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from tracking import canary, tasks
from tracking.doctor.finding import Level
from tracking.store import clock, pulse

PATIENCE = 2  # seconds for a broker that does not answer
_SKEW = timedelta(seconds=5)
_OTHERS = 20  # database sessions beside those of one worker: web, beat, somebody who looks


def database() -> tuple[Level, str]:
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        return Level.UNSAFE, "there are migrations to apply; run manage.py migrate"
    if connection.vendor == "sqlite":
        return Level.NOTE, "SQLite: fine for one machine and a gentle stream; set DATABASE_URL to PostgreSQL for more"
    most, threads = _sessions(), settings.CELERY_WORKER_CONCURRENCY
    if threads + _OTHERS > most:
        return Level.UNSAFE, (
            f"it takes {most} sessions and one worker alone may open {threads}: raise max_connections or lower "
            "TRACKING_WORKER_THREADS"
        )
    return Level.OK, f"{connection.display_name} answers, migrations are applied, it takes {most} sessions"


def _sessions() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SHOW max_connections")
        return int(cursor.fetchone()[0])


def broker() -> tuple[Level, str]:
    tasks.ask_broker(patience=PATIENCE)
    if (policy := _eviction()).startswith("allkeys"):
        return Level.UNSAFE, f"Redis throws away queues when it is full (maxmemory-policy {policy}); set noeviction"
    return Level.OK, "answers; it carries wake-ups only, so it may lose all of them"


def _eviction() -> str:
    """What a Redis does when it is full; empty where the broker is none, or does not say."""
    if not settings.CELERY_BROKER_URL.startswith(("redis://", "rediss://")):
        return ""
    client = redis.Redis.from_url(settings.CELERY_BROKER_URL, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE)
    with client:
        memory = client.info("memory")
    return str(memory.get("maxmemory_policy", "")) if memory.get("maxmemory") else ""


def clocks() -> tuple[Level, str]:
    skew = abs(clock.now() - datetime.now(tz=UTC))
    text = f"this machine and the database differ by {skew.total_seconds():.1f} s"
    return (Level.UNSAFE, f"{text}; set up NTP on both") if skew > _SKEW else (Level.OK, text)


def beat() -> tuple[Level, str]:
    now = clock.now()
    silent = pulse.silence(pulse.SWEEPER, now=now)
    patience = timedelta(seconds=60 + 3 * settings.TRACKING_SWEEP_SECONDS)
    if silent is None or silent > patience:
        since = "never" if silent is None else f"{silent.total_seconds():.0f} s ago"
        return Level.UNSAFE, f"the sweeper last ran {since}: start beat and a worker, or nothing is retried or alerted"
    beats = pulse.beats(since=now - canary.LATE)
    if len(beats) > 1:
        return Level.NOTE, f"{len(beats)} beats run ({', '.join(beats)}): nothing is mailed twice, but one is enough"
    return Level.OK, f"the sweeper ran {silent.total_seconds():.0f} s ago"


def queues() -> tuple[Level, str]:
    late = {queue: age for queue, age in canary.ages().items() if age is None or age > canary.LATE}
    if late:
        said = ", ".join(f"{queue} ({_ago(age)})" for queue, age in late.items())
        return Level.UNSAFE, f"no worker takes what is sent to {said}: start celery worker --queues {','.join(late)}"
    return Level.OK, "a worker takes what is sent to each queue"


def _ago(age: timedelta | None) -> str:
    return "never seen" if age is None else f"last {age.total_seconds():.0f} s ago"
