"""The sidebar: what operators work with, in the order in which it is set up."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse

GROUPS = {
    "Rules": (("Tracking rules", "bolt", "rule"), ("Presets", "bookmark", "preset")),
    "Delivery": (
        ("Tracking log", "mail", "delivery"),
        ("Events", "inbox", "storedevent"),
        ("Alerts", "notifications", "alert"),
        ("Usage", "payments", "usageday"),
        ("Connections", "outgoing_mail", "connection"),
        ("Jobs", "hourglass", "job"),
    ),
    "Directory": (
        ("Products", "category", "product"),
        ("Campaigns", "campaign", "campaign"),
        ("Publishers", "share", "publisher"),
        ("Channels", "route", "channel"),
        ("Sources", "ads_click", "source"),
        ("Buyers", "shopping_cart", "buyer"),
        ("Pingtrees", "account_tree", "pingtree"),
        ("Call tracking pools", "call", "calltrackingpool"),
    ),
    "Access": (
        ("Users", "person", "user"),
        ("Groups", "group", "group"),
        ("API tokens", "key", "apitoken"),
        ("Audit log", "policy", "auditentry"),
    ),
}

EVERYBODYS = {"job"}  # everybody has some of their own


def sidebar(request: HttpRequest) -> list[dict[str, Any]]:
    """The groups and pages that this person may see."""
    pages = [
        {"title": title, "separator": True, "collapsible": False, "items": _items(request, rows)}
        for title, rows in GROUPS.items()
    ]
    home = {"title": "Home", "icon": "dashboard", "link": reverse("admin:index")}
    return [{"title": "", "items": [home]}, *(group for group in pages if group["items"])]


def _items(request: HttpRequest, rows: tuple[tuple[str, str, str], ...]) -> list[dict[str, Any]]:
    items = []
    for title, icon, model in rows:
        app = "auth" if model == "group" else "tracking"
        if model in EVERYBODYS or any(request.user.has_perm(f"{app}.{verb}_{model}") for verb in ("view", "change")):
            items.append({"title": title, "icon": icon, "link": reverse(f"admin:{app}_{model}_changelist")})
    return items


def account(request: HttpRequest) -> list[dict[str, Any]]:
    """What stands in the menu of the person who is logged in, beside password and log out."""
    return [{"title": "Second factor", "link": reverse("second_factor:overview")}]
