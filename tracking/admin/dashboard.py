"""The home page: how the mail stands now, and what to do first where there is nothing yet."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import Q
from django.http import HttpRequest, JsonResponse
from django.template.loader import render_to_string
from django.urls import reverse

from tracking.admin import board
from tracking.admin.listing import bounded_count
from tracking.admin.scope import access_of
from tracking.choices import DeliveryState, WatchState
from tracking.models import Connection, Delivery, Product, Rule, RuleWatch
from tracking.models.delivery import first_id
from tracking.store import clock

WAITING_STATES = (DeliveryState.QUEUED, DeliveryState.SENDING, DeliveryState.RETRYING)


def fill(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """The index page's context with its counts: only what this person may see."""
    return {
        **context,
        "title": "Home",
        "cards": _cards(request),
        "steps": _first_steps(request),
        "parts": board.parts(request),
    }


def _cards(request: HttpRequest) -> list[dict[str, str]]:
    return _mail(request) + _watch(request)


def view(request: HttpRequest) -> JsonResponse:
    """What the page's script asks for every few seconds: the panels and the cards, as HTML."""
    cards = render_to_string("admin/tracking/board_cards.html", {"cards": _cards(request)})
    return JsonResponse({"parts": {"cards": cards, **board.parts(request)}})


def _card(title: str, count: str, path: str) -> dict[str, str]:
    return {"title": title, "count": count, "link": path}


def _mail(request: HttpRequest) -> list[dict[str, str]]:
    if not request.user.has_perm("tracking.view_delivery"):
        return []
    log = reverse("admin:tracking_delivery_changelist")
    since = first_id(clock.now() - timedelta(hours=24))
    real = access_of(request).deliveries().filter(test=False)
    states = (("Failed", DeliveryState.FAILED), ("Unknown", DeliveryState.UNKNOWN), ("Held", DeliveryState.HELD))
    return [
        _card("Waiting to be sent", bounded_count(real.filter(state__in=WAITING_STATES)), log),
        _card(
            "Sent of the last 24 h",
            bounded_count(real.filter(state=DeliveryState.SENT, id__gte=since)),
            f"{log}?state__exact=sent",
        ),
        *(
            _card(title, bounded_count(real.filter(state=state)), f"{log}?state__exact={state.value}")
            for title, state in states
        ),
    ]


def _watch(request: HttpRequest) -> list[dict[str, str]]:
    cards = []
    if request.user.has_perm("tracking.view_alert"):
        firing = RuleWatch.objects.filter(state=WatchState.FIRING, rule__in=access_of(request).rules())
        cards.append(_card("Rules over a threshold", bounded_count(firing), reverse("admin:tracking_alert_changelist")))
    if request.user.has_perm("tracking.view_connection"):
        resting = access_of(request).rows(Connection).filter(paused_until__gt=clock.now())
        link = reverse("admin:tracking_connection_changelist")
        cards.append(_card("Connections at rest", bounded_count(resting), link))
    return cards


def _first_steps(request: HttpRequest) -> list[dict[str, Any]]:
    """What has to be there before a mail can leave, in order; empty once all of it is."""
    if not request.user.has_perm("tracking.add_product"):
        return []
    rows = (
        ("Add a product", "product", Product.objects.exists()),
        ("Add an ESP connection", "connection", Connection.objects.filter(kind="esp").exists()),
        ("Add a rule", "rule", Rule.objects.filter(Q(deleted_at=None)).exists()),
        ("Send an event: the log shows what became of it", "", Delivery.objects.exists()),
    )
    if all(done for _, _, done in rows):
        return []
    return [{"title": title, "done": done, "link": _add_link(request, model)} for title, model, done in rows]


def _add_link(request: HttpRequest, model: str) -> str:
    may = model and request.user.has_perm(f"tracking.add_{model}")
    return reverse(f"admin:tracking_{model}_add") if may else ""
