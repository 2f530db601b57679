"""A database that goes without a word keeps nobody waiting for long, and may have several hosts."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest

from tests.acceptance.stage import Stage
from tests.services import SERVICES

_SETTINGS = "from django.conf import settings\nprint(json.dumps(settings.DATABASES['default'], default=str))"
_ASK = """
from django.db import Error, connection
try:
    with connection.cursor() as cursor:
        cursor.execute("SHOW transaction_read_only")
        link = connection.connection
        print(json.dumps({**link.get_dsn_parameters(), "read_only": cursor.fetchone()[0], "port": link.info.port}))
except Error as error:
    print(json.dumps({"error": str(error)}))
"""


@pytest.fixture
def silent() -> Iterator[int]:
    """The port of a server that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


@pytest.fixture
def dead(silent: int) -> int:
    """A port where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def asked(folder: Path, url: str, code: str = _SETTINGS) -> Any:
    return Stage(folder, {"DATABASE_URL": url}).ask(code)


def test_postgresql_is_waited_for_in_bounds(tmp_path):
    database = asked(tmp_path, "postgres://me:secret@db/tracking")

    assert database["OPTIONS"] == {
        "connect_timeout": 10,
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": 25_000,
    }


def test_the_urls_query_goes_before(tmp_path):
    database = asked(tmp_path, "postgres://me:secret@db/tracking?connect_timeout=3&sslmode=require&conn_max_age=5")

    assert (database["OPTIONS"]["connect_timeout"], database["OPTIONS"]["sslmode"]) == (3, "require")
    assert database["OPTIONS"]["keepalives_count"] == 3
    assert database["CONN_MAX_AGE"] == 5


def test_sqlite_has_no_line_to_watch(tmp_path):
    assert "connect_timeout" not in asked(tmp_path, "sqlite:///tracking.sqlite3")["OPTIONS"]


def test_several_hosts_are_named_with_their_ports(tmp_path):
    database = asked(tmp_path, "postgres://me:s%2Cecret@db1:5432,db2:5433/tracking?target_session_attrs=read-write")

    assert (database["HOST"], database["PORT"], database["NAME"]) == ("db1,db2", "5432,5433", "tracking")
    assert (database["USER"], database["PASSWORD"]) == ("me", "s,ecret")
    assert database["OPTIONS"]["target_session_attrs"] == "read-write"


@pytest.mark.postgres
def test_of_several_hosts_the_one_that_takes_writes_is_used(tmp_path, silent, dead):
    address = urlsplit(SERVICES["postgres"].url)
    login, _, host = address.netloc.rpartition("@")
    hosts = f"{login}@127.0.0.1:{dead},127.0.0.1:{silent},{host}"
    url = urlunsplit(address._replace(netloc=hosts, query="target_session_attrs=read-write&connect_timeout=2"))

    found = asked(tmp_path, url, _ASK)

    assert found["read_only"] == "off"
    assert found["port"] == (address.port or 5432)
    assert found["tcp_user_timeout"] == "25000"


def test_a_server_that_says_nothing_is_given_up(tmp_path, silent):
    found = asked(tmp_path, f"postgres://me:secret@127.0.0.1:{silent}/tracking?connect_timeout=2", _ASK)

    assert "timeout expired" in found["error"]
