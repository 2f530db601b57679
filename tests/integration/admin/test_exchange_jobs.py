"""More rules than a person waits for: out and in by a worker, as jobs, with the rights of whoever started them."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.contrib.admin import helpers
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from tests import factories
from tracking import credentials, tasks
from tracking.admin.rules import exchange as pages
from tracking.choices import AuditAction, JobState, Role
from tracking.errors import JobStopped
from tracking.models import AuditEntry, Connection, Job, Rule, User
from tracking.pipeline import exchange, jobs, retention
from tracking.pipeline.report import Report
from tracking.store import clock
from tracking.store import exchange as store

pytestmark = pytest.mark.django_db

LIST = reverse("admin:tracking_rule_changelist")
IMPORT = reverse("admin:tracking_rule_import")
WRITER = ("view_rule", "add_rule", "change_rule")


@pytest.fixture(autouse=True)
def begun(monkeypatch) -> list[int]:
    """The jobs that a worker was told of. Two rules are many, and no report waits for the one before."""
    ids: list[int] = []
    monkeypatch.setattr(tasks._job_bell, "ring", ids.extend)
    monkeypatch.setattr("django.db.transaction.on_commit", lambda call, **options: call())
    monkeypatch.setattr(pages, "AT_ONCE", 1)
    monkeypatch.setattr(exchange, "CHUNK", 1)
    monkeypatch.setattr("tracking.pipeline.report.EVERY", 0.0)
    return ids


def work(job_id: int) -> Job:
    """The job, after a worker has done it."""
    jobs.run(job_id, clock=clock.now)
    return Job.objects.get(pk=job_id)


def documents(*rules: Rule) -> list[dict]:
    return list(store.export(Rule.objects.filter(pk__in=[rule.pk for rule in rules])))


def fresh(rule: Rule, *names: str) -> list[dict]:
    (document,) = documents(rule)
    del document["key"]
    return [{**document, "name": name} for name in names]


def chosen(client: Client, *rules: Rule) -> Job:
    client.post(LIST, {"action": "export", helpers.ACTION_CHECKBOX_NAME: [rule.pk for rule in rules]})
    return work(Job.objects.latest("pk").pk)


def dry_run(client: Client, wanted: list) -> Job:
    response = client.post(IMPORT, {"file": SimpleUploadedFile("rules.json", json.dumps(wanted).encode())})
    job = Job.objects.latest("pk")
    assert response["Location"] == page(job)
    return work(job.pk)


def page(job: Job, name: str = "change") -> str:
    return reverse(f"admin:tracking_job_{name}", args=(job.pk,))


def applied(client: Client, job: Job) -> Job:
    client.post(page(job, "apply"))
    return work(Job.objects.latest("pk").pk)


def counted(job: Job) -> dict[str, int]:
    assert job.state == JobState.DONE, job.error
    return {action: number for action, number in job.result["counted"].items() if number}


# --- out --------------------------------------------------------------------------------------------------------------


def test_many_chosen_rules_are_exported_by_a_worker_and_taken_from_the_job_s_page(person, begun):
    client = person("view_rule")
    one, two, three = (factories.saved_rule(name=name) for name in ("One", "Two", "Three"))

    job = chosen(client, one, three)

    assert (begun, job.state, job.result) == ([job.pk], JobState.DONE, {"rules": 2, "gone": 0})
    assert reverse("admin:tracking_job_file", args=(job.pk,)) in client.get(page(job)).text
    assert json.loads(client.get(page(job, "file")).text) == documents(one, three)
    assert AuditEntry.objects.get(action=AuditAction.RULES_EXPORTED).detail == {"rules": 2}
    assert two.name not in job.file_text


def test_an_exported_file_has_no_password(person):
    server = {"host": "127.0.0.1", "port": 25, "encryption": "none", "login": "me"}
    custom = {"action__kind": "smtp_custom", "action__server": server, "password": "hunter2"}
    rules = [factories.saved_rule(**custom) for _ in range(2)]

    job = chosen(person("view_rule"), *rules)

    assert '"login": "me"' in job.file_text
    assert "hunter2" not in job.file_text


def test_a_buyer_s_export_has_their_rules_without_what_they_do_not_see():
    own = factories.CampaignFactory.create()
    other = factories.CampaignFactory.create(product=own.product)
    factories.PublisherFactory.create(id=4711)
    owned = {"trigger": "lms.campaign_sold", "filters__publisher": [4711]}
    mine, also, theirs = (factories.saved_rule(campaign=one.pk, **owned) for one in (own, own, other))
    client = Client()
    client.force_login(factories.member(Role.BUYER_EDITOR, buyers=[own.buyer]))

    job = chosen(client, mine, also)
    forged = exchange.start_export([mine.pk, theirs.pk], author=job.author, now=clock.now())

    keys = [document["key"] for document in json.loads(job.file_text)]
    assert keys == [str(mine.key), str(also.key)]
    assert "4711" not in job.file_text
    assert work(forged.pk).result == {"rules": 1, "gone": 1}


def test_who_sees_a_job_but_no_rules_does_not_get_its_file(person):
    job = chosen(person("view_rule"), factories.saved_rule(), factories.saved_rule())

    assert person("view_job").get(page(job, "file")).status_code == 404
    assert person("view_job", "view_rule").get(page(job, "file")).status_code == 200
    assert person("view_rule").get(page(job, "file")).status_code == 404


def test_rules_are_exported_from_the_tab_too(admin_client, monkeypatch):
    rule, stranger = factories.saved_rule(name="Of the product"), factories.saved_rule()
    url = reverse("admin:tracking_product_change", args=(rule.product_id,))
    asked = {"dataset": "ProductTab", "action": "export", "_selected_action": [rule.pk, stranger.pk]}

    assert "Export selected rules" in admin_client.get(url).text
    answer = admin_client.post(url, asked)

    assert answer["Content-Disposition"] == 'attachment; filename="rules.json"'
    assert json.loads(answer.text) == documents(rule)


# --- in ---------------------------------------------------------------------------------------------------------------


def test_a_dry_run_shows_what_would_change_and_only_a_yes_imports_it(person):
    client = person(*WRITER)
    rule = factories.saved_rule(name="Welcome", action__subject="Old")
    (changed,) = documents(rule)
    changed["action"]["subject"] = "New"

    looked = dry_run(client, [changed, *fresh(rule, "Fresh"), {"name": "Broken"}])

    assert counted(looked) == {"created": 1, "changed": 1, "refused": 1}
    shown = client.get(page(looked)).text
    assert "Subject changed from “Old” to “New”." in shown
    assert "this job has written nothing" in shown
    assert Rule.objects.count() == 1

    done = applied(client, looked)

    assert counted(done) == {"created": 1, "changed": 1, "refused": 1}
    assert "Subject changed from “Old” to “New”." in client.get(page(done)).text
    assert "2. Fresh: created" in client.get(page(done, "file")).text
    assert set(Rule.objects.values_list("name", flat=True)) == {"Welcome", "Fresh"}
    rule.refresh_from_db()
    assert rule.current.document["action"]["subject"] == "New"
    assert rule.current.author == done.author


def test_what_was_shown_is_imported_once(person):
    client = person(*WRITER)
    looked = dry_run(client, fresh(factories.saved_rule(), "One", "Two"))

    applied(client, looked)
    again = client.post(page(looked, "apply"), follow=True)

    assert "It has gone on already" in again.text
    assert page(looked, "apply") not in client.get(page(looked)).text
    assert (Job.objects.count(), Rule.objects.count()) == (2, 3)


def test_a_worker_that_dies_in_between_leaves_no_rule_twice(person, monkeypatch):
    client = person(*WRITER)
    looked = dry_run(client, fresh(factories.saved_rule(), "One", "Two", "Three"))
    client.post(page(looked, "apply"))
    job, real = Job.objects.latest("pk"), store.import_all
    monkeypatch.setattr(
        store, "import_all", lambda chunk, **how: _dies() if "Two" in str(chunk) else real(chunk, **how)
    )

    with pytest.raises(KeyboardInterrupt):
        jobs.run(job.pk, clock=clock.now)
    monkeypatch.setattr(store, "import_all", real)
    jobs.run(job.pk, clock=lambda: clock.now() + timedelta(hours=1))

    assert counted(Job.objects.get(pk=job.pk)) == {"created": 2, "unchanged": 1}
    assert sorted(Rule.objects.exclude(name="Tell the buyer").values_list("name", flat=True)) == ["One", "Three", "Two"]


def _dies() -> list:
    raise KeyboardInterrupt


def test_an_import_that_is_cancelled_keeps_what_it_has_written_and_writes_no_more(person, monkeypatch):
    client = person(*WRITER)
    looked = dry_run(client, fresh(factories.saved_rule(), "One", "Two"))
    client.post(page(looked, "apply"))
    job, tell = Job.objects.latest("pk"), Report.__call__

    def cancelled_meanwhile(report: Report, *said: object) -> None:
        client.post(page(job, "cancel"), {"confirmed": "yes"})
        with pytest.raises(JobStopped):
            tell(report, *said)
        raise JobStopped

    monkeypatch.setattr(Report, "__call__", cancelled_meanwhile)

    assert work(job.pk).state == JobState.CANCELLED
    assert set(Rule.objects.exclude(name="Tell the buyer").values_list("name", flat=True)) == {"One"}


def test_passwords_in_the_document_are_sealed_and_reach_the_rule(person):
    client = person(*WRITER)
    server = {"host": "127.0.0.1", "port": 25, "encryption": "none", "login": "me"}
    rule = factories.saved_rule(action__kind="smtp_custom", action__server=server, password="old")
    wanted = fresh(rule, "One", "Two")
    for document in wanted:
        document["action"] = {**document["action"], "server": {**server, "password": "hunter2"}}

    looked = dry_run(client, wanted)
    done = applied(client, looked)

    looked.refresh_from_db()
    for job in (looked, done):
        kept = [job.sealed, json.dumps(job.params), json.dumps(job.result), job.file_text, client.get(page(job)).text]
        assert "hunter2" not in " ".join(kept)
        assert job.sealed == ""
    rows = Connection.objects.exclude(pk=rule.connection_id)
    passwords = {credentials.unseal(row.sealed_password, bound_to=str(row.secret_id)) for row in rows}
    assert (counted(done), passwords) == ({"created": 2}, {"hunter2"})


def test_a_document_that_nobody_imports_is_forgotten_after_a_day(person):
    client = person(*WRITER)
    looked = dry_run(client, fresh(factories.saved_rule(), "One", "Two"))
    assert Job.objects.exclude(sealed="").count() == 1

    retention.prune(now=clock.now() + timedelta(hours=23), seconds=9)
    assert Job.objects.exclude(sealed="").count() == 1
    retention.prune(now=clock.now() + timedelta(hours=25), seconds=9)

    assert Job.objects.exclude(sealed="").count() == 0
    assert "choose the file again" in client.get(page(looked)).text


def test_nobody_imports_what_another_one_has_shown(person):
    looked = dry_run(person(*WRITER), fresh(factories.saved_rule(), "One", "Two"))
    other = person(*WRITER, "view_job")

    assert page(looked, "apply") not in other.get(page(looked)).text
    assert other.post(page(looked, "apply")).status_code == 404
    assert Rule.objects.count() == 1


def test_who_has_lost_the_right_meanwhile_imports_nothing(person):
    client = person(*WRITER)
    looked = dry_run(client, fresh(factories.saved_rule(), "One", "Two"))
    client.post(page(looked, "apply"))
    User.objects.latest("pk").user_permissions.clear()

    job = work(Job.objects.latest("pk").pk)

    assert (job.state, job.error) == (JobState.FAILED, "Whoever started it may not do this any more.")
    assert Rule.objects.count() == 1
    assert client.post(page(looked, "apply")).status_code == 403


def test_a_buyer_imports_within_their_scope_and_trying_more_leaves_a_row():
    own = factories.CampaignFactory.create()
    other = factories.CampaignFactory.create(product=own.product)
    mine, theirs = (factories.saved_rule(campaign=one.pk, trigger="lms.campaign_sold") for one in (own, other))
    client = Client()
    client.force_login(factories.member(Role.BUYER_EDITOR, buyers=[own.buyer]))
    wanted = [{**document, "name": "Taken"} for document in documents(mine, theirs)]

    done = applied(client, dry_run(client, wanted))

    assert counted(done) == {"changed": 1, "refused": 1}
    assert list(Rule.objects.filter(name="Taken")) == [mine]
    assert AuditEntry.objects.filter(action=AuditAction.DENIED, detail__fields=["key"]).count() == 2


@pytest.mark.parametrize("name", ["\x00", "\ud800", "<script>alert(1)</script>"])
def test_odd_words_of_a_file_are_kept_and_shown_as_words(person, name):
    client = person(*WRITER)

    looked = dry_run(client, [{"name": name}, {"filters": {"publisher": [{}]}}])

    assert counted(looked) == {"refused": 2}
    assert "<script>alert" not in client.get(page(looked)).text
    assert "There is nothing to import." in client.get(page(looked)).text


def test_a_long_report_shows_the_first_rules_and_its_file_all(person, monkeypatch):
    monkeypatch.setattr(exchange, "LISTED", 1)
    client = person(*WRITER)

    looked = dry_run(client, fresh(factories.saved_rule(), "One", "Two", "Three"))

    assert (len(looked.result["rows"]), looked.result["unlisted"]) == (1, 2)
    assert "the first 1; the file has the other 2 too" in client.get(page(looked)).text
    assert looked.file_text.count(": created") == 3
