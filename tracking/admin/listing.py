"""What the lists share: bounded counts, pages that are completed in bulk, and pages that only show."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, TypeVar, cast

from django.contrib.admin import ShowFacets
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.views.main import ERROR_FLAG, SEARCH_VAR
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.functional import cached_property
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin
from unfold.contrib.filters.admin import RangeDateFilter
from unfold.decorators import action
from unfold.views import ChangeList

from tracking.admin.scope import ScopedMixin
from tracking.models.delivery import first_id
from tracking.validation import MAX_ID
from tracking.wording import counted

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


def lines(found: Iterable[str]) -> SafeString:
    """A cell of several lines; the first is the largest."""
    return format_html('<div class="tracking-lines">{}</div>', format_html_join("", "<div>{}</div>", zip(found)))


def bounded_count(rows: QuerySet[Any]) -> str:
    """How many rows, as people read it; "10,000+" where there may be more."""
    found = rows.order_by()[:COUNTED].count()
    return f"{found:,}+" if found == COUNTED else f"{found:,}"


class PageList(ChangeList):  # type: ignore[misc]
    """A list whose admin may complete the rows of the page shown, in bulk: `complete(rows)`."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        if not self.query and not self.has_active_filters:
            self.full_result_count = self.result_count  # so that the title offers no "Show all" that shows no more
        rows: Sequence[Model] = list(self.result_list)  # type: ignore[has-type]
        self.model_admin.complete(request, rows)
        self.result_list = rows

    @property
    def counted(self) -> str:
        """How many rows there are, in words."""
        nouns = self.model_admin.row_words or (str(self.opts.verbose_name), str(self.opts.verbose_name_plural))
        return counted(self.result_count, *nouns)


class ForgedQueryMixin:
    """Ids that no row can have lead to the list, or to an empty field, never to the database."""

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if is_forged(request) or not all(map(self._is_key, request.POST.getlist(ACTION_CHECKBOX_NAME))):
            return to_list(request.path)
        response: HttpResponse = super().changelist_view(request, extra_context)  # type: ignore[misc]
        return response

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        given: dict[str, Any] = super().get_changeform_initial_data(request)  # type: ignore[misc]
        return {name: value for name, value in given.items() if _are_ids(value) or not self._is_relation(name)}

    def _is_key(self, text: str) -> bool:
        """Whether a chosen row can have that key."""
        try:
            key = self.model._meta.pk.to_python(text)  # type: ignore[attr-defined]
        except ValidationError:
            return False
        return not isinstance(key, int) or is_id(text)

    def _is_relation(self, name: str) -> bool:
        try:
            return bool(self.model._meta.get_field(name).is_relation)  # type: ignore[attr-defined]
        except FieldDoesNotExist:
            return False


def is_id(text: str) -> bool:
    """Whether a row can have that id."""
    return text.isdecimal() and len(text) < 20 and int(text) <= MAX_ID


def _are_ids(value: str | list[str]) -> bool:
    return all(map(is_id, [value] if isinstance(value, str) else value))


def is_forged(request: HttpRequest) -> bool:
    """Whether the list is to be filtered by an id that no row can have."""
    return any(
        (value.isdecimal() or name.endswith("__id__exact")) and value and not is_id(value)
        for name, value in cast("Iterable[tuple[str, str]]", request.GET.items())
        if name != SEARCH_VAR
    )


def to_list(path: str) -> HttpResponse:
    """To the list without filters, as the admin does when it cannot read them."""
    return redirect(f"{path}?{ERROR_FLAG}=1")


class ListAdmin(ForgedQueryMixin, ScopedMixin, ModelAdmin):  # type: ignore[misc]
    """An admin for tables that may be large."""

    paginator = BoundedPaginator
    show_full_result_count = False
    show_facets = ShowFacets.NEVER  # each would be a count of its own
    list_per_page = 50
    list_max_show_all = 0
    list_filter_submit = True
    list_fullwidth = True
    delete_confirmation_template = "admin/tracking/delete_confirmation.html"
    row_words: tuple[str, ...] = ()  # one row and several, where the model's names would not do below its list

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[PageList]:
        return PageList

    def complete(self, request: HttpRequest, rows: Sequence[Any]) -> None:
        """Add to the rows of one page what its columns need beyond the row itself."""

    def around(self, request: HttpRequest, obj: Any) -> dict[str, Any]:
        """What the templates of one row's page show beside its form; `obj` None: it is about to be added."""
        return {}

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, obj: Any = None, **kwargs: Any
    ) -> HttpResponse:
        context |= self.around(request, obj)
        response: HttpResponse = super().render_change_form(request, context, *args, obj=obj, **kwargs)
        return response


class ReadOnlyAdmin(ListAdmin):
    """Rows that the product writes; people look at them."""

    actions_on_top = True

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


_FIRST_DAY, _LAST_DAY = date(1970, 1, 1), date(9999, 12, 30)  # what a key can tell, and a day after it


class DayFilter(RangeDateFilter):  # type: ignore[misc]
    """Rows made from one day (UTC) to another, both included, found by their key."""

    timed = True

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
        return datetime.combine(min(max(day, _FIRST_DAY), _LAST_DAY), time.min, tzinfo=UTC)


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
