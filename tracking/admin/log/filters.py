"""By what the log is filtered; `rules()` and `indexed()` say how the page is read (admin/keyset.py)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import ChoicesDropdownFilter, DropdownFilter
from unfold.contrib.filters.forms import AutocompleteDropdownForm

from tracking.admin import choosing
from tracking.admin.choosing import ChooseOne, RowFilter
from tracking.admin.listing import is_id
from tracking.admin.scope import access_of
from tracking.choices import DeliveryState, RuleKind, WarningCause
from tracking.models import Campaign, Connection, Delivery, Preset, Product
from tracking.store import log

SHOWN_PRESETS = 200
WAITING = "waiting"  # of the filter by state
WAITING_STATES = (DeliveryState.QUEUED, DeliveryState.SENDING, DeliveryState.RETRYING)


class WarningFilter(DropdownFilter):  # type: ignore[misc]
    """With a warning, of any cause or of one, or without."""

    title = "warning"
    parameter_name = "warned"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "With a warning"), ("no", "Without a warning"), *WarningCause.choices]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> QuerySet[Delivery]:
        if self.value() == "no":
            return queryset.filter(warned_at=None)
        if self.value() in WarningCause.values:
            queryset = queryset.filter(warning=self.value())
        return queryset.filter(self._warned())

    def indexed(self) -> Sequence[Q]:
        return [wish] if (wish := self._warned()) else []

    def _warned(self) -> Q:
        return Q(warned_at__isnull=False) if self.value() in ("yes", *WarningCause.values) else Q()


class StateFilter(ChoicesDropdownFilter):  # type: ignore[misc]
    """One state, or all in which a mail is yet to be sent."""

    def choices(self, changelist: Any) -> Iterator[Any]:
        for choice in super().choices(changelist):
            offered = choice["form"].fields[self.lookup_kwarg]
            every, *states = offered.choices
            offered.choices = [every, (WAITING, "Waiting to be sent"), *states]
            yield choice

    def queryset(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> QuerySet[Delivery]:
        return queryset.filter(state__in=self._states()) if self._states() else queryset

    def indexed(self) -> Sequence[Q]:
        return [Q(state=state) for state in self._states()]

    def _states(self) -> Sequence[str]:
        value = self.value()
        return WAITING_STATES if value == WAITING else [value] if value else []


class ActionFilter(DropdownFilter):  # type: ignore[misc]
    title = "action"
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(RuleKind.choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset

    def rules(self) -> Q:
        return Q(kind=self.value()) if self.value() in RuleKind.values else Q()


class PresetFilter(DropdownFilter):  # type: ignore[misc]
    title = "preset"
    parameter_name = "preset"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        presets = access_of(request).rows(Preset).order_by("name")[:SHOWN_PRESETS]
        return [(str(preset.pk), preset.name) for preset in presets]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset

    def rules(self) -> Q:
        value = self.value() or ""
        return Q(preset=int(value)) if is_id(value) else Q()


class RuleFilter(RowFilter):
    def rules(self) -> Q:
        value = self.value()
        return Q(pk=int(value)) if value else Q()


class ChooseForm(forms.Form):
    """One row of a large table."""

    Media = AutocompleteDropdownForm.Media

    def __init__(self, name: str, label: str, queryset: QuerySet[Any], value: str | None) -> None:
        super().__init__({name: value})
        widget = ChooseOne(attrs={"class": "unfold-filter-autocomplete"})
        self.fields[name] = forms.ModelChoiceField(queryset, label=label, required=False, widget=widget)


class ScopeFilter(admin.SimpleListFilter):
    """The events of one product or campaign, by the id that they carry."""

    model: type[Model]
    template = "unfold/filters/filters_field.html"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("", "")]  # something to choose from; the form asks for the rest as it is typed

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value() or ""
        return queryset.filter(**{str(self.parameter_name): int(value)}) if is_id(value) else queryset

    def choices(self, changelist: Any) -> Iterator[Any]:
        rows = access_of(self.request).rows(self.model)
        yield {"form": ChooseForm(str(self.parameter_name), f"By {self.title}", rows, self.value())}


class ProductScope(ScopeFilter):
    title, parameter_name, model = "product", "product_id", Product

    def rules(self) -> Q:
        value = self.value() or ""
        return log.ever_of_product(int(value)) if is_id(value) else Q()


class CampaignScope(ScopeFilter):
    title, parameter_name, model = "campaign", "campaign_id", Campaign

    def rules(self) -> Q:
        value = self.value() or ""
        return log.ever_of_campaign(int(value)) if is_id(value) else Q()

    def indexed(self) -> Sequence[Q]:
        value = self.value() or ""
        return [Q(campaign_id=int(value))] if is_id(value) else []


class ConnectionFilter(RowFilter):
    """The mails of one connection, found by the rules that mail through it, or did."""

    def rules(self) -> Q:
        value = self.value() or ""
        key = Connection.objects.filter(pk=int(value)).values_list("key", flat=True).first() if is_id(value) else None
        return log.ever_on_connection(key) if key else Q()


class TriggerFilter(choosing.TriggerFilter):
    def rules(self) -> Q:
        value = self.value()
        return log.ever(trigger=value) if value else Q()
