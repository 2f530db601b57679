"""This process's SMTP sessions: one pool for the connections of rules, one for the system's own server."""

from __future__ import annotations

import socket
import time
from functools import lru_cache
from ipaddress import ip_network

from tracking import conf
from tracking.choices import Encryption
from tracking.definition import Server
from tracking.models import Connection
from tracking.smtp.endpoint import Endpoint, Timeouts
from tracking.smtp.guard import Guard
from tracking.smtp.pool import Pool
from tracking.store import connections

_EVERYWHERE = (ip_network("0.0.0.0/0"), ip_network("::/0"))  # the operator's own EMAIL_URL is not guarded


@lru_cache(maxsize=1)
def pool() -> Pool:
    return Pool(connections.guard())


@lru_cache(maxsize=1)
def system_pool() -> Pool:
    return Pool(Guard(_EVERYWHERE))


def endpoint(connection: Connection) -> Endpoint:
    """Raises CredentialsError."""
    return connection.endpoint(timeouts=_timeouts(), ca_file=conf.ca_file(), local_hostname=_own_name())


def server_endpoint(server: Server, password: str) -> Endpoint:
    """Of a server that no row stands for, as it was typed."""
    return Endpoint(
        host=server.host,
        port=server.port or 0,
        encryption=server.encryption,
        login=server.login,
        password=password,
        local_hostname=_own_name(),
        ca_file=conf.ca_file(),
        timeouts=_timeouts(),
    )


def system_endpoint() -> Endpoint:
    server = conf.system_email()
    return Endpoint(
        host=server["host"],
        port=server["port"],
        encryption=Encryption(server["encryption"]),
        login=server["login"],
        password=server["password"],
        local_hostname=_own_name(),
        ca_file=conf.ca_file(),
        timeouts=_timeouts(),
    )


def tidy() -> None:
    """Close what has been idle for too long."""
    for sessions in (pool, system_pool):
        if sessions.cache_info().currsize:  # none is made for it
            sessions().close_idle(time.monotonic())


def hang_up() -> None:
    """The process is to end now: no server is waited for, but for its answer to a message that is on its way."""
    for sessions in (pool(), system_pool()):
        sessions.hang_up()


def close() -> None:
    """Say goodbye to all servers: the process stops, or its settings have changed."""
    for sessions in (pool(), system_pool()):
        sessions.close_all()
    pool.cache_clear()
    system_pool.cache_clear()


def _timeouts() -> Timeouts:
    return Timeouts(**conf.smtp_timeouts())


@lru_cache(maxsize=1)
def _own_name() -> str:
    """What we call ourselves in EHLO: a name that a mail server accepts as one."""
    name = socket.getfqdn()
    return name if "." in name and all(c.isascii() and (c.isalnum() or c in ".-") for c in name) else "localhost"
