"""Events as the platform sent them, and the mails that rules owe for each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern

from tracking.access import Access
from tracking.admin import explaining
from tracking.admin.choosing import TriggerFilter
from tracking.admin.listing import DayFilter, page_action
from tracking.admin.log.pages import LogAdmin, TestRuns, events_with, pretty, state_badge
from tracking.admin.scope import access_of
from tracking.models import Campaign, Delivery, StoredEvent
from tracking.store.log import Owned


class EventTrigger(TriggerFilter):
    def indexed(self) -> Sequence[Q]:
        value = self.value()
        return [Q(trigger=value)] if value else []


@admin.register(StoredEvent)
class StoredEventAdmin(LogAdmin):
    when_empty = "An event stands here as soon as the platform has sent it."
    list_display = ("received", "event_id", "trigger", "scope", "lead_id", "test")
    list_display_links = ("received", "event_id")
    list_filter = (("trigger", EventTrigger), ("received_at", DayFilter), TestRuns)
    search_help_text = "Exact event id or lead id"
    actions_list = ("explain_any",)
    change_form_after_template = "admin/tracking/event_below.html"
    fieldsets = (
        ("Event", {"fields": ("event_id", "trigger", "scope", "lead_id", "occurred_at", "received_at", "test")}),
    )

    def get_urls(self) -> list[URLPattern]:
        return [*explaining.urls(self), *super().get_urls()]

    def has_explain_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("tracking.view_rule"))

    @page_action(description="Explain an event", permissions=["explain"], url_path="explain-any")
    def explain_any(self, request: HttpRequest) -> HttpResponse:
        return redirect("admin:tracking_storedevent_explain_pasted")

    def get_queryset(self, request: HttpRequest) -> QuerySet[StoredEvent]:
        rows: QuerySet[StoredEvent] = super().get_queryset(request)
        return rows.defer("payload")

    def searched(self, term: str) -> Q:
        return Q(pk__in=events_with(term.strip())) if term.strip() else Q()

    def owned(self, request: HttpRequest) -> Sequence[Owned]:
        seen = access_of(request)
        own = Campaign.objects.filter(buyer__in=seen.buyers or ())
        return [Owned(own, "campaign_id")] if seen.scoped else []

    @admin.display(description="Received")
    def received(self, event: StoredEvent) -> str:
        return f"{event.received_at:%Y-%m-%d %H:%M:%S}"

    @admin.display(description="Scope")
    def scope(self, event: StoredEvent) -> str:
        return str(getattr(event, "scope_words", "-"))

    def around(self, request: HttpRequest, obj: StoredEvent) -> dict[str, Any]:
        facts = _event_facts(obj, access_of(request), logged=request.user.has_perm("tracking.view_delivery"))
        return {**facts, "may_explain": request.user.has_perm("tracking.view_rule")}


def _event_facts(event: StoredEvent, seen: Access, *, logged: bool) -> dict[str, Any]:
    owed = seen.deliveries().filter(event=event).select_related("rule") if logged else Delivery.objects.none()
    return {"payload": pretty(event, seen), "owed": [(row, state_badge(row)) for row in owed], "logged": logged}
