"""Query parameters of lists: named one by one, strictly typed; nobody looks up what is not here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar

import django_filters
from django import forms
from django.db.models import Q, QuerySet
from django_filters.fields import IsoDateTimeField
from django_filters.rest_framework import FilterSet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field

from tracking.models.delivery import first_id
from tracking.store.log import Owned, Walk
from tracking.triggers import TRIGGER_CHOICES
from tracking.validation import MAX_ID, as_utc, control_characters

_FIRST, _LAST = datetime(1970, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)
LONGEST = 200  # characters of a search


class IdField(forms.IntegerField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=0, max_value=MAX_ID, **kwargs)

    def to_python(self, value: Any) -> int | None:
        """Digits alone: no sign, no blank, no point that a form would forgive."""
        if value in self.empty_values:
            return None
        if not (isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 19):
            raise forms.ValidationError("must be an id: digits alone")
        return super().to_python(value)


class IdFilter(django_filters.Filter):
    field_class = IdField


class LineField(forms.CharField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=LONGEST, strip=False, **kwargs)

    def validate(self, value: str) -> None:
        super().validate(value)
        if control_characters(value):
            raise forms.ValidationError("must be one line without control characters")


class LineFilter(django_filters.CharFilter):
    field_class = LineField


class TriggerFilter(django_filters.ChoiceFilter):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=TRIGGER_CHOICES, **kwargs)


@extend_schema_field(OpenApiTypes.BOOL)
class YesNoFilter(django_filters.TypedChoiceFilter):
    """`true` or `false`; what else would be read as "whatever" is refused."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=(("true", "true"), ("false", "false")), coerce=lambda text: text == "true", **kwargs)


class MomentField(IsoDateTimeField):
    def clean(self, value: Any) -> Any:
        moment = super().clean(value)
        try:
            return as_utc(moment) if moment else moment
        except ValueError as error:
            raise forms.ValidationError(str(error)) from None


class MomentFilter(django_filters.IsoDateTimeFilter):
    field_class = MomentField


class Moments(django_filters.IsoDateTimeFilter):
    """Rows whose keys are in order of time, by a moment with offset: the key's index answers."""

    def filter(self, qs: QuerySet[Any], value: datetime | None) -> QuerySet[Any]:
        if value is None:
            return qs
        within = min(max(value, _FIRST), _LAST)  # what lies beyond has the same rows
        return qs.filter(**{f"id__{self.lookup_expr}": first_id(within)})


def since(**kwargs: Any) -> Moments:
    return Moments(lookup_expr="gte", help_text="From this moment on.", **kwargs)


def until(**kwargs: Any) -> Moments:
    return Moments(lookup_expr="lt", help_text="Before this moment.", **kwargs)


class LogFilters(FilterSet):
    """Filters of a log that say how its rows are found (store/log.py); `timed` are about the key alone."""

    timed: ClassVar[Sequence[str]] = ()

    def walk(self, *owned: Owned) -> Walk:
        """Of filters that were found valid."""
        chosen = {name: value for name, value in self.form.cleaned_data.items() if value not in (None, "", [])}
        filtered: Any = self.queryset
        rows = filtered.model._default_manager.all()
        for name in self.timed:
            rows = self.filters[name].filter(rows, chosen.get(name))
        return Walk(rows, self.indexed(chosen), [*owned, *self.owned(chosen)])

    def indexed(self, chosen: Mapping[str, Any]) -> Sequence[Sequence[Q]]:
        return ()

    def owned(self, chosen: Mapping[str, Any]) -> Sequence[Owned]:
        return ()


def of_product(path: str = "") -> Callable[[QuerySet[Any], str, int], QuerySet[Any]]:
    """Rows of a product's rules and of those of its campaigns."""

    def narrowed(rows: QuerySet[Any], name: str, value: int) -> QuerySet[Any]:
        return rows.filter(Q(**{f"{path}product": value}) | Q(**{f"{path}campaign__product": value}))

    return narrowed
