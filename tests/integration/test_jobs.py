"""Long work: one worker at a time, cancelled between two steps, never lost and never half said."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError

from tests import factories
from tests.factories import NOON
from tracking import tasks
from tracking.choices import JobKind, JobState
from tracking.errors import JobError
from tracking.models import Job
from tracking.pipeline import jobs as running
from tracking.pipeline import retention, sweep
from tracking.store import jobs

pytestmark = pytest.mark.django_db

LEASE = timedelta(minutes=2)


def opened(**values) -> Job:
    return jobs.open_job(JobKind.PRUNE, {}, **{"author": None, "now": NOON, **values})


def run(job: Job, monkeypatch, work) -> Job:
    """The job after a worker has run it with that function for its kind."""
    monkeypatch.setitem(running.WORK, JobKind.PRUNE, work)
    running.run(job.pk, clock=lambda: NOON)
    job.refresh_from_db()
    return job


def test_a_job_is_done_with_its_result_and_its_file(monkeypatch):
    def work(params, report):
        report(1, 2, "half of it")
        report.attach("rows.txt", "one\ntwo\n")
        return {"rows": 2}

    job = run(opened(), monkeypatch, work)

    assert (job.state, job.result, job.file_text, job.percent) == (JobState.DONE, {"rows": 2}, "one\ntwo\n", 100)
    assert (job.done, job.total, job.note) == (1, 2, "half of it")


def test_its_function_gets_the_secret_and_the_row_forgets_it(monkeypatch):
    seen = []
    job = opened(secret="hunter2")
    sealed = job.sealed

    run(job, monkeypatch, lambda params, report: seen.append(report.secret) or {})

    assert seen == ["hunter2"]
    assert "hunter2" not in sealed
    assert job.sealed == ""


def test_one_worker_at_a_time():
    job = opened()

    first, second = (jobs.claim(job.pk, lease=LEASE, now=NOON) for _ in range(2))

    assert first is not None
    assert second is None


def test_a_job_of_a_dead_worker_is_another_workers_and_the_first_cannot_write_any_more():
    job = opened()
    dead = jobs.claim(job.pk, lease=LEASE, now=NOON)
    later = NOON + LEASE + timedelta(seconds=1)

    assert jobs.due(now=later) == [job.pk]
    living = jobs.claim(job.pk, lease=LEASE, now=later)

    assert not jobs.finish(job.pk, dead.token, result={}, now=later)
    assert not jobs.progress(job.pk, dead.token, done=1, total=1, note="", lease=LEASE, now=later)
    assert jobs.finish(job.pk, living.token, result={}, now=later)


def test_a_job_whose_worker_dies_each_time_is_failed_and_says_so():
    job, now = opened(), NOON
    for _ in range(jobs.MAX_STARTS):
        jobs.claim(job.pk, lease=LEASE, now=now)
        now += LEASE + timedelta(seconds=1)

    swept = sweep.sweep(now=now)

    job.refresh_from_db()
    assert swept.jobs == []
    assert (job.state, job.error) == (JobState.FAILED, "Its worker died 3 times.")


def test_a_cancelled_job_stops_at_its_next_step(monkeypatch):
    job, steps = opened(), []

    def work(params, report):
        for step in range(3):
            steps.append(step)
            jobs.cancel(job.pk, now=NOON)
            report(step)
        return {}

    run(job, monkeypatch, work)

    assert steps == [0]
    assert (job.state, job.result) == (JobState.CANCELLED, None)
    assert jobs.claim(job.pk, lease=LEASE, now=NOON) is None


def test_progress_is_written_once_a_second_however_often_it_is_told(monkeypatch, django_assert_max_num_queries):
    def work(params, report):
        with django_assert_max_num_queries(1):
            for step in range(1_000):
                report(step, 1_000)
        return {}

    assert run(opened(), monkeypatch, work).state == JobState.DONE


@pytest.mark.parametrize(
    ("raised", "said"),
    [
        pytest.param(JobError("There is no such rule."), "There is no such rule.", id="an error of ours in its words"),
        pytest.param(KeyError("x"), "KeyError stopped it. This is a fault of ours", id="a fault by its name alone"),
    ],
)
def test_a_job_that_goes_wrong_says_why(monkeypatch, raised, said):
    def work(params, report):
        raise raised

    job = run(opened(), monkeypatch, work)

    assert job.state == JobState.FAILED
    assert job.error.startswith(said)


def test_a_result_too_large_to_keep_fails_the_job(monkeypatch):
    job = run(opened(), monkeypatch, lambda params, report: {"x": "y" * jobs.MAX_RESULT})

    assert (job.state, job.result) == (JobState.FAILED, None)


def test_no_more_of_one_kind_run_at_once_than_allowed(settings):
    settings.TRACKING_JOBS_AT_ONCE = 1
    first, second = opened(), opened()
    claimed = jobs.claim(first.pk, lease=LEASE, now=NOON)

    assert jobs.claim(second.pk, lease=LEASE, now=NOON) is None
    jobs.finish(first.pk, claimed.token, result={}, now=NOON)
    assert jobs.claim(second.pk, lease=LEASE, now=NOON) is not None


def test_one_person_opens_only_so_many():
    author = factories.UserFactory.create()
    for _ in range(jobs.MAX_OPEN):
        opened(author=author)

    with pytest.raises(JobError, match="wait for one"):
        opened(author=author)


def test_the_database_wants_a_lease_while_it_runs():
    with pytest.raises(IntegrityError):
        Job.objects.filter(pk=opened().pk).update(state=JobState.RUNNING)


def test_a_job_is_begun_once_its_transaction_is_committed(monkeypatch, django_capture_on_commit_callbacks):
    rung = []
    monkeypatch.setattr(tasks._job_bell, "ring", rung.extend)

    with django_capture_on_commit_callbacks(execute=True):
        job = opened()
        tasks.start_job(job)
        assert rung == []

    assert rung == [job.pk]


def test_pruning_tells_how_far_it_is_and_forgets_old_jobs(monkeypatch):
    old = opened()
    jobs.cancel(old.pk, now=NOON)
    job = opened(now=NOON + timedelta(days=20))

    running.run(job.pk, clock=lambda: NOON + timedelta(days=20))

    job.refresh_from_db()
    assert job.result["rows"]["jobs"] == 1
    assert not Job.objects.filter(pk=old.pk).exists()
    assert retention.preview(now=NOON + timedelta(days=20))["jobs"] == 0
