"""Remarks about a rule that could run as it is. They keep nobody from saving; what does is the one validation."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet

from tracking.choices import ConnectionKind, Severity
from tracking.definition import RuleDefinition
from tracking.models import Connection, Rule
from tracking.pipeline.linting import filters, neighbours, sending, texts, volume
from tracking.pipeline.linting.finding import Finding, Subject
from tracking.rendering import render
from tracking.store import past, versions

SAMPLE = 500  # recent events that placeholders and volume are judged by

CONCERNS = (filters, texts, sending, neighbours, volume)


def lint(
    definition: RuleDefinition, *, rule: Rule | None = None, among: QuerySet[Rule] | None = None, now: datetime
) -> list[Finding]:
    """Warnings first, each once. `rule` is the saved one that the definition changes.

    Only rules of `among`, those that somebody may see, are named; None: all.

    Raises RuleError or TemplateError for a definition that could not run.
    """
    template = versions.email_template(definition.action)
    subject = Subject(
        definition=definition,
        template=template,
        names=render.names(template),
        rule=rule,
        among=Rule.objects.all() if among is None else among,
        connection=Connection.objects.filter(kind=ConnectionKind.ESP, key=definition.action.connection or "").first(),
        recent=past.recent(definition, limit=SAMPLE, now=now),
        now=now,
    )
    found = [finding for concern in CONCERNS for finding in concern.findings(subject)]
    return sorted(dict.fromkeys(found), key=lambda finding: finding.severity is not Severity.WARNING)
