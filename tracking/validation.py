"""What pydantic found wrong, as sentences by field; and the field types that events and rules share."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BeforeValidator,
    Field,
    PlainSerializer,
    ValidationError,
    WithJsonSchema,
)

from tracking.choices import ExtraHeader

MAX_ID = 2**63 - 1  # the platform's ids are bigints
MAX_DIGITS = 1_000  # of a whole number; Python reads no more than 4,300

_SENTENCES: Mapping[str, Callable[[dict[str, Any]], str]] = {
    "missing": lambda context: "is required",
    "extra_forbidden": lambda context: "is not a known field",
    "none_required": lambda context: "must be left out",
    "string_type": lambda context: "must be a string",
    "string_unicode": lambda context: "must not hold halves of surrogate pairs",
    "string_too_short": lambda context: "must not be empty",
    "string_too_long": lambda context: f"must have at most {context['max_length']} characters",
    "int_type": lambda context: "must be an integer",
    "greater_than_equal": lambda context: f"must be at least {context['ge']}",
    "less_than_equal": lambda context: f"must be at most {context['le']}",
    "less_than": lambda context: f"must be lower than {context['lt']}",
    "bool_type": lambda context: "must be true or false",
    "dict_type": lambda context: "must be an object",
    "model_type": lambda context: "must be an object",
    "model_attributes_type": lambda context: "must be an object",
    "tuple_type": lambda context: "must be a list",
    "too_long": lambda context: f"must have at most {context['max_length']} entries",
    "enum": lambda context: f"must be {context['expected']}",
    "timezone_aware": lambda context: "must have a UTC offset, as in 2026-01-31T12:00:00+00:00",
    "datetime_from_date_parsing": lambda context: "must be ISO 8601 with offset, as in 2026-01-31T12:00:00+00:00",
    "datetime_parsing": lambda context: "must be ISO 8601 with offset, as in 2026-01-31T12:00:00+00:00",
    "datetime_type": lambda context: "must be ISO 8601 with offset, as in 2026-01-31T12:00:00+00:00",
    "value_error": lambda context: str(context["error"]),
}


def field_errors(error: ValidationError, *, whole: str) -> dict[str, list[str]]:
    """Dotted path -> sentences. What is wrong with the whole, not with one field, stands under `whole`."""
    found: dict[str, list[str]] = {}
    for row in error.errors(include_url=False):
        sentence = _SENTENCES.get(row["type"], lambda context, row=row: row["msg"])
        path = ".".join(str(part) for part in row["loc"]) or whole
        found.setdefault(path, []).append(sentence(dict(row.get("ctx", {}))))
    return found


def control_characters(text: str, *, allowed: str = "") -> bool:
    """Whether text holds what no line of a mail may: controls, line separators, bidi marks, halves of pairs."""
    return not text.isprintable() and any(  # printable is nearly all, and much sooner told
        character not in allowed
        and (unicodedata.category(character) in {"Cc", "Zl", "Zp", "Cs"} or character in _BIDI_CONTROLS)
        for character in text
    )


_BIDI_CONTROLS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def one_line(text: str) -> str:
    if control_characters(text):
        raise ValueError("must be one line without control characters")
    return text


def storable(text: str, *, allowed: str = "\t\r\n") -> str:
    """Text that every database and every mail takes as it is."""
    if text.isprintable():
        return text
    if any((ord(c) < 32 and c not in allowed) or c == "\x7f" or 0xD800 <= ord(c) <= 0xDFFF for c in text):
        raise ValueError("must not hold control characters")
    return text


_MONEY = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,6})?")


def _money(value: object) -> object:
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if isinstance(value, Decimal):
        value = format(value, "f") if value.is_finite() and -7 < value.adjusted() < 12 else str(value)
    if not isinstance(value, str):
        raise ValueError('must be a decimal string, as in "12.50"')
    if not _MONEY.fullmatch(value):
        raise ValueError('must be a decimal with at most 12 digits before and 6 after the point, as in "12.50"')
    return Decimal(value)


Money = Annotated[
    Decimal,
    BeforeValidator(_money),
    PlainSerializer(lambda value: format(value, "f"), when_used="json"),
    WithJsonSchema({"anyOf": [{"type": "string", "pattern": f"^{_MONEY.pattern}$"}, {"type": "integer"}]}),
]
Id = Annotated[int, Field(strict=True, ge=0, le=MAX_ID)]


_HEADERS = {name.lower(): name for name in ExtraHeader.values}


def _headers(value: object) -> object:
    """Pairs of name and value, of an object or of lines "Name: value"; names as the allow-list writes them."""
    pairs = _header_lines(value) if isinstance(value, str) else list(value.items()) if isinstance(value, dict) else None
    if pairs is None:
        raise ValueError("must be an object of header names and values")
    for name, text in pairs:
        if not isinstance(name, str) or name.lower() not in _HEADERS:
            raise ValueError(f"{name!r:.100} is not among {', '.join(_HEADERS.values())}")
        if not isinstance(text, str) or not text.strip() or control_characters(text) or len(text) > MAX_HEADER:
            raise ValueError(f"{name} takes one line of 1 to {MAX_HEADER} characters, without control characters")
    found = {_HEADERS[name.lower()]: text for name, text in pairs}
    if len(found) < len(pairs):
        raise ValueError("a header may stand only once")
    return tuple((name, found[name]) for name in ExtraHeader.values if name in found)


def _header_lines(text: str) -> list[tuple[str, str]]:
    lines = [line for line in text.splitlines() if line.strip()]
    if any(":" not in line for line in lines):
        raise ValueError('must be lines of the form "Name: value"')
    return [(name.strip(), value.strip()) for name, _, value in (line.partition(":") for line in lines)]


MAX_HEADER = 900  # characters of a value
Headers = Annotated[
    tuple[tuple[str, str], ...], BeforeValidator(_headers), PlainSerializer(dict, return_type=dict, when_used="json")
]


def as_utc(moment: datetime) -> datetime:
    """The same moment at offset zero: PostgreSQL takes no offset of 16 hours or more. Raises ValueError."""
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("must be within the years 1 to 9999, in UTC too") from None


Moment = Annotated[AwareDatetime, AfterValidator(as_utc)]


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


def _refuse_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return found


def _whole_number(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise ValueError(f"a number has more than {MAX_DIGITS:,} digits")
    return int(digits)


def parse_json(text: str | bytes) -> Any:
    """The JSON value of a text; ValueError for anything that is not strict JSON, however deep or odd.

    Bytes are UTF-8 (RFC 8259, 8.1); a byte order mark, which some editors write, is passed over.
    """
    try:
        return json.loads(
            _decoded(text).removeprefix("\ufeff"),
            parse_constant=_refuse_constant,
            parse_int=_whole_number,
            object_pairs_hook=_refuse_twice,
        )
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _decoded(text: str | bytes) -> str:
    try:
        return text if isinstance(text, str) else text.decode()
    except UnicodeDecodeError as error:
        raise ValueError(f"byte {error.start + 1} is not UTF-8") from None
