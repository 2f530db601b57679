"""Presets: a rule saved as a template, without its owner and never with a password."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction

from tracking.choices import AuditAction
from tracking.errors import RuleError
from tracking.models import Buyer, Preset, Rule, User
from tracking.store import audit
from tracking.validation import one_line

_OWN = ("product", "campaign", "name")


def save(rule: Rule, *, name: str, buyer: Buyer | None, author: User | None, now: datetime) -> Preset:
    """Keep what a rule does as a preset. Raises RuleError for a name that is taken or none at all."""
    assert rule.current is not None
    document = {key: value for key, value in rule.current.document.items() if key not in _OWN}
    try:
        with transaction.atomic():
            preset = Preset.objects.create(
                name=_name(name),
                trigger=rule.trigger,
                kind=rule.kind,
                buyer=buyer,
                document=document,
                author=author,
                created_at=now,
            )
            audit.note(actor=author, action=AuditAction.PRESET_SAVED, target=preset, now=now)
    except IntegrityError:
        raise RuleError({"name": ["another preset has this name"]}) from None
    return preset


def _name(typed: str) -> str:
    name = typed.strip()
    try:
        one_line(name)
    except ValueError as error:
        raise RuleError({"name": [str(error)]}) from None
    if not 0 < len(name) <= 100:
        raise RuleError({"name": ["must have 1 to 100 characters"]})
    return name


def delete(preset: Preset, *, author: User | None, now: datetime) -> None:
    """Rules made from it stay as they are."""
    with transaction.atomic():
        audit.note(actor=author, action=AuditAction.PRESET_DELETED, target=preset, now=now)
        preset.delete()
