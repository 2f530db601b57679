"""The columns of the log, and what they need beyond the row, fetched once a page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from tracking.admin.listing import lines
from tracking.admin.log.pages import LogAdmin, state_badge
from tracking.admin.scope import access_of
from tracking.models import Attempt, Delivery, Rule

COLUMNS = ("date", "entity", "scope", "trigger_label", "action_label", "preset", "response", "warned", "log_link")


class DeliveryColumns(LogAdmin):
    list_display = COLUMNS
    list_display_links = ("date",)
    list_select_related = ("event", "rule__preset")

    def rules_of(self, request: HttpRequest) -> Q:
        own = access_of(request)
        return Q(campaign__buyer__in=own.buyers) if own.scoped else Q()

    def complete(self, request: HttpRequest, rows: Sequence[Any]) -> None:
        super().complete(request, rows)
        attempts = Attempt.objects.filter(delivery_id__in=[row.pk for row in rows]).order_by("id")
        last = {attempt.delivery_id: attempt for attempt in attempts}
        explains = request.user.has_perms(("tracking.view_rule", "tracking.view_storedevent"))
        for row in rows:
            row.last_attempt = last.get(row.pk)
            row.explained, row.rule_is_open = explains, request.user.has_perm("tracking.view_rule")

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        found = super().get_object(request, object_id, from_field)
        if found is not None:
            rules = self.admin_site.get_model_admin(Rule)
            may = rules.has_view_permission(request)
            found.rule_is_open = may and rules.get_queryset(request).filter(pk=found.rule_id).exists()
        return found

    @admin.display(description="Date")
    def date(self, delivery: Delivery) -> str:
        return f"{delivery.created_at:%Y-%m-%d %H:%M:%S}"

    @admin.display(description="Entity")
    def entity(self, delivery: Any) -> SafeString:
        """The lead and event; for whoever may ask, with the way to why which rules fired for it."""
        event = delivery.event
        found = [f"Event {event.event_id}"] if event.lead_id is None else [f"Lead {event.lead_id}", event.event_id]
        if getattr(delivery, "explained", False):
            url = reverse("admin:tracking_storedevent_explain", args=(event.pk,))
            link = '<a class="text-link" href="{}" aria-label="Explain event {}">Explain</a>'
            found.append(format_html(link, url, event.event_id))
        return lines(found)

    @admin.display(description="Scope")
    def scope(self, delivery: Delivery) -> str:
        return str(getattr(delivery, "scope_words", "-"))

    @admin.display(description="Trigger")
    def trigger_label(self, delivery: Delivery) -> str:
        return delivery.get_trigger_display()

    @admin.display(description="Action")
    def action_label(self, delivery: Delivery) -> SafeString:
        return format_html("{}<br><small>{}</small>", delivery.rule.get_kind_display(), self.rule_link(delivery))

    @admin.display(description="Preset")
    def preset(self, delivery: Delivery) -> str:
        return str(delivery.rule.preset or "-")

    @admin.display(description="Rule")
    def rule_link(self, delivery: Any) -> SafeString | str:
        if delivery.rule.deleted_at is not None:
            return f"{delivery.rule} (deleted)"
        if not getattr(delivery, "rule_is_open", False):
            return str(delivery.rule)
        url = reverse("admin:tracking_rule_change", args=(delivery.rule_id,))
        return format_html('<a class="text-link" href="{}">{}</a>', url, delivery.rule)

    @admin.display(description="Response status")
    def response(self, delivery: Delivery) -> SafeString:
        """The state, why, and the server's last reply code."""
        attempt: Attempt | None = getattr(delivery, "last_attempt", None)
        reason = delivery.get_reason_display() if delivery.reason else ""
        code = f"{attempt.code} {attempt.enhanced}".strip() if attempt and attempt.code else ""
        return format_html(
            "{} <small>{}</small><br><small>{}</small>", state_badge(delivery), code, reason or self._tried(delivery)
        )

    def _tried(self, delivery: Delivery) -> str:
        return f"{delivery.tries} tries" if delivery.tries > 1 else ""

    @admin.display(description="Warning")
    def warned(self, delivery: Delivery) -> str:
        return delivery.get_warning_display() if delivery.warning else "-"

    @admin.display(description="Log")
    def log_link(self, delivery: Delivery) -> SafeString:
        url = reverse("admin:tracking_delivery_change", args=(delivery.pk,))
        return format_html(
            '<a class="tracking-button tracking-plain" href="{}" aria-label="Log of delivery {}">Log</a>',
            url,
            delivery.pk,
        )

    @admin.display(description="Status")
    def status(self, delivery: Delivery) -> SafeString:
        reason = delivery.get_reason_display() if delivery.reason else ""
        return format_html("{}<br><small>{}</small>", state_badge(delivery), reason)

    @admin.display(description="Version of the rule")
    def version_link(self, delivery: Any) -> SafeString:
        """Leads to that version in the rule's history, for whoever may open it."""
        words: SafeString | str = str(delivery.version)
        if getattr(delivery, "rule_is_open", False):
            url = reverse("admin:tracking_rule_versions", args=(delivery.rule_id,))
            number = delivery.version.number
            words = format_html('<a class="text-link" href="{}?from={}#version-{}">{}</a>', url, number, number, words)
        newer = delivery.rule.current_id != delivery.version_id
        return format_html("{}{}", words, ": the rule was changed since" if newer else "")
