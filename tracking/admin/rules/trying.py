"""What is tried out on the unsaved form: its connection, a real mail, a backtest, remarks about it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.urls import URLPattern, path
from django.views.decorators.http import require_POST

from tracking.admin.log.pages import as_uuid
from tracking.admin.rules.backtesting import days
from tracking.admin.rules.draft import draft, edited, errors
from tracking.admin.scope import access_of, person
from tracking.admin.starting import refused, started
from tracking.choices import RuleKind
from tracking.definition import RuleDefinition, Server
from tracking.errors import RuleError, TrackingError
from tracking.models import Connection, Job, Rule
from tracking.pipeline import backtest, check, lint, trial
from tracking.pipeline.linting.finding import Finding
from tracking.store import clock


def urls(admin: Any) -> list[URLPattern]:
    def guarded(view: Any) -> Any:
        def answer(request: HttpRequest) -> HttpResponse:
            rule = edited(admin, request)
            if not (admin.has_change_permission(request, rule) if rule else admin.has_add_permission(request)):
                raise PermissionDenied
            answered: HttpResponse = view(admin, request, rule)
            return answered

        return admin.admin_site.admin_view(require_POST(answer))

    return [
        path("try/check/", guarded(check_view), name="tracking_rule_try_check"),
        path("try/mail/", guarded(mail_view), name="tracking_rule_try_mail"),
        path("try/backtest/", guarded(backtest_view), name="tracking_rule_try_backtest"),
        path("try/lint/", guarded(lint_view), name="tracking_rule_try_lint"),
    ]


def check_view(admin: Any, request: HttpRequest, rule: Rule | None) -> JsonResponse:
    """The connection alone: the rest of the form may be unfinished."""
    return started(lambda: _check(request, rule, mail=None))


def mail_view(admin: Any, request: HttpRequest, rule: Rule | None) -> JsonResponse:
    """A real mail of the form as it stands, on the event that the preview shows, or on samples."""
    form = draft(admin, request, rule)
    if not form.is_valid():
        return refused(errors(form))

    def open_job() -> Job:
        mail = check.mail_of(form.definition, _event(request, form.definition), request.POST.get("try_to", ""))
        return _check(request, rule, mail=mail)

    return started(open_job)


def _check(request: HttpRequest, rule: Rule | None, *, mail: dict[str, Any] | None) -> Job:
    server, connection = _target(request, rule)
    return check.start(
        server,
        connection=connection,
        password=request.POST.get("password", ""),
        mail=mail,
        veiled=server is None and access_of(request).scoped,
        sender=request.POST.get("sender", ""),
        rule=rule,
        author=person(request),
        now=clock.now(),
    )


def _target(request: HttpRequest, rule: Rule | None) -> tuple[Server | None, Connection | None]:
    """A server as typed, with the rule's stored one beside it; or a predefined connection. Raises RuleError."""
    if request.POST.get("kind") != RuleKind.CUSTOM:
        key = request.POST.get("connection", "")
        found = access_of(request).connections().filter(pk=int(key)).first() if key.isdecimal() else None
        if found is None:
            raise RuleError({"connection": ["choose a predefined ESP connection"]})
        return None, found
    return typed_server(request.POST.dict()), rule.connection if rule is not None else None


def typed_server(typed: Mapping[str, Any]) -> Server:
    """Host, port, encryption and login of a form that was posted. Raises RuleError."""
    host, port = str(typed.get("host", "")).strip(), str(typed.get("port", "")).strip()
    wrong = {} if host else {"host": ["enter the name of the mail server"]}
    if not port.isdecimal() or not 0 < int(port[:9]) < 65536:
        wrong["port"] = ["enter the port of the mail server"]
    if wrong:
        raise RuleError(wrong)
    rest = {name: typed.get(name, "") for name in ("encryption", "login")}
    return Server.read({"host": host, "port": int(port), **rest})


def _event(request: HttpRequest, definition: RuleDefinition) -> Any:
    key = as_uuid(request.POST.get("preview_event", ""))
    may = request.user.has_perm("tracking.view_storedevent")
    seen = access_of(request)
    row = seen.events().filter(pk=key, trigger=definition.trigger).first() if key and may else None
    samples = {} if row else {ask.name: ask.sample for ask in trial.asks(definition)}
    base = row.event() if row else None
    return trial.event_of(definition, samples, base=base, hidden=seen.hidden, now=clock.now())


def backtest_view(admin: Any, request: HttpRequest, rule: Rule | None) -> JsonResponse:
    form = draft(admin, request, rule)
    if not form.is_valid():
        return refused(errors(form))
    wanted = days(request)
    return started(
        lambda: backtest.start(form.definition, rule=rule, days=wanted, author=person(request), now=clock.now())
    )


def lint_view(admin: Any, request: HttpRequest, rule: Rule | None) -> JsonResponse:
    form = draft(admin, request, rule)
    if not form.is_valid():
        return refused(errors(form))
    found = findings(request, form.definition, rule)
    return JsonResponse({"html": render_to_string("admin/tracking/rule_findings.html", {"findings": found})})


def findings(request: HttpRequest, definition: RuleDefinition, rule: Rule | None) -> list[Finding]:
    """The linter's remarks, as far as this person may know of the rules that they name."""
    return lint.lint(definition, rule=rule, among=access_of(request).rules(), now=clock.now())


def findings_of(request: HttpRequest, rule: Rule) -> list[Finding] | None:
    """Those of a saved rule; None for one that this release cannot read."""
    assert rule.current is not None
    try:
        return findings(request, rule.current.definition(), rule)
    except TrackingError:
        return None
