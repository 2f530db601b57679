"""Long work: one's own jobs, how far each has come, what came of it, and a way to stop it."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string, select_template
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from tracking.admin import backtest_pages, import_pages
from tracking.admin.confirming import confirmed
from tracking.admin.listing import ReadOnlyAdmin, badge, is_id, page_action
from tracking.admin.scope import person
from tracking.choices import JobKind, JobState
from tracking.errors import JobError
from tracking.models import Job
from tracking.pipeline.jobs import FILE_NEEDS
from tracking.store import clock
from tracking.store import jobs as store
from tracking.tasks import start_job

STATE_COLOURS = {JobState.DONE: "green", JobState.FAILED: "red", JobState.RUNNING: "amber"}


def state_badge(job: Job) -> SafeString:
    return badge(job.get_state_display(), STATE_COLOURS.get(JobState(job.state), "grey"))


def to_job(job: Job) -> HttpResponse:
    """To the page on which the job can be watched."""
    return redirect("admin:tracking_job_change", job.pk)


@admin.register(Job)
class JobAdmin(ReadOnlyAdmin):
    """Everybody sees their own jobs; who may view jobs sees all of them."""

    when_empty = "Backtests, replays, checks, imports and exports stand here while they run and afterwards."
    list_display = ("number", "kind", "title", "state_shown", "how_far", "author", "created", "finished")
    list_display_links = ("number", "kind")
    list_select_related = ("author",)
    list_filter = (("kind", ChoicesDropdownFilter), ("state", ChoicesDropdownFilter))
    sortable_by = ()
    ordering = ("-id",)
    actions_list = ("prune",)
    actions_detail = ("cancel",)
    change_form_before_template = "admin/tracking/job_progress.html"
    change_form_outer_after_template = "admin/tracking/job_below.html"  # it has forms of its own
    fieldsets = (
        ("Job", {"fields": ("kind", "title", "state_shown", "author", "created_at", "started_at", "finished_at")}),
    )

    class Media:
        js = ("tracking/job.js",)

    # --- who sees what ------------------------------------------------------------------------------------------------

    def has_module_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_staff)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return bool(request.user.is_staff)

    def has_prune_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("tracking.delete_delivery"))

    def has_cancel_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return bool(request.user.is_staff)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Job]:
        rows: QuerySet[Job] = super().get_queryset(request).defer("params", "sealed", "result", "file_text")
        return rows if request.user.has_perm("tracking.view_job") else rows.filter(author_id=request.user.pk)

    # --- columns ------------------------------------------------------------------------------------------------------

    @admin.display(description="ID")
    def number(self, job: Job) -> str:
        return f"{job.pk}"

    @admin.display(description="State")
    def state_shown(self, job: Job) -> SafeString:
        return state_badge(job)

    @admin.display(description="Progress")
    def how_far(self, job: Job) -> str:
        return "-" if job.percent is None else f"{job.percent} %"

    @admin.display(description="Created")
    def created(self, job: Job) -> str:
        return f"{job.created_at:%Y-%m-%d %H:%M:%S}"

    @admin.display(description="Finished")
    def finished(self, job: Job) -> str:
        return f"{job.finished_at:%Y-%m-%d %H:%M:%S}" if job.finished_at else "-"

    # --- one job ------------------------------------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        site = self.admin_site
        return [
            path("<int:job_id>/state/", site.admin_view(self.state_view), name="tracking_job_state"),
            path("<int:job_id>/result/", site.admin_view(self.result_view), name="tracking_job_outcome"),
            path("<int:job_id>/file/", site.admin_view(self.file_view), name="tracking_job_file"),
            *backtest_pages.urls(self),
            *import_pages.urls(self),
            *super().get_urls(),
        ]

    def around(self, request: HttpRequest, obj: Job) -> dict[str, Any]:
        return _facts(obj, request)

    def state_view(self, request: HttpRequest, job_id: int) -> JsonResponse:
        """What the page's bar asks for, once a second."""
        return JsonResponse(_state(self._job(request, job_id)))

    def result_view(self, request: HttpRequest, job_id: int) -> HttpResponse:
        """What came of it, as a part of whatever page asks."""
        job = self._job(request, job_id)
        return HttpResponse(render_to_string("admin/tracking/job_below.html", _facts(job, request), request))

    def file_view(self, request: HttpRequest, job_id: int) -> HttpResponse:
        job = self._job(request, job_id)
        if not job.file_name or not request.user.has_perms(FILE_NEEDS.get(JobKind(job.kind), ())):
            raise Http404
        headers = {"Content-Disposition": f'attachment; filename="{job.file_name}"'}
        return HttpResponse(job.file_text, content_type="text/plain; charset=utf-8", headers=headers)

    def _job(self, request: HttpRequest, job_id: int) -> Job:
        job = self.get_queryset(request).filter(pk=job_id).first()
        if job is None:
            raise Http404
        return job

    # --- actions ------------------------------------------------------------------------------------------------------

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        job = self.get_queryset(request).filter(pk=object_id).first() if is_id(str(object_id)) else None
        offered = job is not None and job.is_open and _may_cancel(request, job)
        return super().get_actions_detail(request, object_id) if offered else []

    @page_action(description="Cancel", permissions=["cancel"], url_path="cancel")
    def cancel(self, request: HttpRequest, object_id: str) -> HttpResponse:
        job = self._job(request, int(object_id)) if is_id(object_id) else None
        if job is None:
            return redirect("admin:tracking_job_changelist")
        if not _may_cancel(request, job):
            raise PermissionDenied
        back = reverse("admin:tracking_job_change", args=(object_id,))
        question = f"Stop {job.get_kind_display().lower()} #{job.pk}? What it has done until now stays done."
        if (page := confirmed(request, self, title="Cancel", question=question, back=back)) is not None:
            return page
        if store.cancel(job.pk, by=person(request), now=clock.now()):
            self.message_user(request, "Cancelled.", messages.SUCCESS)
        else:
            self.message_user(request, "It was over already.", messages.WARNING)
        return redirect(back)

    @page_action(description="Remove what is too old", permissions=["prune"], url_path="prune")
    def prune(self, request: HttpRequest) -> HttpResponse:
        back = reverse("admin:tracking_job_changelist")
        question = "Remove deliveries, events, counts and alerts past their age now? Every night does the same."
        if (page := confirmed(request, self, title="Remove", question=question, back=back)) is not None:
            return page
        try:
            job = store.open_job(JobKind.PRUNE, {}, author=request.user, now=clock.now())  # type: ignore[arg-type]
        except JobError as error:
            self.message_user(request, f"{error}.", messages.ERROR)
            return redirect(back)
        start_job(job)
        return to_job(job)


def _may_cancel(request: HttpRequest, job: Job) -> bool:
    """One's own; those of others as the API has it."""
    return job.author_id == request.user.pk or request.user.has_perm("tracking.change_job")


def _state(job: Job) -> dict[str, Any]:
    return {
        "open": job.is_open,
        "state": job.state,
        "label": job.get_state_display(),
        "percent": job.percent,
        "note": job.note,
    }


def _facts(job: Job, request: HttpRequest) -> dict[str, Any]:
    """What stands around the job's own fields; each kind has a template for its result, or shares the plain one."""
    shown = select_template([f"admin/tracking/job_{job.kind}.html", "admin/tracking/job_result.html"])
    most = max((max(day[1:]) for day in (job.result or {}).get("per_day", ())), default=1)
    return {
        "job": job,
        "bar": _state(job),
        "result_template": shown.template.name,
        "most": max(most, 1),
        "can_apply": import_pages.offered(request, job),
    }
