"""counts -> policy -> alerts: which rules had too many warnings of late."""

from __future__ import annotations

from datetime import datetime

import structlog

from tracking.definition import Notifications, RuleDefinition
from tracking.errors import RuleError
from tracking.models import Rule
from tracking.policy.warning import Thresholds, breach
from tracking.store import alerts, windows
from tracking.store.alerts import Breached

log = structlog.get_logger(__name__)


def watch(*, now: datetime) -> list[int]:
    """Look at every rule that may have to tell; the ids of the alerts that this look raised."""
    raised = []
    for rule in alerts.watched(now):
        try:
            alert = _look(rule, now)
        except RuleError as error:  # one unreadable rule never silences the others
            log.error("rule_unreadable", rule=rule.pk, errors=error.errors)
            continue
        if alert is not None:
            raised.append(alert)
    return raised


def _look(rule: Rule, now: datetime) -> int | None:
    assert rule.current is not None
    wanted = RuleDefinition.from_json(rule.current.document).notifications
    counts = windows.counts(rule.pk, until=now, timeframe=wanted.timeframe.length)
    exceeded = breach(counts, _thresholds(wanted)) if wanted.enable_notifications else None
    if exceeded is None:
        alerts.recovered(rule.pk, now=now)
        return None
    return alerts.raise_once(Breached(rule=rule, wanted=wanted, counts=counts, breach=exceeded), now=now)


def _thresholds(wanted: Notifications) -> Thresholds:
    return Thresholds(percent=wanted.warnings_percent, number=wanted.warnings_number)
