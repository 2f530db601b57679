"""The real services that some tests need: where they are, whether they answer, what to say when they do not.

A test asks for one by its marker. Where the service does not answer the test is skipped by name; with CI=true or
TRACKING_REQUIRE_SERVICES set it fails, so that no suite goes missing unnoticed.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from functools import cache

import psycopg2
import pytest
import redis
from kombu import Connection

PATIENCE = 2  # seconds a service has to answer


@dataclass(frozen=True, slots=True)
class Service:
    """`variable` names the environment variable that says where it is; `probe` raises when it does not answer."""

    name: str
    variable: str
    default: str
    probe: Callable[[str], None]

    @property
    def url(self) -> str:
        return os.environ.get(self.variable) or self.default


def _ask_postgres(url: str) -> None:
    with closing(psycopg2.connect(url.replace("postgres://", "postgresql://", 1), connect_timeout=PATIENCE)):
        pass


def _ask_redis(url: str) -> None:
    with closing(redis.Redis.from_url(url, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE)) as client:
        client.ping()


def _ask_rabbitmq(url: str) -> None:
    with Connection(url, connect_timeout=PATIENCE) as connection:
        connection.connect()


def _ask_chromium(path: str) -> None:
    if shutil.which(path) is None:
        raise FileNotFoundError(path)


SERVICES = {
    "postgres": Service(
        "PostgreSQL", "TEST_POSTGRES_URL", "postgres://postgres@127.0.0.1:5432/postgres", _ask_postgres
    ),
    "redis": Service("Redis", "TEST_REDIS_URL", "redis://127.0.0.1:6379/15", _ask_redis),
    "rabbitmq": Service("RabbitMQ", "TEST_RABBITMQ_URL", "amqp://guest:guest@127.0.0.1:5672//", _ask_rabbitmq),
    "browser": Service("Chromium", "TEST_CHROMIUM", shutil.which("chromium") or "/usr/bin/chromium", _ask_chromium),
}


@cache
def trouble(marker: str) -> str | None:
    """Why tests of that marker cannot run here, None when they can. Asked once a process."""
    service = SERVICES[marker]
    try:
        service.probe(service.url)
    except Exception as error:  # each client has errors of its own, and all mean the same
        return f"no {service.name} at {service.url}; set {service.variable} ({type(error).__name__})"
    return None


def required() -> bool:
    return os.environ.get("CI") == "true" or bool(os.environ.get("TRACKING_REQUIRE_SERVICES"))


def demand(item: pytest.Item) -> None:
    """Skip the test, or fail it where services are required, when one that it is marked with does not answer."""
    for marker in SERVICES:
        if item.get_closest_marker(marker) and (why := trouble(marker)):
            if required():
                pytest.fail(why, pytrace=False)
            pytest.skip(why)


if __name__ == "__main__":  # for the Makefile: the URL of a service that answers, else why it does not
    _marker = sys.argv[1]
    if _why := trouble(_marker):
        sys.exit(_why)
    sys.stdout.write(SERVICES[_marker].url)
