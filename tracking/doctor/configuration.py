"""What can be told from the settings alone."""

from __future__ import annotations

import sys

from django.conf import settings
from django.core.checks import ERROR, run_checks

from tracking import conf
from tracking.doctor.finding import Level

_FAULTY_EMAIL = (3, 11, 10)  # before it, the standard library's email package lets encoded words add headers


def site() -> tuple[Level, str]:
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


def python() -> tuple[Level, str]:
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < _FAULTY_EMAIL:
        return Level.NOTE, f"{version}: its email package has known holes; mails are composed without it, but update"
    return Level.OK, version


def times() -> tuple[Level, str]:
    """Whether a claim outlives the mail that is sent under it, and every step has its bound."""
    steps = conf.smtp_timeouts()
    total = steps.pop("total")
    lease = conf.drain().lease.total_seconds()
    if min(*steps.values(), total) <= 0:
        return Level.UNSAFE, "a TRACKING_SMTP_…_TIMEOUT is 0 or less: a server that hangs would hold a thread for ever"
    if lease <= total:
        return Level.UNSAFE, (
            f"TRACKING_LEASE_SECONDS ({lease:g}) does not exceed TRACKING_SMTP_TOTAL_TIMEOUT ({total:g}): "
            "while the database is away, a mail in flight could be taken for lost"
        )
    if (longest := max(steps.values())) > total:
        return Level.NOTE, f"a step may take {longest:g} s and a mail {total:g} s in all: the shorter one counts"
    return Level.OK, f"a mail takes {total:g} s at most, a claim holds {lease:g} s"


def celery() -> tuple[Level, str]:
    """The settings that keep a broker's faults from becoming ours. Source: RELIABILITY 3.6, DESIGN 8.8."""
    wrong = [f"{name} must be {wanted}" for name, wanted in _SAFE.items() if getattr(settings, name) != wanted]
    if settings.CELERY_TASK_PUBLISH_RETRY_POLICY.get("max_retries") not in (0, 1):
        wrong.append("CELERY_TASK_PUBLISH_RETRY_POLICY must try once more at most, or a dead broker holds its callers")
    options = settings.CELERY_BROKER_TRANSPORT_OPTIONS
    bounded = options.get("socket_timeout") and options.get("socket_connect_timeout")
    if not options.get("confirm_publish") and not bounded:
        wrong.append(
            "CELERY_BROKER_TRANSPORT_OPTIONS needs socket_timeout and socket_connect_timeout (Redis) or confirm_publish"
            " (RabbitMQ)"
        )
    if "visibility_timeout" in options:
        wrong.append("a visibility_timeout delivers wake-ups twice, and nothing needs it; leave it out")
    return (Level.UNSAFE, "; ".join(wrong)) if wrong else (Level.OK, "wake-ups are taken early, and never again")


_SAFE = {
    "CELERY_TASK_ACKS_LATE": False,
    "CELERY_TASK_IGNORE_RESULT": True,
    "CELERY_WORKER_PREFETCH_MULTIPLIER": 1,
    "CELERY_WORKER_POOL": "threads",
    "CELERY_WORKER_ENABLE_PREFETCH_COUNT_REDUCTION": False,
    "CELERY_ACCEPT_CONTENT": ["json"],
}


def cache() -> tuple[Level, str]:
    if settings.CACHES["default"]["BACKEND"].endswith((".LocMemCache", ".DummyCache")):
        return Level.NOTE, (
            "CACHE_URL names no cache that processes share: each counts the API's requests for itself, so that limits "
            "are as many times as high"
        )
    return Level.OK, "shared"


def sending() -> tuple[Level, str]:
    if conf.sending():
        return Level.OK, "on"
    return (
        Level.NOTE,
        "OFF: no mail leaves this installation until TRACKING_SENDING is on and its workers are restarted",
    )
