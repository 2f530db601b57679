"""A connection is tried out before it is saved, by what the worker uses, and gives nothing away."""

from __future__ import annotations

import json

import pytest

from tests import factories
from tests.factories import NOON
from tests.smtp_server import ScriptedServer
from tracking import credentials
from tracking.choices import AuditAction, Encryption, JobState
from tracking.definition import Server
from tracking.errors import QuotaError, RuleError
from tracking.models import AuditEntry, Connection, Delivery, Job
from tracking.pipeline import check, jobs
from tracking.smtp import sender_domain

pytestmark = pytest.mark.django_db

PASSWORD = "hunter2!"


@pytest.fixture(autouse=True)
def dns(monkeypatch):
    """A resolver that knows one domain."""
    records = {"example.com": ["v=spf1 -all"]}
    monkeypatch.setattr(sender_domain, "by_dns", lambda name, kind: records.get(name, []))


@pytest.fixture
def author():
    return factories.UserFactory.create()


def at(server, **changes):
    fields = {"host": "127.0.0.1", "port": server.port, "encryption": Encryption.NONE, **changes}
    return Server(**fields)


def stored(server, *, login="me", password=PASSWORD):
    row = factories.ConnectionFactory.create(port=server.port, login=login)
    row.sealed_password = credentials.seal(password, bound_to=str(row.secret_id))
    row.save()
    return row


def checked(settings, peer, author, /, **options) -> Job:
    settings.TRACKING_SMTP_ALLOWED_PORTS = [str(peer.port)]
    options.setdefault("server", at(peer))
    options.setdefault("connection", None)
    options.setdefault("password", "")
    job = check.start(author=author, now=NOON, **options)
    jobs.run(job.pk, clock=lambda: NOON)
    job.refresh_from_db()
    assert job.state == JobState.DONE, job.error
    return job


def test_a_handshake_is_told_phase_by_phase_with_the_domains_records(settings, author):
    with ScriptedServer(auth=["PLAIN"], users={"me": PASSWORD}) as server:
        typed = at(server, login="me")
        job = checked(settings, server, author, server=typed, password=PASSWORD, sender="a@example.com")

    result = job.result
    assert (result["ok"], result["sentence"]) == (True, "The server let us in.")
    assert [line["text"] for line in result["lines"] if line["who"] == "us"][1] == "AUTH PLAIN ********"
    assert [(row["name"], row["standing"]) for row in result["records"]] == [
        ("SPF", "found"),
        ("DKIM", "missing"),
        ("DMARC", "missing"),
    ]
    assert server.mails == []


def test_the_password_stands_nowhere(settings, author):
    with ScriptedServer(auth=["LOGIN"], users={"me": "other"}) as server:
        job = checked(settings, server, author, server=at(server, login="me"), password=PASSWORD)

    assert job.result["ok"] is False
    assert job.result["phase"] == "auth"
    told = json.dumps(
        [job.params, job.result, job.sealed, job.error, *AuditEntry.objects.values_list("detail", flat=True)]
    )
    assert PASSWORD not in told


def test_a_blank_password_takes_the_stored_one_while_the_server_is_the_same(settings, author):
    with ScriptedServer(auth=["PLAIN"], users={"me": PASSWORD}) as server:
        row = stored(server)
        job = checked(settings, server, author, server=at(server, login="me"), connection=row)

    assert job.result["ok"] is True


@pytest.mark.parametrize(
    "changes", [{"host": "localhost"}, {"port": 26}, {"login": "else"}, {"encryption": Encryption.TLS}]
)
def test_a_blank_password_is_refused_when_the_server_has_changed(settings, author, changes):
    settings.TRACKING_SMTP_ALLOWED_PORTS = ["25", "26"]
    row = factories.ConnectionFactory.create(port=25, login="me")
    row.sealed_password = credentials.seal(PASSWORD, bound_to=str(row.secret_id))
    row.save()
    server = Server(**{"host": "127.0.0.1", "port": 25, "encryption": Encryption.NONE, "login": "me", **changes})

    with pytest.raises(RuleError) as refused:
        check.start(server, connection=row, password="", author=author, now=NOON)

    assert refused.value.errors.keys() == {"password"}
    assert not Job.objects.exists()


def test_a_host_that_is_refused_reads_as_one_where_nobody_listens(settings, author):
    with ScriptedServer() as gone:
        """Its port is nobody's once it has ended."""
    nobody = checked(settings, gone, author).result
    settings.TRACKING_SMTP_ALLOWED_NETWORKS = []
    with ScriptedServer() as server:
        row = factories.ConnectionFactory.create(port=server.port)
        refused = checked(settings, server, author, server=None, connection=row).result

    assert server.sessions == []
    assert nobody["sentence"] == refused["sentence"] == check.UNREACHABLE
    assert [line["text"] for line in nobody["lines"]] == [line["text"] for line in refused["lines"]]


@pytest.mark.parametrize(
    ("password", "sentence"),
    [
        pytest.param(PASSWORD, "The server let us in.", id="it works"),
        pytest.param("wrong", "It failed at “Login”. What the server said is shown to administrators.", id="not"),
    ],
)
def test_a_veiled_check_tells_nothing_of_the_server(settings, author, password, sentence):
    with ScriptedServer(auth=["PLAIN"], users={"me": PASSWORD}) as server:
        row = stored(server, password=password)
        job = checked(settings, server, author, server=None, connection=row, sender="a@example.com", veiled=True)

    assert job.result["sentence"] == sentence
    assert job.result.keys() == {"ok", "phase", "sentence", "seconds", "domain", "records"}
    assert job.result["records"][0]["standing"] == "found"


def test_a_real_mail_goes_to_the_address_asked_for(settings, author):
    with ScriptedServer() as server:
        job = checked(settings, server, author, mail=check.mail_to("me@example.com", sender="Us <us@example.com>"))

    (mail,) = server.mails
    assert (mail.sender, mail.recipients) == ("us@example.com", ("me@example.com",))
    assert job.result["sentence"] == "The server took the mail to me@example.com."
    assert not Delivery.objects.exists()


def test_the_mail_of_a_rule_that_is_not_saved_goes_as_it_would(settings, author):
    definition = factories.definition(product=1, action__connection="x", action__cc="boss@example.com")

    with ScriptedServer() as server:
        mail = check.mail_of(definition, factories.event(product=1, test=True), "me@example.com")
        checked(settings, server, author, mail=mail)

    (mail,) = server.mails
    assert mail.recipients == ("me@example.com",)
    assert b"Hello Ada" in mail.data


def test_a_mail_that_cannot_be_made_is_told_apart_from_a_server_that_does_not_work(settings, author):
    definition = factories.definition(product=1, action__connection="x")

    with ScriptedServer() as server:
        mail = check.mail_of(definition, factories.event(product=1, lead={}), "me@example.com")
        result = checked(settings, server, author, mail=mail).result

    assert (result["ok"], result["phase"]) == (False, "render")
    assert server.mails == []


def test_the_health_of_a_saved_connection_is_left_alone(settings, author):
    with ScriptedServer(auth=["PLAIN"], users={"me": "other"}) as server:
        row = stored(server)
        checked(settings, server, author, server=None, connection=row)

    row.refresh_from_db()
    assert (row.fail_streak, row.last_error) == (0, "")


def test_checks_are_limited_and_leave_a_trace(settings, author):
    settings.TRACKING_MAX_CHECKS_PER_MINUTE = 1
    row = factories.ConnectionFactory.create()
    check.start(None, connection=row, password="", author=author, now=NOON)

    with pytest.raises(QuotaError):
        check.start(None, connection=row, password="", author=author, now=NOON)

    entry = AuditEntry.objects.get(action=AuditAction.CONNECTION_CHECKED)
    assert (entry.target_id, entry.actor_id) == (str(row.pk), author.pk)
    assert Connection.objects.count() == 1


def test_the_mail_of_an_unsaved_rule_counts_for_its_product(settings):
    settings.TRACKING_MAX_PRODUCT_TEST_MAILS_PER_HOUR = 1
    row = factories.ConnectionFactory.create()
    mail = check.mail_of(factories.definition(product=1, action__connection="x"), factories.event(product=1), "a@b.org")

    def sent_by(author):
        check.start(None, connection=row, password="", mail=mail, author=author, now=NOON)

    sent_by(factories.UserFactory.create())
    with pytest.raises(QuotaError, match="of one product"):
        sent_by(factories.UserFactory.create())
