"""Long work that people start: where it stands, and what came of it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from tracking.choices import JobKind, JobState, Verdict


class Job(models.Model):
    """A piece of long work. Workers claim it by a conditional update under a lease; each progress renews the lease.

    `params` is what its function is called with; a secret among them stands sealed in `sealed` and is gone once the
    job is finished, or a day later where another job may go on with it. `done` of `total` says how far it has come, in
    whatever its kind counts.
    """

    kind = models.CharField(max_length=20, choices=JobKind)
    state = models.CharField(max_length=10, choices=JobState, default=JobState.QUEUED)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="jobs", editable=False
    )
    rule = models.ForeignKey("tracking.Rule", on_delete=models.SET_NULL, null=True, related_name="+", editable=False)
    token = models.ForeignKey(  # by which it was started; None: at a page
        "tracking.ApiToken", on_delete=models.SET_NULL, null=True, related_name="+", editable=False
    )
    title = models.CharField(max_length=200, blank=True)
    params = models.JSONField(default=dict, editable=False)
    sealed = models.TextField(blank=True, editable=False)

    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    starts = models.PositiveSmallIntegerField(default=0, editable=False)
    lease_token = models.UUIDField(null=True, editable=False)
    lease_until = models.DateTimeField(null=True, editable=False)

    done = models.PositiveBigIntegerField(default=0)
    total = models.PositiveBigIntegerField(null=True)
    note = models.CharField(max_length=200, blank=True)
    result = models.JSONField(null=True)
    error = models.CharField(max_length=1000, blank=True)
    file_name = models.CharField(max_length=100, blank=True)
    file_text = models.TextField(blank=True, editable=False)

    class Meta:
        ordering = ("-id",)
        constraints = [
            models.CheckConstraint(
                condition=Q(state="running", lease_token__isnull=False, lease_until__isnull=False)
                | ~Q(state="running") & Q(lease_token__isnull=True, lease_until__isnull=True),
                name="a_job_has_a_lease_while_running_and_only_then",
            ),
        ]
        indexes = [
            # sweep: what no worker has taken, or whose worker died
            models.Index(fields=("id",), name="job_open", condition=Q(state__in=("queued", "running"))),
            # list: one's own jobs; limits per person
            models.Index(fields=("author", "id"), name="job_of_author"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.get_kind_display()}"

    @property
    def is_open(self) -> bool:
        return self.state in (JobState.QUEUED, JobState.RUNNING)

    @property
    def percent(self) -> int | None:
        """How far it has come; None while that cannot be known."""
        if self.state == JobState.DONE:
            return 100
        return min(99, 100 * self.done // self.total) if self.total else None


class BacktestMatch(models.Model):
    """One event for which a version of a rule would have fired, of a backtest. Its event may be pruned meanwhile."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="matches", db_index=False)
    event_row = models.UUIDField()
    verdict = models.CharField(max_length=10, choices=Verdict)
    recipients = models.CharField(max_length=500, blank=True)  # the edited version's, if it fired; cut where many

    class Meta:
        ordering = ("id",)
        indexes = [
            # the list of a backtest's events, page by page by key, by verdict too; and its removal with the job
            models.Index(fields=("job", "id"), name="match_of_job"),
            models.Index(fields=("job", "verdict", "id"), name="match_by_verdict"),
        ]

    def __str__(self) -> str:
        return str(self.event_row)
