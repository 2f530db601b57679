"""Jobs that a page starts by script and shows below what is being written: one answer for all of them."""

from __future__ import annotations

from collections.abc import Callable

from django.http import JsonResponse
from django.urls import reverse

from tracking.errors import FieldErrors, TrackingError
from tracking.models import Job
from tracking.tasks import start_job


def started(open_job: Callable[[], Job]) -> JsonResponse:
    """Where the job can be watched, or what keeps it from being started, field by field."""
    try:
        job = open_job()
    except FieldErrors as error:
        return refused(error.errors)
    except TrackingError as error:
        return refused({"": [str(error)]})
    start_job(job)
    return JsonResponse(
        {
            "state": reverse("admin:tracking_job_state", args=(job.pk,)),
            "result": reverse("admin:tracking_job_outcome", args=(job.pk,)),
            "page": reverse("admin:tracking_job_change", args=(job.pk,)),
        }
    )


def refused(errors: dict[str, list[str]]) -> JsonResponse:
    return JsonResponse({"errors": errors})
