"""What is counted: events, mails sent and warnings by minute, processed events by day for billing."""

from __future__ import annotations

from decimal import Decimal

from django.db import models


class EventMinute(models.Model):
    """Events of a rule by the minute of their first claim."""

    rule = models.ForeignKey("tracking.Rule", on_delete=models.CASCADE, related_name="+", db_index=False)
    minute = models.DateTimeField()
    events = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=("rule", "minute"), name="one_event_count_per_minute")]


class SentMinute(models.Model):
    """Mails of a rule that are sent, by the minute in which they were; one sent again moves to its new minute."""

    rule = models.ForeignKey("tracking.Rule", on_delete=models.CASCADE, related_name="+", db_index=False)
    minute = models.DateTimeField()
    sent = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=("rule", "minute"), name="one_sent_count_per_minute")]


class WarningMinute(models.Model):
    """Warnings of a rule by the minute in which they arose, and by cause."""

    rule = models.ForeignKey("tracking.Rule", on_delete=models.CASCADE, related_name="+", db_index=False)
    minute = models.DateTimeField()
    cause = models.CharField(max_length=30)
    warnings = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=("rule", "minute", "cause"), name="one_warning_count_per_minute")]
        indexes = [models.Index(fields=("minute",), name="warning_recent")]  # watch: rules with warnings of late


class UsageDay(models.Model):
    """Processed events of a rule on one day (UTC) at one unit price. Whole numbers, so that sums are exact."""

    rule = models.ForeignKey("tracking.Rule", on_delete=models.PROTECT, related_name="+", db_index=False)
    day = models.DateField()
    unit_price = models.DecimalField(max_digits=12, decimal_places=4)
    events = models.PositiveBigIntegerField()

    class Meta:
        verbose_name = "usage"
        verbose_name_plural = "usage"
        ordering = ("-day", "rule_id")
        constraints = [
            models.UniqueConstraint(fields=("rule", "day", "unit_price"), name="one_usage_row_per_day_and_price")
        ]
        indexes = [models.Index(fields=("day",), name="usage_by_day")]

    def __str__(self) -> str:
        return f"{self.day} rule {self.rule_id}"

    @property
    def amount(self) -> Decimal:
        return self.unit_price * self.events
