"""Events as the platform sent them, and the mails that rules owe for each."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from tracking.admin.listing import DayFilter
from tracking.admin.log_pages import LogAdmin, TestRuns, as_uuid, events_with, pretty, state_badge
from tracking.models import Delivery, StoredEvent


@admin.register(StoredEvent)
class StoredEventAdmin(LogAdmin):
    list_display = ("received", "event_id", "trigger", "scope", "lead_id", "test")
    list_display_links = ("received", "event_id")
    list_filter = (("trigger", ChoicesDropdownFilter), ("received_at", DayFilter), TestRuns)
    search_help_text = "Exact event id or lead id"
    change_form_after_template = "admin/tracking/event_below.html"
    fieldsets = (
        ("Event", {"fields": ("event_id", "trigger", "scope", "lead_id", "occurred_at", "received_at", "test")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[StoredEvent]:
        rows: QuerySet[StoredEvent] = super().get_queryset(request)
        return rows.defer("payload")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[StoredEvent], search_term: str
    ) -> tuple[QuerySet[StoredEvent], bool]:
        term = search_term.strip()
        return (queryset.filter(pk__in=events_with(term)) if term else queryset), False

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Model | None:
        found: StoredEvent | None = super().get_object(request, object_id, from_field)
        if found is not None:
            self.complete(request, [found])
        return found

    @admin.display(description="Received")
    def received(self, event: StoredEvent) -> str:
        return f"{event.received_at:%Y-%m-%d %H:%M:%S}"

    @admin.display(description="Scope")
    def scope(self, event: StoredEvent) -> str:
        return str(getattr(event, "scope_words", "-"))

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        key = as_uuid(object_id or "")
        event = StoredEvent.objects.filter(pk=key).first() if key else None
        facts = _event_facts(event, logged=request.user.has_perm("tracking.view_delivery")) if event else {}
        response: HttpResponse = super().changeform_view(
            request, object_id, form_url, {**(extra_context or {}), **facts}
        )
        return response


def _event_facts(event: StoredEvent, *, logged: bool) -> dict[str, Any]:
    owed = Delivery.objects.filter(event=event).select_related("rule") if logged else Delivery.objects.none()
    return {"payload": pretty(event), "owed": [(row, state_badge(row)) for row in owed], "logged": logged}
