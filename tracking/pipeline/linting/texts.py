"""Placeholders that stay empty, and bodies that will not look as meant."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tracking.choices import ContentType
from tracking.events import Event
from tracking.mail.plain import text_from_html
from tracking.pipeline.linting.finding import Findings, Subject, note, warning
from tracking.rendering.context import PLACEHOLDERS
from tracking.rendering.placeholders import Path

_NEEDS = {row.name.split(".")[0]: row.needs for row in PLACEHOLDERS if row.needs}
_FREE = ("lead", "call")
_TAG = re.compile(r"<(?:p|br|div|table|h[1-6]|ul|ol|li|b|i|strong|em|a|html|body|span|img)\b[^<>]*>", re.IGNORECASE)
_VALUE = re.compile(r"\{\{.*?\}\}", re.DOTALL)
_SILENT = re.compile(r"\{[%#].*?[%#]\}", re.DOTALL)  # tags and comments of Twig
_ENOUGH = 20  # events of which a share may be told


def findings(subject: Subject) -> Findings:
    for field, path in _used(subject):
        yield from _never_carried(subject, field, path)
        yield from _seen(subject, field, path)
    yield from _body(subject)


def _used(subject: Subject) -> Iterator[tuple[str, Path]]:
    """Each dotted name once a field."""
    for field, paths in subject.names.items():
        for path in sorted(set(paths)):
            yield f"action.{field}", path


def _never_carried(subject: Subject, field: str, path: Path) -> Findings:
    trigger = subject.definition.kind
    needed = _NEEDS.get(path[0])
    if needed and needed not in trigger.carries:
        words = needed.replace("_", " ")
        yield warning(field, f"{_shown(path)} is always empty: events of {trigger.label} carry no {words}.")


def _seen(subject: Subject, field: str, path: Path) -> Findings:
    """What recent events say of a field of the lead or the call, or of an entity."""
    events = subject.recent.events
    if not events or path[0] not in _NEEDS or _NEEDS[path[0]] not in subject.definition.kind.carries:
        return
    empty = sum(_is_empty(event, path) for event in events)
    if empty == len(events):
        yield warning(field, f"{_shown(path)} was empty in all of the last {len(events):,} events of this trigger.")
    elif empty and len(events) >= _ENOUGH:
        yield note(field, f"{_shown(path)} was empty in {empty:,} of the last {len(events):,} events.")


def _is_empty(event: Event, path: Path) -> bool:
    if path[0] not in _FREE:
        return getattr(event, path[0], None) is None
    value: object = getattr(event, path[0])
    for part in path[1:]:
        value = value.get(part) if isinstance(value, dict) else None
    return value in (None, "")


def _shown(path: Path) -> str:
    return f"{{{{ {'.'.join(path)} }}}}"


def _body(subject: Subject) -> Findings:
    action = subject.definition.action
    marked_up = _TAG.search(action.body) is not None
    written = _VALUE.sub("x", _SILENT.sub("", action.body) if action.use_twig else action.body)
    if not (text_from_html(written) if subject.template.html else written).strip() and "<img" not in written.lower():
        yield warning("action.body", "The body has markup and no words.")
    if action.content_type is ContentType.TEXT and marked_up:
        yield warning("action.content_type", "The body has HTML tags, which a text mail shows as they are.")
    if action.content_type is not ContentType.TEXT and not marked_up and "\n" in action.body.strip():
        yield warning("action.content_type", "The body has no HTML tags: its lines will run together.")
    if action.content_type is ContentType.HTML:
        yield note("action.content_type", "The mail has no text part, which spam filters mind: choose All to add one.")
