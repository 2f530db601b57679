"""The columns by which people compare rules: in the overall list, and on the page of a product or campaign."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from tracking.admin.listing import ListAdmin, badge, lines
from tracking.admin.rules import menu, words
from tracking.admin.rules.filters import AdjacentFilter
from tracking.admin.rules.sparkline import sparkline
from tracking.admin.scope import access_of, names_for
from tracking.models import Rule
from tracking.store import adjacent, clock, windows

COLUMNS = (
    "number",
    "trigger_label",
    "trigger_settings",
    "action_label",
    "action_settings",
    "status",
    "created",
    "written_by",
    "adjacent_rules",
    "lately",
    "actions_of",
)


class RuleColumns(ListAdmin):
    """What each column shows; all that is beyond the row itself is fetched once a page."""

    anchor = ""  # where on its page the list stands
    list_display = COLUMNS
    list_display_links = ("number",)
    list_select_related = ("current", "connection", "product", "campaign__product", "author")
    ordering = ("-id",)

    def complete(self, request: HttpRequest, rows: Sequence[Any]) -> None:
        keys = [rule.pk for rule in rows]
        seen = access_of(request)
        names, found = words.names(rows, seen), adjacent.counts(rows, among=seen.rules())
        authors = names_for(seen, [rule.author for rule in rows])
        days, last = windows.hours_of(keys, until=clock.now()), windows.last_fired(keys)
        for rule in rows:
            rule.filter_words = words.filters(rule, names, seen)
            rule.author_name = authors.get(rule.author_id, "-")
            rule.adjacent_count = found[rule.pk]
            rule.day, rule.last_fired = days[rule.pk], last.get(rule.pk)
            rule.menu = menu.menu(self, request, rule)

    @admin.display(description="ID", ordering="id")
    def number(self, rule: Rule) -> str:
        return f"{rule.pk}"

    @admin.display(description="Trigger", ordering="trigger")
    def trigger_label(self, rule: Rule) -> SafeString:
        return lines([rule.get_trigger_display(), str(rule.product or rule.campaign)])

    @admin.display(description="Trigger Settings")
    def trigger_settings(self, rule: Any) -> SafeString:
        return lines(rule.filter_words or ("All events",))

    @admin.display(description="Action")
    def action_label(self, rule: Rule) -> SafeString:
        return lines(["[TPS] SMTP", rule.name] if rule.name else ["[TPS] SMTP"])

    @admin.display(description="Action Settings")
    def action_settings(self, rule: Rule) -> SafeString:
        return lines(words.action(rule))

    @admin.display(description="Status", ordering="enabled")
    def status(self, rule: Rule) -> SafeString:
        return badge("Active", "green") if rule.enabled else badge("Disabled")

    @admin.display(description="Created At", ordering="created_at")
    def created(self, rule: Rule) -> SafeString:
        return lines([f"{rule.created_at:%Y-%m-%d}", f"{rule.created_at:%H:%M}"])

    @admin.display(description="Author", ordering="author")
    def written_by(self, rule: Any) -> str:
        return str(rule.author_name)

    @admin.display(description="Adjacent Rules")
    def adjacent_rules(self, rule: Any) -> SafeString | str:
        if not rule.adjacent_count:
            return "0"
        url = f"{reverse('admin:tracking_rule_changelist')}?{urlencode({AdjacentFilter.parameter_name: rule.pk})}"
        label = f"Rules adjacent to rule {rule.pk}: {rule.adjacent_count}"
        return format_html(
            '<a class="tracking-count" href="{}" aria-label="{}">{}</a>', url, label, rule.adjacent_count
        )

    @admin.display(description="Fired, sent, warned, 24 h")
    def lately(self, rule: Any) -> SafeString:
        last = f"Last {rule.last_fired:%m-%d %H:%M}" if rule.last_fired else "Never fired"
        counts = (("fired", rule.day.events), ("sent", rule.day.sent), ("warned", rule.day.warnings))
        said = ", ".join(f"{sum(hours):,} {word}" for word, hours in counts if any(hours) or word == "fired")
        return format_html(
            '<div class="tracking-lately">{}<div>{}</div><div>{}</div></div>', sparkline(rule.day), said, last
        )

    @admin.display(description="Actions")
    def actions_of(self, rule: Any) -> SafeString:
        found: SafeString = rule.menu
        return found
