"""What a backtest found: its events, page by page, and the mail that each would have become."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path

from tracking.admin.listing import is_id
from tracking.admin.scope import access_of
from tracking.choices import JobKind, JobState, Verdict
from tracking.definition import RuleDefinition
from tracking.errors import TrackingError
from tracking.events import Event
from tracking.models import BacktestMatch, Job
from tracking.page_policy import foreign_html
from tracking.pipeline import rerender, trial
from tracking.pipeline.trial import Preview
from tracking.store import backtests, clock

_EDITED, _LIVE = "definition", "live"  # of a job's params


def urls(admin: Any) -> list[URLPattern]:
    def matches(request: HttpRequest, job_id: int) -> HttpResponse:
        return matches_page(admin, request, _backtest(admin, request, job_id))

    def mail(request: HttpRequest, job_id: int, match_id: int) -> HttpResponse:
        return mail_page(admin, request, _backtest(admin, request, job_id), match_id)

    def html(request: HttpRequest, job_id: int, match_id: int) -> HttpResponse:
        return mail_html(request, _backtest(admin, request, job_id), match_id)

    wrap = admin.admin_site.admin_view
    return [
        path("<int:job_id>/events/", wrap(matches), name="tracking_job_matches"),
        path("<int:job_id>/events/<int:match_id>/", wrap(mail), name="tracking_job_mail"),
        path("<int:job_id>/events/<int:match_id>/html/", wrap(foreign_html(html)), name="tracking_job_html"),
    ]


def _backtest(admin: Any, request: HttpRequest, job_id: int) -> Job:
    jobs = admin.get_queryset(request).filter(kind=JobKind.BACKTEST, state=JobState.DONE)
    found: Job | None = jobs.filter(pk=job_id).first() if is_id(str(job_id)) else None
    if found is None:
        raise Http404
    return found


def matches_page(admin: Any, request: HttpRequest, job: Job) -> HttpResponse:
    wanted, after = request.GET.get("verdict", ""), request.GET.get("after", "")
    verdict = Verdict(wanted) if wanted in Verdict.values else None
    rows, following = backtests.page(job, after=int(after) if is_id(after) else 0, verdict=verdict)
    events = access_of(request).events().defer("payload").in_bulk([row.event_row for row in rows])
    result = job.result or {}
    context = {
        **_around(admin, request, job),
        "rows": [(row, events.get(row.event_row)) for row in rows],
        "following": following,
        "page_size": backtests.PAGE,
        "verdict": verdict.value if verdict else "",
        "verdicts": [("", "All"), *Verdict.choices],
        "total": sum(result.get("verdicts", {}).values()),
        "may_render": request.user.has_perm("tracking.view_storedevent"),
    }
    return TemplateResponse(request, "admin/tracking/job_matches.html", context)


def mail_page(admin: Any, request: HttpRequest, job: Job, match_id: int) -> HttpResponse:
    """The mail of the version that fired; where both did, the edited one's and what differs from the live one's."""
    row, event = _match(request, job, match_id)
    context = {**_around(admin, request, job), "row": row}
    try:
        context["mail"] = mail = _mail(request, job, row, event)
        if row.verdict == Verdict.BOTH:
            context["changes"] = rerender.changes(_rendered(request, job, event, _LIVE), mail)
    except TrackingError as error:
        context["failed"] = str(error)
    return TemplateResponse(request, "admin/tracking/job_mail.html", context)


def mail_html(request: HttpRequest, job: Job, match_id: int) -> HttpResponse:
    """The HTML body alone, for a frame."""
    try:
        body = _mail(request, job, *_match(request, job, match_id)).html
    except TrackingError as error:
        raise Http404(str(error)) from error
    if body is None:
        raise Http404("This mail has no HTML.")
    return HttpResponse(body, content_type="text/html; charset=utf-8")


def _match(request: HttpRequest, job: Job, match_id: int) -> tuple[BacktestMatch, Event]:
    """What was found, and its event, for who may see events."""
    if not request.user.has_perm("tracking.view_storedevent"):
        raise PermissionDenied
    row = BacktestMatch.objects.filter(job=job, pk=match_id).first() if is_id(str(match_id)) else None
    stored = access_of(request).events().filter(pk=row.event_row).first() if row else None
    if row is None or stored is None:
        raise Http404
    return row, stored.event()


def _mail(request: HttpRequest, job: Job, row: BacktestMatch, event: Event) -> Preview:
    return _rendered(request, job, event, _LIVE if row.verdict == Verdict.LIVE else _EDITED)


def _rendered(request: HttpRequest, job: Job, event: Event, version: str) -> Preview:
    """The event's mail by one of the job's versions, on the values that this person sees. Raises TrackingError."""
    definition = RuleDefinition.from_json(job.params[version])
    values = access_of(request).shown(trial.values(event, definition, rule_id=job.rule_id or 0))
    return trial.preview(definition, values, now=clock.now())


def _around(admin: Any, request: HttpRequest, job: Job) -> dict[str, Any]:
    return {
        **admin.admin_site.each_context(request),
        "opts": admin.opts,
        "original": job,
        "job": job,
        "title": f"Backtest of {job.title}",
    }
