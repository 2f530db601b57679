"""The live preview of a rule that is being written: the production's renderer, on samples or on an event of late."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpRequest, JsonResponse
from django.urls import URLPattern, path
from django.views.decorators.http import require_POST, require_safe

from tracking.access import Access
from tracking.admin.listing import is_id
from tracking.admin.log.pages import as_uuid
from tracking.admin.rules.form import field_of
from tracking.admin.scope import access_of, person
from tracking.choices import Quota
from tracking.definition import RuleDefinition
from tracking.errors import QuotaError, RuleError
from tracking.pipeline import trial
from tracking.pipeline.letter import Unsendable
from tracking.rendering.render import Problem
from tracking.store import clock, past, quotas, versions

MAILBOXES = ("sender", "recipient", "cc", "bcc", "reply_to")
NOBODY = "Nobody yet <nobody@example.com>"  # stands for a sender or recipient that is not written yet
UNTITLED = "(no subject yet)"
EMPTY = "\u200b"
OFFERED = 20

Typed = Mapping[str, str]


def urls(admin: Any) -> list[URLPattern]:
    def preview_view(request: HttpRequest) -> JsonResponse:
        if not (admin.has_add_permission(request) or admin.has_change_permission(request)):
            raise PermissionDenied
        try:
            product = _product(request.POST.dict(), access_of(request))
            quotas.spend(Quota.PREVIEWS, person(request).pk, product=product, now=clock.now())
        except QuotaError as error:
            return JsonResponse({"paused": f"The preview pauses. {error}", "seconds": error.retry_after})
        return JsonResponse(answer(request.POST.dict(), access_of(request), _may_see_events(request)))

    def events_view(request: HttpRequest) -> JsonResponse:
        if not _may_see_events(request):
            return JsonResponse({"events": []})
        return JsonResponse({"events": recent(request.GET.dict(), access_of(request))})

    wrap = admin.admin_site.admin_view
    return [
        path("preview/", wrap(require_POST(preview_view)), name="tracking_rule_preview"),
        path("preview/events/", wrap(require_safe(events_view)), name="tracking_rule_preview_events"),
    ]


def _product(typed: Typed, seen: Access) -> int | None:
    """That of the owner that is chosen so far, if there is one for this person."""
    product, campaign = (typed.get(name, "") for name in _OWNERS.values())
    if is_id(campaign):
        return seen.campaigns().filter(pk=int(campaign)).values_list("product_id", flat=True).first()
    return seen.products().filter(pk=int(product)).values_list("pk", flat=True).first() if is_id(product) else None


def _may_see_events(request: HttpRequest) -> bool:
    return bool(request.user.has_perm("tracking.view_storedevent"))


def answer(typed: Typed, seen: Access, events: bool) -> dict[str, Any]:
    """What is wrong, each with its field and line, and the mail as far as it can be shown."""
    try:
        definition = _draft(typed)
    except RuleError as error:
        return {"problems": _by_field(error), "mail": None}
    problems = list(versions.problems(definition.action))
    if any(problem.field.removeprefix("action.") not in MAILBOXES for problem in problems):
        return {"problems": [_told(problem) for problem in problems], "mail": None}
    values = _values(typed, definition, seen, events)
    try:
        mail = trial.preview(_deliverable(definition, problems), seen.shown(values), now=clock.now()).to_json()
    except (Unsendable, RuleError) as error:
        return {"problems": [_told(problem) for problem in problems], "mail": None, "failed": str(error)}
    return {"problems": [_told(problem) for problem in problems], "mail": mail}


def _values(typed: Typed, definition: RuleDefinition, seen: Access, events: bool) -> dict[str, Any]:
    key = as_uuid(typed.get("preview_event", ""))
    row = seen.events().filter(pk=key, trigger=definition.trigger).first() if key and events else None
    if row is None:
        return {**trial.samples(definition), "rule": {"id": 41, "name": definition.name}}
    return trial.values(row.event(), definition)


def _draft(typed: Typed) -> RuleDefinition:
    """What is written so far; what only sending needs may still be missing. Raises RuleError."""
    action = {name: typed.get(name, "").strip() for name in MAILBOXES}
    body = typed.get("body", "").replace("\r\n", "\n")
    return RuleDefinition.from_json(
        {
            "name": typed.get("name", ""),
            "trigger": typed.get("trigger", ""),
            "product": 1,  # no preview asks for the owner
            "action": {
                "kind": "smtp_esp",
                "connection": "preview",
                **action,
                "sender": action["sender"] or NOBODY,
                "recipient": action["recipient"] or NOBODY,
                "subject": typed.get("subject", "").strip() or UNTITLED,
                "body": body if body.strip() else EMPTY,
                "use_twig": typed.get("use_twig") == "yes",
                "content_type": typed.get("content_type") or "html",
                **({"headers": typed["headers"]} if typed.get("headers") else {}),
            },
        }
    )


def _deliverable(definition: RuleDefinition, problems: list[Problem]) -> RuleDefinition:
    """With a stand-in for each mailbox that is not finished, so that the words can be seen all the same."""
    unfinished = {problem.field.removeprefix("action.") for problem in problems}
    stand_ins = {name: NOBODY if name in ("sender", "recipient") else "" for name in unfinished}
    return definition.model_copy(update={"action": definition.action.model_copy(update=stand_ins)})


def _by_field(error: RuleError) -> list[dict[str, Any]]:
    return [
        {"field": field_of(path), "sentence": sentence, "line": None, "column": None}
        for path, sentences in error.errors.items()
        for sentence in sentences
    ]


def _told(problem: Problem) -> dict[str, Any]:
    return {**problem._asdict(), "field": field_of(problem.field)}


def recent(asked: Typed, seen: Access) -> list[dict[str, str]]:
    """The newest events that the rule could be tried on: of its trigger, and of its owner where one is chosen."""
    owner = Q(**{name: int(asked[field]) for name, field in _OWNERS.items() if is_id(asked.get(field, ""))})
    rows = past.choices(seen.events(), trigger=asked.get("trigger", ""), of=owner, limit=OFFERED)
    return [
        {"id": str(row.pk), "text": f"{row.occurred_at:%Y-%m-%d %H:%M} {row.lead_id or row.event_id}"} for row in rows
    ]


_OWNERS = {"product_id": "product", "campaign_id": "owner_campaign"}  # of an event -> the form's field
