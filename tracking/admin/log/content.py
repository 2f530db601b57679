"""What a logged mail says: masked until somebody who may confirms to get access, and each look is kept in the audit."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse

from tracking.admin.log.pages import as_uuid
from tracking.choices import AuditAction
from tracking.errors import TrackingError
from tracking.models import Delivery
from tracking.page_policy import foreign_html, foreign_text
from tracking.pipeline import rerender
from tracking.pipeline.trial import Preview
from tracking.roles import REVEAL
from tracking.store import audit, clock

OPEN_FOR = timedelta(minutes=10)
_KEY = "revealed"  # of the session: delivery -> until when, in seconds since 1970
_MOST = 50  # deliveries that a session keeps open


def may_reveal(request: HttpRequest) -> bool:
    return bool(request.user.has_perm(f"tracking.{REVEAL}"))


def is_open(request: HttpRequest, key: UUID, *, now: datetime) -> bool:
    """Whether this person has confirmed of late, and still may look."""
    return may_reveal(request) and request.session.get(_KEY, {}).get(str(key), 0) > now.timestamp()


def urls(admin: Any) -> list[URLPattern]:
    """The confirmation, and the mail's parts for frames."""
    views = (("reveal", reveal), ("html", foreign_html(html)), ("text", foreign_text(text)))
    return [
        path(
            f"<path:object_id>/mail/{name}/",
            admin.admin_site.admin_view(_about_a_delivery(admin, view)),
            name=f"tracking_delivery_{name}",
        )
        for name, view in (*views, ("source", foreign_text(source)))
    ]


def _about_a_delivery(admin: Any, view: Any) -> Any:
    def answer(request: HttpRequest, object_id: str) -> HttpResponse:
        key = as_uuid(object_id)
        rows = admin.get_queryset(request)
        delivery = rows.select_related("rule").filter(pk=key).first() if key else None
        if delivery is None:
            raise Http404("There is no such delivery.")
        if not admin.has_view_permission(request, delivery):
            raise PermissionDenied
        response: HttpResponse = view(request, delivery)
        return response

    return answer


def reveal(request: HttpRequest, delivery: Delivery) -> HttpResponse:
    """POST notes who looks, and opens the mail for a while."""
    if not may_reveal(request):
        raise PermissionDenied
    if request.method == "POST":
        user: Any = request.user
        now = clock.now()
        audit.note(actor=user, action=AuditAction.CONTENT_REVEALED, target=delivery, now=now)
        kept = {key: until for key, until in request.session.get(_KEY, {}).items() if until > now.timestamp()}
        kept[str(delivery.pk)] = (now + OPEN_FOR).timestamp()
        request.session[_KEY] = dict(list(kept.items())[-_MOST:])
    return redirect(reverse("admin:tracking_delivery_change", args=(delivery.pk,)) + "#mail")


def html(request: HttpRequest, delivery: Delivery) -> HttpResponse:
    """The HTML body alone."""
    body = _mail(request, delivery).html
    if body is None:
        raise Http404("This mail has no HTML.")
    return HttpResponse(body, content_type="text/html; charset=utf-8")


def text(request: HttpRequest, delivery: Delivery) -> HttpResponse:
    body = _mail(request, delivery).text
    if body is None:
        raise Http404("This mail has no text.")
    return HttpResponse(body, content_type="text/plain; charset=utf-8")


def source(request: HttpRequest, delivery: Delivery) -> HttpResponse:
    return HttpResponse(_mail(request, delivery).source, content_type="text/plain; charset=utf-8")


def _mail(request: HttpRequest, delivery: Delivery) -> Preview:
    """As it was rendered, or with the rule of today; only for who has confirmed."""
    now = clock.now()
    if not is_open(request, delivery.pk, now=now):
        raise PermissionDenied
    version = delivery.rule.current_id if request.GET.get("rule") == "today" else None
    try:
        return rerender.again(delivery.pk, version_id=version, now=now)
    except TrackingError as error:
        raise Http404(str(error)) from error


def shown(request: HttpRequest, delivery: Delivery) -> dict[str, Any]:
    """What the page of a delivery says of its mail: nothing of it before somebody has confirmed."""
    now = clock.now()
    if not is_open(request, delivery.pk, now=now):
        return {"may_reveal": may_reveal(request)}
    today = request.GET.get("rule") == "today"
    newer = delivery.rule.current_id not in (None, delivery.version_id)
    try:
        then = rerender.again(delivery.pk, now=now)
    except TrackingError as error:
        then, problem = None, str(error)
    else:
        problem = ""
    return {"may_reveal": True, "revealed": True, "newer_rule": newer, "today": today and newer} | (
        _with_today(delivery, then, problem, now) if today and newer else {"mail": then, "problem": problem}
    )


def _with_today(delivery: Delivery, then: Preview | None, problem: str, now: datetime) -> dict[str, Any]:
    try:
        mail = rerender.again(delivery.pk, version_id=delivery.rule.current_id, now=now)
    except TrackingError as error:
        return {"mail": None, "problem": f"With today's rule: {error}"}
    changes = rerender.changes(then, mail) if then else None
    return {"mail": mail, "problem": "", "changes": changes, "problem_then": problem}
