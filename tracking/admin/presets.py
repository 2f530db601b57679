"""Presets: what rules can start from. They are made of rules, and never changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from tracking.admin.choosing import ChoicesMixin, TriggerFilter
from tracking.admin.listing import ListAdmin
from tracking.admin.scope import access_of, names_for, person
from tracking.models import Preset
from tracking.store import clock, history
from tracking.store import presets as store


@admin.register(Preset)
class PresetAdmin(ChoicesMixin, ListAdmin):
    when_empty = "“Save as preset” on the page of a rule keeps it as one; new rules can then begin with it."
    list_display = ("name", "trigger", "kind", "buyer", "used", "written_by", "created_at", "start")
    list_select_related = ("buyer", "author")
    list_filter = (("trigger", TriggerFilter), ("kind", ChoicesDropdownFilter))
    search_fields = ("name",)
    ordering = ("name",)
    change_form_after_template = "admin/tracking/preset_below.html"
    fields = ("name", "trigger", "kind", "buyer", "used", "written_by", "created_at", "start")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """By a rule's page: “Save as preset”."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Preset | None = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Preset]:
        rows: QuerySet[Preset] = super().get_queryset(request)
        return rows.annotate(rules_made=Count("rules", filter=Q(rules__deleted_at=None)))

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        found = super().get_object(request, object_id, from_field)
        if found is not None:
            self.complete(request, [found])
        return found

    def complete(self, request: HttpRequest, rows: Sequence[Any]) -> None:
        authors = names_for(access_of(request), [preset.author for preset in rows])
        for preset in rows:
            preset.author_name = authors.get(preset.author_id, "-")

    @admin.display(description="Author", ordering="author")
    def written_by(self, preset: Any) -> str:
        return str(preset.author_name)

    @admin.display(description="Rules made from it")
    def used(self, preset: Any) -> int:
        return int(preset.rules_made)

    @admin.display(description="New rule")
    def start(self, preset: Preset) -> SafeString:
        url = f"{reverse('admin:tracking_rule_add')}?{urlencode({'preset': preset.pk})}"
        return format_html('<a class="text-link" href="{}">Start a rule from it</a>', url)

    def around(self, request: HttpRequest, obj: Preset) -> dict[str, Any]:
        document = access_of(request).document(obj.document)
        return {"settings": _settings(document), "body": document["action"]["body"]}

    def delete_model(self, request: HttpRequest, obj: Preset) -> None:
        store.delete(obj, author=person(request), now=clock.now())

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Preset]) -> None:
        for preset in queryset:
            self.delete_model(request, preset)


def _settings(document: dict[str, Any]) -> list[str]:
    """All that is set, a sentence each; what is off, and the body, which stands below, are left out."""
    nothing: dict[str, Any] = {name: {} for name, value in document.items() if isinstance(value, dict)}
    found = history.diff(nothing, {**document, "action": {**document["action"], "body": None}})
    return [line for line in found if not line.endswith(": off.")]
