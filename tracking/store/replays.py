"""Deliveries of a window chosen to be sent once more, and put back into the queue page by page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Self
from uuid import UUID

from django.db import transaction
from django.db.models import Count, F, Q, QuerySet

from tracking.choices import DeliveryState, RecipientStatus
from tracking.errors import RuleError
from tracking.models import Delivery, DeliveryRecipient, SentMinute
from tracking.models.delivery import first_id
from tracking.store import counters, deliveries
from tracking.triggers import TRIGGERS

MOST = 10_000  # deliveries of one replay
LONGEST = timedelta(days=31)
CHOICES = (DeliveryState.FAILED, DeliveryState.HELD, DeliveryState.UNKNOWN, DeliveryState.SENT)
USUAL = frozenset({DeliveryState.FAILED, DeliveryState.HELD})  # the others may have been received already


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Which deliveries: made in [first, until), in one of the states, of all that is named.

    Nothing that was finished after `asked_at` is among them, so that a replay never takes its own mails again.
    `buyers` and `triggers` are the scope of who asks, None: all. `today`: with the current version of each rule.
    `last` is the key of the last that the cap admits: a job that is begun again must not take as many once more.
    Raises RuleError.
    """

    first: datetime
    until: datetime
    asked_at: datetime
    states: frozenset[DeliveryState] = USUAL
    product: int | None = None
    campaign: int | None = None
    rule: int | None = None
    trigger: str = ""
    today: bool = False
    cap: int = MOST
    buyers: tuple[int, ...] | None = None
    triggers: tuple[str, ...] | None = None
    last: UUID | None = None

    def __post_init__(self) -> None:
        wrong = {}
        if not self.first < self.until:
            wrong["until"] = ["must be after the beginning"]
        elif self.until - self.first > LONGEST:
            wrong["until"] = [f"must be at most {LONGEST.days} days after the beginning"]
        if not self.states or not self.states.issubset(CHOICES):
            wrong["states"] = ["choose at least one"]
        if not 1 <= self.cap <= MOST:
            wrong["cap"] = [f"must be from 1 to {MOST:,}"]
        if self.trigger and self.trigger not in TRIGGERS:
            wrong["trigger"] = ["there is no such trigger"]
        if wrong:
            raise RuleError(wrong)

    def to_json(self) -> dict[str, Any]:
        return {
            **{name: getattr(self, name).isoformat() for name in ("first", "until", "asked_at")},
            **{name: getattr(self, name) for name in ("product", "campaign", "rule", "trigger", "today", "cap")},
            "states": sorted(self.states),
            "buyers": None if self.buyers is None else list(self.buyers),
            "triggers": None if self.triggers is None else list(self.triggers),
            "last": None if self.last is None else str(self.last),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        buyers, triggers, last = value["buyers"], value["triggers"], value.get("last")  # older jobs have none
        kept = {name: value[name] for name in ("product", "campaign", "rule", "trigger", "today", "cap")}
        return cls(
            **kept,
            first=datetime.fromisoformat(value["first"]),
            until=datetime.fromisoformat(value["until"]),
            asked_at=datetime.fromisoformat(value["asked_at"]),
            states=frozenset(map(DeliveryState, value["states"])),
            buyers=None if buyers is None else tuple(buyers),
            triggers=None if triggers is None else tuple(triggers),
            last=None if last is None else UUID(last),
        )

    def rows(self) -> QuerySet[Delivery]:
        """Oldest first. Test runs and mails of deleted rules are never among them."""
        found = Delivery.objects.filter(
            Q(finished_at=None) | Q(finished_at__lt=self.asked_at),
            id__gte=first_id(self.first),
            id__lt=first_id(self.until),
            state__in=self.states,
            test=False,
            rule__deleted_at=None,
        )
        exact = {"product_id": self.product, "campaign_id": self.campaign, "rule_id": self.rule}
        exact["trigger"] = self.trigger or None  # type: ignore[assignment] # the only one that is text
        found = found.filter(**{name: value for name, value in exact.items() if value is not None})
        if self.buyers is not None:
            found = found.filter(rule__campaign__buyer__in=self.buyers)
        if self.triggers is not None:
            found = found.filter(trigger__in=self.triggers)
        if self.last is not None:
            found = found.filter(id__lte=self.last)
        return found.order_by("id")


def ended(window: Window) -> Window:
    """The same, with the last key that its cap admits now."""
    keys = list(window.rows().values_list("pk", flat=True)[: window.cap])
    return replace(window, last=keys[-1] if keys else UUID(int=0))


def count(window: Window) -> dict[DeliveryState, int]:
    """How many a replay would take, by state; no more than its cap are looked at."""
    capped = Delivery.objects.filter(pk__in=window.rows().values("pk")[: window.cap])
    counted = dict(capped.order_by().values_list("state").annotate(number=Count("pk")))
    return {state: counted.get(state.value, 0) for state in CHOICES if state in window.states}


def unbilled(window: Window) -> dict[bool, int]:
    """How many of them were never tried, and so are billed at their first try: by whether the version notifies."""
    of_version = "rule__current" if window.today else "version"
    capped = Delivery.objects.filter(pk__in=window.rows().values("pk")[: window.cap], claimed_at=None)
    notifies = f"{of_version}__document__notifications__enable_notifications"
    found: Counter[bool] = Counter()
    for flag, number in capped.order_by().values_list(notifies).annotate(number=Count("pk")):
        found[bool(flag)] += number
    return found


def pages(window: Window, *, size: int) -> Iterator[list[UUID]]:
    """Keys, page by page, up to the cap; a page is read when the one before is done."""
    last, left = UUID(int=0), window.cap
    while left > 0 and (
        keys := list(window.rows().filter(id__gt=last).values_list("pk", flat=True)[: min(size, left)])
    ):
        yield keys
        last, left = keys[-1], left - len(keys)


def queue_again(window: Window, keys: Collection[UUID], *, now: datetime) -> int:
    """Make a page due now, where it still is as it was; how many deliveries that are.

    Who refused it is asked again; of those that were sent, everybody is. Free, but for what was never claimed.
    """
    with transaction.atomic():
        still = Delivery.objects.filter(pk__in=keys, state__in=window.states).select_for_update()
        found = dict(still.values_list("pk", "state"))
        sent = [key for key, state in found.items() if state == DeliveryState.SENT]
        _count_no_more(sent)
        reached = DeliveryRecipient.objects.filter(delivery_id__in=found)
        reached.filter(Q(status=RecipientStatus.REFUSED) | Q(delivery_id__in=sent)).update(status=RecipientStatus.OPEN)
        rows = Delivery.objects.filter(pk__in=found)
        if window.today:
            _with_current_versions(rows)
        return deliveries.begin_anew(rows, now=now)


def _count_no_more(sent: Collection[UUID]) -> None:
    """Take mails that are to be sent again out of the minutes in which they were sent."""
    counted = Delivery.objects.filter(pk__in=sent, test=False)
    ends = counted.order_by().values_list("rule_id", "finished_at")
    counters.take(SentMinute, Counter((rule_id, counters.minute(end)) for rule_id, end in ends if end))


def _with_current_versions(rows: QuerySet[Delivery]) -> None:
    stale = rows.exclude(version=F("rule__current")).order_by()
    for rule, version, connection in stale.values_list("rule", "rule__current", "rule__connection").distinct():
        rows.filter(rule=rule).update(version=version, connection=connection)
