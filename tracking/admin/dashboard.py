"""The home page: how the mail stands now, and what to do first where there is nothing yet."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.cache import cache
from django.db.models import QuerySet
from django.http import HttpRequest, JsonResponse
from django.template.loader import render_to_string
from django.urls import reverse

from tracking.admin import board
from tracking.admin.listing import bounded_count
from tracking.admin.log.filters import WAITING, WAITING_STATES
from tracking.admin.scope import access_of
from tracking.choices import DeliveryState, WatchState
from tracking.models import Connection, Delivery, RuleWatch
from tracking.models.delivery import first_id
from tracking.store import clock


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
        _card("Waiting to be sent", _waiting(request, real), f"{log}?state__exact={WAITING}"),
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


def _waiting(request: HttpRequest, rows: QuerySet[Delivery]) -> str:
    """How many are yet to be sent, to the last one; counted anew at most once a minute where that takes long."""
    waiting = rows.filter(state__in=WAITING_STATES)
    shown = bounded_count(waiting)
    if not shown.endswith("+"):
        return shown
    return f"{cache.get_or_set(f'waiting:{request.user.pk}', waiting.order_by().count, board.KEPT):,}"


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
    """What has to be there before a mail of this person's rules can leave, in order; empty once all of it is."""
    if not request.user.has_perm("tracking.view_rule"):
        return []
    seen = access_of(request)
    owner, owners = ("campaign", seen.campaigns()) if seen.scoped else ("product", seen.products())
    rows = (
        (f"Add a {owner}", owner, owners.exists()),
        ("Add an ESP connection", "connection", seen.connections().exists()),
        ("Add a rule", "rule", seen.rules().exists()),
        ("Send an event: the log shows what became of it", "", seen.events().exists()),
    )
    if all(done for _, _, done in rows):
        return []
    return [{"title": title, "done": done, **_by_whom(request, model)} for title, model, done in rows]


def _by_whom(request: HttpRequest, model: str) -> dict[str, str]:
    """Where this person does it, or who else does."""
    if not model:
        return {"link": "", "by": "the platform"}
    if not request.user.has_perm(f"tracking.add_{model}"):
        return {"link": "", "by": "an administrator"}
    return {"link": reverse(f"admin:tracking_{model}_add"), "by": ""}
