"""Where a rule's thresholds stand, and the alert mails that were raised."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from tracking.choices import AlertState, Timeframe, WatchState


class RuleWatch(models.Model):
    """The thresholds of one rule. `next_allowed_at` is claimed by a conditional update: two beats raise one alert.

    A trouble begins when a threshold is exceeded and ends when none has been for a while: `calm_since` is when that
    while began. `first_alert` is the trouble's first mail, which the others answer to. Acknowledged: no more mails
    about this trouble. Snoozed: no mails until then, about any.
    """

    rule = models.OneToOneField("tracking.Rule", on_delete=models.CASCADE, primary_key=True, related_name="watch")
    state = models.CharField(max_length=10, choices=WatchState, default=WatchState.OK)
    since = models.DateTimeField(null=True)
    next_allowed_at = models.DateTimeField(null=True)
    calm_since = models.DateTimeField(null=True)
    first_alert = models.ForeignKey("tracking.Alert", on_delete=models.SET_NULL, related_name="+", null=True)
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, related_name="+", null=True, db_index=False
    )
    snoozed_until = models.DateTimeField(null=True)
    snoozed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, related_name="+", null=True, db_index=False
    )

    def __str__(self) -> str:
        return self.get_state_display()


class Alert(models.Model):
    """One alert mail, with its own retries: about a rule's warnings, or about a connection that had to be left alone.

    `recipients` and the numbers are as they were when it was raised. `recovered`: it says that a trouble is over;
    `thread` is the trouble's first alert, None for that one itself.
    """

    rule = models.ForeignKey(
        "tracking.Rule", on_delete=models.CASCADE, related_name="alerts", null=True, db_index=False
    )
    version = models.ForeignKey(
        "tracking.RuleVersion", on_delete=models.CASCADE, related_name="+", db_index=False, null=True
    )
    connection = models.ForeignKey("tracking.Connection", on_delete=models.CASCADE, related_name="alerts", null=True)
    recovered = models.BooleanField(default=False)
    thread = models.ForeignKey("self", on_delete=models.SET_NULL, related_name="+", null=True)
    raised_at = models.DateTimeField()
    timeframe = models.CharField(max_length=3, choices=Timeframe, blank=True)
    events = models.PositiveIntegerField(default=0)
    warnings = models.PositiveIntegerField(default=0)
    causes = models.JSONField(default=dict)  # cause -> warnings
    samples = models.JSONField(default=dict)  # cause -> one event that met it, in words
    percent_exceeded = models.BooleanField(default=False)
    number_exceeded = models.BooleanField(default=False)
    detail = models.CharField(max_length=1000, blank=True)  # of a connection: its last error
    recipients = models.JSONField(default=list)  # addresses
    told = models.JSONField(default=list)  # addresses whose server took it
    skipped = models.JSONField(default=list)  # user names without an address, or deactivated
    next_allowed_at = models.DateTimeField(null=True)

    state = models.CharField(max_length=10, choices=AlertState, default=AlertState.QUEUED)
    tries = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True, editable=False)
    sent_at = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=1000, blank=True)

    class Meta:
        ordering = ("-id",)
        constraints = [
            models.CheckConstraint(
                condition=models.Q(rule__isnull=True) ^ models.Q(connection__isnull=True),
                name="an_alert_is_about_a_rule_or_a_connection",
            ),
        ]
        indexes = [
            models.Index(
                fields=("next_attempt_at",), name="alert_due", condition=models.Q(state__in=("queued", "sending"))
            ),
            # a rule's page: its last alerts
            models.Index(fields=("rule", "-id"), name="alert_of_rule"),
        ]

    def __str__(self) -> str:
        return f"alert {self.pk}"
