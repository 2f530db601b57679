"""A test run of a rule: a value for each placeholder it uses, and to whom the mail goes."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse

from tracking import access, denials
from tracking.admin.log.pages import as_uuid
from tracking.admin.scope import access_of, person
from tracking.choices import Whom
from tracking.errors import EventError, QuotaError, RuleError, TrackingError
from tracking.events import Event
from tracking.models import Rule, StoredEvent
from tracking.pipeline import trial
from tracking.store import clock, past
from tracking.tasks import wake_on_commit

OFFERED = 20  # recent events to fill the form from


def page(admin: Any, request: HttpRequest, rule: Rule) -> HttpResponse:
    """GET asks for values; POST sends, and leads to the delivery in the log."""
    errors: dict[str, list[str]] = {}
    if request.method == "POST":
        try:
            return _send(admin, request, rule)
        except (EventError, RuleError) as error:
            errors = error.errors
        except QuotaError as error:
            errors = {"to": [str(error)]}
        except TrackingError as error:
            errors = {"rule": [str(error)]}
    return TemplateResponse(request, "admin/tracking/rule_test.html", _context(admin, request, rule, errors))


def _send(admin: Any, request: HttpRequest, rule: Rule) -> HttpResponse:
    assert rule.current is not None
    now = clock.now()
    definition = rule.current.definition()
    whom = Whom.RULES if request.POST.get("whom") == Whom.RULES else Whom.OWN
    seen = access_of(request)
    base = _chosen(request, request.POST.get("base", ""))
    _demand_known(request)
    event = trial.event_of(
        definition, _typed(request), base=base.event() if base else None, hidden=seen.hidden, now=now
    )
    delivery = trial.start(rule, event, whom=whom, to=request.POST.get("to", ""), author=person(request), now=now)
    wake_on_commit([delivery.connection_id])
    refusal = trial.refusal(definition, event, hides=seen.hides)
    words = f" Live, this event would not fire the rule. {refusal}" if refusal else ""
    admin.message_user(request, f"The test run is on its way; its result stands here.{words}", messages.SUCCESS)
    if request.user.has_perm("tracking.view_delivery"):
        return redirect("admin:tracking_delivery_change", delivery.pk)
    return redirect("admin:tracking_rule_change", rule.pk)


def _typed(request: HttpRequest) -> dict[str, str]:
    return {
        name[6:]: text for name, text in request.POST.items() if name.startswith("value:") and isinstance(text, str)
    }


def _demand_known(request: HttpRequest) -> None:
    """Raises RuleError for entities that are not there for this person; that they were named is noted."""
    seen = access_of(request)
    unknown = dict(access.unknown_values(seen.rows, _typed(request), hidden=seen.hidden))
    if wrong := {name: [sentence] for name, sentence in unknown.items()}:
        denials.remember(request, fields=wrong)
        raise RuleError(wrong)


def _chosen(request: HttpRequest, key: str) -> StoredEvent | None:
    """An event to fill the form from, if this person may see it."""
    found = as_uuid(key)
    if found is None or not request.user.has_perm("tracking.view_storedevent"):
        return None
    return access_of(request).events().filter(pk=found).first()


def _context(admin: Any, request: HttpRequest, rule: Rule, errors: dict[str, list[str]]) -> dict[str, Any]:
    assert rule.current is not None
    definition = rule.current.definition()
    posted = request.POST if request.method == "POST" else None
    base = _chosen(request, (posted or request.GET).get("base", ""))
    event = base.event() if base else None
    typed = _typed(request)
    asks = trial.asks(definition, hidden=access_of(request).hidden)
    rows = [
        {
            "ask": ask,
            "value": typed.get(ask.name, "") if posted is not None else _filled(ask, event),
            "errors": errors.get(ask.name) or errors.get(ask.name.split(".")[0]) or [],
        }
        for ask in asks
    ]
    names = [ask.name for ask in asks]
    shown = {"to", *names, *(name.split(".")[0] for name in names)}
    return {
        **admin.admin_site.each_context(request),
        "opts": admin.opts,
        "original": rule,
        "title": f"Test run of rule {rule}",
        "rows": rows,
        "events": _offered(request, rule),
        "base": base,
        "whom": posted.get("whom", Whom.OWN) if posted else Whom.OWN,
        "to": posted.get("to", "") if posted else person(request).email,
        "to_errors": errors.get("to", []),
        "errors": [f"{name}: {one}" for name, found in errors.items() if name not in shown for one in found],
        "recipients": ", ".join(
            filter(None, (definition.action.recipient, definition.action.cc, definition.action.bcc))
        ),
    }


def _filled(ask: trial.Ask, event: Event | None) -> str:
    """The value that a chosen event has, else the sample."""
    if event is None:
        return "" if ask.name.endswith(".id") else ask.sample
    head, *rest = ask.name.split(".")
    value: Any = getattr(event, head)
    for part in rest if head in ("lead", "call") else ():
        value = value.get(part) if isinstance(value, dict) else None
    return "" if value is None or isinstance(value, dict | list) else str(value)


def _offered(request: HttpRequest, rule: Rule) -> list[StoredEvent]:
    assert rule.current is not None
    if not request.user.has_perm("tracking.view_storedevent"):
        return []
    owners = past.owners([rule.current.definition()])
    return past.choices(access_of(request).events(), trigger=rule.trigger, of=owners, limit=OFFERED)
