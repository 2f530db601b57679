"""A stored password is nowhere but sealed in its row, survives a change of keys, and goes to no other server."""

from __future__ import annotations

import base64
import json
import logging
import pickle
from concurrent.futures import ThreadPoolExecutor
from io import StringIO

import pytest
from cryptography.fernet import Fernet
from django.contrib.admin.models import LogEntry
from django.core import serializers
from django.core.management import CommandError, call_command
from django.db import connection as database
from django.test import Client, RequestFactory
from django.urls import reverse
from django.views.debug import ExceptionReporter

from tests import factories, flow
from tests.smtp_server import Say, ScriptedServer, Step
from tracking import checks, credentials, doctor
from tracking.choices import AuditAction, Encryption, JobKind
from tracking.errors import CredentialsError, RuleError
from tracking.models import Attempt, AuditEntry, Connection, Delivery, Job, RuleVersion
from tracking.pipeline import transport
from tracking.store import audit, jobs, sealed
from tracking.store import connections as store

pytestmark = pytest.mark.django_db

CANARY = "Kanarie-ünsichtbar-77"
OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()


def traces() -> list[str]:
    """The canary as it is, and as it would stand in bytes, base64, JSON and URLs."""
    raw = CANARY.encode()
    plain = base64.b64encode(b"\0me\0" + raw).decode().rstrip("=")
    return [CANARY, "Kanarie", base64.b64encode(raw).decode().rstrip("="), plain, raw.hex(), json.dumps(CANARY)[1:-1]]


def assert_hidden(text: str) -> None:
    assert [trace for trace in traces() if trace in text] == []


@pytest.fixture
def connection() -> Connection:
    row = factories.ConnectionFactory.build(name="House relay", login="me", host="127.0.0.1", port=2525)
    return store.save(row, password=CANARY, now=factories.NOON)


@pytest.fixture
def staff(admin_client) -> Client:
    return admin_client


def _admin(name: str, *args: object) -> str:
    return reverse(f"admin:tracking_{name}", args=args)


PAGES = {
    "the list of connections": lambda row: _admin("connection_changelist"),
    "the form": lambda row: _admin("connection_change", row.pk),
    "the question before deleting": lambda row: _admin("connection_delete", row.pk),
    "the history": lambda row: _admin("connection_history", row.pk),
    "the search for a connection": lambda row: f"{_admin('connection_changelist')}?q=House",
    "the API's list": lambda row: "/api/v1/connections/",
    "the API's detail": lambda row: f"/api/v1/connections/{row.pk}/",
    "the API's description": lambda row: "/api/v1/schema/",
}


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_no_page_shows_a_stored_password(staff, connection, page):
    response = staff.get(page(connection), follow=True)

    assert response.status_code == 200
    assert_hidden(response.text)
    assert connection.sealed_password not in response.text


def test_the_audit_log_jobs_and_versions_show_none(staff, connection):
    server = {"host": "127.0.0.1", "port": 2525, "login": "me"}
    rule = factories.saved_rule(
        action__kind="smtp_custom", action__connection=None, action__server=server, password=CANARY
    )
    job = waiting_job(CANARY)
    audit.note(
        actor=None,
        action=AuditAction.CONNECTION_CHANGED,
        target=connection,
        detail={"password": [CANARY, CANARY], "server": {"password": CANARY}},
        now=factories.NOON,
    )
    entries = AuditEntry.objects.values_list("pk", flat=True)
    pages = [
        _admin("auditentry_changelist"),
        *(_admin("auditentry_change", pk) for pk in entries),
        *(_admin("job_changelist"), _admin("job_change", job.pk), "/api/v1/jobs/", f"/api/v1/jobs/{job.pk}/"),
        *(_admin("rule_versions", rule.pk), f"/api/v1/rules/{rule.pk}/", f"/api/v1/rules/{rule.pk}/versions/1/"),
    ]

    for page in pages:
        response = staff.get(page)
        assert response.status_code == 200, page
        assert_hidden(response.text)
        for token in (job.sealed, rule.connection.sealed_password, connection.sealed_password):
            assert token not in response.text


def test_options_of_the_api_show_none(staff, connection):
    response = staff.options(f"/api/v1/connections/{connection.pk}/")

    assert_hidden(response.text)


def test_a_refused_form_gives_back_no_password(staff, connection):
    typed = {"name": "", "provider": "other", "host": "nowhere", "port": "25", "password": CANARY}

    page = staff.post(_admin("connection_change", connection.pk), typed)

    assert page.status_code == 200
    assert_hidden(page.text)


def test_a_refused_request_gives_back_no_password(staff):
    body = {"name": "x", "host": "bad host", "port": "zero", "password": CANARY, "unknown": 1}

    response = staff.post("/api/v1/connections/", body, content_type="application/json")

    assert 400 <= response.status_code < 500
    assert_hidden(response.text)


def test_rows_values_and_their_pictures_hide_it(connection, settings):
    endpoint = transport.endpoint(connection)

    assert endpoint.password == CANARY
    for shown in (connection, endpoint, vars(connection), connection.__dict__, [endpoint], f"{endpoint}"):
        assert_hidden(repr(shown))
    assert_hidden(serializers.serialize("json", [connection]))
    assert_hidden(pickle.dumps(connection).decode("latin-1"))


def test_histories_audit_and_versions_hide_it(staff, connection):
    staff.post(_admin("connection_change", connection.pk), {"name": "Renamed", "provider": "other", "password": CANARY})
    factories.saved_rule(
        action__kind="smtp_custom",
        action__connection=None,
        action__server={"host": "127.0.0.1", "port": 2525, "login": "me"},
        password=CANARY,
    )

    for model in (LogEntry, AuditEntry, RuleVersion):
        assert_hidden(str(list(model.objects.values())))


def test_an_export_of_rules_hides_it(connection):
    factories.saved_rule(connection=connection)
    out = StringIO()

    call_command("export_rules", stdout=out)

    assert_hidden(out.getvalue())
    assert connection.sealed_password not in out.getvalue()


def test_a_server_that_throws_it_back_is_not_quoted(caplog):
    """A hostile server puts what we sent into its replies, plain and in base64."""
    shouted = base64.b64encode(b"\0me\0" + CANARY.encode()).decode()
    refusal = Say(f"535 5.7.8 no {shouted} {CANARY}")
    with ScriptedServer(extensions=("AUTH PLAIN",), script={Step.AUTH: refusal}) as server:
        row = factories.ConnectionFactory.build(name="Hostile", login="me", host=server.host, port=server.port)
        rule = factories.saved_rule(connection=store.save(row, password=CANARY, now=factories.NOON))
        flow.owe(rule)
        with caplog.at_level(logging.DEBUG):
            flow.drain(rule, flow.Hands())

    rule.connection.refresh_from_db()
    assert rule.connection.last_error
    for text in (rule.connection.last_error, caplog.text, str(list(Attempt.objects.values()))):
        assert_hidden(text)
    assert_hidden(str(list(Delivery.objects.values())))


def test_an_error_page_of_the_developer_hides_it(connection):
    """Django's own report of an exception, with the locals of each frame."""
    try:
        credentials.unseal(connection.sealed_password, bound_to="another row")
    except CredentialsError as error:
        reporter = ExceptionReporter(RequestFactory().get("/"), type(error), error, error.__traceback__)

    assert_hidden(reporter.get_traceback_text())
    assert_hidden(reporter.get_traceback_html())


def test_a_report_shows_nothing_that_was_typed_as_secret(rf):
    request = rf.post("/admin/", {"password": CANARY, "api_token": CANARY, "code": CANARY, "name": "Ada"})
    try:
        raise RuntimeError("fault")
    except RuntimeError as error:
        report = ExceptionReporter(request, type(error), error, error.__traceback__).get_traceback_html()

    assert "Ada" in report
    assert_hidden(report.partition("Request information")[2])


def test_tasks_carry_ids_only(connection, monkeypatch):
    sent: list[object] = []
    monkeypatch.setattr("celery.app.task.Task.apply_async", lambda self, *args, **named: sent.append((args, named)))
    rule = factories.saved_rule(connection=connection)
    flow.owe(rule)

    assert_hidden(repr(sent))


def test_the_row_holds_it_sealed_and_named_by_its_key(connection, settings):
    stored = Connection.objects.values().get(pk=connection.pk)

    assert_hidden(str(stored))
    assert stored["sealed_password"].startswith(f"enc:v2:{credentials.key_id(settings.CREDENTIALS_KEYS[0])}:")


def test_a_token_pasted_into_another_row_opens_nothing(connection):
    other = store.save(factories.ConnectionFactory.build(login="eve"), password="hers", now=factories.NOON)
    Connection.objects.filter(pk=other.pk).update(sealed_password=connection.sealed_password)

    with pytest.raises(CredentialsError, match="belongs to another connection"):
        transport.endpoint(Connection.objects.get(pk=other.pk))


@pytest.mark.parametrize(
    "change",
    [{"host": "10.0.0.1"}, {"port": 2587}, {"login": "eve"}, {"encryption": Encryption.SSL}],
    ids=["host", "port", "login", "encryption"],
)
def test_a_stored_password_goes_to_no_other_server(connection, change, settings):
    settings.TRACKING_SMTP_ALLOWED_NETWORKS = ["127.0.0.0/8", "10.0.0.0/8"]
    for name, value in change.items():
        setattr(connection, name, value)

    with pytest.raises(RuleError, match="enter the password"):
        store.save(connection, password=None, now=factories.NOON)

    kept = Connection.objects.get(pk=connection.pk)
    assert (kept.host, kept.port, kept.login) == ("127.0.0.1", 2525, "me")


def test_the_api_asks_for_the_password_anew(staff, connection):
    response = staff.patch(f"/api/v1/connections/{connection.pk}/", {"login": "eve"}, content_type="application/json")

    assert response.status_code == 400
    assert "enter the password" in response.text


@pytest.fixture
def many(settings) -> list[Connection]:
    """Fifty connections whose passwords are sealed with an old key."""
    settings.CREDENTIALS_KEYS = [OLD]
    rows = factories.ConnectionFactory.create_batch(50, login="me")
    for row in rows:
        row.sealed_password = credentials.seal(f"{CANARY}-{row.pk}", bound_to=str(row.secret_id))
    Connection.objects.bulk_update(rows, ["sealed_password"])
    return rows


def test_rotation_leaves_nothing_on_the_old_key(many, settings):
    settings.CREDENTIALS_KEYS = [NEW, OLD]

    call_command("rotate_credentials", stdout=StringIO())

    old = credentials.key_id(OLD)
    assert Connection.objects.filter(sealed_password__contains=old).count() == 0
    settings.CREDENTIALS_KEYS = [NEW]
    assert {transport.endpoint(row).password for row in Connection.objects.all()} == {
        f"{CANARY}-{row.pk}" for row in many
    }


def waiting_job(secret: str) -> Job:
    return jobs.open_job(JobKind.CHECK, {}, author=None, now=factories.NOON, secret=secret)


def test_rotation_seals_anew_what_a_queued_job_waits_with(db, settings):
    settings.CREDENTIALS_KEYS = [OLD]
    job, without = waiting_job(CANARY), waiting_job("")
    settings.CREDENTIALS_KEYS = [NEW, OLD]

    assert sealed.rotate() == (1, [])

    settings.CREDENTIALS_KEYS = [NEW]
    for row, secret in ((job, CANARY), (without, "")):
        row.refresh_from_db()
        assert jobs.secret(row) == secret
    assert sealed.unreadable() == []


def test_a_queued_job_that_no_key_opens_is_named_until_it_is_over(db, settings):
    settings.CREDENTIALS_KEYS = [OLD]
    job = waiting_job(CANARY)
    settings.CREDENTIALS_KEYS = [NEW]

    assert [line.partition(":")[0] for line in sealed.unreadable()] == [str(job)]
    assert jobs.cancel(job.pk, now=factories.NOON)
    assert sealed.unreadable() == []


def test_rotation_may_be_stopped_and_started_again(many, settings, monkeypatch):
    settings.CREDENTIALS_KEYS = [NEW, OLD]
    rotated, lives = credentials.rotated, iter([1] * 20 + [0])
    monkeypatch.setattr(credentials, "rotated", lambda token: rotated(token) if 1 / next(lives) else "")
    with pytest.raises(ZeroDivisionError):
        sealed.rotate()
    monkeypatch.undo()

    assert sealed.rotate() == (30, [])
    assert sealed.rotate() == (0, [])


def test_a_wrong_key_is_loud_and_never_the_sealed_text(many, settings):
    settings.CREDENTIALS_KEYS = [NEW]

    with pytest.raises(CredentialsError, match=credentials.key_id(OLD)):
        transport.endpoint(many[0])
    with pytest.raises(CommandError, match="enter these anew"):
        call_command("rotate_credentials", stdout=StringIO())
    assert {finding.subject: finding.level for finding in doctor.examine()}["credentials"] is doctor.Level.UNSAFE
    assert [error.id for error in checks.stored_secrets(databases=["default"])] == ["tracking.E005"]


def test_readable_secrets_pass_the_check(many):
    assert checks.stored_secrets(databases=["default"]) == []


def test_eight_threads_read_what_is_theirs(settings):
    """No cache, no flag on a field, nothing that one thread could leave for another."""
    settings.CREDENTIALS_KEYS = [NEW, OLD]
    tokens = {f"row-{n}": credentials.seal(f"secret-{n}", bound_to=f"row-{n}") for n in range(50)}

    def read(_: int) -> int:
        return sum(credentials.unseal(token, bound_to=row) != f"secret-{row[4:]}" for row, token in tokens.items())

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(read, range(16))) == 0


def test_a_token_of_before_keys_had_names_still_opens(settings):
    settings.CREDENTIALS_KEYS = [OLD]
    old = "enc:v1:" + Fernet(OLD).encrypt(b"row-1\0secret").decode()

    assert credentials.unseal(old, bound_to="row-1") == "secret"
    assert credentials.rotated(old).startswith(credentials.current_prefix())


@pytest.mark.django_db(transaction=True)
def test_a_database_without_tables_has_no_secrets_to_miss():
    with database.cursor() as cursor:
        cursor.execute("ALTER TABLE tracking_connection RENAME TO not_made_yet")
        try:
            assert checks.stored_secrets(databases=["default"]) == []
        finally:
            cursor.execute("ALTER TABLE not_made_yet RENAME TO tracking_connection")
