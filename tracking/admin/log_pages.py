"""What the log's two lists share: newest first by key, names in bulk, search by exact ids only."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from tracking.admin.listing import ReadOnlyAdmin, badge
from tracking.choices import DeliveryState
from tracking.models import Campaign, Delivery, Product, StoredEvent

FOUND_EVENTS = 1_000  # events that one search term may stand for

STATE_COLOURS = {
    DeliveryState.SENT: "green",
    DeliveryState.FAILED: "red",
    DeliveryState.UNKNOWN: "amber",
    DeliveryState.HELD: "amber",
    DeliveryState.RETRYING: "amber",
}


def state_badge(delivery: Delivery) -> SafeString:
    return badge(delivery.get_state_display(), STATE_COLOURS.get(DeliveryState(delivery.state), "grey"))


class TestRuns(admin.SimpleListFilter):
    """All Events, and apart from them the Test Runs: the list's two tabs."""

    title = "runs"
    parameter_name = "runs"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("test", "Test Runs")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(test=self.value() == "test")

    def choices(self, changelist: Any) -> Any:
        yield {
            "selected": self.value() != "test",
            "query_string": changelist.get_query_string(remove=[self.parameter_name]),
            "display": "All Events",
        }
        yield {
            "selected": self.value() == "test",
            "query_string": changelist.get_query_string({self.parameter_name: "test"}),
            "display": "Test Runs",
        }


class LogAdmin(ReadOnlyAdmin):
    """Newest first by key, which is by time; nothing else is sorted by."""

    ordering = ("-id",)
    sortable_by = ()
    list_disable_select_all = True
    list_before_template = "admin/tracking/log_tabs.html"
    search_fields = ("id__exact",)

    def complete(self, request: HttpRequest, rows: Sequence[Any]) -> None:
        """The names of the products and campaigns that the page mentions."""
        products = Product.objects.in_bulk({row.product_id for row in rows} - {None})
        campaigns = Campaign.objects.in_bulk({row.campaign_id for row in rows} - {None})
        for row in rows:
            row.scope_words = _scope(row, products, campaigns)


def _scope(row: Any, products: dict[int, Product], campaigns: dict[int, Campaign]) -> str:
    found = []
    for kind, key, names in (("Product", row.product_id, products), ("Campaign", row.campaign_id, campaigns)):
        if key:
            found.append(f"{kind}: {names.get(key, f'#{key}')}")
    return "\n".join(found) or "-"


def events_with(term: str) -> list[UUID]:
    """Keys of the events with exactly that event id or lead id."""
    rows = StoredEvent.objects.filter(Q(event_id=term) | Q(lead_id=term)).order_by("-id")
    return list(rows.values_list("pk", flat=True)[:FOUND_EVENTS])


def as_uuid(term: str) -> UUID | None:
    try:
        return UUID(term)
    except ValueError:
        return None


def pretty(event: StoredEvent) -> str:
    return json.dumps(event.payload, indent=2, ensure_ascii=False)
