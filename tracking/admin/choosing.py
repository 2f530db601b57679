"""Choosing rows of large tables: autocompletes that never load more than a page, and their answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest, JsonResponse
from django.urls import URLPattern, path, reverse_lazy
from unfold.widgets import AutocompleteWidgetMixin

PAGE = 20  # choices per answer


class ChoicesMixin:
    """Gives an admin a view that answers autocompletes: `choices/?term=…&page=…`."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.choices_view)  # type: ignore[attr-defined]
        name = choices_name(self.model)  # type: ignore[attr-defined]
        return [path("choices/", view, name=name), *super().get_urls()]  # type: ignore[misc]

    def choices_view(self, request: HttpRequest) -> JsonResponse:
        """A page of matching rows. One row more than the page tells whether there are more: nothing is counted."""
        if not self.may_choose(request):
            raise PermissionDenied
        rows: QuerySet[Any] = self.get_queryset(request)  # type: ignore[attr-defined]
        rows, _ = self.get_search_results(request, rows, request.GET.get("term", "").replace("\0", ""))  # type: ignore[attr-defined]
        page = request.GET.get("page", "")
        start = (int(page) - 1) * PAGE if page.isdecimal() and 0 < int(page) < 10_000 else 0
        found = list(rows[start : start + PAGE + 1])
        return JsonResponse(
            {
                "results": [{"id": str(row.pk), "text": str(row)} for row in found[:PAGE]],
                "pagination": {"more": len(found) > PAGE},
            }
        )

    def may_choose(self, request: HttpRequest) -> bool:
        return bool(self.has_view_permission(request))  # type: ignore[attr-defined]


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


class ChooseOne(_Autocomplete, forms.Select):
    pass


class ChooseSeveral(_Autocomplete, forms.SelectMultiple):
    pass
