"""Usage: processed events by day, rule and price, with the sums of what is shown, and as CSV."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import QuerySet, Sum
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import reverse
from unfold.contrib.filters.admin import RangeDateFilter

from tracking import spreadsheet
from tracking.admin.choosing import RowFilter
from tracking.admin.listing import ReadOnlyAdmin, is_forged, page_action, to_list
from tracking.admin.scope import person
from tracking.choices import AuditAction
from tracking.models import UsageDay
from tracking.store import audit, clock, usage


def totals(rows: QuerySet[UsageDay]) -> tuple[int, Decimal]:
    """Events and amount of a selection. Whole numbers are summed, so that the amount is exact on every database."""
    by_price = rows.order_by().values_list("unit_price").annotate(Sum("events"))
    sums = [(price, events) for price, events in by_price]
    return sum(events for _, events in sums), sum((price * events for price, events in sums), Decimal(0))


@admin.register(UsageDay)
class UsageDayAdmin(ReadOnlyAdmin):
    when_empty = "A day stands here as soon as the first mail of a rule was tried on it."
    list_display = ("day", "rule", "unit_price", "events", "amount_shown")
    list_display_links = ("day",)
    row_words = ("row", "rows")
    list_select_related = ("rule",)
    list_filter = (("day", RangeDateFilter), ("rule", RowFilter))
    list_before_template = "admin/tracking/usage_totals.html"
    actions_list = ("download",)
    ordering = ("-day", "rule_id")
    sortable_by = ("day", "rule")

    @admin.display(description="Amount")
    def amount_shown(self, usage: UsageDay) -> str:
        return f"${usage.amount:,.4f}"

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        response: HttpResponse = super().changelist_view(request, extra_context)
        context = getattr(response, "context_data", None)
        if context and "cl" in context:
            events, amount = totals(context["cl"].queryset)
            context["totals"] = {"events": f"{events:,}", "amount": f"${amount:,.4f}"}
        return response

    @page_action(description="Download CSV", url_path="csv", permissions=["view"])
    def download(self, request: HttpRequest) -> StreamingHttpResponse | HttpResponse:
        """The rows of the list's filters, all pages."""
        listed = reverse("admin:tracking_usageday_changelist")
        if is_forged(request):
            return to_list(listed)
        try:
            rows = self.get_changelist_instance(request).queryset
        except IncorrectLookupParameters:
            return to_list(listed)
        audit.note(
            actor=person(request),
            action=AuditAction.USAGE_EXPORTED,
            target=None,
            detail={"query": request.GET.urlencode()[:500]},
            now=clock.now(),
        )
        response = StreamingHttpResponse(spreadsheet.lines(usage.lines(rows)), content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = 'attachment; filename="usage.csv"'
        return response
