"""The directory: who sells, who buys, and through what; the rules of a product or campaign stand on its page."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from unfold.contrib.filters.admin import AutocompleteSelectFilter, ChoicesDropdownFilter

from tracking.admin.choosing import ChoicesMixin
from tracking.admin.listing import ListAdmin, is_id
from tracking.models import Buyer, CallTrackingPool, Campaign, Channel, Pingtree, Product, Publisher, Rule, Source

SHOWN_RULES = 50  # on the page of their owner; the rest stand in the list


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


@admin.register(Buyer, Publisher, Source, Pingtree, CallTrackingPool)
class PlainEntryAdmin(EntryAdmin):
    pass


class OwnerAdmin(EntryAdmin):
    """A product or campaign: its page shows the rules that see its events."""

    change_form_after_template = "admin/tracking/owned_rules.html"
    owner_parameter = ""  # of the form "Add Rule"

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        extra = {**(extra_context or {}), **(self.rules_context(request, object_id) if object_id else {})}
        response: HttpResponse = super().changeform_view(request, object_id, form_url, extra)
        return response

    def rules_context(self, request: HttpRequest, object_id: str) -> dict[str, Any]:
        if not is_id(object_id) or not request.user.has_perm("tracking.view_rule"):
            return {}
        rules = self.rules_of(int(object_id)).filter(deleted_at=None).select_related("current", "product", "campaign")
        found = list(rules.order_by("-id")[: SHOWN_RULES + 1])
        return {
            "owned_rules": found[:SHOWN_RULES],
            "more_rules": len(found) > SHOWN_RULES,
            "rules_url": f"{reverse('admin:tracking_rule_changelist')}?{self.list_query(object_id)}",
            "add_rule_url": f"{reverse('admin:tracking_rule_add')}?{urlencode({self.owner_parameter: object_id})}"
            if request.user.has_perm("tracking.add_rule")
            else "",
        }

    def rules_of(self, entry_id: int) -> QuerySet[Rule]:
        raise NotImplementedError

    def list_query(self, entry_id: str) -> str:
        return urlencode({f"{self.owner_parameter.removeprefix('owner_')}__id__exact": entry_id})


@admin.register(Product)
class ProductAdmin(OwnerAdmin):
    list_display = ("id", "name", "platform", "ping_post")
    list_filter = (("platform", ChoicesDropdownFilter), "ping_post")
    owner_parameter = "product"

    def rules_of(self, entry_id: int) -> QuerySet[Rule]:
        return Rule.objects.filter(Q(product_id=entry_id) | Q(campaign__product_id=entry_id))


@admin.register(Campaign)
class CampaignAdmin(OwnerAdmin):
    list_display = ("id", "name", "product", "buyer")
    list_select_related = ("product", "buyer")
    list_filter = (("product", AutocompleteSelectFilter), ("buyer", AutocompleteSelectFilter))
    autocomplete_fields = ("product", "buyer")
    owner_parameter = "owner_campaign"

    def rules_of(self, entry_id: int) -> QuerySet[Rule]:
        return Rule.objects.filter(campaign_id=entry_id)


@admin.register(Channel)
class ChannelAdmin(EntryAdmin):
    list_display = ("id", "name", "publisher", "product", "method")
    list_select_related = ("publisher", "product")
    list_filter = (
        ("publisher", AutocompleteSelectFilter),
        ("product", AutocompleteSelectFilter),
        ("method", ChoicesDropdownFilter),
    )
    autocomplete_fields = ("publisher", "product")
