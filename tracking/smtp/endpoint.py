"""Where mail goes out: one server, how to speak to it, and how long to wait for it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from tracking.choices import Encryption

_UNSAFE = re.compile(r"[\x00\r\n]")
_LOCAL_HOSTNAME = re.compile(r"[A-Za-z0-9.:_\[\]-]{1,255}")


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds to wait: for a connection, each command's reply, DATA's reply, the final reply; one mail in all."""

    connect: float = 5.0
    command: float = 10.0
    data: float = 20.0
    final: float = 30.0
    total: float = 45.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One mail server as one connection row describes it.

    `pool_key` is (connection, version): sessions of an older version are never used again.
    `local_hostname` is what we call ourselves in EHLO. `ca_file` replaces the system's certificates.
    Raises ValueError for text that could end a command early.
    """

    host: str
    port: int
    encryption: Encryption
    login: str = ""
    password: str = field(default="", repr=False)
    pool_key: tuple[int, int] = (0, 0)
    local_hostname: str = "localhost"
    ca_file: str | None = None
    timeouts: Timeouts = Timeouts()

    def __post_init__(self) -> None:
        if not _LOCAL_HOSTNAME.fullmatch(self.local_hostname):
            raise ValueError("local_hostname is a host name or an address literal")
        if _UNSAFE.search(self.login) or _UNSAFE.search(self.password):
            raise ValueError("login and password hold no NUL and no line break")
