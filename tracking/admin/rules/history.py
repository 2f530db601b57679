"""A rule's versions: who saved which when, what each changed in words, and back to one of them."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse

from tracking import denials
from tracking.admin.rules import visible
from tracking.admin.scope import access_of, names_for, person
from tracking.definition import RuleDefinition
from tracking.errors import RuleError
from tracking.models import Rule
from tracking.store import clock, history

SHOWN = 100  # versions


def page(admin: Any, request: HttpRequest, rule: Rule) -> HttpResponse:
    """GET shows the versions, `from` one of them on, with `version` what a restore would change; POST restores."""
    number = request.POST.get("version", request.GET.get("version", ""))
    if request.method == "POST":
        if not admin.has_change_permission(request, rule):
            raise PermissionDenied
        return _restore(admin, request, rule, number)
    seen = access_of(request)
    newest = _number(request.GET.get("from", "")) or None
    steps = list(history.steps(rule, most=SHOWN, newest=newest, shown=seen.document))
    authors = names_for(seen, [step.version.author for step in steps])
    context = {
        **_around(admin, request, rule),
        "steps": [(step, authors.get(step.version.author_id, "The system")) for step in steps],
        "newest": newest,
        "older": steps[-1].version.number - 1 if steps else 0,
        "may_restore": admin.has_change_permission(request, rule),
    }
    if number:
        context |= _preview(request, rule, number)
    return TemplateResponse(request, "admin/tracking/rule_history.html", context)


def _number(text: str) -> int:
    """The version that is meant; 0, which there is none of, where none is."""
    return int(text) if text.isdecimal() and len(text) < 10 else 0


def _around(admin: Any, request: HttpRequest, rule: Rule) -> dict[str, Any]:
    return {
        **admin.admin_site.each_context(request),
        "opts": admin.opts,
        "original": rule,
        "title": f"Versions of rule {rule}",
    }


def _preview(request: HttpRequest, rule: Rule, number: str) -> dict[str, Any]:
    """What the rule would change to, in words."""
    assert rule.current is not None
    seen = access_of(request)
    try:
        wanted = _wanted(request, rule, number)
    except RuleError as error:
        return {"problems": _sentences(error), "chosen": number}
    found = history.diff(seen.document(rule.current.document), seen.document(wanted.to_json()))
    return {"chosen": number, "differences": found, "asking": True}


def _wanted(request: HttpRequest, rule: Rule, number: str) -> RuleDefinition:
    """The version's definition, with what this person does not see as it is now. Raises RuleError."""
    seen = access_of(request)
    document = history.restored(rule, _number(number)).to_json()
    return RuleDefinition.from_json(seen.completed(seen.document(document), visible.definition_of(rule)))


def _restore(admin: Any, request: HttpRequest, rule: Rule, number: str) -> HttpResponse:
    back = redirect(reverse("admin:tracking_rule_versions", args=(rule.pk,)))
    try:
        wanted = _wanted(request, rule, number)
        _allow(request, rule, wanted)
        saved = history.restore(rule, wanted, int(number), author=person(request), now=clock.now())
    except RuleError as error:
        admin.message_user(request, f"Not restored. {' '.join(_sentences(error))}", messages.ERROR)
        return back
    admin.log_change(request, saved.rule, f"Restored version {number}.")
    admin.message_user(request, f"Version {number} is in force again.", messages.SUCCESS)
    return back


def _allow(request: HttpRequest, rule: Rule, wanted: RuleDefinition) -> None:
    try:
        access_of(request).check(wanted, visible.definition_of(rule))
    except RuleError as error:
        denials.remember(request, rule, fields=error.errors)
        raise


def _sentences(error: RuleError) -> list[str]:
    return [f"{path}: {sentence}." for path, found in error.errors.items() for sentence in found]
