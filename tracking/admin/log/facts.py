"""What the page of one delivery shows: its decision, mail, recipients, attempts and event."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest

from tracking.access import Access
from tracking.admin.listing import badge
from tracking.admin.log import content
from tracking.admin.log.pages import pretty
from tracking.admin.rules import words
from tracking.admin.scope import access_of
from tracking.choices import RecipientStatus
from tracking.errors import TrackingError
from tracking.models import Attempt, Delivery, Rule
from tracking.pipeline import trial

SHOWN_ATTEMPTS = 200

FIELDS = (
    *("id", "status", "scope", "trigger_label", "rule_link", "version_link", "connection", "tries", "warned", "test"),
    *("created_at", "claimed_at", "next_attempt_at", "finished_at"),
)
_COLOURS = {
    RecipientStatus.ACCEPTED: "green",
    RecipientStatus.REFUSED: "red",
    RecipientStatus.BOUNCED: "red",
}


def whole(rows: QuerySet[Delivery], key: UUID) -> Delivery | None:
    """The delivery with its event, payload too, and the version that made it."""
    return rows.defer(None).select_related("event", "rule", "version", "connection").filter(pk=key).first()


def of(request: HttpRequest, delivery: Delivery) -> dict[str, Any]:
    reads = request.user.has_perm("tracking.view_storedevent")
    return {
        "event": delivery.event,
        "payload": pretty(delivery.event, access_of(request)) if reads else None,
        "decision": _decision(delivery, access_of(request)),
        "recipients": [
            (row, badge(row.get_status_display(), _COLOURS.get(RecipientStatus(row.status), "grey")))
            for row in delivery.recipients.all()
        ],
        "attempts": [(row, _seconds(row)) for row in delivery.attempts.all()[:SHOWN_ATTEMPTS]],
        **content.shown(request, delivery),
    }


def _decision(delivery: Delivery, seen: Access) -> dict[str, Any]:
    """Why that version of the rule fired for that event: the live matcher, asked again."""
    as_then = Rule(pk=delivery.rule_id, current=delivery.version)
    conditions = words.filters(as_then, words.names([as_then], seen), seen)
    try:
        refusal = trial.refusal(delivery.version.definition(), delivery.event.event(), hides=seen.hides)
    except TrackingError as error:  # this release cannot read the version, or the event
        refusal = str(error)
    return {"conditions": conditions, "refusal": refusal}


def _seconds(attempt: Attempt) -> str:
    return f"{(attempt.ended_at - attempt.started_at).total_seconds():.3f} s"
