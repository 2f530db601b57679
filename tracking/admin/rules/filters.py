"""By what the list of rules is filtered."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from tracking.admin.choosing import RowFilter
from tracking.admin.scope import access_of
from tracking.models import Rule
from tracking.store import adjacent


class AdjacentFilter(admin.SimpleListFilter):
    """The rules that may fire for the same event as one rule; shown only while it is set."""

    title = "adjacent to rule"
    parameter_name = "adjacent"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        value = request.GET.get(self.parameter_name, "")
        return [(value, f"Rule #{value}")] if value.isdecimal() else []

    def queryset(self, request: HttpRequest, queryset: QuerySet[Rule]) -> QuerySet[Rule]:
        value = self.value() or ""
        if not value.isdecimal():
            return queryset
        visible = access_of(request).rules()
        rule = visible.select_related("campaign").filter(pk=int(value)).first()
        return queryset.filter(pk__in=adjacent.of(rule, among=visible).values("pk")) if rule else queryset.none()


class StatusFilter(admin.SimpleListFilter):
    title = "status"
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("active", "Active"), ("disabled", "Disabled")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Rule]) -> QuerySet[Rule]:
        wanted = {"active": True, "disabled": False}.get(self.value() or "")
        return queryset if wanted is None else queryset.filter(enabled=wanted)


class ProductFilter(RowFilter):
    """The rules that see a product's events: its own and those of its campaigns."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Rule]) -> QuerySet[Rule]:
        value = self.value() or ""
        if not str(value).isdecimal():
            return queryset
        return queryset.filter(Q(product_id=int(value)) | Q(campaign__product_id=int(value)))
