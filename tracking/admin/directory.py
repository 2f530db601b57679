"""The directory: who sells, who buys, and through what; a product's or campaign's page has a tab with its rules."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from tracking.admin.choosing import ChoicesMixin, RowFilter
from tracking.admin.listing import ListAdmin
from tracking.admin.rules.tab import CampaignTab, ProductTab, TrackingTab
from tracking.admin.scope import access_of
from tracking.choices import Platform
from tracking.models import Buyer, CallTrackingPool, Campaign, Channel, Pingtree, Product, Publisher, Source


class EntryAdmin(ChoicesMixin, ListAdmin):
    """One kind of entry. Its id is the platform's: given once, never changed."""

    list_display: tuple[str, ...] = ("id", "name")
    list_display_links = ("id", "name")
    search_fields = ("id__exact", "name")
    search_help_text = "Id or a part of the name"
    ordering = ("id",)

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        """The id first, as people know the rows by it."""
        fields: list[str] = list(super().get_fields(request, obj))
        return sorted(fields, key=lambda name: name != "id")

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        return ("id",) if obj else ()

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Of what it belongs to, the rows that are there for this person."""
        kwargs.setdefault("queryset", access_of(request).rows(db_field.related_model))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


@admin.register(Buyer, Publisher, Source, Pingtree, CallTrackingPool)
class PlainEntryAdmin(EntryAdmin):
    pass


class OwnerAdmin(EntryAdmin):
    """A product or campaign: a tab of its page shows the rules that see its events."""

    tracking_tab: type[TrackingTab]

    class Media:
        js = ("tracking/menu.js", "tracking/dialog.js")

    def get_changeform_datasets(self, request: HttpRequest) -> list[type[TrackingTab]]:
        match = request.resolver_match
        stands = match is not None and "object_id" in match.kwargs
        return [self.tracking_tab] if stands and request.user.has_perm("tracking.view_rule") else []


@admin.register(Product)
class ProductAdmin(OwnerAdmin):
    list_display = ("id", "name", "platform", "ping_post")
    list_filter = (("platform", ChoicesDropdownFilter), "ping_post")
    tracking_tab = ProductTab

    def formfield_for_choice_field(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "platform":
            seen = access_of(request).platforms
            kwargs["choices"] = [(platform.value, platform.label) for platform in Platform if platform in seen]
        return super().formfield_for_choice_field(db_field, request, **kwargs)


@admin.register(Campaign)
class CampaignAdmin(OwnerAdmin):
    list_display = ("id", "name", "product", "buyer")
    list_select_related = ("product", "buyer")
    list_filter = (("product", RowFilter), ("buyer", RowFilter))
    autocomplete_fields = ("product", "buyer")
    tracking_tab = CampaignTab


@admin.register(Channel)
class ChannelAdmin(EntryAdmin):
    list_display = ("id", "name", "publisher", "product", "method")
    list_select_related = ("publisher", "product")
    list_filter = (
        ("publisher", RowFilter),
        ("product", RowFilter),
        ("method", ChoicesDropdownFilter),
    )
    autocomplete_fields = ("publisher", "product")
