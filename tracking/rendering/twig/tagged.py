"""Values that JSON has no form for, as tagged objects: {"$date": "2020-01-02 03:04:05", "tz": "UTC"} and the like."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from tracking.rendering.twig import php_dates
from tracking.rendering.twig.php import key, wrap
from tracking.rendering.twig.php_dates import Interval
from tracking.rendering.twig.values import Markup, Thing, Value

_FIELDS = frozenset({"y", "m", "d", "h", "i", "s", "f", "invert", "days"})


def untagged(value: Any) -> Value:
    """The value of a template for a JSON value. Raises ValueError for a tag nobody knows."""
    if isinstance(value, list):
        return [untagged(one) for one in value]
    if type(value) is int:
        return wrap(value)  # as PHP's json_decode
    if not isinstance(value, dict):
        return value
    tag = next((name for name in value if name.startswith("$") and len(name) > 1), None)
    if tag is None:
        return {key(name): untagged(one) for name, one in value.items()}
    if tag not in _TAGS:
        raise ValueError(f"unknown tag {tag}")
    return _TAGS[tag](value[tag], value)


def _date(shown: str, value: dict[str, Any]) -> datetime:
    zone = php_dates.timezone(value.get("tz") or "UTC")
    return php_dates.parse(shown, now=datetime.now(UTC), tz=zone)


def _entries(shown: Any) -> dict[int | str, Value]:
    pairs = shown.items() if isinstance(shown, dict) else shown
    return {key(name): untagged(one) for name, one in pairs}


def _interval(shown: Any, value: dict[str, Any]) -> Interval:
    if isinstance(shown, str):
        return Interval.parse(shown)
    fields = {name: one for name, one in shown.items() if name in _FIELDS and one is not False}
    return Interval(**fields)


_TAGS: dict[str, Callable[[Any, dict[str, Any]], Value]] = {
    "$date": _date,
    "$timezone": lambda shown, value: php_dates.timezone(shown),
    "$interval": _interval,
    "$markup": lambda shown, value: Markup(shown),
    "$float": lambda shown, value: float(shown.replace("INF", "inf").replace("NAN", "nan")),
    "$bytes": lambda shown, value: base64.b64decode(shown).decode("utf-8", "surrogateescape"),
    "$array": lambda shown, value: _entries(shown),
    "$object": lambda shown, value: Thing("stdClass", _entries(shown)),
    "$arrayobject": lambda shown, value: Thing("ArrayObject", _entries(shown)),
    "$iter": lambda shown, value: Thing("PortIter", _entries(shown)),
}
