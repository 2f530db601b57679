"""Long work as rows: opened by people, claimed by one worker at a time, cancelled at any moment."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import F, Q, QuerySet

from tracking import conf, credentials
from tracking.choices import AuditAction, JobKind, JobState
from tracking.errors import JobError
from tracking.models import Job, Rule, User
from tracking.store import audit

MAX_STARTS = 3  # a job whose worker died that often is failed
MAX_OPEN = 5  # of one person and kind
MAX_RESULT = 512 * 1024  # bytes of JSON
MAX_FILE = 16 * 1024 * 1024  # characters
SECRET_KEPT = timedelta(days=1)  # for a job that goes on with what another one has looked at
STARTED_AT_ONCE = 20  # by one sweep
_OPEN = (JobState.QUEUED, JobState.RUNNING)
_FREE = {"lease_token": None, "lease_until": None}


@dataclass(frozen=True, slots=True)
class Claimed:
    """A job that this worker alone may run, as long as it shows progress."""

    job: Job
    token: UUID


def open_job(
    kind: JobKind,
    params: Mapping[str, Any],
    *,
    author: User | None,
    now: datetime,
    title: str = "",
    rule: Rule | None = None,
    secret: str = "",
) -> Job:
    """A new job, queued. Raises JobError when its author has too many of the kind open already."""
    if author is not None and Job.objects.filter(author=author, kind=kind, state__in=_OPEN).count() >= MAX_OPEN:
        raise JobError(f"{MAX_OPEN} jobs of yours of this kind are open already: wait for one, or cancel it")
    job = Job.objects.create(
        kind=kind, params=dict(params), author=author, rule=rule, title=title[:200], created_at=now
    )
    if author is not None:
        audit.note(actor=author, action=AuditAction.JOB_STARTED, target=job, detail={"title": job.title}, now=now)
    if secret:
        job.sealed = credentials.seal(secret, bound_to=owner_of(job.pk))
        job.save(update_fields=["sealed"])
    return job


def opened_since(author: User, kind: JobKind, since: datetime) -> int:
    """How many jobs of a kind a person has opened since then: what a limit per hour asks."""
    return Job.objects.filter(author=author, kind=kind, created_at__gt=since).count()


def claim(job_id: int, *, lease: timedelta, now: datetime) -> Claimed | None:
    """Lease a job that waits, or whose worker died. None: another has it, it is over, or enough of its kind run."""
    job = Job.objects.filter(_takable(now), pk=job_id).first()
    if job is None or _running(job.kind, now) >= conf.jobs_at_once():
        return None
    token = uuid4()
    taken = Job.objects.filter(_takable(now), pk=job_id, starts=job.starts).update(
        state=JobState.RUNNING,
        lease_token=token,
        lease_until=now + lease,
        starts=F("starts") + 1,
        started_at=now,
        done=0,
        total=None,
        note="",
    )
    if not taken:
        return None
    job.refresh_from_db()
    return Claimed(job, token)


TOO_LATE = "It has gone on already, or is too old: begin anew"


def secret(job: Job) -> str:
    """What was sealed with it, "" when nothing was. Raises CredentialsError."""
    return credentials.unseal(job.sealed, bound_to=owner_of(job.pk))


def owner_of(job_id: int) -> str:
    """What its secret is bound to."""
    return f"job {job_id}"


def hand_on(
    looked: Job, params: Mapping[str, Any], *, author: User | None, now: datetime, title: str, rule: Rule | None = None
) -> Job:
    """A new job of the same kind, which takes over the secret of one that is done. Raises JobError when that is gone,
    CredentialsError when it cannot be opened.
    """
    with transaction.atomic():
        taken = secret(looked)
        if not Job.objects.filter(pk=looked.pk, state=JobState.DONE).exclude(sealed="").update(sealed=""):
            raise JobError(TOO_LATE)
        return open_job(JobKind(looked.kind), params, author=author, now=now, title=title, rule=rule, secret=taken)


def forget_secrets(*, now: datetime) -> int:
    """Empty what was sealed with jobs that nobody went on with in time; how many those are."""
    return Job.objects.filter(finished_at__lt=now - SECRET_KEPT).exclude(sealed="").update(sealed="")


def _takable(now: datetime) -> Q:
    died = Q(state=JobState.RUNNING, lease_until__lt=now, starts__lt=MAX_STARTS)
    return Q(state=JobState.QUEUED) | died


def _running(kind: str, now: datetime) -> int:
    return Job.objects.filter(kind=kind, state=JobState.RUNNING, lease_until__gte=now).count()


def progress(
    job_id: int, token: UUID, *, done: int, total: int | None, note: str, lease: timedelta, now: datetime
) -> bool:
    """Write down how far it has come, and keep the lease. False: it was cancelled, or is another worker's now."""
    values = {"done": done, "total": total, "note": note[:200], "lease_until": now + lease}
    return _held(job_id, token).update(**values) == 1


def finish(
    job_id: int,
    token: UUID,
    *,
    result: Mapping[str, Any],
    file_name: str = "",
    file_text: str = "",
    keep_secret: bool = False,
    now: datetime,
) -> bool:
    """Whether it was still ours to finish. Raises JobError for a result that is larger than a row should hold.

    `keep_secret`: another job may go on with it, for SECRET_KEPT.
    """
    if len(json.dumps(result)) > MAX_RESULT or len(file_text) > MAX_FILE:
        raise JobError("the result is larger than can be kept: choose less at a time")
    values: dict[str, Any] = {"result": result, "file_name": file_name, "file_text": file_text}
    if keep_secret:
        values["sealed"] = F("sealed")
    return _end(_held(job_id, token), JobState.DONE, now, **values) == 1


def fail(job_id: int, token: UUID, *, error: str, now: datetime) -> bool:
    return _end(_held(job_id, token), JobState.FAILED, now, error=error[:1000]) == 1


def cancel(job_id: int, *, by: User | None = None, now: datetime) -> bool:
    """Whether that stopped it. What runs notices with its next progress; what it has done until then stays done."""
    job = Job.objects.filter(pk=job_id, state__in=_OPEN)
    if not _end(job, JobState.CANCELLED, now):
        return False
    audit.note(actor=by, action=AuditAction.JOB_CANCELLED, target=Job.objects.get(pk=job_id), now=now)
    return True


def give_up(*, now: datetime) -> int:
    """Fail those whose worker died each time they were started; how many."""
    dead = Job.objects.filter(state=JobState.RUNNING, lease_until__lt=now, starts__gte=MAX_STARTS)
    return _end(dead, JobState.FAILED, now, error=f"Its worker died {MAX_STARTS} times.")


def due(*, now: datetime) -> list[int]:
    """Jobs that no worker has, oldest first."""
    return list(Job.objects.filter(_takable(now)).order_by("id").values_list("pk", flat=True)[:STARTED_AT_ONCE])


def _held(job_id: int, token: UUID) -> QuerySet[Job]:
    return Job.objects.filter(pk=job_id, lease_token=token, state=JobState.RUNNING)


def _end(jobs: QuerySet[Job], state: JobState, now: datetime, **values: Any) -> int:
    return jobs.update(state=state, finished_at=now, **_FREE, **{"sealed": "", **values})
