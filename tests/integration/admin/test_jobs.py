"""Jobs' pages: one's own, how far they are, and a way to stop them."""

from __future__ import annotations

import pytest

from tests import factories
from tests.factories import NOON
from tracking import tasks
from tracking.choices import AuditAction, JobKind, JobState
from tracking.models import AuditEntry, Job, User
from tracking.store import jobs

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def begun(monkeypatch) -> list[int]:
    """The jobs that a worker was told of; none is begun."""
    ids: list[int] = []
    monkeypatch.setattr(tasks._job_bell, "ring", ids.extend)
    return ids


def of(author: User) -> Job:
    return jobs.open_job(JobKind.PRUNE, {}, author=author, now=NOON, title="Old rows")


def me() -> User:
    return User.objects.latest("pk")


def test_people_see_and_stop_their_own_jobs_only(person):
    client = person()
    mine, others = of(me()), of(factories.UserFactory.create())

    page = client.get("/admin/tracking/job/").text
    assert f"/job/{mine.pk}/" in page
    assert f"/job/{others.pk}/" not in page
    for path in ("state/", "file/", "change/"):
        assert client.get(f"/admin/tracking/job/{others.pk}/{path}").status_code in (302, 404)
    client.post(f"/admin/tracking/job/{others.pk}/cancel/", {"confirmed": "yes"})
    client.post(f"/admin/tracking/job/{mine.pk}/cancel/", {"confirmed": "yes"})

    assert Job.objects.get(pk=others.pk).state == JobState.QUEUED
    assert Job.objects.get(pk=mine.pk).state == JobState.CANCELLED
    assert [(row.action, row.target_id) for row in AuditEntry.objects.filter(action=AuditAction.JOB_CANCELLED)] == [
        (AuditAction.JOB_CANCELLED, str(mine.pk))
    ]


def test_who_may_view_jobs_sees_those_of_all(person):
    job = of(factories.UserFactory.create())

    assert f"/job/{job.pk}/" in person("view_job").get("/admin/tracking/job/").text


def test_who_only_views_jobs_stops_none_of_others(person):
    job = of(factories.UserFactory.create())
    page, cancel = (f"/admin/tracking/job/{job.pk}/{name}/" for name in ("change", "cancel"))
    looks, may = person("view_job"), person("view_job", "change_job")

    assert [cancel in client.get(page).text for client in (looks, may)] == [False, True]
    assert looks.post(cancel, {"confirmed": "yes"}).status_code == 403
    assert Job.objects.get().state == JobState.QUEUED
    may.post(cancel, {"confirmed": "yes"})
    assert Job.objects.get().state == JobState.CANCELLED


def test_an_open_job_shows_a_bar_that_asks_and_a_finished_one_its_result_and_file(person):
    client = person()
    job = of(me())

    page = client.get(f"/admin/tracking/job/{job.pk}/change/").text
    assert f'data-job="/admin/tracking/job/{job.pk}/state/"' in page
    assert client.get(f"/admin/tracking/job/{job.pk}/state/").json() == {
        "open": True,
        "state": "queued",
        "label": "Queued",
        "percent": None,
        "note": "",
    }

    held = jobs.claim(job.pk, lease=factories.NOON - NOON, now=NOON)
    jobs.finish(job.pk, held.token, result={"rows": {"events": 7}}, file_name="a.txt", file_text="<b>", now=NOON)

    page = client.get(f"/admin/tracking/job/{job.pk}/change/").text
    assert "data-job=" not in page
    assert "Events</td>" in page
    answer = client.get(f"/admin/tracking/job/{job.pk}/file/")
    assert (answer.text, answer["Content-Type"]) == ("<b>", "text/plain; charset=utf-8")


def test_pruning_needs_its_permission_and_a_yes(person, begun, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        person().post("/admin/tracking/job/prune/", {"confirmed": "yes"})
        client = person("delete_delivery")
        client.get("/admin/tracking/job/prune/")
        assert Job.objects.count() == 0
        client.post("/admin/tracking/job/prune/", {"confirmed": "yes"})

    assert begun == [Job.objects.get().pk]


def test_a_job_that_was_begun_again_says_so(person):
    client = person()
    once, twice = of(me()), of(me())
    Job.objects.filter(pk=once.pk).update(starts=1)
    Job.objects.filter(pk=twice.pk).update(starts=2)

    told = ["it was started" in client.get(f"/admin/tracking/job/{job.pk}/change/").text for job in (once, twice)]

    assert told == [False, True]
