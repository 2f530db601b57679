"""What can be done with several rules at once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from tracking.admin.rules import exchange, stopping
from tracking.admin.rules.columns import RuleColumns
from tracking.admin.scope import person
from tracking.models import Rule
from tracking.store import clock
from tracking.store import rules as store
from tracking.wording import counted


class RuleActions(RuleColumns):
    """The rules that are not deleted, and their actions."""

    actions: tuple[str, ...] = ("enable", "disable", "stop", "export")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Rule]:
        rows: QuerySet[Rule] = super().get_queryset(request)
        return rows.filter(deleted_at=None)

    @admin.action(description="Enable selected rules", permissions=["change"])
    def enable(self, request: HttpRequest, queryset: QuerySet[Rule]) -> None:
        self._switch(request, queryset, enabled=True)

    @admin.action(description="Disable selected rules", permissions=["change"])
    def disable(self, request: HttpRequest, queryset: QuerySet[Rule]) -> None:
        self._switch(request, queryset, enabled=False)

    @admin.action(description="Disable selected rules and discard what waits", permissions=["change"])
    def stop(self, request: HttpRequest, queryset: QuerySet[Rule]) -> HttpResponse | None:
        return stopping.stopped(self, request, list(queryset), back=request.get_full_path(), action="stop")

    @admin.action(description="Export selected rules", permissions=["view"])
    def export(self, request: HttpRequest, queryset: QuerySet[Rule]) -> HttpResponse:
        return exchange.export(self, request, queryset)

    def _switch(self, request: HttpRequest, rows: QuerySet[Rule], *, enabled: bool) -> None:
        chosen = list(rows)
        changed = store.set_enabled(chosen, enabled=enabled, now=clock.now(), author=person(request))
        word = "enabled" if enabled else "disabled"
        for rule in chosen:
            self.log_change(request, rule, f"{word.capitalize()}.")
        self.message_user(request, f"{changed} of {counted(len(chosen), 'rule')} {word}.", messages.SUCCESS)

    def delete_model(self, request: HttpRequest, obj: Rule) -> None:
        store.delete([obj], now=clock.now(), author=person(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Rule]) -> None:
        store.delete(list(queryset), now=clock.now(), author=person(request))

    def get_deleted_objects(self, objs: Iterable[Any], request: HttpRequest) -> Any:
        """Log and usage of a deleted rule stay, so nothing goes but the rules themselves."""
        rules = [str(rule) for rule in objs]
        return rules, {"rules": len(rules)}, set(), []
