"""What was processed, day by day and rule by rule, at which price: as JSON in pages, or all of it as CSV."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet, Sum
from django.http import StreamingHttpResponse
from django_filters.rest_framework import FilterSet
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from tracking import spreadsheet
from tracking.api.door import Door
from tracking.api.filters import IdFilter, of_product
from tracking.api.renderers import offered
from tracking.api.rights import Right, reading
from tracking.api.shapes import UsageByDay
from tracking.choices import Scope
from tracking.models import UsageDay
from tracking.store import usage

READ = Right(Scope.USAGE_READ, "view_usageday")


class UsageSerializer(serializers.ModelSerializer[UsageDay]):
    amount = serializers.DecimalField(max_digits=30, decimal_places=4, read_only=True)

    class Meta:
        model = UsageDay
        fields = ("day", "rule", "unit_price", "events", "amount")
        read_only_fields = fields


class UsageFilters(FilterSet):
    rule = IdFilter(field_name="rule_id")
    product = IdFilter(method="of_product", help_text="Rules of the product and of its campaigns.")
    day_since = django_filters.DateFilter(field_name="day", lookup_expr="gte", help_text="From this day (UTC) on.")
    day_until = django_filters.DateFilter(field_name="day", lookup_expr="lt", help_text="Before this day (UTC).")

    def of_product(self, rows: QuerySet[UsageDay], name: str, value: int) -> QuerySet[UsageDay]:
        return of_product("rule__")(rows, name, value)


class Usage(Door):
    """One row a rule, day and unit price. Exact decimals."""

    queryset = UsageDay.objects.all()
    serializer_class = UsageSerializer
    filterset_class = UsageFilters
    filtered = frozenset({"list", "days", "as_csv"})
    answers = {"days": (200, UsageByDay), "as_csv": (200, str)}
    media = {"as_csv": "text/csv"}
    rights = {**reading(Scope.USAGE_READ, "usageday"), "days": READ, "as_csv": READ}

    def list(self, request: Request) -> Response:
        return self.listing(self.get_queryset())

    @action(detail=False)
    def days(self, request: Request) -> Response:
        """Sums by day, newest first, at most a year of them."""
        rows = self.filter_queryset(self.get_queryset()).order_by()
        by_price = rows.values_list("day", "unit_price").annotate(events=Sum("events")).order_by("-day")
        days: dict[Any, dict[str, Any]] = {}
        for day, price, events in by_price:
            one = days.setdefault(day, {"day": day, "events": 0, "amount": 0})
            one["events"] += events
            one["amount"] += price * events
            if len(days) > 366:
                break
        return Response({"days": [{**one, "amount": str(one["amount"])} for one in list(days.values())[:366]]})

    @action(detail=False, url_path="csv", renderer_classes=offered("text/csv"))
    def as_csv(self, request: Request) -> StreamingHttpResponse:
        """All rows of the filters, safe to open in a spreadsheet."""
        rows = self.filter_queryset(self.get_queryset()).order_by("-day", "rule_id")
        response = StreamingHttpResponse(spreadsheet.lines(usage.lines(rows)), content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = 'attachment; filename="usage.csv"'
        return response
