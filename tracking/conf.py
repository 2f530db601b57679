"""Typed reading of the settings that are the product's own. Units are in the comments of `config/settings.py`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any

from django.conf import settings

from tracking.choices import Quota

Network = IPv4Network | IPv6Network


def _seconds(name: str) -> timedelta:
    return timedelta(seconds=getattr(settings, name))


def base_url() -> str:
    """Where people reach the admin, without a slash at the end."""
    return str(settings.TRACKING_BASE_URL).rstrip("/")


def message_id_domain() -> str:
    return str(settings.TRACKING_MESSAGE_ID_DOMAIN)


def message_id_secret() -> bytes:
    return str(settings.SECRET_KEY).encode()


def credentials_keys() -> list[str]:
    return list(settings.CREDENTIALS_KEYS)


def allowed_networks() -> tuple[Network, ...]:
    return tuple(ip_network(network) for network in settings.TRACKING_SMTP_ALLOWED_NETWORKS)


def allowed_ports() -> frozenset[int]:
    return frozenset(int(port) for port in settings.TRACKING_SMTP_ALLOWED_PORTS)


def ca_file() -> str | None:
    return settings.TRACKING_SMTP_CA_FILE or None


def smtp_timeouts() -> dict[str, float]:
    """Seconds by step: connect, command, data, final, total."""
    return {
        step: float(getattr(settings, f"TRACKING_SMTP_{step.upper()}_TIMEOUT"))
        for step in ("connect", "command", "data", "final", "total")
    }


def sending() -> bool:
    """Whether mail may leave at all; off after a backup was restored, until somebody has looked at what waits."""
    return bool(settings.TRACKING_SENDING)


def queues() -> tuple[str, ...]:
    return tuple(settings.TRACKING_QUEUES)


def max_tries() -> int:
    return int(settings.TRACKING_MAX_TRIES)


def daily_cap() -> int | None:
    """What a new rule's form begins with; None: no cap."""
    return settings.TRACKING_DAILY_CAP or None


def lifetime() -> timedelta:
    return timedelta(hours=settings.TRACKING_LIFETIME_HOURS)


def first_retry() -> timedelta:
    return _seconds("TRACKING_FIRST_RETRY_SECONDS")


def keep_sent() -> timedelta:
    return timedelta(days=settings.TRACKING_KEEP_SENT_DAYS)


def keep_audit() -> timedelta | None:
    """None: for ever."""
    days = settings.TRACKING_KEEP_AUDIT_DAYS
    return timedelta(days=days) if days > 0 else None


def keep_failed() -> timedelta:
    return timedelta(days=settings.TRACKING_KEEP_FAILED_DAYS)


def regular_price() -> Decimal:
    return Decimal(settings.TRACKING_REGULAR_PRICE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Drain:
    """How much one drain takes on: at most `mails` or `seconds`, marked in chunks of `chunk`, under a lease."""

    mails: int
    seconds: float
    chunk: int
    lease: timedelta
    heartbeat: timedelta


def drain() -> Drain:
    return Drain(
        mails=settings.TRACKING_SLICE_MAILS,
        seconds=settings.TRACKING_SLICE_SECONDS,
        chunk=settings.TRACKING_CHUNK_MAILS,
        lease=_seconds("TRACKING_LEASE_SECONDS"),
        heartbeat=_seconds("TRACKING_HEARTBEAT_SECONDS"),
    )


def job_lease() -> timedelta:
    return _seconds("TRACKING_JOB_LEASE_SECONDS")


def jobs_at_once() -> int:
    """Of one kind, over all workers."""
    return int(settings.TRACKING_JOBS_AT_ONCE)


def max_crashes() -> int:
    return int(settings.TRACKING_MAX_CRASHES)


def rules_max_age() -> timedelta:
    return _seconds("TRACKING_RULES_MAX_AGE_SECONDS")


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiRates:
    """Requests a minute that one token, or one person's session, may send; `dear` of those that cost more."""

    token: int
    session: int
    dear: int


def api_rates() -> ApiRates:
    return ApiRates(
        token=settings.TRACKING_API_TOKEN_RATE,
        session=settings.TRACKING_API_SESSION_RATE,
        dear=settings.TRACKING_API_DEAR_RATE,
    )


def sweep_every() -> timedelta:
    return _seconds("TRACKING_SWEEP_SECONDS")


def catcher_folder() -> str | None:
    """The Maildir of the mail catcher whose pages are shown; None where there is no catcher."""
    return settings.TRACKING_CATCHER_FOLDER or None


def system_email() -> dict[str, Any]:
    """Host, port, encryption, login and password of EMAIL_URL: the connection that alert mails go out by."""
    return dict(settings.TRACKING_SYSTEM_EMAIL)


def from_email() -> str:
    return str(settings.DEFAULT_FROM_EMAIL)


def second_factor_required() -> bool:
    return bool(settings.TRACKING_REQUIRE_SECOND_FACTOR)


def behind_proxy() -> bool:
    """A proxy of our own stands in front, and says how and from where it was asked."""
    return settings.SECURE_PROXY_SSL_HEADER is not None


def proxies() -> int:
    """How many proxies of our own a request passes."""
    return max(1, int(settings.TRACKING_PROXIES))


def login_tries_of_address() -> int:
    """Wrong passwords, for whatever names, before an address must wait."""
    return int(settings.TRACKING_LOGIN_TRIES_OF_ADDRESS)


def login_lock() -> timedelta:
    """How long a name must wait after too many wrong passwords."""
    return settings.AXES_COOLOFF_TIME


_PRODUCT_QUOTAS = {
    Quota.MAILS: "TRACKING_MAX_MAILS_PER_DAY",
    Quota.TEST_MAILS: "TRACKING_MAX_PRODUCT_TEST_MAILS_PER_HOUR",
    Quota.PREVIEWS: "TRACKING_MAX_PRODUCT_PREVIEWS_PER_MINUTE",
}
_PERSON_QUOTAS = {
    Quota.TEST_MAILS: "TRACKING_MAX_TEST_MAILS_PER_HOUR",
    Quota.PREVIEWS: "TRACKING_MAX_PREVIEWS_PER_MINUTE",
    Quota.CHECKS: "TRACKING_MAX_CHECKS_PER_MINUTE",
}


def quota(quota: Quota) -> int:
    """How much of it one person may have in its window; 0: no limit."""
    return _limit(_PERSON_QUOTAS.get(quota))


def product_quota(quota: Quota) -> int:
    """How much of it one product may have in its window; 0: no limit."""
    return _limit(_PRODUCT_QUOTAS.get(quota))


def _limit(name: str | None) -> int:
    return int(getattr(settings, name)) if name else 0
