"""The tab "Tracking" on a product's or campaign's page: its rules in the columns of the overall list."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.safestring import SafeString
from unfold.datasets import BaseDataset
from unfold.views import DatasetChangeList

from tracking.admin.listing import PageList, is_id
from tracking.admin.rules.actions import RuleActions
from tracking.models import Rule

TAB = "dataset-rule"  # as the admin's page calls it


class TabList(PageList, DatasetChangeList):  # type: ignore[misc]
    """A page of the tab, completed in bulk as the overall list is."""


class RulesOfOne(RuleActions):
    """The rules that see the events of one product or campaign."""

    extra_context: dict[str, Any]
    anchor = f"#{TAB}"
    actions = ("enable", "disable", "export")
    sortable_by = ()
    search_fields = ("id__exact", "name")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Rule]:
        key = str(self.extra_context["object"])
        return super().get_queryset(request).filter(self.seen_by(int(key)) if is_id(key) else Q(pk=None))

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Those that ask nothing: a question would lead away from the tab."""
        return {name: found for name, found in super().get_actions(request).items() if name in self.actions}

    def seen_by(self, key: int) -> Q:
        raise NotImplementedError


class RulesOfProduct(RulesOfOne):
    """A product's rules, and those of its campaigns."""

    def seen_by(self, key: int) -> Q:
        return Q(product_id=key) | Q(campaign__product_id=key)


class RulesOfCampaign(RulesOfOne):
    def seen_by(self, key: int) -> Q:
        return Q(campaign_id=key)


class TrackingTab(BaseDataset):  # type: ignore[misc]
    model = Rule
    tab = True
    title = "Tracking"
    owner_field = ""  # of the form "Add Rule"

    @property
    def contents(self) -> SafeString:
        rules = self.model_admin_instance
        return SafeString(
            render_to_string(
                "admin/tracking/rules_tab.html",
                {
                    "rules": super().contents,
                    "empty": not self.cl.result_count and not self.cl.dataset_search_query,
                    "add_rule_url": self.add_rule_url if rules.has_add_permission(self.request) else "",
                    "tab": TAB,
                },
            )
        )

    @property
    def add_rule_url(self) -> str:
        return f"{reverse('admin:tracking_rule_add')}?{urlencode({self.owner_field: self.extra_context['object']})}"

    @cached_property
    def cl(self) -> TabList:
        rules, request = self.model_admin_instance, self.request
        columns = rules.get_list_display(request)
        found = TabList(
            request,
            model=self.model,
            model_admin=rules,
            list_display=["action_checkbox", *columns] if rules.get_actions(request) else columns,
            list_display_links=rules.get_list_display_links(request, columns),
            list_filter=[],
            date_hierarchy=None,
            search_fields=rules.get_search_fields(request),
            list_select_related=rules.get_list_select_related(request),
            list_per_page=rules.list_per_page,
            list_max_show_all=0,
            list_editable=[],
            sortable_by=rules.get_sortable_by(request),
            search_help_text="",
        )
        found.formset = None
        return found


class ProductTab(TrackingTab):
    model_admin = RulesOfProduct
    owner_field = "product"


class CampaignTab(TrackingTab):
    model_admin = RulesOfCampaign
    owner_field = "owner_campaign"
