"""The tracking log: deliveries, read-only but for sending again and discarding; as fast with millions of rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import AutocompleteSelectFilter, ChoicesDropdownFilter

from tracking.admin.confirming import confirmed
from tracking.admin.listing import DayFilter, badge, page_action
from tracking.admin.log_pages import LogAdmin, TestRuns, as_uuid, events_with, pretty, state_badge
from tracking.choices import DeliveryState, RecipientStatus
from tracking.models import Attempt, Delivery
from tracking.models.delivery import WAITING
from tracking.store import clock, deliveries
from tracking.tasks import wake_on_commit

RESENDABLE = (DeliveryState.FAILED, DeliveryState.UNKNOWN, DeliveryState.HELD)
SHOWN_ATTEMPTS = 200

RECIPIENT_COLOURS = {
    RecipientStatus.ACCEPTED: "green",
    RecipientStatus.REFUSED: "red",
    RecipientStatus.BOUNCED: "red",
}


class WarningFilter(admin.SimpleListFilter):
    title = "warning"
    parameter_name = "warned"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "With a warning"), ("no", "Without a warning")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> QuerySet[Delivery]:
        if self.value() not in ("yes", "no"):
            return queryset
        return queryset.filter(warned_at__isnull=self.value() == "no")


@admin.register(Delivery)
class DeliveryAdmin(LogAdmin):
    list_display = ("date", "entity", "scope", "trigger_label", "rule_link", "status", "tries", "warned")
    list_display_links = ("date",)
    list_select_related = ("event", "rule")
    list_filter = (
        ("state", ChoicesDropdownFilter),
        ("trigger", ChoicesDropdownFilter),
        ("rule", AutocompleteSelectFilter),
        ("created_at", DayFilter),
        WarningFilter,
        TestRuns,
    )
    search_help_text = "Exact event id, lead id or delivery id"
    actions = ("resend_selected", "discard_selected")
    actions_detail = ("resend", "discard")
    change_form_after_template = "admin/tracking/delivery_below.html"
    fieldsets = (
        (
            "Delivery",
            {
                "fields": (
                    "id",
                    "status",
                    "scope",
                    "trigger_label",
                    "rule_link",
                    "version",
                    "connection",
                    "tries",
                    "warned",
                    "created_at",
                    "claimed_at",
                    "next_attempt_at",
                    "finished_at",
                )
            },
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Delivery]:
        rows: QuerySet[Delivery] = super().get_queryset(request)
        return rows.defer("event__payload")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Delivery], search_term: str
    ) -> tuple[QuerySet[Delivery], bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        wanted = Q(event_id__in=events_with(term))
        key = as_uuid(term)
        return queryset.filter(wanted | Q(pk=key) if key else wanted), False

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Delivery | None:
        found: Delivery | None = super().get_object(request, object_id, from_field)
        if found is not None:
            self.complete(request, [found])
        return found

    # --- columns ------------------------------------------------------------------------------------------------------

    @admin.display(description="Date")
    def date(self, delivery: Delivery) -> str:
        return f"{delivery.created_at:%Y-%m-%d %H:%M:%S}"

    @admin.display(description="Entity")
    def entity(self, delivery: Delivery) -> SafeString:
        event = delivery.event
        if event.lead_id is None:
            return format_html("Event {}", event.event_id)
        return format_html("Lead {}<br><small>{}</small>", event.lead_id, event.event_id)

    @admin.display(description="Scope")
    def scope(self, delivery: Delivery) -> str:
        return str(getattr(delivery, "scope_words", "-"))

    @admin.display(description="Trigger")
    def trigger_label(self, delivery: Delivery) -> str:
        return delivery.get_trigger_display()

    @admin.display(description="Rule")
    def rule_link(self, delivery: Delivery) -> SafeString | str:
        if delivery.rule.deleted_at is not None:
            return f"{delivery.rule} (deleted)"
        url = reverse("admin:tracking_rule_change", args=(delivery.rule_id,))
        return format_html('<a class="text-link" href="{}">{}</a>', url, delivery.rule)

    @admin.display(description="Status")
    def status(self, delivery: Delivery) -> SafeString:
        reason = delivery.get_reason_display() if delivery.reason else ""
        return format_html("{}<br><small>{}</small>", state_badge(delivery), reason)

    @admin.display(description="Warning")
    def warned(self, delivery: Delivery) -> str:
        return delivery.get_warning_display() if delivery.warning else "-"

    # --- actions ------------------------------------------------------------------------------------------------------

    def has_resend_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return bool(request.user.has_perm("tracking.change_delivery"))

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        key = as_uuid(str(object_id))
        state = Delivery.objects.filter(pk=key).values_list("state", flat=True).first() if key else None
        allowed = {"resend": state in RESENDABLE, "discard": state in WAITING}
        found = super().get_actions_detail(request, object_id)
        return [one for one in found if allowed[one.method.original_function_name]]

    @admin.action(description="Send again (failed, unknown, held)", permissions=["resend"])
    def resend_selected(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> HttpResponse | None:
        return self._ask(request, queryset, name="resend_selected", title="Send again", do=self._resend)

    @admin.action(description="Discard (queued, retrying, held)", permissions=["resend"])
    def discard_selected(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> HttpResponse | None:
        return self._ask(request, queryset, name="discard_selected", title="Discard", do=self._discard)

    @page_action(description="Send again", permissions=["resend"], url_path="resend")
    def resend(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._ask_one(request, object_id, title="Send again", do=self._resend)

    @page_action(description="Discard", permissions=["resend"], url_path="discard")
    def discard(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._ask_one(request, object_id, title="Discard", do=self._discard)

    def _ask(
        self, request: HttpRequest, rows: QuerySet[Delivery], *, name: str, title: str, do: Any
    ) -> HttpResponse | None:
        keys = list(rows.values_list("pk", flat=True)[: self.list_per_page])
        page = confirmed(
            request,
            self,
            title=title,
            question=f"{title}: {len(keys)} deliveries chosen. Those in another state are left alone.",
            back=request.get_full_path(),
            action=name,
            chosen=keys,
        )
        if page is None:
            do(request, Delivery.objects.filter(pk__in=keys))
        return page

    def _ask_one(self, request: HttpRequest, object_id: str, *, title: str, do: Any) -> HttpResponse:
        key = as_uuid(object_id)
        back = reverse("admin:tracking_delivery_change", args=(object_id,))
        rows = Delivery.objects.filter(pk=key) if key else Delivery.objects.none()
        if not rows.exists():
            return redirect("admin:tracking_delivery_changelist")
        question = f"{title}: one delivery. It was made {rows[0].created_at:%Y-%m-%d %H:%M} UTC by rule {rows[0].rule}."
        page = confirmed(request, self, title=title, question=question, back=back)
        if page is not None:
            return page
        do(request, rows)
        return redirect(back)

    @transaction.atomic
    def _resend(self, request: HttpRequest, rows: QuerySet[Delivery]) -> None:
        connections = set(rows.values_list("connection_id", flat=True))
        chosen = list(rows.filter(state__in=RESENDABLE))
        count = deliveries.resend(rows, now=clock.now())
        wake_on_commit(connections)
        self._done(request, chosen, f"{count} deliveries are sent again.", "Sent again.")

    @transaction.atomic
    def _discard(self, request: HttpRequest, rows: QuerySet[Delivery]) -> None:
        chosen = list(rows.filter(state__in=WAITING))
        count = deliveries.discard(rows, now=clock.now())
        self._done(request, chosen, f"{count} deliveries discarded.", "Discarded.")

    def _done(self, request: HttpRequest, chosen: Sequence[Delivery], message: str, logged: str) -> None:
        for delivery in chosen:
            self.log_change(request, delivery, logged)
        self.message_user(request, message, messages.SUCCESS if chosen else messages.WARNING)

    # --- one delivery -------------------------------------------------------------------------------------------------

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        key = as_uuid(object_id or "")
        facts = _delivery_facts(key, payload=request.user.has_perm("tracking.view_storedevent")) if key else {}
        response: HttpResponse = super().changeform_view(
            request, object_id, form_url, {**(extra_context or {}), **facts}
        )
        return response


def _delivery_facts(key: UUID, *, payload: bool) -> dict[str, Any]:
    delivery = Delivery.objects.select_related("event").filter(pk=key).first()
    if delivery is None:
        return {}
    return {
        "event": delivery.event,
        "payload": pretty(delivery.event) if payload else None,
        "recipients": [
            (row, badge(row.get_status_display(), RECIPIENT_COLOURS.get(RecipientStatus(row.status), "grey")))
            for row in delivery.recipients.all()
        ],
        "attempts": [(row, _seconds(row)) for row in delivery.attempts.all()[:SHOWN_ATTEMPTS]],
    }


def _seconds(attempt: Attempt) -> str:
    return f"{(attempt.ended_at - attempt.started_at).total_seconds():.3f} s"
