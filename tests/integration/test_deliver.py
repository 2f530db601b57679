"""One slice of work against a real mail server that does what it is told: each fault ends as the table says."""

from __future__ import annotations

import email
import email.policy
import socket
from collections.abc import Iterator
from datetime import datetime, timedelta
from email.message import EmailMessage
from functools import lru_cache
from ipaddress import ip_network
from typing import Any

import pytest
from django.db import OperationalError

from tests import factories, flow
from tests.acceptance.stage import eventually
from tests.factories import NOON
from tests.flow import Hands
from tests.smtp_server import Close, Hang, Mail, Say, ScriptedServer, Step
from tracking import metrics
from tracking.choices import DeliveryState, Phase, Reason, WarningCause
from tracking.errors import TemplateError
from tracking.models import Attempt, Connection, Delivery, Lease, Rule, WarningMinute
from tracking.pipeline import deliver, heartbeat, sweep, transport, verdict
from tracking.smtp.guard import Guard
from tracking.smtp.pool import Pool
from tracking.store import claims, connections, deliveries, replays, rules, versions
from tracking.store.outcomes import Result
from tracking.store.replays import Window

pytestmark = pytest.mark.django_db


@pytest.fixture
def clock() -> Hands:
    return Hands()


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as running:
        yield running


def rule_at(server: ScriptedServer, *, port: int | None = None, **changes: Any) -> Rule:
    return factories.saved_rule(connection=factories.ConnectionFactory(port=port or server.port), **changes)


def message(mail: Mail) -> EmailMessage:
    return email.message_from_bytes(mail.data, policy=email.policy.default)


def only() -> Delivery:
    return Delivery.objects.get()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


R, F, H, S, U = (
    DeliveryState.RETRYING,
    DeliveryState.FAILED,
    DeliveryState.HELD,
    DeliveryState.SENT,
    DeliveryState.UNKNOWN,
)


@pytest.mark.faults
@pytest.mark.parametrize(
    ("script", "fate", "reached"),
    [
        pytest.param({}, (S, "", ""), ("accepted", 250), id="a good server"),
        pytest.param(
            {Step.GREETING: Say("554 no")}, (R, "", "temporary_failure"), ("connect", 554), id="a 554 greeting"
        ),
        pytest.param(
            {Step.GREETING: Close()}, (R, "", "temporary_failure"), ("connect", None), id="closed at the greeting"
        ),
        pytest.param(
            {Step.MAIL: Say("451 4.3.0 later")}, (R, "", "temporary_failure"), ("mail", 451), id="451 at MAIL"
        ),
        pytest.param(
            {Step.MAIL: Say("550 5.7.1 you")}, (F, "refused", "permanent_refusal"), ("mail", 550), id="550 at MAIL"
        ),
        pytest.param({Step.RCPT: Say("451 4.7.1 grey")}, (R, "", "temporary_failure"), ("rcpt", 451), id="451 at RCPT"),
        pytest.param(
            {Step.RCPT: Say("550 5.1.1 who")}, (F, "refused", "permanent_refusal"), ("rcpt", 550), id="550 at RCPT"
        ),
        pytest.param({Step.DATA: Say("451 4.3.0 no")}, (R, "", "temporary_failure"), ("data", 451), id="451 at DATA"),
        pytest.param(
            {Step.DATA: Say("554 5.6.0 no")}, (F, "refused", "permanent_refusal"), ("data", 554), id="554 at DATA"
        ),
        pytest.param(
            {Step.FINAL: Say("554 5.6.0 spam")}, (F, "refused", "permanent_refusal"), ("data", 554), id="554 at the end"
        ),
        pytest.param(
            {Step.FINAL: Say("451 4.3.0 x")}, (R, "", "temporary_failure"), ("data", 451), id="451 at the end"
        ),
        pytest.param(
            {Step.FINAL: Close()}, (U, "", "unknown_outcome"), ("data", None), id="closed after the final dot"
        ),
        pytest.param({Step.MAIL: Say("421 4.3.2 bye")}, (R, "", "temporary_failure"), ("mail", 421), id="421 at MAIL"),
    ],
)
def test_a_fault_ends_as_the_table_says(clock, script, fate, reached):
    with ScriptedServer(script=script) as server:
        rule = rule_at(server)
        flow.owe(rule)

        flow.drain(rule, clock)

    delivery, attempt = only(), Attempt.objects.get()
    assert (delivery.state, delivery.reason, delivery.warning) == fate
    assert (attempt.phase, attempt.code) == reached
    assert attempt.text
    assert delivery.tries == 1
    assert delivery.lease_token is None
    assert not Lease.objects.exists()
    assert (delivery.next_attempt_at is not None) == (fate[0] is R)
    assert (delivery.finished_at is None) == (fate[0] is R)
    flow.assert_books_balance()


@pytest.mark.faults
@pytest.mark.parametrize(
    ("step", "state", "cause"),
    [
        (Step.GREETING, R, WarningCause.TIMEOUT),
        (Step.MAIL, R, WarningCause.TIMEOUT),
        (Step.DATA, R, WarningCause.TIMEOUT),
        (Step.FINAL, U, WarningCause.UNKNOWN_OUTCOME),
    ],
    ids=["at the greeting", "at MAIL", "at DATA", "after the final dot"],
)
def test_a_server_that_hangs_is_waited_for_no_longer_than_the_settings_say(settings, clock, step, state, cause):
    for name in ("CONNECT", "COMMAND", "DATA", "FINAL", "TOTAL"):
        setattr(settings, f"TRACKING_SMTP_{name}_TIMEOUT", 0.2)
    with ScriptedServer(script={step: Hang()}) as server:
        rule = rule_at(server)
        flow.owe(rule)

        flow.drain(rule, clock)

    assert (only().state, only().warning) == (state, cause)
    flow.assert_books_balance()


@pytest.mark.faults
def test_a_closed_port_is_tried_again(clock):
    rule = factories.saved_rule(connection=factories.ConnectionFactory(port=free_port()))
    flow.owe(rule, 2)

    more = flow.drain(rule, clock)

    assert not more
    assert flow.states() == {"retrying": 2}
    assert set(Attempt.objects.values_list("phase", flat=True)) == {"connect"}
    connection = Connection.objects.get()
    assert (connection.fail_streak, connection.paused_until) == (1, None)
    assert connection.last_error
    flow.assert_books_balance()


@pytest.mark.faults
def test_a_host_that_does_not_resolve_is_tried_again(monkeypatch, clock):
    def lookup(host: str, port: int) -> list[Any]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr("tracking.store.connections.guard", lambda: Guard(lookup=lookup))
    rule = factories.saved_rule(connection=factories.ConnectionFactory(host="no.such.example", port=587))
    flow.owe(rule)

    flow.drain(rule, clock)

    assert (only().state, only().warning) == (R, WarningCause.TEMPORARY_FAILURE)
    assert "could not be resolved" in Attempt.objects.get().text


@pytest.mark.faults
def test_a_host_that_is_not_allowed_rests_its_connection(settings, clock, server):
    rule = rule_at(server)
    settings.TRACKING_SMTP_ALLOWED_NETWORKS = []
    transport.close()
    flow.owe(rule)

    flow.drain(rule, clock)

    assert (only().state, only().reason, only().warning) == (H, "host", "host")
    assert Connection.objects.get().paused_until == NOON + timedelta(seconds=60)
    assert server.sessions == []


@pytest.mark.faults
def test_a_wrong_password_holds_all_mails_until_the_connection_is_mended(clock):
    with ScriptedServer(auth=["PLAIN"], users={"leads": "right"}) as server:
        rule = factories.saved_rule(
            action__kind="smtp_custom",
            action__server={"host": "127.0.0.1", "port": server.port, "encryption": "none", "login": "leads"},
            password="wrong",
        )
        flow.owe(rule, 3)

        flow.drain(rule, clock)
        flow.drain(rule, clock)

        assert len(server.auth_attempts) == 1, "one wrong login, however many mails wait"
        assert flow.states() == {"held": 3}
        assert {row.tries for row in Delivery.objects.all()} == {0}
        assert {row.code for row in Attempt.objects.all()} == {535}
        assert "wrong" not in " ".join(Attempt.objects.values_list("text", flat=True))
        factories.save_again(rule, password="right", now=clock.move(seconds=1))
        assert flow.states() == {"retrying": 3}
        flow.drain(rule, clock)
        assert flow.states() == {"sent": 3}
    flow.assert_books_balance()


@pytest.mark.faults
def test_a_password_that_cannot_be_read_holds_the_mails_and_calls_nobody(settings, clock, server):
    rule = factories.saved_rule(
        action__kind="smtp_custom",
        action__server={"host": "127.0.0.1", "port": server.port, "encryption": "none", "login": "leads"},
        password="secret",
    )
    flow.owe(rule)
    settings.CREDENTIALS_KEYS = [factories.new_key()]

    flow.drain(rule, clock)

    assert (only().state, only().reason, only().warning) == (H, "credentials", "credentials")
    assert server.sessions == []
    flow.assert_books_balance()


@pytest.mark.faults
def test_what_never_loses_is_sent_again_with_the_same_message_id(clock):
    with ScriptedServer(mails=[{Step.FINAL: Close()}]) as server:
        rule = rule_at(server, policy__delivery_policy="never_lose")
        flow.owe(rule)

        flow.drain(rule, clock)
        assert only().state == R
        clock.move(hours=1)
        flow.drain(rule, clock)

        assert only().state == S
        assert len({mail.message_id for mail in server.mails}) == 1
        assert len(server.mails) == 2
    assert only().warning == WarningCause.UNKNOWN_OUTCOME
    flow.assert_books_balance()


@pytest.mark.faults
def test_a_retry_names_only_those_who_are_still_open(clock):
    replies = {"b@example.org": ["451 4.7.1 later"], "c@example.org": ["550 5.1.1 nobody"]}
    with ScriptedServer(
        refuse=lambda address: replies.get(address, []).pop() if replies.get(address) else None
    ) as server:
        rule = rule_at(server, action__recipient="a@example.org, b@example.org", action__bcc="c@example.org")
        flow.owe(rule)

        flow.drain(rule, clock)
        assert (only().state, only().warning) == (R, WarningCause.PARTIAL_REFUSAL)
        clock.move(hours=1)
        flow.drain(rule, clock)

    assert [mail.recipients for mail in server.mails] == [("a@example.org",), ("b@example.org",)]
    assert only().state == S
    rows = only().recipients.order_by("address").values_list("address", "role", "status", "code")
    assert list(rows) == [
        ("a@example.org", "to", "accepted", 250),
        ("b@example.org", "to", "accepted", 250),
        ("c@example.org", "bcc", "refused", 550),
    ]
    assert WarningMinute.objects.get().warnings == 1
    flow.assert_books_balance()


def test_a_warning_is_counted_once_in_the_minute_in_which_it_arose(clock):
    with ScriptedServer(script={Step.MAIL: [Say("451 4.3.0 a"), Say("550 5.7.1 b")]}) as server:
        rule = rule_at(server)
        flow.owe(rule)
        flow.drain(rule, clock)
        clock.move(hours=1)
        flow.drain(rule, clock)

    row = WarningMinute.objects.get()
    assert (row.minute, row.cause, row.warnings) == (NOON, "temporary_failure", 1)
    assert (only().state, only().warned_at) == (F, NOON)
    flow.assert_books_balance()


def test_a_test_run_is_sent_and_counted_nowhere(clock, server):
    rule = rule_at(server)
    flow.owe(rule, test=True, lead={"email": "ada@example.org"})

    flow.drain(rule, clock)

    assert (only().state, only().warning) == (S, WarningCause.MISSING_PLACEHOLDER)
    assert len(server.mails) == 1
    flow.assert_books_balance()
    assert not WarningMinute.objects.exists()


@pytest.mark.parametrize(
    ("lead", "warning"),
    [
        pytest.param({"first_name": "Ada\r\nBcc: eve@example.com", "email": "ada@example.org"}, True, id="in a name"),
        pytest.param(
            {"first_name": "Ada", "email": "ada@example.org\nRCPT TO:<eve@example.com>"}, True, id="in an address"
        ),
        pytest.param({"first_name": "Ada", "email": "ada@example.org\r\n"}, True, id="at the end of an address"),
        pytest.param({"first_name": "Ada\u2028x", "email": "ada@example.org"}, True, id="of Unicode in a name"),
        pytest.param(
            {"first_name": "Ada", "email": "ada@example.org, eve@example.com"}, True, id="or a second address"
        ),
        pytest.param({"first_name": "Ada", "email": "a> , <eve@example.com"}, True, id="or brackets"),
        pytest.param({"first_name": 'A" <eve@example.com>, "', "email": "ada@example.org"}, False, id="or quotes"),
    ],
)
def test_a_line_end_in_a_value_adds_no_header_and_no_recipient(clock, server, lead, warning):
    rule = rule_at(
        server,
        action__subject="Sold: {{ lead.first_name }}",
        action__recipient="{{ lead.first_name }} <{{ lead.email }}>, x@example.org",
    )
    flow.owe(rule, lead=lead)

    flow.drain(rule, clock)

    (mail,) = server.mails
    assert set(mail.recipients) <= {"ada@example.org", "x@example.org"}
    assert (
        set(message(mail).keys())
        == {
            "From",
            "MIME-Version",
            "Auto-Submitted",
            "To",
            "Subject",
            "Date",
            "Message-ID",
            "Content-Type",
            "Content-Transfer-Encoding",
        }
        | set()
    )
    assert bool(only().warning) is warning
    assert only().state == S
    assert not any("eve" in command.lower() for log in server.sessions for command in log.commands)
    flow.assert_books_balance()


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("", "empty"),
        ("nonsense", "nonsense"),
        ("a@b", "no dot"),
        ("a b@c.com", "a space"),
        ("@", "an at-sign"),
        (None, "nothing"),
    ],
    ids=lambda value: value or "none",
)
def test_a_recipient_that_is_none_fails_its_mail_and_no_other(clock, server, value, name):
    rule = rule_at(server)
    (bad,) = flow.owe(rule, lead={"first_name": "Eve", "email": value})
    (good,) = flow.owe(rule)

    flow.drain(rule, clock)

    bad.refresh_from_db()
    good.refresh_from_db()
    assert (bad.state, bad.reason, bad.warning) == (F, Reason.INVALID_RECIPIENT, WarningCause.INVALID_RECIPIENT)
    assert good.state == S
    assert Attempt.objects.get(delivery=bad).phase == Phase.RENDER
    flow.assert_books_balance()


@pytest.mark.parametrize(
    ("policy", "state", "mails"), [("empty", S, 1), ("skip", F, 0)], ids=["sent with an empty value", "not sent"]
)
def test_a_missing_placeholder_is_a_warning_and_stops_the_mail_only_where_wished(clock, server, policy, state, mails):
    rule = rule_at(server, policy__missing_placeholder=policy, action__recipient="{{ lead.email }}")
    flow.owe(rule, lead={"email": "ada@example.org"})

    flow.drain(rule, clock)

    assert (only().state, only().warning) == (state, WarningCause.MISSING_PLACEHOLDER)
    assert len(server.mails) == mails
    assert "lead.first_name" in Attempt.objects.get().text
    flow.assert_books_balance()


def test_a_template_that_fails_with_these_values_fails_its_mail_and_no_other(clock, server):
    rule = rule_at(
        server, action__use_twig=True, action__subject="{{ 10 / lead.n }}", action__recipient="a@example.org"
    )
    (bad,) = flow.owe(rule, lead={"n": 0})
    flow.owe(rule, lead={"n": 5})

    flow.drain(rule, clock)

    bad.refresh_from_db()
    assert (bad.state, bad.reason, bad.warning) == (F, Reason.RENDER, WarningCause.RENDER_ERROR)
    assert [message(mail)["Subject"] for mail in server.mails] == ["2"]


@pytest.mark.parametrize(
    "body",
    ['{{ lead["\\x00"] }}', '{{ "a\\x00b"|date }}', '{{ "a\\xd8b"|date }}'],
    ids=["a name", "a NUL in the error", "half a character in the error"],
)
def test_what_a_template_says_cannot_break_the_log(clock, server, body):
    rule = rule_at(server, action__use_twig=True, action__body=body, action__recipient="a@example.org")
    flow.owe(rule)

    flow.drain(rule, clock)

    assert only().state in {S, F}
    assert "\0" not in Attempt.objects.get().text
    flow.assert_books_balance()


def test_an_event_that_cannot_be_read_any_more_fails_its_mail_and_no_other(clock, server):
    rule = rule_at(server)
    bad, good = flow.owe(rule, 2)
    bad.event.payload = {"event_id": "x", "trigger": "lms.abolished"}
    bad.event.save()

    flow.drain(rule, clock)

    bad.refresh_from_db()
    good.refresh_from_db()
    assert (bad.state, bad.reason, good.state) == (F, Reason.RENDER, S)


def test_a_version_that_cannot_be_read_any_more_fails_its_mail_and_no_other(clock, server):
    rule = rule_at(server)
    other = factories.saved_rule(connection=rule.connection)
    (bad,) = flow.owe(rule)
    (good,) = flow.owe(other)
    rule.current.document = {"trigger": "lms.abolished", "notifications": {"enable_notifications": True}}
    rule.current.save()

    flow.drain(rule, clock)

    bad.refresh_from_db()
    good.refresh_from_db()
    assert (bad.state, bad.reason, good.state) == (F, Reason.RENDER, S)
    flow.assert_books_balance()


@pytest.mark.parametrize(
    ("content_type", "kinds"),
    [("text", ["text/plain"]), ("html", ["text/html"]), ("all", ["text/plain", "text/html"])],
)
def test_the_content_type_decides_the_parts(clock, server, content_type, kinds):
    rule = rule_at(server, action__content_type=content_type, action__body="<p>Hi &amp; bye</p>")
    flow.owe(rule)

    flow.drain(rule, clock)

    parts = [part for part in message(server.mails[0]).walk() if not part.is_multipart()]
    assert [part.get_content_type() for part in parts] == kinds
    assert message(server.mails[0]).is_multipart() == (content_type == "all")
    if content_type == "all":
        assert parts[0].get_content().strip() == "Hi & bye"
    assert parts[-1].get_content().strip() == "<p>Hi &amp; bye</p>"


def test_a_mail_says_all_that_its_rule_says(clock, server):
    rule = rule_at(
        server,
        action__sender="Léads <leads@example.com>",
        action__cc="C <c@example.org>",
        action__bcc="b@example.org",
        action__reply_to="{{ buyer.id }}@reply.example.com",
        action__subject="{{ product.name }}: {{ rule.name }} {{ price }}",
    )
    flow.owe(rule, price="12.50", buyer=7)

    flow.drain(rule, clock)

    (mail,) = server.mails
    parsed = message(mail)
    assert mail.sender == "leads@example.com"
    assert mail.recipients == ("ada@example.org", "c@example.org", "b@example.org")
    assert parsed["From"] == "Léads <leads@example.com>"
    assert parsed["Cc"] == "C <c@example.org>"
    assert parsed["Reply-To"] == "7@reply.example.com"
    assert parsed["Subject"] == f"{rule.product.name}: Tell the buyer 12.50"
    assert b"b@example.org" not in mail.data


def test_extra_headers_say_what_the_rule_says(clock, server):
    rule = rule_at(
        server,
        action__headers={
            "list-id": "Leads <{{ lead.list }}>",
            "X-Campaign": "Été {{ price }}",
            "X-Tag": "{{ lead.tag }}",
        },
    )
    flow.owe(rule, price="12.50", lead={"email": "ada@example.org", "list": "a.b\r\nBcc: e@x.y", "first_name": "Ada"})

    flow.drain(rule, clock)

    parsed = message(server.mails[0])
    assert parsed["List-Id"] == "Leads <a.b Bcc: e@x.y>"
    assert parsed["X-Campaign"] == "Été 12.50"
    assert (parsed["X-Tag"], parsed["Bcc"]) == (None, None)
    assert only().warning == WarningCause.MISSING_PLACEHOLDER


@pytest.mark.parametrize("value", ["é", "x" * 901])
def test_an_extra_header_that_cannot_be_written_is_left_out_and_warned_of(clock, server, value):
    rule = rule_at(server, action__headers={"List-Id": "{{ lead.list }}"})
    flow.owe(rule, lead={"email": "ada@example.org", "first_name": "Ada", "list": value})

    flow.drain(rule, clock)

    assert (only().state, only().warning) == (S, WarningCause.INVALID_HEADER)
    assert "List-Id" in Attempt.objects.get().text
    assert message(server.mails[0])["List-Id"] is None


def test_an_address_named_twice_is_mailed_once(clock, server):
    rule = rule_at(server, action__recipient="{{ lead.email }}, Ada <ada@EXAMPLE.org>", action__bcc="ada@example.org")
    flow.owe(rule)

    flow.drain(rule, clock)

    assert server.mails[0].recipients == ("ada@example.org",)
    assert only().recipients.count() == 1


def test_one_session_carries_many_mails(settings, clock, server):
    settings.TRACKING_CHUNK_MAILS = 2
    rule = rule_at(server)
    flow.owe(rule, 5)

    assert not flow.drain(rule, clock)

    assert (len(server.sessions), len(server.mails)) == (1, 5)
    assert flow.states() == {"sent": 5}


def test_a_slice_ends_and_says_that_there_is_more(settings, clock, server):
    settings.TRACKING_SLICE_MAILS = 2
    rule = rule_at(server)
    flow.owe(rule, 3)

    assert flow.drain(rule, clock)
    assert not flow.drain(rule, clock)
    assert len(server.mails) == 3


def test_a_slice_whose_time_is_over_gives_the_rest_back(settings, clock, server):
    settings.TRACKING_SLICE_SECONDS = 0
    rule = rule_at(server)
    flow.owe(rule, 3)

    assert flow.drain(rule, clock)

    assert flow.states() == {"sent": 1, "queued": 2}
    assert not Lease.objects.exists()
    flow.assert_books_balance()


def test_a_connection_that_took_few_mails_in_a_slice_is_claimed_few_the_next_time(settings, clock, server):
    settings.TRACKING_SLICE_SECONDS = 0
    settings.TRACKING_CHUNK_MAILS = 2
    rule = rule_at(server)
    flow.owe(rule, 8)

    flow.drain(rule, clock)
    first = Delivery.objects.filter(claimed_at__isnull=False).count()
    Delivery.objects.update(claimed_at=None)
    flow.drain(rule, clock)

    assert (first, Delivery.objects.filter(claimed_at__isnull=False).count()) == (8, 2)


def test_a_drain_that_breaks_in_the_middle_sends_nothing_twice(monkeypatch, clock, server):
    rule = rule_at(server)
    flow.owe(rule, 3)
    whole = verdict.of_mail

    def breaks_at_the_second(one: Any, *rest: Any, **more: Any) -> Any:
        if len(server.mails) == 2:
            raise ZeroDivisionError
        return whole(one, *rest, **more)

    monkeypatch.setattr(verdict, "of_mail", breaks_at_the_second)
    with pytest.raises(ZeroDivisionError):
        flow.drain(rule, clock)
    monkeypatch.undo()
    assert flow.states() == {"sent": 1, "sending": 2}

    claims.take_back(now=clock.move(minutes=2))
    flow.drain(rule, clock)

    assert flow.states() == {"sent": 1, "unknown": 2}
    assert len(server.mails) == 2
    flow.assert_books_balance()


def test_a_worker_that_was_taken_for_dead_sends_nothing(monkeypatch, clock, server):
    rule = rule_at(server)
    flow.owe(rule)
    gather = deliver.gather

    def sleeps(rows: Any) -> Any:
        claims.take_back(now=clock.move(minutes=2))
        return gather(rows)

    monkeypatch.setattr(deliver, "gather", sleeps)
    flow.drain(rule, clock)

    assert server.mails == []
    assert flow.states() == {"retrying": 1}


@pytest.mark.parametrize("chunk", [1, 2], ids=["before the next chunk", "at the end"])
def test_a_claim_that_was_taken_away_is_counted_and_what_could_not_be_written_is_not(
    settings, monkeypatch, clock, chunk
):
    settings.TRACKING_CHUNK_MAILS = chunk
    lost, counted = [], []
    monkeypatch.setattr(metrics.lost_claims, "inc", lambda: lost.append(1))
    monkeypatch.setattr(deliver, "_count", counted.extend)
    judge = verdict.of_mail

    def late(*mail: Any, **times: datetime) -> Result:
        claims.take_back(now=clock.move(minutes=2))
        return judge(*mail, **times)

    monkeypatch.setattr(verdict, "of_mail", late)
    with ScriptedServer() as server:
        rule = rule_at(server)
        flow.owe(rule, 2)

        flow.drain(rule, clock)

    assert (lost, counted) == ([1], [])
    assert len(server.mails) == flow.states()["unknown"] == chunk
    flow.assert_books_balance()


def test_a_claim_that_ends_in_time_is_not_counted_as_lost(clock, monkeypatch, server):
    lost: list[int] = []
    monkeypatch.setattr(metrics.lost_claims, "inc", lambda: lost.append(1))
    rule = rule_at(server)
    flow.owe(rule, 2)

    flow.drain(rule, clock)

    assert not lost


def test_a_deleted_or_unknown_entity_has_no_name_and_that_is_a_warning(clock, server):
    rule = rule_at(server, action__subject="{{ source.name }}!{{ source.id }}")
    flow.owe(rule, source=4711)

    flow.drain(rule, clock)

    assert message(server.mails[0])["Subject"] == "!4711"
    assert only().warning == WarningCause.MISSING_PLACEHOLDER


def test_a_resent_mail_keeps_its_message_id_and_is_not_billed_again(clock):
    with ScriptedServer(mails=[{Step.MAIL: Say("550 5.7.1 no")}]) as server:
        rule = rule_at(server)
        flow.owe(rule)
        flow.drain(rule, clock)
        assert only().state == F

        deliveries.resend(Delivery.objects.all(), now=clock.move(days=2))
        flow.drain(rule, clock)

        assert only().state == S
        assert only().id.hex in server.mails[-1].message_id
    flow.assert_books_balance()


def sent_again(row: Delivery, now: datetime) -> None:
    deliveries.resend(Delivery.objects.filter(pk=row.pk), now=now)


def replayed(row: Delivery, now: datetime) -> None:
    window = Window(first=NOON - timedelta(hours=1), until=now, asked_at=now)
    replays.queue_again(window, [row.pk], now=now)


def released(row: Delivery, now: datetime) -> None:
    deliveries.release(Delivery.objects.filter(pk=row.pk), now=now)


def let_go(row: Delivery, now: datetime) -> None:
    connections.release(row.connection, now=now)


@pytest.mark.parametrize("again", [sent_again, replayed, released, let_go])
@pytest.mark.parametrize(
    ("reply", "state"), [("451 4.3.0 Later", R), ("454 Throttling failure", H)], ids=["451", "too fast"]
)
def test_what_is_sent_again_after_days_has_another_day_to_live(clock, again, reply, state):
    with ScriptedServer(script={Step.FINAL: Say(reply)}) as server:
        rule = rule_at(server)
        (row,) = flow.owe(rule)
        Delivery.objects.update(state=H, reason=Reason.AUTHENTICATION, claimed_at=NOON)

        again(row, clock.move(days=2))
        flow.drain(rule, clock)
        assert (only().state, only().reason) == (state, "" if state is R else Reason.LIMIT)
        clock.move(days=1)
        flow.drain(rule, clock)

    assert (only().state, only().reason) == (F, Reason.EXPIRED)


def test_what_waited_for_days_to_be_tried_has_a_day_to_live(clock):
    with ScriptedServer(script={Step.MAIL: Say("451 4.3.0 Later")}) as server:
        rule = rule_at(server)
        flow.owe(rule)

        clock.move(days=3)
        for state in (R, R):
            flow.drain(rule, clock)
            assert only().state == state
            clock.move(hours=23)
        clock.move(hours=2)
        flow.drain(rule, clock)

    assert (only().state, only().reason) == (F, Reason.EXPIRED)


def test_a_version_that_cannot_be_made_ready_stops_its_own_mails_only(clock, server, monkeypatch):
    broken = rule_at(server)
    sound = factories.saved_rule(connection=broken.connection)
    flow.owe(broken)
    flow.owe(sound)
    whole = versions.ready

    def ready(version_id: int) -> Any:
        if version_id == broken.current_id:
            raise TemplateError("a body of an older release")
        return whole(version_id)

    with monkeypatch.context() as patched:
        patched.setattr(versions, "ready", ready)
        flow.drain(sound, clock)

    assert {row.rule_id: (row.state, row.reason) for row in Delivery.objects.all()} == {
        broken.pk: (F, Reason.RENDER),
        sound.pk: (S, ""),
    }


@pytest.mark.parametrize("fault", [OperationalError("the database is away"), MemoryError()])
def test_a_mail_that_cannot_be_made_now_is_not_failed(clock, server, monkeypatch, fault):
    rule = rule_at(server)
    flow.owe(rule, 2)

    def fails(*arguments: Any, **more: Any) -> Any:
        raise fault

    with monkeypatch.context() as patched:
        patched.setattr(deliver, "prepare", fails)
        with pytest.raises(type(fault)):
            flow.drain(rule, clock)
    flow.drain(rule, clock)

    assert flow.states() == {S: 2}


def test_a_mail_that_rests_its_connection_each_time_does_not_live_for_ever(clock):
    with ScriptedServer(script={Step.MAIL: Say("530 5.7.0 Log in")}) as server:
        rule = rule_at(server)
        flow.owe(rule)

        for _ in range(30):
            flow.drain(rule, clock)
            clock.move(hours=1)

    assert (only().state, only().reason) == (F, Reason.EXPIRED)


@pytest.mark.faults
def test_five_sessions_in_a_row_that_do_not_open_rest_the_connection(clock):
    rule = factories.saved_rule(connection=factories.ConnectionFactory(port=free_port()))
    flow.owe(rule)

    for _ in range(5):
        flow.drain(rule, clock)
        clock.move(hours=2)

    connection = Connection.objects.get()
    assert connection.fail_streak == 5
    assert connection.paused_until == NOON + timedelta(hours=8, seconds=60)


@pytest.mark.parametrize("address", ["", "no address"])
def test_a_reply_to_that_is_no_address_is_left_out_and_warned_of(clock, server, address):
    rule = rule_at(server, action__reply_to="Help <{{ lead.reply }}>", action__recipient="a@example.org")
    flow.owe(rule, lead={"first_name": "Ada", "reply": address})

    flow.drain(rule, clock)

    assert (only().state, only().warning) == (S, WarningCause.INVALID_RECIPIENT)
    assert "Reply-To" in Attempt.objects.get().text
    assert message(server.mails[0])["Reply-To"] is None


def test_a_mail_in_flight_when_its_rule_is_deleted_is_not_tried_again(clock):
    with ScriptedServer(script={Step.RCPT: Say("451 4.7.1 later")}) as server:
        rule = rule_at(server)
        flow.owe(rule)
        claim = claims.claim(rule.connection_id, limit=1, lease=flow.LEASE, clock=clock)
        rules.delete([rule], now=clock())
        claims.give_back(claim.token)

        sweep.sweep(now=clock.move(seconds=5))

    assert (only().state, only().reason) == (DeliveryState.CANCELLED, Reason.RULE_DELETED)


def in_hand_while_stopped(rule: Rule, clock: Hands) -> None:
    claim = claims.claim(rule.connection_id, limit=1, lease=flow.LEASE, clock=clock)
    rules.stop([rule], now=clock())
    claims.give_back(claim.token)


def test_what_was_in_hand_when_its_rule_was_stopped_is_discarded_when_it_comes_back(clock, server):
    rule = rule_at(server)
    flow.owe(rule)
    in_hand_while_stopped(rule, clock)

    sweep.sweep(now=clock.move(seconds=5))

    assert (only().state, only().reason) == (DeliveryState.CANCELLED, Reason.OPERATOR)


def test_what_an_operator_sends_again_of_a_stopped_rule_goes(clock, server):
    rule = rule_at(server)
    flow.owe(rule)
    in_hand_while_stopped(rule, clock)
    Delivery.objects.update(state=F, finished_at=NOON)
    deliveries.resend(Delivery.objects.all(), now=clock.move(seconds=5))

    sweep.sweep(now=clock.move(seconds=5))

    assert only().state == R


def enabled(rule: Rule, now: datetime) -> None:
    rules.set_enabled([rule], enabled=True, now=now)


def saved_enabled(rule: Rule, now: datetime) -> None:
    rules.save(rule.current.definition(), author=None, now=now, rule=rule, enabled=True)


@pytest.mark.parametrize("enable", [enabled, saved_enabled])
def test_a_rule_that_is_enabled_again_is_stopped_no_more(clock, server, enable):
    rule = rule_at(server)
    flow.owe(rule)
    in_hand_while_stopped(rule, clock)
    enable(rule, clock())

    sweep.sweep(now=clock.move(seconds=5))

    assert only().state == DeliveryState.QUEUED


def test_nothing_of_a_deleted_rule_is_sent_again(clock, server):
    rule = rule_at(server)
    flow.owe(rule)
    Delivery.objects.update(state=F, finished_at=NOON)
    rules.delete([rule], now=clock())

    assert deliveries.resend(Delivery.objects.all(), now=clock.move(days=2)) == 0
    assert only().state == F


def test_what_is_being_sent_is_not_sent_again_by_an_operator(clock, server):
    rule = rule_at(server)
    (row,) = flow.owe(rule)
    Delivery.objects.update(state=DeliveryState.HELD, reason=Reason.OPERATOR)
    chosen = Delivery.objects.filter(pk=row.pk, state=DeliveryState.HELD)
    claims.claim(rule.connection_id, limit=1, lease=flow.LEASE, clock=clock)

    assert deliveries.resend(chosen, now=clock()) == 0
    assert only().state == DeliveryState.SENDING


def test_a_session_that_nobody_uses_is_closed_though_nothing_more_is_sent(clock, server, settings, monkeypatch):
    settings.TRACKING_HEARTBEAT_SECONDS = 0.05
    pool = Pool(Guard([ip_network("127.0.0.0/8")]), idle=0.1)
    monkeypatch.setattr(transport, "pool", lru_cache(lambda: pool))
    monkeypatch.setattr(heartbeat, "_thread", None)
    rule = rule_at(server)
    flow.owe(rule)

    flow.drain(rule, clock)

    assert eventually(lambda: "QUIT" in server.sessions[0].commands, within=10, every=0.05)
