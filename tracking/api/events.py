"""Events in, receipts out; what was taken; and which rules would fire."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db.models import Q, QuerySet
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import ModelSerializer

from tracking.api.door import Door
from tracking.api.filters import IdFilter, LineFilter, LogFilters, TriggerFilter, YesNoFilter, since, until
from tracking.api.once import once
from tracking.api.rights import SEE_EVENTS, Right, reading
from tracking.api.shapes import EventOrEvents, Explanation, PartlyTaken, ReceiptOrReceipts, WholeEvent
from tracking.choices import Filter, Scope
from tracking.emit import emit, emit_many
from tracking.errors import EventError
from tracking.events import MAX_BATCH, Event
from tracking.models import Campaign, Delivery, Product, Rule, StoredEvent
from tracking.pipeline import explain
from tracking.pipeline.explain import DISABLED, Explained

NOTED = 20  # events of a list whose foreign owners are looked up
LEAD = 1_000  # events of a lead: those of more are walked in order of time
Errors = dict[str, list[str]]


class StoredEventSerializer(ModelSerializer[StoredEvent]):
    class Meta:
        model = StoredEvent
        fields = (
            *("event_id", "trigger", "product_id", "campaign_id", "lead_id", "occurred_at", "received_at"),
            "test",
        )


class EventFilters(LogFilters):
    event_id = LineFilter()
    lead_id = LineFilter()
    trigger = TriggerFilter()
    product = IdFilter(field_name="product_id")
    campaign = IdFilter(field_name="campaign_id")
    test = YesNoFilter()
    received_since = since()
    received_until = until()
    timed = ("received_since", "received_until")

    def indexed(self, chosen: Mapping[str, Any]) -> Sequence[Sequence[Q]]:
        same = ("event_id", "trigger")
        found = [[Q(**{name: chosen[name]})] for name in same if name in chosen]
        if "campaign" in chosen:
            found.append([Q(campaign_id=chosen["campaign"])])
        if chosen.get("test"):
            found.append([Q(test=True)])
        if "lead_id" in chosen:
            keys = list(StoredEvent.objects.filter(lead_id=chosen["lead_id"]).values_list("pk", flat=True)[:LEAD])
            found += [[Q(pk__in=keys)]] if len(keys) < LEAD else []
        return found


class Events(Door):
    """One event object, or a list of up to 1,000: 202 with its receipt, or the receipts in the same order.

    Of a list the good ones are taken even if others are refused; then the status is 400, and in place of a refused
    one's receipt stands `{"error": {field: [sentences]}, "index": n}`.
    """

    queryset = StoredEvent.objects.all()
    serializer_class = StoredEventSerializer
    filterset_class = EventFilters
    lookup_field = "event_id"
    lookup_value_converter = "key"
    bodies = {"create": EventOrEvents, "explain": Event}
    answers = {
        "create": (202, ReceiptOrReceipts),
        "retrieve": (200, WholeEvent),
        **dict.fromkeys(("explain", "explain_stored"), (200, Explanation)),
    }
    partly = {"create": PartlyTaken}
    rights = {
        **reading(Scope.EVENTS_READ, "storedevent"),
        "create": Right(Scope.EVENTS_WRITE, "add_storedevent"),
        "explain": Right(Scope.RULES_READ, "view_rule"),
        "explain_stored": Right(Scope.RULES_READ, "view_rule"),
    }
    also = {"explain_stored": SEE_EVENTS}
    dear = frozenset({"explain"})

    def visible(self, rows: QuerySet[StoredEvent]) -> QuerySet[StoredEvent]:
        return rows if self.action != "list" else rows.defer("payload")

    def list(self, request: Request) -> Response:
        return self.logged(self.get_queryset(), *self.caller.campaigns_of_log())

    def retrieve(self, request: Request, event_id: str) -> Response:
        row: StoredEvent = self.get_object()
        deliveries = self.caller.rows(Delivery).filter(event=row).order_by("pk")
        return Response(
            {
                **self.get_serializer(row).data,
                "event": self.caller.access.shown(row.payload),
                "deliveries": list(deliveries.values("id", "rule_id", "state")),
            }
        )

    @once
    def create(self, request: Request) -> Response:
        if isinstance(request.data, list):
            return self._many(request.data)
        event = Event.from_json(request.data)
        if (foreign := self._foreign([event])) and (errors := foreign.get(0)):
            raise EventError(errors)
        return Response(emit(event).to_json(), status=202)

    def _many(self, values: Sequence[Any]) -> Response:
        if len(values) > MAX_BATCH:
            raise EventError({"events": [f"must be at most {MAX_BATCH:,} in one request, not {len(values):,}"]})
        answers: Any = [_read(index, value) for index, value in enumerate(values)]
        for index, errors in self._foreign(answers).items():
            answers[index] = {"error": errors, "index": index}
        good = [index for index, answer in enumerate(answers) if isinstance(answer, Event)]
        for index, receipt in zip(good, emit_many(answers[index] for index in good), strict=True):
            answers[index] = receipt.to_json()
        return Response(answers, status=202 if len(good) == len(answers) else 400)

    def _foreign(self, events: Iterable[Any]) -> Mapping[int, Errors]:
        """Place -> what is wrong with events that are not of the products of the caller's token."""
        mine = self.caller.products
        if mine is None:
            return {}
        found = {place: event for place, event in enumerate(events) if isinstance(event, Event)}
        campaigns = {event.campaign for event in found.values() if event.campaign is not None}
        others = set(Campaign.objects.filter(pk__in=campaigns).exclude(product__in=mine).values_list("pk", flat=True))
        wrong: dict[int, Errors] = {}
        for place, event in found.items():
            if event.product not in mine:
                wrong[place] = {"product": ["must be one of the token's products"]}
            elif event.campaign in others:
                wrong[place] = {"campaign": ["must be a campaign of the token's products"]}
        self._note(found[place] for place in list(wrong)[:NOTED])
        return wrong

    def _note(self, events: Iterable[Event]) -> None:
        for event in events:
            self.note_foreign(Product, event.product)
            self.note_foreign(Campaign, event.campaign)

    @action(detail=False, methods=["post"])
    def explain(self, request: Request) -> Response:
        """What each rule of the event's owners says to it. Nothing is stored or sent."""
        return self._explained(Event.from_json(request.data))

    @action(detail=True, methods=["get"], url_path="explain")
    def explain_stored(self, request: Request, event_id: str) -> Response:
        """The same of an event that was taken, by the rules as they are now."""
        return self._explained(self.get_object().event())

    def _explained(self, event: Event) -> Response:
        said = list(explain.explain(event))
        mine = set(self.caller.rows(Rule).filter(pk__in=[one.rule for one in said]).values_list("pk", flat=True))
        rules = [self._worded(one) for one in said if one.rule in mine]
        return Response({"event_id": event.event_id, "rules": rules})

    def _worded(self, one: Explained) -> dict[str, Any]:
        words = one.to_json()
        hidden = one.refused_by not in (None, DISABLED) and self.caller.access.hides(Filter(one.refused_by))
        return {**words, "refused_by": None, "reason": "Another filter of the rule refused it."} if hidden else words


def _read(index: int, value: object) -> Event | dict[str, Any]:
    try:
        return Event.from_json(value)
    except EventError as error:
        return {"error": error.errors, "index": index}
