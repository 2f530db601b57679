"""Log lines: JSON with fields, one a line. What looks like a secret never leaves the process."""

from __future__ import annotations

import logging.config
import re
from collections.abc import Mapping, MutableMapping
from functools import cache
from typing import Any
from urllib.parse import unquote, urlsplit

import structlog
from django.conf import settings

_MASK = "********"
_NAMES = r"password|passwd|secret|token|authorization|credential|cookie|api_?key|sessionid"
_SECRET = re.compile(_NAMES, re.IGNORECASE)
_TEXTS = (  # what comes before a secret is kept, what is like one is not
    re.compile(r"(\b[a-z][a-z0-9+.-]*://[^\s/@:]*:)[^\s/]+(?=@)", re.IGNORECASE),  # of URLs
    re.compile(r"(\b(?:bearer|basic|auth (?:plain|login|xoauth2|cram-md5))\s+)[^\s'\"]+", re.IGNORECASE),
    re.compile(rf"((?:{_NAMES})['\"]?\s*[=:]\s*['\"]?)(?!bearer|basic)[^\s'\",;&}}]+", re.IGNORECASE),
    re.compile(r"()\b(?:evt_[A-Za-z0-9_-]{8,}|gAAAA[A-Za-z0-9_=-]{20,})"),  # tokens of ours, what Fernet has sealed
)
_LEAST = 8  # characters: shorter values of settings stand in too many words that are no secret


def redact(logger: object, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Mask what is named like a secret, however deep, and what looks like one or is one in any text."""
    for name in list(event):
        event[name] = _masked(name, event[name])
    return event


def _masked(name: str, value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _masked(str(key), item) for key, item in value.items()}
    if value and _SECRET.search(name):
        return _MASK
    if isinstance(value, list | tuple | set | frozenset):
        return [_masked("", item) for item in value]
    return _scrubbed(value) if isinstance(value, str) else value


def _scrubbed(text: str) -> str:
    for secret in _own_secrets():
        text = text.replace(secret, _MASK)
    for pattern in _TEXTS:
        text = pattern.sub(rf"\1{_MASK}", text)
    return text


@cache
def _own_secrets() -> tuple[str, ...]:
    """The secrets of this installation's settings, as they would stand in a text."""
    urls = (settings.CELERY_BROKER_URL, *(cache.get("LOCATION", "") for cache in settings.CACHES.values()))
    passwords = [urlsplit(str(url)).password for url in urls]
    found = [
        settings.SECRET_KEY,
        *settings.CREDENTIALS_KEYS,
        settings.TRACKING_SYSTEM_EMAIL["password"],
        *(database.get("PASSWORD", "") for database in settings.DATABASES.values()),
        *(unquote(password) for password in passwords if password),
    ]
    return tuple(sorted({secret for secret in found if len(secret or "") >= _LEAST}, key=len, reverse=True))


_SHARED: list[structlog.types.Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
    redact,
]


def configure(options: Mapping[str, Any]) -> None:
    """Django's LOGGING_CONFIG: the standard library's loggers and structlog write the same lines to stderr."""
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "json": {
                    "()": structlog.stdlib.ProcessorFormatter,
                    "processors": [
                        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                        structlog.processors.JSONRenderer(),
                    ],
                    "foreign_pre_chain": _SHARED,
                }
            },
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
            "loggers": {"django": {"handlers": [], "propagate": True}},  # not Django's own lines beside these
            "root": {"handlers": ["stderr"], "level": options["level"]},
        }
    )
