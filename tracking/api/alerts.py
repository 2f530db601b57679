"""Alerts that were raised, and what people say to them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import django_filters
from django.db.models import QuerySet
from django_filters.rest_framework import FilterSet
from pydantic import BaseModel, ConfigDict
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from tracking.api.caller import PersonField
from tracking.api.door import Door
from tracking.api.filters import IdFilter, MomentFilter, YesNoFilter
from tracking.api.problems import Conflict
from tracking.api.rights import Right, reading
from tracking.choices import AlertState, AuditAction, Scope, Timeframe
from tracking.models import Alert, Rule, RuleWatch, User
from tracking.store import alerts, audit, clock
from tracking.validation import Moment

CHANGE = Right(Scope.ALERTS_WRITE, "change_alert")


class Snooze(BaseModel):
    """No mails about the rule until then."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    until: Moment


class WatchSerializer(serializers.ModelSerializer[RuleWatch]):
    acknowledged_by = PersonField()
    snoozed_by = PersonField()

    class Meta:
        model = RuleWatch
        fields = ("state", "since", "acknowledged_at", "acknowledged_by", "snoozed_until", "snoozed_by")


class AlertSerializer(serializers.ModelSerializer[Alert]):
    connection = serializers.CharField(source="connection.key", default=None, allow_null=True, read_only=True)
    timeframe = serializers.ChoiceField(choices=Timeframe.choices, allow_blank=True, read_only=True)
    trouble = WatchSerializer(
        source="rule.watch", default=None, allow_null=True, read_only=True, help_text="Where the rule stands now."
    )

    recipients = serializers.SerializerMethodField(help_text="Addresses; to buyers those alone that they know.")
    skipped = serializers.SerializerMethodField(help_text="Users without an address, or deactivated.")
    last_error = serializers.SerializerMethodField(
        help_text="Why the mail did not leave, or not to all; to buyers without addresses that they do not know."
    )

    class Meta:
        model = Alert
        fields = (
            *("id", "rule", "connection", "recovered", "raised_at", "timeframe", "events", "warnings", "causes"),
            *("percent_exceeded", "number_exceeded", "detail", "recipients", "skipped", "state", "tries", "sent_at"),
            *("last_error", "trouble"),
        )
        read_only_fields = fields

    def get_recipients(self, alert: Alert) -> list[str]:
        return self._told(alert)[0]

    def get_skipped(self, alert: Alert) -> list[str]:
        return self._told(alert)[1]

    def get_last_error(self, alert: Alert) -> str:
        return self._told(alert)[2]

    def _told(self, alert: Alert) -> tuple[list[str], list[str], str]:
        found: tuple[list[str], list[str], str] = self.context["view"].caller.access.told(alert)
        return found


class AlertFilters(FilterSet):
    rule = IdFilter(field_name="rule_id")
    state = django_filters.ChoiceFilter(choices=AlertState.choices)
    recovered = YesNoFilter()
    raised_since = MomentFilter(field_name="raised_at", lookup_expr="gte")
    raised_until = MomentFilter(field_name="raised_at", lookup_expr="lt")


class Alerts(Door):
    """Alert mails, newest first. What is said to one holds for the trouble its rule is in."""

    queryset = Alert.objects.all()
    serializer_class = AlertSerializer
    filterset_class = AlertFilters
    bodies = {"snooze": Snooze}
    rights = {
        **reading(Scope.ALERTS_READ, "alert"),
        **dict.fromkeys(("acknowledge", "snooze", "resume"), CHANGE),
    }

    def visible(self, rows: QuerySet[Alert]) -> QuerySet[Alert]:
        people = ("rule__watch__acknowledged_by", "rule__watch__snoozed_by")
        return rows.select_related("connection", "rule__watch", *people)

    def list(self, request: Request) -> Response:
        return self.listing(self.get_queryset())

    def retrieve(self, request: Request, pk: int) -> Response:
        return self.shown(self.get_object())

    @action(detail=True, methods=["post"])
    def acknowledge(self, request: Request, pk: int) -> Response:
        """No more mails about the trouble that the rule is in."""
        return self._say(_acknowledge, AuditAction.ALERT_ACKNOWLEDGED)

    @action(detail=True, methods=["post"])
    def snooze(self, request: Request, pk: int) -> Response:
        """No mails about the rule until then, whatever happens."""
        until: datetime = self.read(Snooze).until

        def act(rule: Rule, *, by: User, now: datetime) -> None:
            alerts.snooze(rule, until=until, by=self.user, now=now)

        return self._say(act, AuditAction.ALERT_SNOOZED)

    @action(detail=True, methods=["post"])
    def resume(self, request: Request, pk: int) -> Response:
        """Take back what was acknowledged or snoozed."""
        return self._say(_resume, AuditAction.ALERT_RESUMED)

    def _say(self, act: Callable[..., None], noted: AuditAction) -> Response:
        alert: Alert = self.get_object()
        if alert.rule is None:
            raise Conflict("This alert is about a connection: mend and release that.")
        now = clock.now()
        act(alert.rule, by=self.user, now=now)
        audit.note(actor=self.user, action=noted, target=alert, now=now)
        return self.shown(self.get_object())


def _acknowledge(rule: Rule, *, by: User, now: datetime) -> None:
    if not alerts.acknowledge(rule, by=by, now=now):
        raise Conflict("The rule is in no trouble now, or it was acknowledged before.")


def _resume(rule: Rule, *, by: User, now: datetime) -> None:
    if not alerts.resume(rule, now=now):
        raise Conflict("Nothing was acknowledged or snoozed.")
