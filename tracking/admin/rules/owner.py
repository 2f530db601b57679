"""What a rule's owner allows, for the form that has just chosen it: triggers of its platform, ping-post or not."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, JsonResponse
from django.urls import URLPattern, path
from django.views.decorators.http import require_safe

from tracking.access import Access
from tracking.admin.choosing import writes_rules
from tracking.admin.listing import is_id
from tracking.admin.scope import access_of
from tracking.models import Product


def urls(admin: Any) -> list[URLPattern]:
    return [path("owner/", admin.admin_site.admin_view(require_safe(owner_view)), name="tracking_rule_owner")]


def owner_view(request: HttpRequest) -> JsonResponse:
    product = _product(request, access_of(request)) if writes_rules(request) else None
    if product is None:
        return JsonResponse({"platform": None, "ping_post": True})
    return JsonResponse({"platform": product.platform, "ping_post": product.ping_post})


def _product(request: HttpRequest, seen: Access) -> Product | None:
    """The product that is chosen, or that of the campaign; None where nothing is, or nothing that is there."""
    product, campaign = request.GET.get("product", ""), request.GET.get("owner_campaign", "")
    if is_id(product):
        return seen.products().filter(pk=int(product)).first()
    if is_id(campaign):
        found = seen.campaigns().select_related("product").filter(pk=int(campaign)).first()
        return found.product if found else None
    return None
