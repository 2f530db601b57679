"""Events as they came, the mails that rules owe for them, and each try of each mail."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

from django.db import models
from django.db.models import Q
from uuid_utils.compat import uuid7

from tracking.choices import (
    DeliveryState,
    Failure,
    Phase,
    Reason,
    RecipientRole,
    RecipientStatus,
    WarningCause,
)
from tracking.events import Event
from tracking.triggers import TRIGGER_CHOICES

WAITING = (DeliveryState.QUEUED, DeliveryState.RETRYING, DeliveryState.HELD)
OPEN = (*WAITING, DeliveryState.SENDING)


def new_id() -> uuid.UUID:
    """A key in order of time, known before the row is written."""
    return uuid7()


def first_id(moment: datetime) -> uuid.UUID:
    """The lowest key that a row made at that moment can have, to the millisecond (RFC 9562, 5.7)."""
    return uuid.UUID(int=(int(moment.timestamp() * 1_000) << 80) | (7 << 76) | (2 << 62))


def moment_of(key: uuid.UUID) -> datetime:
    """When the row of that key was made, to the millisecond."""
    return datetime.fromtimestamp((key.int >> 80) / 1_000, UTC)


class StoredEvent(models.Model):
    """An event of the platform. `payload` is its JSON form; the columns are what logs search by."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    event_id = models.CharField(max_length=200)
    trigger = models.CharField(max_length=60, choices=TRIGGER_CHOICES)
    product_id = models.PositiveBigIntegerField(null=True)
    campaign_id = models.PositiveBigIntegerField(null=True)
    lead_id = models.CharField(max_length=200, null=True)
    occurred_at = models.DateTimeField()
    received_at = models.DateTimeField()
    test = models.BooleanField(default=False)
    payload = models.JSONField()

    class Meta:
        verbose_name = "event"
        ordering = ("-id",)
        # As a constraint, not by `unique=True`, which makes an index for LIKE beside it; nobody looks for beginnings.
        constraints = [models.UniqueConstraint(fields=("event_id",), name="one_event_per_key")]
        indexes = [
            models.Index(fields=("lead_id",), name="event_of_lead", condition=Q(lead_id__isnull=False)),
            # its list: newest first, by trigger, of a campaign, tests; backtest: those of a trigger in order of time
            models.Index(fields=("trigger", "id"), name="event_by_trigger"),
            models.Index(
                fields=("campaign_id", "id"), name="event_of_campaign", condition=Q(campaign_id__isnull=False)
            ),
            models.Index(fields=("id",), name="event_of_test", condition=Q(test=True)),
        ]

    def __str__(self) -> str:
        return self.event_id

    def event(self) -> Event:
        return Event.restored(self.payload)


class Delivery(models.Model):
    """One mail that one rule owes for one event, to all its recipients.

    `claimed_at` is its first claim: from then on it counts as an event, and is billed; `warned_at` its first warning.
    Its lifetime counts from its first claim, or from `renewed_at`, when it was sent again or let go, if that is later.
    `lease_token` names the `Lease` under which it is being sent. `redirect` are the addresses that a test run goes to,
    comma-separated; None: the rule's own recipients.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    event = models.ForeignKey(StoredEvent, on_delete=models.CASCADE, related_name="deliveries", db_index=False)
    # No constraint of its own, which would be checked for each mail: the version's guards its rule, too.
    rule = models.ForeignKey(
        "tracking.Rule", on_delete=models.PROTECT, related_name="deliveries", db_index=False, db_constraint=False
    )
    version = models.ForeignKey("tracking.RuleVersion", on_delete=models.PROTECT, related_name="+", db_index=False)
    connection = models.ForeignKey(
        "tracking.Connection", on_delete=models.PROTECT, related_name="deliveries", db_index=False
    )
    trigger = models.CharField(max_length=60, choices=TRIGGER_CHOICES)
    product_id = models.PositiveBigIntegerField(default=0)  # 0: the event named none
    campaign_id = models.PositiveBigIntegerField(null=True)
    once_key = models.CharField(max_length=200, null=True, editable=False)
    test = models.BooleanField(default=False)
    redirect = models.CharField(max_length=2_000, null=True, editable=False)
    created_at = models.DateTimeField()
    renewed_at = models.DateTimeField(null=True, editable=False)

    state = models.CharField(max_length=20, choices=DeliveryState, default=DeliveryState.QUEUED)
    reason = models.CharField(max_length=30, choices=Reason, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    crashes = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True)
    lease_token = models.UUIDField(null=True, editable=False)
    claimed_at = models.DateTimeField(null=True)
    warned_at = models.DateTimeField(null=True)
    warning = models.CharField(max_length=30, choices=WarningCause, blank=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "tracking log"
        ordering = ("-id",)
        permissions = [("reveal_delivery", "Can reveal logged content")]
        constraints = [
            models.UniqueConstraint(fields=("event", "rule"), name="one_delivery_per_event_and_rule"),
            models.UniqueConstraint(
                fields=("rule", "once_key"), name="once_per_lead", condition=Q(once_key__isnull=False)
            ),
            models.CheckConstraint(
                condition=Q(state="sending", lease_token__isnull=False)
                | ~Q(state="sending") & Q(lease_token__isnull=True),
                name="a_lease_while_sending_and_only_then",
            ),
        ]
        indexes = [
            # claim: what is due on a connection, product by product; sweep: which connections have any
            models.Index(
                fields=("connection", "product_id", "next_attempt_at"),
                name="delivery_due",
                condition=Q(state__in=WAITING),
            ),
            # metrics: how long the oldest has waited
            models.Index(fields=("next_attempt_at",), name="delivery_oldest", condition=Q(state__in=WAITING)),
            # log: newest first, by rule, by state, those with warnings (of one rule), test runs; sweep: claims of dead
            # workers
            models.Index(fields=("id",), name="delivery_warned", condition=Q(warned_at__isnull=False)),
            models.Index(fields=("rule", "id"), name="delivery_warned_of_rule", condition=Q(warned_at__isnull=False)),
            models.Index(fields=("id",), name="delivery_of_test", condition=Q(test=True)),
            models.Index(fields=("rule", "id"), name="delivery_of_rule"),
            models.Index(fields=("state", "id"), name="delivery_by_state"),
            # the log of a campaign that has few of its product's events
            models.Index(
                fields=("campaign_id", "id"), name="delivery_of_campaign", condition=Q(campaign_id__isnull=False)
            ),
            # The log by trigger or product is read rule by rule (store/log.py): a row is written three times, and each
            # index more would be, too.
        ]

    def __str__(self) -> str:
        return str(self.pk)


class Attempt(models.Model):
    """One try of a delivery: how far it came, and what the server said. Never changed."""

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="attempts")
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField()
    phase = models.CharField(max_length=20, choices=Phase)
    failure = models.CharField(max_length=20, choices=Failure, blank=True)
    code = models.PositiveSmallIntegerField(null=True)
    enhanced = models.CharField(max_length=20, blank=True)
    text = models.CharField(max_length=1000, blank=True)
    worker = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.get_phase_display()} {self.code or ''} {self.text}".strip()


class DeliveryRecipient(models.Model):
    """What became of one recipient of a delivery."""

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="recipients", db_index=False)
    role = models.CharField(max_length=5, choices=RecipientRole)
    address = models.CharField(max_length=320)
    status = models.CharField(max_length=10, choices=RecipientStatus, default=RecipientStatus.OPEN)
    code = models.PositiveSmallIntegerField(null=True)
    text = models.CharField(max_length=1000, blank=True)

    class Meta:
        ordering = ("id",)
        constraints = [models.UniqueConstraint(fields=("delivery", "address"), name="one_row_per_recipient")]

    def __str__(self) -> str:
        return self.address
