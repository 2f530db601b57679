"""This process's Matcher, made anew when the rule book's revision says that rules have changed."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID, uuid4

import structlog

from tracking import conf
from tracking.errors import RuleError
from tracking.matching.matcher import Candidate, Matcher
from tracking.models import Rule, RuleBook

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Held:
    """The matcher in use, the revision it was made of, and when (monotonic) that was last compared."""

    matcher: Matcher
    revision: UUID | None
    checked_at: float


_held: _Held | None = None
_lock = threading.Lock()


def matcher() -> Matcher:
    """The matcher of all active rules, at most TRACKING_RULES_MAX_AGE_SECONDS behind the database."""
    held = _held
    if held is not None and time.monotonic() - held.checked_at < conf.rules_max_age().total_seconds():
        return held.matcher
    with _lock:
        return _refreshed().matcher


def _refreshed() -> _Held:
    global _held  # noqa: PLW0603 - one matcher a process is the purpose of this module
    revision = RuleBook.objects.values_list("revision", flat=True).first()
    if _held is None or _held.revision != revision:
        _held = _Held(Matcher(_candidates()), revision, time.monotonic())
    _held.checked_at = time.monotonic()
    return _held


def _candidates() -> Iterator[Candidate]:
    """A rule that cannot be read is reported and left out; it never breaks the platform's transaction."""
    rules = Rule.objects.filter(enabled=True, deleted_at=None, current__isnull=False).select_related("current")
    for rule in rules.iterator(chunk_size=2000):
        assert rule.current is not None
        try:
            definition = rule.current.definition()
        except RuleError as error:
            log.error("rule_unreadable", rule=rule.pk, errors=error.errors)
            continue
        yield Candidate.of(definition, rule_id=rule.pk, version_id=rule.current.pk, connection_id=rule.connection_id)


def turn_page() -> None:
    """Tell every process that rules have changed; part of the transaction that changes them."""
    RuleBook.objects.update_or_create(id=1, defaults={"revision": uuid4()})


def forget() -> None:
    """Read the rules anew at the next event, in this process."""
    global _held  # noqa: PLW0603
    _held = None
