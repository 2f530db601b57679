"""The placeholders, declared once, and the values that an event gives them.

The help pop-up, validation, previews and rendering all come from the one table. Source: DOMAIN, "Placeholders".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tracking.events import ENTITIES, Event
from tracking.triggers import Trigger

FREE_HEADS = frozenset({"lead", "call"})  # their fields are the platform's own; any name may stand behind them

Names = Mapping[tuple[str, int], str]  # (entity, id) -> the directory's name


@dataclass(frozen=True, slots=True, kw_only=True)
class Placeholder:
    """One name an author may use. `needs` is the event field that must be there, None when it always has a value."""

    name: str
    explanation: str
    sample: str
    needs: str | None = None


_SAMPLES = {
    "product": ("12", "Auto Insurance"),
    "campaign": ("340", "Acme Auto, exclusive"),
    "publisher": ("77", "Bright Leads"),
    "channel": ("781", "Bright Leads / Search"),
    "source": ("9001", "google-brand"),
    "buyer": ("5", "Acme Insurance"),
    "pingtree": ("3", "Main tree"),
    "call_tracking_pool": ("21", "Pool West"),
}


def _entity_rows() -> Iterable[Placeholder]:
    for entity in ENTITIES:
        words = entity.replace("_", " ")
        number, name = _SAMPLES[entity]
        yield Placeholder(name=f"{entity}.id", explanation=f"Id of the {words}", sample=number, needs=entity)
        yield Placeholder(name=f"{entity}.name", explanation=f"Name of the {words}", sample=name, needs=entity)


PLACEHOLDERS: tuple[Placeholder, ...] = (
    Placeholder(name="event.id", explanation="The platform's key of the event", sample="evt-2026-000341"),
    Placeholder(name="event.trigger", explanation="The trigger", sample="lms.lead_sold"),
    Placeholder(name="event.trigger_label", explanation="The trigger's label", sample="[LMS] Lead Sold"),
    Placeholder(name="event.occurred_at", explanation="When it happened, ISO 8601", sample="2026-01-31T12:00:00+00:00"),
    Placeholder(name="event.test", explanation="Whether it is a test: true or false", sample="false"),
    *_entity_rows(),
    Placeholder(name="method", explanation="POST or FORM", sample="POST", needs="method"),
    Placeholder(
        name="tracking_strategy",
        explanation="direct_sold or pingback",
        sample="direct_sold",
        needs="tracking_strategy",
    ),
    Placeholder(name="price", explanation="The price, in the platform's currency", sample="12.50", needs="price"),
    Placeholder(name="lead.first_name", explanation="Any field of the lead", sample="Ada", needs="lead"),
    Placeholder(name="lead.last_name", explanation="Any field of the lead", sample="Lovelace", needs="lead"),
    Placeholder(name="lead.email", explanation="Any field of the lead", sample="ada@example.org", needs="lead"),
    Placeholder(name="lead.phone", explanation="Any field of the lead", sample="+1 555 0100", needs="lead"),
    Placeholder(name="call.duration", explanation="Any field of the call", sample="184", needs="call"),
    Placeholder(name="call.recording_url", explanation="Any field of the call", sample="https://…/c.mp3", needs="call"),
    Placeholder(name="rule.id", explanation="Id of this rule", sample="41"),
    Placeholder(name="rule.name", explanation="Name of this rule", sample="Tell the buyer"),
)

NAMES = frozenset(row.name for row in PLACEHOLDERS)
HEADS = frozenset(name.split(".")[0] for name in NAMES)


def offered(trigger: Trigger) -> tuple[Placeholder, ...]:
    """The placeholders that an event of the trigger can fill."""
    return tuple(row for row in PLACEHOLDERS if row.needs is None or row.needs in trigger.carries)


def unknown_names(names: Iterable[tuple[str, ...]]) -> list[str]:
    """Of the dotted names a template uses, those that no event can ever fill; fields of lead and call are free."""
    return sorted({".".join(name) for name in names if not _fillable(name)})


def _fillable(name: tuple[str, ...]) -> bool:
    if name[0] in FREE_HEADS:
        return True
    return name[0] in HEADS if len(name) == 1 else ".".join(name) in NAMES


def context(event: Event, *, names: Names, rule_id: int, rule_name: str) -> dict[str, Any]:
    """The values of the placeholders: plain data, nested by the dots. What the event has not is left out."""
    values: dict[str, Any] = {
        "event": {
            "id": event.event_id,
            "trigger": event.trigger,
            "trigger_label": event.kind.label,
            "occurred_at": event.occurred_at.isoformat(),
            "test": event.test,
        },
        "lead": event.lead,
        "call": event.call,
        "rule": {"id": rule_id, "name": rule_name},
    }
    for entity in ENTITIES:
        number = getattr(event, entity)
        if number is not None:
            name = names.get((entity, number))
            values[entity] = {"id": number} if name is None else {"id": number, "name": name}
    for field in ("method", "tracking_strategy", "price"):
        value = getattr(event, field)
        if value is not None:
            values[field] = value if field == "price" else str(value)
    return values


def sample_context(trigger: Trigger) -> dict[str, Any]:
    """Sample values of all placeholders that the trigger offers, nested by the dots."""
    values: dict[str, Any] = {"lead": {}, "call": {}}
    for row in offered(trigger):
        head, _, rest = row.name.partition(".")
        if rest:
            values.setdefault(head, {})[rest] = row.sample
        else:
            values[head] = row.sample
    return values
