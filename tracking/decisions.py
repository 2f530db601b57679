"""What operators do with logged deliveries: send again, release, discard. Each is kept in the audit log."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from tracking.choices import AuditAction, DeliveryState
from tracking.models import Delivery, User
from tracking.models.delivery import WAITING
from tracking.store import audit, clock, deliveries
from tracking.store.deliveries import RESENDABLE
from tracking.tasks import wake_on_commit
from tracking.wording import counted


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One thing to do with deliveries in some states. `wakes`: they may leave at once."""

    title: str
    done: tuple[str, str]  # what is said of one delivery, and of several, behind their number
    states: frozenset[DeliveryState]
    store: Callable[..., int]
    action: AuditAction
    of_living_rules: bool = False  # what deleted rules made is left alone
    wakes: bool = False

    def among(self, rows: QuerySet[Delivery]) -> QuerySet[Delivery]:
        """Those that it may be done with."""
        found = rows.filter(state__in=self.states)
        return found.filter(rule__deleted_at=None) if self.of_living_rules else found

    def take(self, rows: QuerySet[Delivery], *, by: User) -> tuple[int, str]:
        """Do it with those that it may be done with; how many they were, and what to say."""
        now: datetime = clock.now()
        with transaction.atomic():
            chosen = list(self.among(rows))
            count = self.store(rows.filter(pk__in=[row.pk for row in chosen]), now=now)
            audit.note_each(actor=by, action=self.action, targets=chosen, now=now)
            if self.wakes:
                wake_on_commit({row.connection_id for row in chosen})
        return count, f"{counted(count, *self.done)}."


DECISIONS: dict[str, Decision] = {
    "resend": Decision(
        title="Send again",
        done=("delivery is sent again", "deliveries are sent again"),
        states=frozenset(RESENDABLE),
        store=deliveries.resend,
        action=AuditAction.DELIVERY_RESENT,
        of_living_rules=True,
        wakes=True,
    ),
    "release": Decision(
        title="Release",
        done=("delivery released", "deliveries released"),
        states=frozenset({DeliveryState.HELD}),
        store=deliveries.release,
        action=AuditAction.DELIVERY_RELEASED,
        wakes=True,
    ),
    "discard": Decision(
        title="Discard",
        done=("delivery discarded", "deliveries discarded"),
        states=frozenset(WAITING),
        store=deliveries.discard,
        action=AuditAction.DELIVERY_DISCARDED,
    ),
}
