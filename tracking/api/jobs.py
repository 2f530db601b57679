"""Long work: how far it has come, what came of it."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpResponse
from django_filters.rest_framework import FilterSet
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from tracking.api.caller import Caller
from tracking.api.door import Door
from tracking.api.filters import IdFilter, YesNoFilter
from tracking.api.problems import Conflict
from tracking.api.renderers import offered
from tracking.api.rights import Right, reading
from tracking.choices import JobKind, JobState, Scope
from tracking.models import Job
from tracking.pipeline.jobs import FILE_NEEDS
from tracking.store import clock, jobs

READ_RULES = Right(Scope.RULES_READ, "view_rule")  # of FILE_NEEDS


class JobSerializer(serializers.ModelSerializer[Job]):
    author = serializers.CharField(source="author.username", default=None, allow_null=True, read_only=True)
    percent = serializers.IntegerField(read_only=True, allow_null=True, help_text="Null while it cannot be known.")
    file = serializers.CharField(source="file_name", read_only=True, help_text="Its name; empty: there is none.")

    class Meta:
        model = Job
        fields: tuple[str, ...] = (
            *("id", "kind", "state", "title", "author", "rule", "created_at", "started_at", "finished_at"),
            *("done", "total", "percent", "note", "error", "file"),
        )
        read_only_fields: tuple[str, ...] = fields


class WholeJobSerializer(JobSerializer):
    result = serializers.DictField(allow_null=True, read_only=True, help_text="What its kind gives.")

    class Meta(JobSerializer.Meta):
        fields: tuple[str, ...] = (*JobSerializer.Meta.fields, "result")
        read_only_fields = fields


class JobFilters(FilterSet):
    kind = django_filters.ChoiceFilter(choices=JobKind.choices)
    state = django_filters.ChoiceFilter(choices=JobState.choices)
    rule = IdFilter(field_name="rule_id")
    mine = YesNoFilter(method="of_caller", help_text="Only those that you started.")

    def of_caller(self, rows: QuerySet[Job], name: str, value: bool) -> QuerySet[Job]:
        user: Any = self.request.user if self.request else None
        return rows.filter(author=user) if value else rows


class Jobs(Door):
    """Backtests, replays, checks, imports, exports: started elsewhere, by other addresses or in the admin."""

    queryset = Job.objects.all()
    serializer_class = JobSerializer
    filterset_class = JobFilters
    answers = {"file": (200, bytes)}
    media = {"file": "application/octet-stream"}
    rights = {
        **reading(Scope.JOBS_READ, "job"),
        "file": Right(Scope.JOBS_READ, "view_job"),
        "cancel": Right(Scope.JOBS_WRITE, "change_job"),
    }

    def visible(self, rows: QuerySet[Job]) -> QuerySet[Job]:
        return rows.select_related("author").defer("file_text", "sealed")

    def get_serializer_class(self) -> type[JobSerializer]:
        return JobSerializer if self.action == "list" else WholeJobSerializer

    def list(self, request: Request) -> Response:
        return self.listing(self.get_queryset().defer("result"))

    def retrieve(self, request: Request, pk: int) -> Response:
        return self.shown(self.get_object())

    @action(detail=True, renderer_classes=offered("application/octet-stream"))
    def file(self, request: Request, pk: int) -> HttpResponse:
        """What the job made to be taken away."""
        job: Job = self.get_object()
        if not job.file_name:
            raise NotFound
        if JobKind(job.kind) in FILE_NEEDS:
            self.demand(READ_RULES)
        headers = {"Content-Disposition": 'attachment; filename="result"', "X-Content-Type-Options": "nosniff"}
        return HttpResponse(job.file_text, content_type="application/octet-stream", headers=headers)

    @action(detail=True, methods=["post"])
    @transaction.atomic
    def cancel(self, request: Request, pk: int) -> Response:
        """What it has done until then stays done."""
        job, now = self.get_object(), clock.now()
        if not jobs.cancel(job.pk, by=self.user, now=now):
            raise Conflict(f"It is over: {job.get_state_display().lower()}.")
        return self.shown(self.get_object())


def accepted(job: Job, caller: Caller) -> Response:
    """202, and where the job is: there for the token that has started it."""
    Job.objects.filter(pk=job.pk).update(token=caller.token)
    address = f"/api/v1/jobs/{job.pk}/"
    return Response({"job": job.pk, "state": job.state, "url": address}, status=202, headers={"Location": address})
