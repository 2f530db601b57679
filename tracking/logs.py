"""Log lines: JSON with fields, one a line. What looks like a secret never leaves the process."""

from __future__ import annotations

import logging.config
import re
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog

_SECRET = re.compile(r"password|passwd|secret|token|authorization|credential", re.IGNORECASE)
_MASK = "********"


def redact(logger: object, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Mask the values of fields that are named like secrets, however deep."""
    for name in list(event):
        event[name] = _masked(name, event[name])
    return event


def _masked(name: str, value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _masked(str(key), item) for key, item in value.items()}
    return _MASK if value and _SECRET.search(name) else value


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
