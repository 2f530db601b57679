"""Event: the frozen fact that the platform hands us, and its JSON form."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    ValidationError,
    WithJsonSchema,
    model_validator,
)

from tracking.choices import Method, TrackingStrategy
from tracking.errors import EventError
from tracking.triggers import TRIGGERS, Trigger, known
from tracking.validation import Id, Money, as_utc, field_errors, one_line, parse_json, storable

MAX_BYTES = 64 * 1024
MAX_DEPTH = 5
_OTHERS = 8 * 1024  # more than all fields beside lead and call can take
MAX_BATCH = 1_000
_MOST_UNKNOWN = 20  # named one by one

ENTITIES = ("product", "campaign", "publisher", "channel", "source", "buyer", "pingtree", "call_tracking_pool")


def _plain(value: object, depth: int) -> None:
    """Refuse what is not plain JSON, or nests deeper than MAX_DEPTH; the outer object counts as one."""
    if isinstance(value, dict | list):
        if depth > MAX_DEPTH:
            raise ValueError(f"must be nested at most {MAX_DEPTH} deep")
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            if isinstance(value, dict):
                _plain(key, depth) if isinstance(key, str) else _refuse_key()
            _plain(item, depth + 1)
    elif isinstance(value, str):
        storable(value)
    elif isinstance(value, float) and not math.isfinite(value):
        raise ValueError("must hold finite numbers only")
    elif value is not None and not isinstance(value, int | float):
        raise ValueError("must hold plain JSON values only")


def _refuse_key() -> None:
    raise ValueError("must have strings as keys")


def _plain_object(value: dict[str, Any]) -> dict[str, Any]:
    _plain(value, 1)
    return value


def _known_trigger(value: str) -> str:
    return known(value).value


_DATE_AND_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]", re.IGNORECASE)


def _moment(value: object) -> object:
    """Pydantic would read a number, and one in a string too, as seconds."""
    if not isinstance(value, datetime) and not (isinstance(value, str) and _DATE_AND_TIME.match(value)):
        raise ValueError("must be ISO 8601 with offset, as in 2026-01-31T12:00:00+00:00")
    return value


def _in_utc(value: datetime) -> datetime:
    as_utc(value)
    return value


def _none_as_empty(value: object) -> object:
    return {} if value is None else value


PlainObject = Annotated[
    dict[str, Any],
    BeforeValidator(_none_as_empty),
    AfterValidator(_plain_object),
    WithJsonSchema({"anyOf": [{"type": "object", "additionalProperties": True}, {"type": "null"}]}),
]
Text = Annotated[str, Field(strict=True, min_length=1, max_length=200), AfterValidator(one_line)]


class Event(BaseModel):
    """One occurrence on the platform.

    `event_id` is the platform's own key of the occurrence (never of the lead: one person posted twice is two
    events). Ids are the platform's; None where the event has no such entity. `price` is in the platform's currency.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", title="Event")

    event_id: Text
    trigger: Annotated[str, Field(strict=True), AfterValidator(_known_trigger)]
    occurred_at: Annotated[AwareDatetime, BeforeValidator(_moment), AfterValidator(_in_utc)]
    product: Id | None = None
    campaign: Id | None = None
    publisher: Id | None = None
    channel: Id | None = None
    source: Id | None = None
    buyer: Id | None = None
    pingtree: Id | None = None
    call_tracking_pool: Id | None = None
    method: Method | None = None
    tracking_strategy: TrackingStrategy | None = None
    price: Money | None = None
    lead_id: Text | None = None
    lead: PlainObject = Field(default_factory=dict)
    call: PlainObject = Field(default_factory=dict)
    test: StrictBool = False

    def __init__(self, /, **fields: Any) -> None:  # so that a field named "self" is refused as any other
        """Raises EventError, naming each field that is wrong."""
        try:
            super().__init__(**fields)
        except ValidationError as error:
            raise EventError(field_errors(error, whole="event")) from None

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        rough = _size(self.lead) + _size(self.call) if self.lead or self.call else 0
        if rough > MAX_BYTES - _OTHERS and _size(self.to_json()) > MAX_BYTES:
            raise ValueError(f"must have at most {MAX_BYTES:,} bytes as JSON")
        return self

    @property
    def kind(self) -> Trigger:
        return TRIGGERS[self.trigger]

    @classmethod
    def from_json(cls, value: object) -> Event:
        """The event that a decoded JSON value describes. Raises EventError."""
        if not isinstance(value, dict):
            raise EventError({"event": ["must be an object"]})
        if any(not isinstance(key, str) for key in value):
            raise EventError({"event": ["must have strings as keys"]})
        unknown = value.keys() - cls.model_fields.keys()
        if len(unknown) > _MOST_UNKNOWN:
            raise EventError({"event": [f"has {len(unknown):,} fields that are not known"]})
        return cls(**value)

    @classmethod
    def restored(cls, value: dict[str, Any]) -> Event:
        """The event whose `to_json` this is: what was checked then is not checked again. Raises EventError."""
        try:
            fields = {name: _RESTORE[name](item) for name, item in value.items()}
        except (KeyError, TypeError, ValueError, ArithmeticError):  # of another release: let the whole check say why
            return cls.from_json(value)
        if fields.get("trigger") not in TRIGGERS or "event_id" not in fields or "occurred_at" not in fields:
            return cls.from_json(value)
        event = cls.__new__(cls)  # as `model_construct` does, which asks each field for its default every time
        event.__dict__.update(_ABSENT, lead={}, call={})
        event.__dict__.update(fields)
        object.__setattr__(event, "__pydantic_fields_set__", set(fields))
        object.__setattr__(event, "__pydantic_extra__", None)
        object.__setattr__(event, "__pydantic_private__", None)
        return event

    @classmethod
    def parse(cls, text: str | bytes) -> Event:
        """The event in a JSON text of at most 64 KiB. Raises EventError."""
        raw = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
        if len(raw) > MAX_BYTES:
            raise EventError({"event": [f"must have at most {MAX_BYTES:,} bytes as JSON"]})
        try:
            value = parse_json(raw)
        except ValueError as error:
            raise EventError({"event": [f"is not valid JSON: {error}"]}) from None
        return cls.from_json(value)

    def to_json(self) -> dict[str, Any]:
        """The JSON form; what it leaves out has its default."""
        return self.model_dump(mode="json", exclude_defaults=True)

    def to_text(self) -> str:
        """The JSON form as a text, in half of the time."""
        return self.model_dump_json(exclude_defaults=True)


def _moment_with_zone(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a stored moment has its offset")
    return moment


def _of(kind: type) -> Callable[[Any], Any]:
    """What is of that type, as it is; anything else raises TypeError."""

    def restore(value: Any) -> Any:
        if type(value) is not kind:
            raise TypeError
        return value

    return restore


_ABSENT = {name: field.default for name, field in Event.model_fields.items() if not field.is_required()}

# field -> its value from the JSON form; raises what `Event.restored` catches
_RESTORE: Mapping[str, Callable[[Any], Any]] = {
    **dict.fromkeys(("event_id", "trigger", "lead_id"), _of(str)),
    **dict.fromkeys(ENTITIES, _of(int)),
    **dict.fromkeys(("lead", "call"), _of(dict)),
    "occurred_at": _moment_with_zone,
    "method": Method,
    "tracking_strategy": TrackingStrategy,
    "price": Decimal,
    "test": _of(bool),
}


def _size(value: dict[str, Any]) -> int:
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())
