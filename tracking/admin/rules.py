"""Rules: the list with the columns people compare rules by, and the page that writes them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import AutocompleteSelectFilter, ChoicesDropdownFilter

from tracking.admin import adjacent, rule_fields, rule_words
from tracking.admin.confirming import confirmed
from tracking.admin.listing import ListAdmin, badge
from tracking.admin.rule_filters import AdjacentFilter, ProductFilter, StatusFilter
from tracking.admin.rule_form import RuleForm
from tracking.admin.rule_reading import Shown
from tracking.models import Rule
from tracking.rendering.context import offered
from tracking.store import clock
from tracking.store import rules as store
from tracking.triggers import TRIGGERS, offered_filters

SHOWN_VERSIONS = 50


@admin.register(Rule)
class RuleAdmin(ListAdmin):
    form = RuleForm
    change_form_after_template = "admin/tracking/rule_below.html"
    list_before_template = "admin/tracking/adjacent_to.html"
    list_display = (
        "number",
        "trigger_label",
        "trigger_settings",
        "action_label",
        "action_settings",
        "status",
        "created",
        "author",
        "adjacent_rules",
    )
    list_display_links = ("number",)
    list_select_related = ("current", "connection", "product", "campaign__product", "author")
    list_filter = (
        ("trigger", ChoicesDropdownFilter),
        ("kind", ChoicesDropdownFilter),
        StatusFilter,
        ("product", ProductFilter),
        ("campaign", AutocompleteSelectFilter),
        AdjacentFilter,
    )
    search_fields = ("id__exact", "name", "product__name", "campaign__name")
    search_help_text = "Id, or a part of the name of the rule, its product or campaign"
    actions = ("enable", "disable", "stop")
    ordering = ("-id",)

    class Media:
        js = ("admin/js/jquery.init.js", "tracking/rule_form.js")

    # --- the list -----------------------------------------------------------------------------------------------------

    def get_queryset(self, request: HttpRequest) -> QuerySet[Rule]:
        rows: QuerySet[Rule] = super().get_queryset(request)
        return rows.filter(deleted_at=None)

    def complete(self, request: HttpRequest, rows: Sequence[Rule]) -> None:
        names, found = rule_words.names(rows), adjacent.counts(rows)
        for rule in rows:
            rule.filter_words = rule_words.filters(rule, names)  # type: ignore[attr-defined]
            rule.adjacent_count = found[rule.pk]  # type: ignore[attr-defined]

    @admin.display(description="ID", ordering="id")
    def number(self, rule: Rule) -> str:
        return f"{rule.pk}"

    @admin.display(description="Trigger", ordering="trigger")
    def trigger_label(self, rule: Rule) -> SafeString:
        return _lines([rule.get_trigger_display(), str(rule.product or rule.campaign)])

    @admin.display(description="Trigger Settings")
    def trigger_settings(self, rule: Rule) -> SafeString:
        return _lines(getattr(rule, "filter_words", ()) or ("All events",))

    @admin.display(description="Action")
    def action_label(self, rule: Rule) -> SafeString:
        return _lines(["[TPS] SMTP", rule.name] if rule.name else ["[TPS] SMTP"])

    @admin.display(description="Action Settings")
    def action_settings(self, rule: Rule) -> SafeString:
        return _lines(rule_words.action(rule))

    @admin.display(description="Status", ordering="enabled")
    def status(self, rule: Rule) -> SafeString:
        return badge("Active", "green") if rule.enabled else badge("Disabled")

    @admin.display(description="Created At", ordering="created_at")
    def created(self, rule: Rule) -> str:
        return f"{rule.created_at:%Y-%m-%d %H:%M}"

    @admin.display(description="Adjacent Rules")
    def adjacent_rules(self, rule: Rule) -> SafeString | str:
        count: int = getattr(rule, "adjacent_count", 0)
        url = f"{reverse('admin:tracking_rule_changelist')}?{urlencode({AdjacentFilter.parameter_name: rule.pk})}"
        return format_html('<a class="text-link" href="{}">{}</a>', url, count) if count else "0"

    @admin.action(description="Enable selected rules", permissions=["change"])
    def enable(self, request: HttpRequest, queryset: QuerySet[Rule]) -> None:
        self._switch(request, queryset, enabled=True)

    @admin.action(description="Disable selected rules", permissions=["change"])
    def disable(self, request: HttpRequest, queryset: QuerySet[Rule]) -> None:
        self._switch(request, queryset, enabled=False)

    @admin.action(description="Disable selected rules and discard what waits", permissions=["change"])
    def stop(self, request: HttpRequest, queryset: QuerySet[Rule]) -> HttpResponse | None:
        chosen = list(queryset)
        page = confirmed(
            request,
            self,
            title="Disable and discard",
            question=f"{len(chosen)} rules are disabled, and the mails they have waiting are never sent.",
            back=request.get_full_path(),
            action="stop",
            chosen=[rule.pk for rule in chosen],
        )
        if page is None:
            discarded = store.stop(chosen, now=clock.now())
            for rule in chosen:
                self.log_change(request, rule, "Disabled, what waited was discarded.")
            self.message_user(
                request, f"{len(chosen)} rules disabled, {discarded} waiting mails discarded.", messages.SUCCESS
            )
        return page

    def _switch(self, request: HttpRequest, rows: QuerySet[Rule], *, enabled: bool) -> None:
        chosen = list(rows)
        changed = store.set_enabled(chosen, enabled=enabled)
        word = "enabled" if enabled else "disabled"
        for rule in chosen:
            self.log_change(request, rule, f"{word.capitalize()}.")
        self.message_user(request, f"{changed} of {len(chosen)} rules {word}.", messages.SUCCESS)

    # --- one rule -----------------------------------------------------------------------------------------------------

    def get_fieldsets(self, request: HttpRequest, obj: Rule | None = None) -> list[Any]:
        reading = obj is not None and not self.has_change_permission(request, obj)
        return [
            (title, {"fields": [Shown(name, field) if reading else name for name, field in make().items()]})
            for title, make in rule_fields.SECTIONS.items()
        ]

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """A class of this request's own: who saves, and when."""
        form = super().get_form(request, obj, change, **kwargs)
        form.author, form.now = request.user, clock.now()
        return form

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        extra = {**(extra_context or {}), "rule_form": _form_facts()}
        rule = self.get_object(request, object_id) if object_id else None
        if rule is not None:
            extra |= _around(rule)
        response: HttpResponse = super().changeform_view(request, object_id, form_url, extra)
        return response

    def save_model(self, request: HttpRequest, obj: Rule, form: Any, change: bool) -> None:
        """The form has saved it."""

    def delete_model(self, request: HttpRequest, obj: Rule) -> None:
        store.delete([obj], now=clock.now())

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Rule]) -> None:
        store.delete(list(queryset), now=clock.now())

    def get_deleted_objects(self, objs: Iterable[Any], request: HttpRequest) -> Any:
        """Log and usage of a deleted rule stay, so nothing goes but the rules themselves."""
        rules = [str(rule) for rule in objs]
        return rules, {"rules": len(rules)}, set(), []


def _lines(words: Iterable[str]) -> SafeString:
    return format_html('<div class="tracking-lines">{}</div>', format_html_join("", "<div>{}</div>", zip(words)))


def _around(rule: Rule) -> dict[str, Any]:
    """What stands below a rule's form: its versions, its thresholds, its connection."""
    return {
        "versions": rule.versions.select_related("author").defer("document")[:SHOWN_VERSIONS],
        "watch": getattr(rule, "watch", None),
        "connection": rule.connection,
        "adjacent_count": adjacent.of(rule).count(),
        "now": clock.now(),
    }


def _form_facts() -> dict[str, Any]:
    """What the page's script decides by: for each trigger the filters offered at each level, and its placeholders."""
    return {
        "triggers": {
            row.value: {
                "explanation": row.explanation + (" For ping-post products only." if row.ping_post_only else ""),
                "filters": {level.value: list(offered_filters(row, level)) for level in row.levels},
                "price_range": row.price_range,
                "placeholders": [placeholder.name for placeholder in offered(row)],
            }
            for row in TRIGGERS.values()
        }
    }
