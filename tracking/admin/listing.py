"""What the lists share: bounded counts, pages that are completed in bulk, and pages that only show."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, TypeVar, cast
from uuid import UUID

from django.contrib.admin import ShowFacets
from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin
from unfold.contrib.filters.admin import RangeDateFilter
from unfold.decorators import action
from unfold.views import ChangeList

Method = TypeVar("Method", bound=Callable[..., Any])

COUNTED = 10_000  # rows that a list counts at most; older ones are found by filters


class BoundedPaginator(Paginator):  # type: ignore[type-arg]
    """Counts no further than COUNTED, so that a list of millions opens as fast as a short one."""

    template_name = "admin/tracking/pagination.html"

    @cached_property
    def count(self) -> int:
        rows = self.object_list
        return rows[:COUNTED].count() if isinstance(rows, QuerySet) else len(rows)

    @property
    def is_cut(self) -> bool:
        """Whether there may be more rows than were counted."""
        return self.count >= COUNTED


def bounded_count(rows: QuerySet[Any]) -> str:
    """How many rows, as people read it; "10,000+" where there may be more."""
    found = rows.order_by()[:COUNTED].count()
    return f"{found:,}+" if found == COUNTED else f"{found:,}"


class PageList(ChangeList):  # type: ignore[misc]
    """A list whose admin may complete the rows of the page shown, in bulk: `complete(rows)`."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        rows: Sequence[Model] = list(self.result_list)  # type: ignore[has-type]
        self.model_admin.complete(request, rows)
        self.result_list = rows


class ListAdmin(ModelAdmin):  # type: ignore[misc]
    """An admin for tables that may be large."""

    paginator = BoundedPaginator
    show_full_result_count = False
    show_facets = ShowFacets.NEVER  # each would be a count of its own
    list_per_page = 50
    list_max_show_all = 0
    list_filter_submit = True
    list_fullwidth = True

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[PageList]:
        return PageList

    def complete(self, request: HttpRequest, rows: Sequence[Any]) -> None:
        """Add to the rows of one page what its columns need beyond the row itself."""


class ReadOnlyAdmin(ListAdmin):
    """Rows that the product writes; people look at them."""

    actions_on_top = True

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


def first_id(moment: datetime) -> UUID:
    """The smallest UUIDv7 of that moment, to the millisecond: keys in order of time are searched by time."""
    milliseconds = int(moment.timestamp() * 1000)
    return UUID(int=(milliseconds << 80) | (7 << 76) | (2 << 62))


class DayFilter(RangeDateFilter):  # type: ignore[misc]
    """Rows made from one day (UTC) to another, both included, found by their key."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        first, last = (self._day(end) for end in ("from", "to"))
        if first is not None:
            queryset = queryset.filter(id__gte=first_id(first))
        if last is not None:
            queryset = queryset.filter(id__lt=first_id(last + timedelta(days=1)))
        return queryset

    def _day(self, end: str) -> datetime | None:
        try:
            day = date.fromisoformat(self.used_parameters.get(f"{self.parameter_name}_{end}", ""))
        except (TypeError, ValueError):  # no day, or none that the calendar has: no restriction
            return None
        return datetime.combine(day, time.min, tzinfo=UTC)


BADGES = {
    "green": "tracking-badge tracking-green",
    "red": "tracking-badge tracking-red",
    "amber": "tracking-badge tracking-amber",
    "grey": "tracking-badge tracking-grey",
}


def badge(text: str, colour: str = "grey", *, title: str = "") -> SafeString:
    return format_html('<span class="{}" title="{}">{}</span>', BADGES[colour], title, text)


def shortened(text: str, most: int = 60) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def page_action(*, description: str, permissions: Sequence[str], url_path: str) -> Callable[[Method], Method]:
    """A button at the top of a page. Its view refuses whoever has not all permissions."""
    return cast(
        "Callable[[Method], Method]", action(description=description, permissions=permissions, url_path=url_path)
    )
