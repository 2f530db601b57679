"""How many requests a minute one caller may send. Who sends more is told when to come back."""

from __future__ import annotations

import time
from typing import Any

import structlog
from django.core.cache import cache
from redis.exceptions import RedisError
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from tracking import conf
from tracking.models import ApiToken

log = structlog.get_logger(__name__)

WINDOW = 60  # seconds


def caller(request: Request) -> str:
    """The token, or the user of a session: whose requests count together."""
    if isinstance(request.auth, ApiToken):
        return f"token:{request.auth.pk}"
    return f"user:{request.user.pk}"


class Calls(BaseThrottle):
    """All requests of a caller, and apart from them those that cost more (`dear` actions of a door).

    Counted in the cache, which all web processes share where it is Redis. A cache that is away stops nobody.
    """

    def allow_request(self, request: Request, view: Any) -> bool:
        if request.user is None:
            return True  # and is answered 401
        limits = conf.api_rates()
        who = caller(request)
        kinds = [(who, limits.token if isinstance(request.auth, ApiToken) else limits.session)]
        if view.action in view.dear:
            kinds.append((f"{who}:dear", limits.dear))
        return all(_count(kind) <= limit for kind, limit in kinds)

    def wait(self) -> float:
        return WINDOW - time.time() % WINDOW


def _count(kind: str) -> int:
    """How many this minute, this one included."""
    key = f"api:{kind}:{int(time.time() // WINDOW)}"
    try:
        cache.add(key, 0, 2 * WINDOW)
        return int(cache.incr(key))
    except (RedisError, OSError, ValueError) as error:  # away, or the key was dropped meanwhile
        log.warning("throttle_not_counted", error=type(error).__name__)
        return 0
