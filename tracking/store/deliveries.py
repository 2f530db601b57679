"""Deliveries: opened with their event, found when they are due, and changed by operators."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from tracking import conf
from tracking.choices import DeliveryState, Reason, RecipientStatus
from tracking.events import Event
from tracking.matching.matcher import Candidate
from tracking.models import Connection, Delivery, DeliveryRecipient, Rule
from tracking.models.delivery import WAITING, new_id
from tracking.policy.retry import CEILING
from tracking.store import bulk

RESENDABLE = (DeliveryState.FAILED, DeliveryState.UNKNOWN, DeliveryState.HELD)
_IN_HAND = timedelta(days=1)  # longer than any worker holds a delivery, or a process an old matcher
_OLD_MATCHER = timedelta(seconds=5)  # for which a living process may still see an enabled rule


@dataclass(frozen=True, slots=True)
class Owed:
    """One mail that a rule owes for a stored event."""

    event: Event
    event_row: UUID
    candidate: Candidate


def open_for(owed: Sequence[Owed], *, now: datetime) -> Mapping[tuple[str, int], UUID]:
    """Write a delivery for each; (event_id, rule) -> delivery of those written.

    Missing from the answer: those of a rule that fires once per lead and has fired for this one.
    """
    ids = {(one.event.event_id, one.candidate.rule_id): new_id() for one in owed}
    # Two that owe for the same leads at the same time wait for each other in the same order.
    owed = sorted(owed, key=lambda one: (one.candidate.rule_id, _once_key(one) or ""))
    rows = [_row(one, ids[one.event.event_id, one.candidate.rule_id], now) for one in owed]
    once = [row[0] for row, one in zip(rows, owed, strict=True) if _once_key(one) is not None]
    if not once:  # their events are new, so that nothing can conflict
        bulk.insert(Delivery, _COLUMNS, rows)
        return ids
    bulk.insert(Delivery, _COLUMNS, rows, tail="ON CONFLICT DO NOTHING")
    kept = set(Delivery.objects.filter(id__in=once).values_list("id", flat=True))
    return {key: id_ for key, id_ in ids.items() if id_ not in set(once) - kept}


_COLUMNS = (
    *("id", "event_id", "rule_id", "version_id", "connection_id", "trigger", "product_id", "campaign_id", "once_key"),
    *("test", "created_at", "next_attempt_at", "state", "reason", "tries", "crashes", "warning"),
)
_NEW = (DeliveryState.QUEUED.value, "", 0, 0, "")  # of the last five


def _row(owed: Owed, id_: UUID, now: datetime) -> bulk.Row:
    event, candidate = owed.event, owed.candidate
    return (
        id_,
        owed.event_row,
        candidate.rule_id,
        candidate.version_id,
        candidate.connection_id,
        event.trigger,
        event.product or 0,
        event.campaign,
        _once_key(owed),
        event.test,
        now,
        now,
        *_NEW,
    )


def _once_key(owed: Owed) -> str | None:
    return owed.event.lead_id if owed.candidate.once_per_lead and not owed.event.test else None


def of_lead(lead_id: str, rules: Iterable[int], *, until: datetime) -> dict[int, Delivery]:
    """Rule -> the mail by which it had fired until then for this lead: of rules that fire once per lead."""
    found = Delivery.objects.filter(rule__in=list(rules), once_key=lead_id, created_at__lte=until)
    return {row.rule_id: row for row in found.select_related("event").defer("event__payload")}


def due_connections(now: datetime) -> list[int]:
    """Connections that have something due and may be used now."""
    due = Delivery.objects.filter(connection=OuterRef("pk"), state__in=WAITING, next_attempt_at__lte=now)
    rested = Connection.objects.filter(Q(paused_until=None) | Q(paused_until__lte=now))
    return list(rested.filter(Exists(due)).values_list("pk", flat=True))


def resend(chosen: QuerySet[Delivery], *, now: datetime) -> int:
    """Send again what failed, is unknown, or is held, at an operator's wish; how many deliveries that are.

    Those it already reached are not mailed again, nor is anything of a deleted rule. Tries and lifetime begin anew.
    Free of charge: a delivery is counted once, at its first claim.
    """
    stopped = Delivery.objects.filter(id__in=chosen.order_by().values("id"), state__in=RESENDABLE)
    with transaction.atomic():
        living = stopped.filter(rule__deleted_at=None).select_for_update(of=("self",))
        ids = list(living.values_list("id", flat=True))
        refused = DeliveryRecipient.objects.filter(delivery_id__in=ids, status=RecipientStatus.REFUSED)
        refused.update(status=RecipientStatus.OPEN)
        return begin_anew(Delivery.objects.filter(id__in=ids), now=now)


def begin_anew(rows: QuerySet[Delivery], *, now: datetime) -> int:
    """Make deliveries due as if none had been tried: tries, crashes and lifetime count from here; how many they are."""
    return rows.update(
        state=DeliveryState.RETRYING,
        reason="",
        tries=0,
        crashes=0,
        next_attempt_at=now,
        renewed_at=now,
        finished_at=None,
    )


def release(chosen: QuerySet[Delivery], *, now: datetime) -> int:
    """Let what is held try at once, its tries as they were counted; how many deliveries that are."""
    held = chosen.filter(state=DeliveryState.HELD)
    return held.update(state=DeliveryState.RETRYING, reason="", next_attempt_at=now, renewed_at=now)


def discard(chosen: QuerySet[Delivery], *, now: datetime) -> int:
    """Cancel what has not been sent and is not being sent; how many deliveries that are."""
    return _cancel(chosen, Reason.OPERATOR, now)


def cancel_of_deleted_rules(*, now: datetime) -> int:
    """Cancel what deleted rules owe, also what was in a worker's hand when they were; how many deliveries that are."""
    deleted = list(Rule.objects.filter(deleted_at__gt=now - _IN_HAND).values_list("pk", flat=True))
    return _cancel(Delivery.objects.filter(rule_id__in=deleted), Reason.RULE_DELETED, now) if deleted else 0


def cancel_of_stopped_rules(*, now: datetime) -> int:
    """Cancel what stopped rules owed when they were, also what was in a worker's hand; how many deliveries that are.

    What an operator sends again later goes.
    """
    stopped = list(Rule.objects.filter(stopped_at__gt=now - _IN_HAND).values_list("pk", flat=True))
    if not stopped:
        return 0
    owed = Delivery.objects.filter(rule_id__in=stopped, created_at__lte=F("rule__stopped_at") + _OLD_MATCHER)
    return _cancel(owed.exclude(renewed_at__gt=F("rule__stopped_at")), Reason.OPERATOR, now)


def _cancel(chosen: QuerySet[Delivery], reason: Reason, now: datetime) -> int:
    return chosen.filter(state__in=WAITING).update(
        state=DeliveryState.CANCELLED, reason=reason, next_attempt_at=None, finished_at=now
    )


def repair_times(*, now: datetime) -> int:
    """Make due what waits for longer than anything is put off: the clock was set back; how many deliveries that are.

    What is held may wait for the next day, and does.
    """
    longest = max(CEILING, conf.first_retry()) + timedelta(minutes=1)
    lost = Delivery.objects.filter(state=DeliveryState.RETRYING, next_attempt_at__gt=now + longest)
    return lost.update(next_attempt_at=now)


def queue_depth() -> dict[str, int]:
    """State -> deliveries that are not final."""
    depth = dict.fromkeys((*WAITING, DeliveryState.SENDING), 0)
    for state in depth:
        depth[state] = Delivery.objects.filter(state=state).count()
    return {str(state): count for state, count in depth.items()}


def oldest_due(now: datetime, *, within: QuerySet[Delivery] | None = None) -> datetime | None:
    """When the longest-waiting due delivery (of some) became due; None when nothing waits."""
    waiting = (Delivery.objects.all() if within is None else within).filter(state__in=WAITING, next_attempt_at__lte=now)
    return waiting.order_by(F("next_attempt_at").asc()).values_list("next_attempt_at", flat=True).first()
