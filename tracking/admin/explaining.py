"""Why each rule of an event's product and campaign fired or did not: for a stored event, or one that is pasted."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from tracking.admin.log.pages import as_uuid, state_badge
from tracking.admin.scope import access_of
from tracking.errors import EventError
from tracking.events import Event
from tracking.models import Delivery, Rule, StoredEvent
from tracking.pipeline.explain import Explained, explain, of_other_triggers
from tracking.store import deliveries

_EXAMPLE = {
    "event_id": "evt-1",
    "trigger": "lms.lead_sold",
    "occurred_at": "2026-01-31T12:00:00+00:00",
    "product": 1,
    "price": "12.50",
    "lead": {"email": "ada@example.org"},
}


def urls(admin: Any) -> list[URLPattern]:
    """Of the events' admin. Whoever may view rules may ask; which of them are told, the scope decides."""

    def pasted(request: HttpRequest) -> HttpResponse:
        _demand(request, "tracking.view_rule")
        return pasted_page(admin, request)

    def stored(request: HttpRequest, key: str) -> HttpResponse:
        _demand(request, "tracking.view_rule", "tracking.view_storedevent")
        return stored_page(admin, request, key)

    wrap = admin.admin_site.admin_view
    return [
        path("explain/", wrap(pasted), name="tracking_storedevent_explain_pasted"),
        path("<str:key>/explain/", wrap(stored), name="tracking_storedevent_explain"),
    ]


def _demand(request: HttpRequest, *permissions: str) -> None:
    if not request.user.has_perms(permissions):
        raise PermissionDenied


def stored_page(admin: Any, request: HttpRequest, key: str) -> HttpResponse:
    found = as_uuid(key)
    row = access_of(request).events().filter(pk=found).first() if found else None
    if row is None:
        raise Http404
    context = {**_around(admin, request), **_told(request, row.event(), row), "title": f"Why, for {row.event_id}"}
    return TemplateResponse(request, "admin/tracking/explained.html", context)


def pasted_page(admin: Any, request: HttpRequest) -> HttpResponse:
    context: dict[str, Any] = {**_around(admin, request), "title": "Explain an event", "pasting": True}
    text = request.POST.get("event", "") if request.method == "POST" else json.dumps(_EXAMPLE, indent=2)
    context["text"] = text
    if request.method == "POST":
        try:
            context |= _told(request, Event.parse(text), None)
        except EventError as error:
            context["errors"] = [f"{field}: {one}" for field, found in error.errors.items() for one in found]
    return TemplateResponse(request, "admin/tracking/explained.html", context)


def _around(admin: Any, request: HttpRequest) -> dict[str, Any]:
    return {**admin.admin_site.each_context(request), "opts": admin.opts}


def _told(request: HttpRequest, event: Event, stored: StoredEvent | None) -> dict[str, Any]:
    seen = access_of(request)
    rules = seen.rules()
    rows = list(explain(event, among=rules, hides=seen.hides, named=True))
    told = {one.rule for one in rows}
    owed: dict[int, Delivery] = {}
    silent: dict[int, Silence] = {}
    logged = request.user.has_perm("tracking.view_delivery")
    if stored is not None and logged:
        owed = {row.rule_id: row for row in seen.deliveries().filter(event=stored)}
        silent = _silent(stored, [one.rule for one in rows if one.matched and one.rule not in owed])
    return {
        "event": event,
        "stored": stored,
        "trigger": event.kind.label,
        "logged": stored is not None and logged,
        "told": [{**_row(one, owed.get(one.rule)), "silence": silent.get(one.rule)} for one in rows],
        "gone": [(row, state_badge(row)) for rule, row in owed.items() if rule not in told],
        "others": of_other_triggers(event, rules),
    }


Silence = tuple[str, Delivery | None]  # why there is no mail, and the one that there is instead


def _silent(stored: StoredEvent, rules: list[int]) -> dict[int, Silence]:
    """Why these rules owe no mail for the event, though they fire for it as they are now."""
    once = deliveries.of_lead(stored.lead_id, rules, until=stored.received_at) if stored.lead_id else {}
    rows = Rule.objects.filter(pk__in=rules).select_related("current").defer("current__document")
    return {rule.pk: _silence(rule, once.get(rule.pk), stored.received_at) for rule in rows}


def _silence(rule: Rule, instead: Delivery | None, came: datetime) -> Silence:
    assert rule.current is not None  # it was explained
    if instead is not None:
        return "It fires once per lead, and had fired for", instead
    if rule.created_at > came:
        return f"No mail: the rule was added later, {rule.created_at:%Y-%m-%d %H:%M} UTC", None
    if rule.current.created_at > came:
        return f"No mail: the rule was changed later, {rule.current.created_at:%Y-%m-%d %H:%M} UTC", None
    return "No mail: the rule was disabled then, or its mail is no longer kept", None


def _row(one: Explained, delivery: Delivery | None) -> dict[str, Any]:
    return {
        "one": one,
        "url": reverse("admin:tracking_rule_change", args=(one.rule,)),
        "delivery": delivery,
        "state": state_badge(delivery) if delivery else "",
    }
