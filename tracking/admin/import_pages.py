"""What the dry run of an import has shown is done: by whoever started it, once, after a look at the differences."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.views.decorators.http import require_POST

from tracking.admin.listing import is_id
from tracking.admin.scope import person
from tracking.choices import JobKind
from tracking.errors import CredentialsError, JobError
from tracking.models import Job
from tracking.pipeline import exchange
from tracking.store import clock
from tracking.tasks import start_job

WRITES = ("tracking.add_rule", "tracking.change_rule")


def urls(admin: Any) -> list[URLPattern]:
    @require_POST
    def apply(request: HttpRequest, job_id: int) -> HttpResponse:
        return apply_view(admin, request, job_id)

    return [path("<int:job_id>/apply/", admin.admin_site.admin_view(apply), name="tracking_job_apply")]


def offered(request: HttpRequest, job: Job) -> bool:
    return request.user.has_perms(WRITES) and exchange.can_apply(job, person(request))


def apply_view(admin: Any, request: HttpRequest, job_id: int) -> HttpResponse:
    own = admin.get_queryset(request).filter(kind=JobKind.IMPORT_RULES, author=person(request))
    looked: Job | None = own.filter(pk=job_id).first() if is_id(str(job_id)) else None
    if looked is None:
        raise Http404
    if not request.user.has_perms(WRITES):
        raise PermissionDenied
    try:
        job = exchange.apply(looked, author=person(request), now=clock.now())
    except (JobError, CredentialsError) as error:
        admin.message_user(request, f"{error}.", messages.ERROR)
        return redirect("admin:tracking_job_change", job_id)
    start_job(job)
    return redirect("admin:tracking_job_change", job.pk)
