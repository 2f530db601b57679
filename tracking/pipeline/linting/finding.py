"""A remark about a rule."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from tracking.choices import Severity
from tracking.definition import RuleDefinition
from tracking.models import Connection, Rule
from tracking.rendering.placeholders import Path
from tracking.rendering.render import EmailTemplate
from tracking.store.past import Recent


@dataclass(frozen=True, slots=True)
class Finding:
    """`field` is the rule field's path, as in errors; "rule" for the whole of it."""

    field: str
    severity: Severity
    sentence: str

    def to_json(self) -> dict[str, str]:
        return {"field": self.field, "severity": self.severity.value, "sentence": self.sentence}


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is judged, and what it is judged by, read once. `rule` is the saved one, None for a new rule."""

    definition: RuleDefinition
    template: EmailTemplate
    names: dict[str, list[Path]]  # field -> dotted names that it reads
    rule: Rule | None
    among: QuerySet[Rule]  # whose rules may be named
    connection: Connection | None  # a predefined one
    recent: Recent
    now: datetime


Findings = Iterator[Finding]


def warning(field: str, sentence: str) -> Finding:
    return Finding(field, Severity.WARNING, sentence)


def note(field: str, sentence: str) -> Finding:
    return Finding(field, Severity.NOTE, sentence)
