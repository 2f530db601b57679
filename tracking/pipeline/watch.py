"""counts -> policy -> alerts: which rules had too many warnings of late."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

import structlog

from tracking.definition import Notifications, RuleDefinition
from tracking.errors import RuleError
from tracking.models import Rule
from tracking.policy.warning import Counts, Thresholds, breach
from tracking.store import alerts, windows
from tracking.store.alerts import Breached

log = structlog.get_logger(__name__)

T = TypeVar("T")


def watch(*, now: datetime) -> list[int]:
    """Look at every rule that may have to tell; the ids of the alerts that this look raised.

    Two queries for each length of timeframe, however many rules there are.
    """
    looked_at = [(rule, wanted) for rule in alerts.watched(now) if (wanted := _wanted(rule)) is not None]
    counts: dict[int, Counts] = {}
    for timeframe in {wanted.timeframe for _, wanted in looked_at}:
        ids = [rule.pk for rule, wanted in looked_at if wanted.timeframe is timeframe]
        counts |= windows.counts_of(ids, until=now, timeframe=timeframe.length)
    raised = (_look(rule, wanted, counts[rule.pk], now) for rule, wanted in looked_at)
    return [alert for alert in raised if alert is not None]


def _wanted(rule: Rule) -> Notifications | None:
    """None for an unreadable rule: it is reported, and never silences the others."""
    return _read(rule, Notifications.of)


def _read(rule: Rule, kind: Callable[[dict[str, Any]], T]) -> T | None:
    assert rule.current is not None
    try:
        return kind(rule.current.document)
    except RuleError as error:
        log.error("rule_unreadable", rule=rule.pk, errors=error.errors)
        return None


def _look(rule: Rule, wanted: Notifications, counts: Counts, now: datetime) -> int | None:
    exceeded = breach(counts, _thresholds(wanted)) if wanted.enable_notifications else None
    if exceeded is None:
        return alerts.settle(rule, wanted, counts, now=now) if alerts.is_firing(rule) else None
    if _read(rule, RuleDefinition.from_json) is None:  # nobody could write the mail about it
        return None
    return alerts.raise_once(Breached(rule=rule, wanted=wanted, counts=counts, breach=exceeded), now=now)


def _thresholds(wanted: Notifications) -> Thresholds:
    return Thresholds(
        percent=wanted.warnings_percent, number=wanted.warnings_number, minimum_events=wanted.minimum_events or 0
    )
