"""Alerts that were raised: their numbers, causes and recipients, and what became of the mail."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from tracking.access import Access
from tracking.admin.choosing import RowFilter
from tracking.admin.listing import ReadOnlyAdmin, badge
from tracking.admin.scope import access_of
from tracking.choices import AlertState, WarningCause
from tracking.models import Alert
from tracking.wording import counted

_COLOURS = {AlertState.SENT: "green", AlertState.FAILED: "red"}


def why(alert: Alert) -> str:
    """The reason in a few words."""
    if alert.connection_id is not None:
        return "Left alone after failures"
    if alert.recovered:
        return "Recovered"
    arms = (("% of Warnings", alert.percent_exceeded), ("Number of Warnings", alert.number_exceeded))
    return ", ".join(name for name, exceeded in arms if exceeded) or "-"


def mail_badge(alert: Alert) -> SafeString:
    """What became of its mail."""
    return badge(alert.get_state_display(), _COLOURS.get(AlertState(alert.state), "grey"), title=alert.last_error)


def show_to(seen: Access, alert: Alert) -> None:
    """Put what that person learns of it in the place of the rest, which nobody saves."""
    alert.recipients, alert.skipped, alert.last_error = seen.told(alert)


@admin.register(Alert)
class AlertAdmin(ReadOnlyAdmin):
    when_empty = "An alert comes when a rule with notifications passes its limits, or a connection rests."
    list_display = ("raised_at", "subject_link", "exceeded", "numbers", "causes_in_words", "status")
    list_display_links = ("raised_at",)
    list_select_related = ("rule", "connection")
    list_filter = (("state", ChoicesDropdownFilter), ("rule", RowFilter))
    ordering = ("-id",)
    change_form_outer_before_template = "admin/tracking/alert_buttons.html"
    sortable_by = ()
    fieldsets = (
        ("Alert", {"fields": ("subject_link", "version", "raised_at", "exceeded", "numbers", "causes_in_words")}),
        (
            "Mail",
            {"fields": ("status", "to", "left_out", "tries", "next_attempt_at", "sent_at", "last_error", "next_one")},
        ),
    )

    def get_object(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Alert | None:
        alert: Alert | None = super().get_object(request, *args, **kwargs)
        if alert is not None:
            self.complete(request, [alert])
        return alert

    def complete(self, request: HttpRequest, rows: Sequence[Any]) -> None:
        for alert in rows:
            show_to(access_of(request), alert)
            alert.about_is_open = request.user.has_perm(f"tracking.view_{'rule' if alert.rule_id else 'connection'}")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return tuple(name for _, options in self.fieldsets for name in options["fields"])

    @admin.display(description="About")
    def subject_link(self, alert: Any) -> SafeString | str:
        if alert.rule is not None and alert.rule.deleted_at is not None:
            return f"{alert.rule} (deleted)"
        about = alert.rule or alert.connection
        assert about is not None  # the database holds that
        kind = "" if alert.rule else "Connection "
        if not getattr(alert, "about_is_open", False):
            return f"{kind}{about}"
        url = reverse(f"admin:tracking_{about._meta.model_name}_change", args=(about.pk,))
        return format_html('<a class="text-link" href="{}">{}{}</a>', url, kind, about)

    @admin.display(description="Why")
    def exceeded(self, alert: Alert) -> str:
        return why(alert)

    @admin.display(description="Numbers")
    def numbers(self, alert: Alert) -> str:
        if alert.connection is not None:
            return alert.detail or "-"
        warned, seen = counted(alert.warnings, "warning"), counted(alert.events, "event")
        return f"{warned} of {seen} in {alert.get_timeframe_display()}"

    @admin.display(description="Causes")
    def causes_in_words(self, alert: Alert) -> str:
        labels = dict(WarningCause.choices)
        counted = sorted(alert.causes.items(), key=lambda row: -row[1])
        return ", ".join(f"{labels.get(cause, cause)}: {count}" for cause, count in counted) or "-"

    @admin.display(description="Mail")
    def status(self, alert: Alert) -> SafeString:
        return mail_badge(alert)

    @admin.display(description="Recipients")
    def to(self, alert: Alert) -> str:
        return ", ".join(alert.recipients) or "-"

    @admin.display(description="Left out (no address, or deactivated)")
    def left_out(self, alert: Alert) -> str:
        return ", ".join(alert.skipped) or "-"

    @admin.display(description="Next one not before")
    def next_one(self, alert: Alert) -> str:
        return "-" if alert.next_allowed_at is None else f"{alert.next_allowed_at:%Y-%m-%d %H:%M} UTC"
