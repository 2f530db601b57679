"""Long work, one function a kind: run under a lease, finished or failed in one place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import structlog

from tracking import conf
from tracking.choices import JobKind
from tracking.errors import JobStopped, TrackingError
from tracking.pipeline import backtest, check, exchange, replay, retention
from tracking.pipeline.report import Report
from tracking.store import jobs
from tracking.store.clock import Clock
from tracking.store.jobs import Claimed

log = structlog.get_logger(__name__)

Work = Callable[[Mapping[str, Any], Report], Mapping[str, Any]]

# kind -> what does the work: of the job's params, reporting between its steps; its answer is the job's result
WORK: Mapping[JobKind, Work] = {
    JobKind.BACKTEST: backtest.work,
    JobKind.CHECK: check.work,
    JobKind.PRUNE: retention.work,
    JobKind.REPLAY: replay.work,
    JobKind.IMPORT_RULES: exchange.import_rules,
    JobKind.EXPORT_RULES: exchange.export_rules,
}

# kind -> permissions without which nobody takes its file away, though they see the job
FILE_NEEDS: Mapping[JobKind, tuple[str, ...]] = dict.fromkeys(
    (JobKind.IMPORT_RULES, JobKind.EXPORT_RULES), ("tracking.view_rule",)
)

_INTERNAL = "{} stopped it. This is a fault of ours; the log of the worker has the details."


def run(job_id: int, *, clock: Clock) -> None:
    """Do one job, if nobody else does. Whatever happens, the job says what became of it."""
    claimed = jobs.claim(job_id, lease=conf.job_lease(), now=clock())
    if claimed is None:  # another worker has it, it was cancelled, or enough of its kind run
        return
    try:
        _finish(claimed, clock)
    except JobStopped:
        log.info("job_stopped", job=job_id)
    except TrackingError as error:
        jobs.fail(job_id, claimed.token, error=str(error), now=clock())
    except Exception as error:  # the outer edge: whoever waits for it must learn that it is over
        log.exception("job_failed", job=job_id)
        jobs.fail(job_id, claimed.token, error=_INTERNAL.format(type(error).__name__), now=clock())


def _finish(claimed: Claimed, clock: Clock) -> None:
    report = Report(claimed, clock)
    result = WORK[JobKind(claimed.job.kind)](claimed.job.params, report)
    jobs.finish(
        claimed.job.pk,
        claimed.token,
        result=result,
        file_name=report.file_name,
        file_text=report.file_text,
        keep_secret=report.keep_secret,
        now=clock(),
    )
