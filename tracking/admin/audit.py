"""The audit log as a list: who did what to what, and when; nobody changes it here or anywhere."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateTimeFilter

from tracking.admin.listing import ReadOnlyAdmin, badge, shortened
from tracking.choices import AuditAction
from tracking.models import AuditEntry

_COLOURS = {AuditAction.DENIED: "red", AuditAction.LOGIN_FAILED: "red", AuditAction.CONTENT_REVEALED: "amber"}


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    list_display = ("when", "actor_shown", "action_shown", "target_link", "in_short")
    list_display_links = ("when",)
    list_filter = (("action", ChoicesDropdownFilter), ("at", RangeDateTimeFilter))
    search_fields = ("actor",)
    search_help_text = "Name of the person, or type:id of what was changed, as in rule:41"
    ordering = ("-id",)
    sortable_by = ()
    fieldsets = (("Entry", {"fields": ("when", "actor_shown", "action_shown", "target_link", "detail_shown")}),)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return tuple(self.fieldsets[0][1]["fields"])

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[AuditEntry], search_term: str
    ) -> tuple[QuerySet[AuditEntry], bool]:
        kind, colon, key = search_term.strip().partition(":")
        if colon and kind.isalpha():
            return queryset.filter(target_type=kind.lower(), target_id=key.strip()), False
        found: tuple[QuerySet[AuditEntry], bool] = super().get_search_results(request, queryset, search_term)
        return found

    @admin.display(description="Time (UTC)")
    def when(self, entry: AuditEntry) -> str:
        return f"{entry.at:%Y-%m-%d %H:%M:%S}"

    @admin.display(description="Who")
    def actor_shown(self, entry: AuditEntry) -> str:
        return entry.actor or "The system"

    @admin.display(description="Did")
    def action_shown(self, entry: AuditEntry) -> SafeString:
        return badge(entry.get_action_display(), _COLOURS.get(AuditAction(entry.action), "grey"))

    @admin.display(description="To what")
    def target_link(self, entry: AuditEntry) -> SafeString | str:
        if not entry.target_type:
            return "-"
        try:
            url = reverse(f"admin:tracking_{entry.target_type}_change", args=(entry.target_id,))
        except NoReverseMatch:  # no page of its own
            return entry.target
        return format_html(
            '<a class="text-link" href="{}">{} {}</a>', url, entry.target_type.capitalize(), entry.target
        )

    @admin.display(description="Detail")
    def in_short(self, entry: AuditEntry) -> str:
        return shortened(", ".join(_words(name, value) for name, value in entry.detail.items())) or "-"

    @admin.display(description="Detail")
    def detail_shown(self, entry: AuditEntry) -> SafeString:
        return format_html("<pre>{}</pre>", json.dumps(entry.detail, indent=2, ensure_ascii=False))


def _words(name: str, value: Any) -> str:
    if isinstance(value, list) and len(value) == 2:
        return f"{name}: {value[0]} → {value[1]}"
    return f"{name}: {value}"
