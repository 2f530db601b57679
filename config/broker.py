"""How brokers are spoken to, by kind: nothing waits for long, and nothing is delivered twice."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit


def transport_options(url: str) -> dict[str, Any]:
    """Kombu's options for the broker at `url`; times in seconds."""
    if urlsplit(url).scheme in {"amqp", "amqps", "pyamqp"}:
        return {"confirm_publish": True}  # how long an answer may take is said with each message (config/celery.py)
    return {
        "socket_timeout": 5,
        "socket_connect_timeout": 2,
        "health_check_interval": 10,
        "ack_emulation": False,  # nothing is delivered again; and a worker whose Redis dies before an ack lives on
    }
