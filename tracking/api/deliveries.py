"""What rules owed for events, every try of it, and what operators do about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from tracking.api import replays
from tracking.api.filters import IdFilter, LineFilter, LogFilters, TriggerFilter, YesNoFilter, since, until
from tracking.api.problems import Conflict
from tracking.api.replays import Replays
from tracking.api.rights import Right, reading
from tracking.choices import DeliveryState, Scope, WarningCause
from tracking.decisions import DECISIONS
from tracking.models import Attempt, Delivery, DeliveryRecipient, Rule, StoredEvent
from tracking.store import log
from tracking.store.log import Owned

CHANGE = Right(Scope.DELIVERIES_WRITE, "change_delivery")
FEW_EVENTS = 1_000  # of a lead: those of more are walked in order of time
SHOWN_ATTEMPTS = 200  # with a delivery; the others are in pages of their own


class RecipientSerializer(serializers.ModelSerializer[DeliveryRecipient]):
    class Meta:
        model = DeliveryRecipient
        fields = ("role", "address", "status", "code", "text")


class AttemptSerializer(serializers.ModelSerializer[Attempt]):
    class Meta:
        model = Attempt
        fields = (*("id", "started_at", "ended_at", "phase", "code", "enhanced", "text", "failure"),)


class DeliverySerializer(serializers.ModelSerializer[Delivery]):
    event_id = serializers.CharField(source="event.event_id", read_only=True, help_text="The platform's own key.")
    lead_id = serializers.CharField(source="event.lead_id", read_only=True, allow_null=True)
    rule = serializers.IntegerField(source="rule_id", read_only=True)
    product = serializers.IntegerField(source="product_id", read_only=True, help_text="The event's; 0: it named none.")
    campaign = serializers.IntegerField(source="campaign_id", read_only=True, allow_null=True)

    class Meta:
        model = Delivery
        fields: tuple[str, ...] = (
            *("id", "event_id", "lead_id", "rule", "trigger", "product", "campaign", "test", "state", "reason"),
            *("warning", "tries", "created_at", "next_attempt_at", "finished_at"),
        )


class WholeDeliverySerializer(DeliverySerializer):
    version = serializers.IntegerField(source="version.number", read_only=True)
    recipients = RecipientSerializer(many=True, read_only=True)
    attempts = serializers.SerializerMethodField()

    class Meta(DeliverySerializer.Meta):
        fields: tuple[str, ...] = (*DeliverySerializer.Meta.fields, "version", "recipients", "attempts")

    def get_attempts(self, delivery: Delivery) -> list[dict[str, Any]]:
        last = reversed(delivery.attempts.order_by("-id")[:SHOWN_ATTEMPTS])
        return list(AttemptSerializer(list(last), many=True).data)


class DeliveryFilters(LogFilters):
    state = django_filters.MultipleChoiceFilter(choices=DeliveryState.choices)
    rule = IdFilter(field_name="rule_id")
    trigger = TriggerFilter()
    product = IdFilter(field_name="product_id", help_text="The event's product.")
    campaign = IdFilter(field_name="campaign_id")
    connection = LineFilter(field_name="connection__key")
    warned = YesNoFilter(field_name="warned_at", lookup_expr="isnull", exclude=True)
    warning = django_filters.ChoiceFilter(choices=WarningCause.choices)
    test = YesNoFilter()
    event_id = LineFilter(method="of_event")
    lead_id = LineFilter(method="of_event")
    created_since = since()
    created_until = until()
    timed = ("created_since", "created_until")

    def of_event(self, rows: QuerySet[Delivery], name: str, value: str) -> QuerySet[Delivery]:
        return rows.filter(event_id__in=StoredEvent.objects.filter(**{name: value}).values("pk"))

    def indexed(self, chosen: Mapping[str, Any]) -> Sequence[Sequence[Q]]:
        found = [[Q(state=state) for state in chosen["state"]]] if "state" in chosen else []
        if chosen.get("warned") or "warning" in chosen:
            found.append([Q(warned_at__isnull=False)])
        if chosen.get("test"):
            found.append([Q(test=True)])
        if "campaign" in chosen:
            found.append([Q(campaign_id=chosen["campaign"])])
        for name in ("event_id", "lead_id"):
            if name in chosen:
                events = StoredEvent.objects.filter(**{name: chosen[name]}).order_by()
                keys = list(events.values_list("pk", flat=True)[: FEW_EVENTS + 1])
                found += [[Q(event_id__in=keys)]] if len(keys) <= FEW_EVENTS else []
        return found

    def owned(self, chosen: Mapping[str, Any]) -> Sequence[Owned]:
        wishes = [ever(value) for name, ever in _RULES.items() if (value := chosen.get(name)) is not None]
        asked = [wish for wish in wishes if wish]
        return [Owned(Rule.objects.filter(*asked))] if asked else []


_RULES: Mapping[str, Callable[[Any], Q]] = {
    "rule": lambda rule: Q(pk=rule),
    "trigger": lambda trigger: log.ever(trigger=trigger),
    "product": log.ever_of_product,
    "campaign": log.ever_of_campaign,
    "connection": log.ever_on_connection,
}


class Deliveries(Replays):
    """The tracking log, newest first."""

    queryset = Delivery.objects.all()
    serializer_class = DeliverySerializer
    filterset_class = DeliveryFilters
    lookup_value_converter = "uuid"
    paged = frozenset({"list", "attempts"})
    bodies = replays.BODIES
    answers = {"attempts": (200, AttemptSerializer(many=True)), **replays.ANSWERS}
    dear = frozenset(replays.BODIES)
    rights = {
        **reading(Scope.DELIVERIES_READ, "delivery"),
        "attempts": Right(Scope.DELIVERIES_READ, "view_delivery"),
        **dict.fromkeys(("resend", "release", "discard", *replays.BODIES), CHANGE),
    }

    def visible(self, rows: QuerySet[Delivery]) -> QuerySet[Delivery]:
        return rows.select_related("event", "version").defer("event__payload", "version__document")

    def get_serializer_class(self) -> type[DeliverySerializer]:
        return DeliverySerializer if self.action == "list" else WholeDeliverySerializer

    def list(self, request: Request) -> Response:
        return self.logged(self.get_queryset(), *self.caller.rules_of_log())

    def retrieve(self, request: Request, pk: str) -> Response:
        return self.shown(self.get_object())

    @action(detail=True, filterset_class=None, serializer_class=AttemptSerializer)
    def attempts(self, request: Request, pk: str) -> Response:
        """Every try, newest first."""
        page = self.paginate_queryset(Attempt.objects.filter(delivery=self.get_object()))
        return self.get_paginated_response(AttemptSerializer(page, many=True).data)

    @action(detail=True, methods=["post"])
    def resend(self, request: Request, pk: str) -> Response:
        """Send again what failed, is unknown, or is held, and is of no deleted rule.

        Those it already reached are not mailed again.
        """
        return self._decide("resend", "Only what failed, is unknown or held")

    @action(detail=True, methods=["post"])
    def release(self, request: Request, pk: str) -> Response:
        """Let what is held try at once."""
        return self._decide("release", "Only what is held")

    @action(detail=True, methods=["post"])
    def discard(self, request: Request, pk: str) -> Response:
        """Cancel what is queued, is to be tried again, or is held."""
        return self._decide("discard", "Only what waits")

    def _decide(self, name: str, which: str) -> Response:
        delivery: Delivery = self.get_object()
        count, _ = DECISIONS[name].take(Delivery.objects.filter(pk=delivery.pk), by=self.user)
        if count == 0:
            if DECISIONS[name].of_living_rules and delivery.rule.deleted_at is not None:
                raise Conflict("The rule of this delivery is deleted: nothing of it is sent again.")
            raise Conflict(f"{which} can be treated so; this delivery is {delivery.get_state_display().lower()}.")
        return self.shown(self.get_object())
