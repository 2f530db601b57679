"""Predefined ESP connections: provider presets, a password nobody reads again, and health."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import URLPattern, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from tracking.admin import connection_trying
from tracking.admin.choosing import ChoicesMixin, writes_rules
from tracking.admin.confirming import confirmed
from tracking.admin.connection_form import PACE, ConnectionForm
from tracking.admin.listing import ListAdmin, badge, page_action, shortened
from tracking.admin.scope import person
from tracking.choices import ConnectionKind
from tracking.models import Connection, Delivery, Rule
from tracking.smtp.providers import PROVIDERS
from tracking.store import clock, health
from tracking.store import connections as store
from tracking.tasks import wake_on_commit
from tracking.wording import counted

NAMED_RULES = 20  # of those that keep a connection from being deleted


@admin.register(Connection)
class ConnectionAdmin(ChoicesMixin, ListAdmin):
    """Custom connections are not listed: each belongs to its rule, and its health stands on the rule's page."""

    form = ConnectionForm
    list_display = ("name", "provider_label", "server", "health", "pace", "streak", "error", "last_success_at")
    list_filter = (("provider", admin.AllValuesFieldListFilter), ("encryption", ChoicesDropdownFilter))
    search_fields = ("name", "key", "host")
    ordering = ("name",)
    actions = ("release_selected",)
    actions_detail = ("release_now",)
    readonly_fields = ("state",)
    change_form_after_template = "admin/tracking/connection_facts.html"

    class Media:
        js = ("tracking/connection_form.js", "tracking/try.js")

    def get_urls(self) -> list[URLPattern]:
        return [*connection_trying.urls(self), *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Connection]:
        rows: QuerySet[Connection] = super().get_queryset(request)
        return rows.filter(kind=ConnectionKind.ESP)

    def may_choose(self, request: HttpRequest) -> bool:
        """Whoever writes rules chooses a connection by its name, and learns nothing more of it."""
        return super().may_choose(request) or writes_rules(request)

    def get_search_fields(self, request: HttpRequest) -> tuple[str, ...]:
        return self.search_fields if self.has_view_permission(request) else ("name",)

    def get_fieldsets(self, request: HttpRequest, obj: Model | None = None) -> list[Any]:
        writes = self.has_change_permission(request, obj) if obj else True
        secret = ("password",) if writes else ()
        return [
            ("Connection", {"fields": ("name", "key", "provider", "region")}),
            ("Server", {"fields": ("host", "port", "encryption", "login", *secret)}),
            ("Pace", {"fields": PACE}),
            *([("Health", {"fields": ("state",)})] if obj else []),
        ]

    def around(self, request: HttpRequest, obj: Connection | None) -> dict[str, Any]:
        presets = {
            preset.value.value: {
                "regions": preset.regions,
                "hint": preset.login_hint,
                "host": preset.host,
                "port": preset.port,
                "encryption": preset.encryption.value,
                "login": preset.fixed_login,
            }
            for preset in PROVIDERS.values()
        }
        return {"presets": presets}

    def save_model(self, request: HttpRequest, obj: Connection, form: Any, change: bool) -> None:
        """The form has saved it; what waited for it may leave now."""
        if form.has_changed():
            wake_on_commit([obj.pk])

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """A class of this request's own: who saves."""
        form = super().get_form(request, obj, change, **kwargs)
        form.author = request.user
        return form

    def delete_model(self, request: HttpRequest, obj: Connection) -> None:
        store.delete(obj, now=clock.now(), author=person(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Connection]) -> None:
        for connection in queryset:
            self.delete_model(request, connection)

    # --- columns ------------------------------------------------------------------------------------------------------

    @admin.display(description="Provider", ordering="provider")
    def provider_label(self, connection: Connection) -> str:
        preset = PROVIDERS.get(connection.provider)
        return preset.label if preset else connection.provider

    @admin.display(description="Server")
    def server(self, connection: Connection) -> SafeString:
        return format_html(
            "{}:{}<br><small>{}</small>", connection.host, connection.port, connection.get_encryption_display()
        )

    @admin.display(description="Health")
    def health(self, connection: Connection) -> SafeString:
        if connection.paused_at(clock.now()):
            until = "mended" if connection.waits_for_an_operator else f"{connection.paused_until:%H:%M:%S} UTC"
            return badge(f"Paused until {until}", "red", title=connection.get_pause_reason_display())
        return badge("Failing", "amber") if connection.fail_streak else badge("OK", "green")

    @admin.display(description="Failed in a row", ordering="fail_streak")
    def streak(self, connection: Connection) -> int:
        return connection.fail_streak

    @admin.display(description="Last error")
    def error(self, connection: Connection) -> str:
        return shortened(connection.last_error) or "-"

    @admin.display(description="Health")
    def state(self, connection: Connection) -> SafeString:
        now = clock.now()
        context = {"connection": connection, "now": now, "work": health.work(connection, now=now)}
        shown = ("connection_health", "connection_work")
        return SafeString("".join(render_to_string(f"admin/tracking/{name}.html", context) for name in shown))

    @admin.display(description="Rate")
    def pace(self, connection: Connection) -> str:
        """As "12.4/min, lowered 14:02 after the server's limit"; a dash where nothing limits it."""
        if connection.rate is None:
            return "-" if connection.max_rate is None else f"{connection.max_rate}/min"
        lowered = connection.rate_lowered_at
        return f"{connection.rate:.1f}/min" + (f", lowered {lowered:%H:%M} after the server's limit" if lowered else "")

    # --- actions ------------------------------------------------------------------------------------------------------

    @admin.action(description="Release now", permissions=["change"])
    def release_selected(self, request: HttpRequest, queryset: QuerySet[Connection]) -> None:
        self._release(request, list(queryset))

    @page_action(description="Release now", permissions=["change"], url_path="release")
    def release_now(self, request: HttpRequest, object_id: str) -> HttpResponse:
        back = reverse("admin:tracking_connection_change", args=(object_id,))
        connection = self.get_object(request, object_id)
        if connection is None:
            raise Http404
        question = "Let this connection try at once, and send what is held because of it?"
        if (page := confirmed(request, self, title="Release now", question=question, back=back)) is not None:
            return page
        self._release(request, [connection])
        return redirect(back)

    def _release(self, request: HttpRequest, connections: Iterable[Connection]) -> None:
        rows = list(connections)
        due = sum(store.release(row, now=clock.now(), author=person(request)) for row in rows)
        for row in rows:
            self.log_change(request, row, "Released.")
        wake_on_commit([row.pk for row in rows])
        self.message_user(
            request,
            f"{counted(len(rows), 'connection')} released; "
            f"{counted(due, 'held delivery is', 'held deliveries are')} due.",
            messages.SUCCESS,
        )

    def get_deleted_objects(self, objs: Iterable[Any], request: HttpRequest) -> Any:
        """What is in use stays; the page says by which rules. The log is not walked through, it may hold millions."""
        connections = list(objs)
        protected = [line for connection in connections for line in _users_of(connection)]
        names = [str(connection) for connection in connections]
        return names, {"connections": len(connections)}, set(), protected


def _users_of(connection: Connection) -> list[SafeString | str]:
    rules = list(Rule.objects.filter(connection=connection)[: NAMED_RULES + 1])
    lines: list[SafeString | str] = [_rule_line(rule) for rule in rules[:NAMED_RULES]]
    if len(rules) > NAMED_RULES:
        lines.append("and more rules")
    if not rules and Delivery.objects.filter(connection=connection).exists():
        lines.append("deliveries in the tracking log, which name it")
    return lines


def _rule_line(rule: Rule) -> SafeString:
    if rule.deleted_at is not None:
        return format_html("Rule {} (deleted, kept for its log)", rule)
    return format_html(
        'Rule <a class="text-link" href="{}">{}</a>', reverse("admin:tracking_rule_change", args=(rule.pk,)), rule
    )
