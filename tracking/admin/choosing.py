"""Choosing rows of large tables: autocompletes that never load more than a page, and their answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest, JsonResponse
from django.urls import URLPattern, path, reverse_lazy
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import AutocompleteSelectFilter, ChoicesDropdownFilter
from unfold.widgets import AutocompleteWidgetMixin

from tracking.admin.listing import is_id
from tracking.admin.scope import access_of

PAGE = 20  # choices per answer


class ChoicesMixin:
    """Gives an admin a view that answers autocompletes: `choices/?term=…&page=…`."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.choices_view)  # type: ignore[attr-defined]
        name = choices_name(self.model)  # type: ignore[attr-defined]
        return [path("choices/", view, name=name), *super().get_urls()]  # type: ignore[misc]

    def choices_view(self, request: HttpRequest) -> JsonResponse:
        """A page of matching rows, first that of a whole id. One row more than the page tells of more: no count."""
        if not self.may_choose(request):
            raise PermissionDenied
        rows: QuerySet[Any] = self.get_queryset(request)  # type: ignore[attr-defined]
        term = request.GET.get("term", "").replace("\0", "")
        rows, _ = self.get_search_results(request, rows, term)  # type: ignore[attr-defined]
        page = request.GET.get("page", "")
        start = (int(page) - 1) * PAGE if page.isdecimal() and 0 < int(page) < 10_000 else 0
        typed = term.strip()
        exact = list(rows.filter(pk=typed)) if is_id(typed) else []
        others = rows.exclude(pk__in=[row.pk for row in exact]) if exact else rows
        page_and_one = list(others[start : start + PAGE + 1])
        found, more = [*([] if start else exact), *page_and_one[:PAGE]], len(page_and_one) > PAGE
        return JsonResponse(
            {
                "results": [{"id": str(row.pk), "text": str(row)} for row in found],
                "pagination": {"more": more},
            }
        )

    def may_choose(self, request: HttpRequest) -> bool:
        return bool(self.has_view_permission(request))  # type: ignore[attr-defined]


class RowFilter(AutocompleteSelectFilter):  # type: ignore[misc]
    """A list's filter by a related row: offered to those who may see such rows, and names no other."""

    def has_output(self) -> bool:
        related = self.field.remote_field.model._meta
        return bool(self.request.user.has_perm(f"{related.app_label}.view_{related.model_name}"))

    def choices(self, changelist: Any) -> Iterator[dict[str, Any]]:
        for choice in super().choices(changelist):
            chosen = choice["form"].fields[self.lookup_kwarg]
            chosen.queryset = access_of(self.request).rows(self.field.remote_field.model)
            yield choice


class TriggerFilter(ChoicesDropdownFilter):  # type: ignore[misc]
    """A list's filter by trigger: offers those that there are for this person."""

    def choices(self, changelist: Any) -> Iterator[dict[str, Any]]:
        own = {"", *(row.value for row in access_of(self.request).triggers())}
        for choice in super().choices(changelist):
            offered = choice["form"].fields[self.lookup_kwarg]
            offered.choices = [(value, label) for value, label in offered.choices if value in own]
            yield choice


def writes_rules(request: HttpRequest) -> bool:
    return any(request.user.has_perm(f"tracking.{verb}_rule") for verb in ("add", "change"))


def choices_name(model: type[Model]) -> str:
    return f"{model._meta.app_label}_{model._meta.model_name}_choices"


class _Autocomplete(AutocompleteWidgetMixin):  # type: ignore[misc]
    """Shows the chosen rows only; all others come by the view above."""

    def __init__(self, attrs: dict[str, Any] | None = None, choices: Any = ()) -> None:
        super().__init__(attrs, choices)
        self.attrs["data-minimum-input-length"] = "0"

    def _queryset(self) -> QuerySet[Any]:
        rows: QuerySet[Any] = self.choices.queryset
        return rows

    def optgroups(self, name: str, value: Iterable[str], attrs: dict[str, Any] | None = None) -> list[Any]:
        queryset = self._queryset()
        chosen = {key for key in value if key.isdecimal() and int(key) < 2**63}
        rows = queryset.filter(pk__in=chosen) if chosen else ()
        create: Callable[..., dict[str, Any]] = self.create_option
        options = [create(name, row.pk, str(row), True, index, attrs=attrs) for index, row in enumerate(rows)]
        if not self.allow_multiple_selected:
            options.insert(0, create(name, "", "", False, 0))
        return [(None, options, 0)]

    def build_attrs(self, base_attrs: dict[str, Any], extra_attrs: dict[str, Any] | None = None) -> dict[str, Any]:
        url = reverse_lazy(f"admin:{choices_name(self._queryset().model)}")
        built: dict[str, Any] = super().build_attrs(base_attrs, extra_attrs)
        return {**built, "data-ajax--url": str(url)}

    def render(self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None) -> SafeString:
        """Without scripts there is nothing to choose from: then the platform's ids can be typed."""
        several = self.allow_multiple_selected
        typed = format_html(
            '<noscript><input class="tracking-input tracking-by-id" name="{}" aria-label="{}" '
            'placeholder="{}"></noscript>',
            name,
            f"{'IDs' if several else 'ID'}: {name.replace('_', ' ')}",
            "IDs, separated by commas, beside the chosen" if several else "ID, in the place of the chosen",
        )
        return format_html("{}{}", super().render(name, value, attrs, renderer), typed)


def _sent(data: Any, name: str) -> list[str]:
    """Everything sent under a name that is not blank."""
    values = data.getlist(name) if hasattr(data, "getlist") else data.get(name)
    found = values if isinstance(values, list | tuple) else [values]
    return [str(value).strip() for value in found if str("" if value is None else value).strip()]


class ChooseOne(_Autocomplete, forms.Select):
    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        """The last that is not blank: a typed id stands behind what was chosen."""
        return (_sent(data, name) or [""])[-1]


class ChooseSeveral(_Autocomplete, forms.SelectMultiple):
    """Each chosen one is taken away by its own cross; one for all of them would break the list for who hears it."""

    def build_attrs(self, base_attrs: dict[str, Any], extra_attrs: dict[str, Any] | None = None) -> dict[str, Any]:
        return {**super().build_attrs(base_attrs, extra_attrs), "data-allow-clear": "false"}

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[str]:
        return [key.strip() for value in _sent(data, name) for key in value.split(",") if key.strip()]
