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

from tracking.access import Access
from tracking.admin.keyset import KeysetList
from tracking.admin.listing import PageList, ReadOnlyAdmin, badge
from tracking.choices import DeliveryState
from tracking.models import Campaign, Delivery, Product, StoredEvent
from tracking.store.log import Owned

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

    def indexed(self) -> Sequence[Q]:
        return [Q(test=True)] if self.value() == "test" else []

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

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[PageList]:
        return KeysetList

    def rules_of(self, request: HttpRequest) -> Q:
        """Which rules' rows this person sees, where that is what scopes them; empty: read by key."""
        return Q()

    def owned(self, request: HttpRequest) -> Sequence[Owned]:
        """Other owners than rules whose rows alone are wanted."""
        return ()

    def searched(self, term: str) -> Q:
        """The rows that a search finds; empty: nothing is searched for."""
        return Q()

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        return queryset.filter(self.searched(search_term)), False

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        found = super().get_object(request, object_id, from_field)
        if found is not None:
            self.complete(request, [found])
        return found

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


def pretty(event: StoredEvent, seen: Access) -> str:
    """The event as it came, without what this person does not see."""
    return json.dumps(seen.shown(event.payload), indent=2, ensure_ascii=False)
