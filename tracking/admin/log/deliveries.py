"""The tracking log: deliveries, read-only but for what operators decide; as fast with millions of rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, reverse

from tracking.admin.confirming import confirmed
from tracking.admin.listing import DayFilter, page_action
from tracking.admin.log import content, facts, replay
from tracking.admin.log.columns import DeliveryColumns
from tracking.admin.log.filters import (
    ActionFilter,
    CampaignScope,
    ConnectionFilter,
    PresetFilter,
    ProductScope,
    RuleFilter,
    StateFilter,
    TriggerFilter,
    WarningFilter,
)
from tracking.admin.log.pages import TestRuns, as_uuid, events_with
from tracking.admin.scope import person
from tracking.decisions import DECISIONS
from tracking.models import Delivery
from tracking.wording import counted


@admin.register(Delivery)
class DeliveryAdmin(DeliveryColumns):
    when_empty = "A mail stands here as soon as an event fires an enabled rule."
    list_filter = (
        ("created_at", DayFilter),
        ("state", StateFilter),
        ("trigger", TriggerFilter),
        ActionFilter,
        PresetFilter,
        ProductScope,
        CampaignScope,
        ("rule", RuleFilter),
        ("connection", ConnectionFilter),
        WarningFilter,
        TestRuns,
    )
    search_help_text = "Exact event id, lead id or delivery id"
    actions = ("resend_selected", "release_selected", "discard_selected")
    actions_detail = ("resend", "release", "discard")
    actions_list = ("replay",)
    change_form_outer_after_template = "admin/tracking/delivery_below.html"
    fieldsets = (("Delivery", {"fields": facts.FIELDS}),)

    def get_urls(self) -> list[URLPattern]:
        return [*content.urls(self), *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Delivery]:
        rows: QuerySet[Delivery] = super().get_queryset(request)
        return rows.defer("event__payload")

    def searched(self, term: str) -> Q:
        term = term.strip()
        if not term:
            return Q()
        wanted = Q(event_id__in=events_with(term))
        key = as_uuid(term)
        return wanted | Q(pk=key) if key else wanted

    def around(self, request: HttpRequest, obj: Delivery) -> dict[str, Any]:
        delivery = facts.whole(self.get_queryset(request), obj.pk)
        return facts.of(request, delivery) if delivery else {}

    # --- decisions ----------------------------------------------------------------------------------------------------

    def has_resend_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return bool(request.user.has_perm("tracking.change_delivery"))

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        key = as_uuid(str(object_id))
        rows = self.get_queryset(request)
        one = rows.filter(pk=key) if key else rows.none()
        found = super().get_actions_detail(request, object_id)
        return [act for act in found if DECISIONS[act.method.original_function_name].among(one).exists()]

    @admin.action(description="Send again (failed, unknown, held)", permissions=["resend"])
    def resend_selected(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> HttpResponse | None:
        return self._ask_of_several(request, queryset, "resend")

    @admin.action(description="Release (held)", permissions=["resend"])
    def release_selected(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> HttpResponse | None:
        return self._ask_of_several(request, queryset, "release")

    @admin.action(description="Discard (queued, retrying, held)", permissions=["resend"])
    def discard_selected(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> HttpResponse | None:
        return self._ask_of_several(request, queryset, "discard")

    @page_action(description="Send again", permissions=["resend"], url_path="resend")
    def resend(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._ask_of_one(request, object_id, "resend")

    @page_action(description="Release", permissions=["resend"], url_path="release")
    def release(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._ask_of_one(request, object_id, "release")

    @page_action(description="Discard", permissions=["resend"], url_path="discard")
    def discard(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._ask_of_one(request, object_id, "discard")

    @page_action(description="Replay a window", permissions=["resend"], url_path="replay")
    def replay(self, request: HttpRequest) -> HttpResponse:
        return replay.page(self, request)

    def _ask_of_several(self, request: HttpRequest, rows: QuerySet[Delivery], name: str) -> HttpResponse | None:
        keys: Sequence[Any] = list(rows.values_list("pk", flat=True)[: self.list_per_page])
        title, chosen = DECISIONS[name].title, counted(len(keys), "delivery", "deliveries")
        others = "in another state, or of a deleted rule," if DECISIONS[name].of_living_rules else "in another state"
        page = confirmed(
            request,
            self,
            title=title,
            question=f"{title}: {chosen} chosen. What is {others} is left alone.",
            back=request.get_full_path(),
            action=f"{name}_selected",
            chosen=keys,
        )
        if page is None:
            self._decide(request, self.get_queryset(request).filter(pk__in=keys), name)
        return page

    def _ask_of_one(self, request: HttpRequest, object_id: str, name: str) -> HttpResponse:
        key = as_uuid(object_id)
        delivery = self.get_queryset(request).filter(pk=key).first() if key else None
        if delivery is None:
            self.get_object(request, object_id)  # notes whose it was
            raise Http404("There is no such delivery.")
        back = reverse("admin:tracking_delivery_change", args=(object_id,))
        title = DECISIONS[name].title
        question = (
            f"{title}: one delivery. It was made {delivery.created_at:%Y-%m-%d %H:%M} UTC by rule {delivery.rule}."
        )
        page = confirmed(request, self, title=title, question=question, back=back)
        if page is not None:
            return page
        self._decide(request, self.get_queryset(request).filter(pk=delivery.pk), name)
        return redirect(back)

    def _decide(self, request: HttpRequest, rows: QuerySet[Delivery], name: str) -> None:
        count, said = DECISIONS[name].take(rows, by=person(request))
        self.message_user(request, said, messages.SUCCESS if count else messages.WARNING)
