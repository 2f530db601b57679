"""Every fault at every step, over a real socket: what the outcome says, and whether the session lives on.

A server that hangs does so until the test is over: a wait without bound would never end.
"""

from __future__ import annotations

import socket
from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_network

import pytest

from tests.smtp_server import (
    Action,
    Close,
    Drip,
    Endless,
    Hang,
    InTurn,
    Read,
    Say,
    ScriptedServer,
    Send,
    Step,
)
from tests.unit.smtp.making import PATIENT, endpoint, envelope, waiting_for
from tracking.choices import Failure, Phase, RecipientStatus
from tracking.errors import SendError
from tracking.smtp.guard import Guard, Target
from tracking.smtp.session import Outcome, Session

PIPELINED = ("PIPELINING", "8BITMIME", "ENHANCEDSTATUSCODES")
STEPWISE = ("8BITMIME", "ENHANCEDSTATUSCODES")

TEMPORARY, TIMEOUT, PERMANENT = Failure.TEMPORARY, Failure.TIMEOUT, Failure.PERMANENT
LIMIT, UNKNOWN, AUTHENTICATION = Failure.LIMIT, Failure.UNKNOWN, Failure.AUTHENTICATION
ACCEPTED, REFUSED, OPEN = RecipientStatus.ACCEPTED, RecipientStatus.REFUSED, RecipientStatus.OPEN

GARBAGE = Send(b"\x16\x03\x01 what?\r\n")
HUGE = Send(b"2" * 200_000)


@pytest.fixture(params=[PIPELINED, STEPWISE], ids=["pipelined", "step by step"])
def extensions(request: pytest.FixtureRequest) -> tuple[str, ...]:
    found: tuple[str, ...] = request.param
    return found


def statuses(outcome: Outcome) -> list[RecipientStatus]:
    return [recipient.status for recipient in outcome.recipients]


@pytest.mark.parametrize(
    ("step", "action", "phase", "failure"),
    [
        pytest.param(Step.GREETING, Say("421 4.3.2 Busy"), Phase.CONNECT, TEMPORARY, id="421 at the greeting"),
        pytest.param(Step.GREETING, Say("421 4.7.0 Slow down"), Phase.CONNECT, LIMIT, id="a limit at the greeting"),
        pytest.param(Step.GREETING, Say("554 5.7.1 No"), Phase.CONNECT, TEMPORARY, id="5xx at the greeting"),
        pytest.param(Step.GREETING, Close(), Phase.CONNECT, TEMPORARY, id="closed at the greeting"),
        pytest.param(Step.GREETING, Close(reset=True), Phase.CONNECT, TEMPORARY, id="reset at the greeting"),
        pytest.param(Step.GREETING, Hang(), Phase.CONNECT, TIMEOUT, id="hanging at the greeting"),
        pytest.param(Step.GREETING, Drip("220 " + "x" * 900), Phase.CONNECT, TIMEOUT, id="dripping at the greeting"),
        pytest.param(Step.GREETING, Endless(b"220-x\r\n"), Phase.CONNECT, TEMPORARY, id="an endless greeting"),
        pytest.param(Step.GREETING, HUGE, Phase.CONNECT, TEMPORARY, id="a greeting without end of line"),
        pytest.param(Step.GREETING, GARBAGE, Phase.CONNECT, TEMPORARY, id="garbage at the greeting"),
        pytest.param(Step.EHLO, Say("421 4.3.2 Busy"), Phase.CONNECT, TEMPORARY, id="421 at EHLO"),
        pytest.param(Step.EHLO, Say("451 4.3.0 Later"), Phase.CONNECT, TEMPORARY, id="4xx at EHLO"),
        pytest.param(Step.EHLO, Close(), Phase.CONNECT, TEMPORARY, id="closed at EHLO"),
        pytest.param(Step.EHLO, Hang(), Phase.CONNECT, TIMEOUT, id="hanging at EHLO"),
        pytest.param(Step.EHLO, Endless(), Phase.CONNECT, TEMPORARY, id="an endless reply to EHLO"),
        pytest.param(Step.EHLO, GARBAGE, Phase.CONNECT, TEMPORARY, id="garbage at EHLO"),
        pytest.param(Step.AUTH, Say("535 5.7.8 Wrong"), Phase.AUTH, AUTHENTICATION, id="login refused"),
        pytest.param(Step.AUTH, Say("454 4.7.0 Later"), Phase.AUTH, TEMPORARY, id="login not possible now"),
        pytest.param(Step.AUTH, Say("421 4.3.2 Busy"), Phase.AUTH, TEMPORARY, id="421 at login"),
        pytest.param(Step.AUTH, Close(), Phase.AUTH, TEMPORARY, id="closed at login"),
        pytest.param(Step.AUTH, Hang(), Phase.AUTH, TIMEOUT, id="hanging at login"),
        pytest.param(Step.AUTH, GARBAGE, Phase.AUTH, TEMPORARY, id="garbage at login"),
    ],
)
def test_a_session_that_does_not_open(step: Step, action: Action, phase: Phase, failure: Failure, guard: Guard) -> None:
    with ScriptedServer(script={step: action}, auth=["PLAIN"]) as server, pytest.raises(SendError) as caught:
        Session.open(endpoint(server, timeouts=waiting_for(step, action), login="me", password="hunter2"), guard)

    assert (caught.value.phase, caught.value.failure) == (phase, failure)
    assert "hunter2" not in f"{caught.value} {caught.value!r}"


def test_nobody_at_the_port_is_temporary(guard: Guard) -> None:
    with ScriptedServer() as server:
        pass

    with pytest.raises(SendError) as caught:
        Session.open(endpoint(server), guard)

    assert (caught.value.phase, caught.value.failure) == (Phase.CONNECT, TEMPORARY)


@pytest.mark.parametrize(
    ("step", "action", "phase", "failure", "lives"),
    [
        pytest.param(Step.MAIL, Say("451 4.3.0 Later"), Phase.MAIL, TEMPORARY, True, id="4xx at MAIL"),
        pytest.param(Step.MAIL, Say("452 4.3.2 Busy"), Phase.MAIL, LIMIT, True, id="a limit at MAIL"),
        pytest.param(Step.MAIL, Say("553 5.1.8 Not you"), Phase.MAIL, PERMANENT, True, id="5xx at MAIL"),
        pytest.param(Step.MAIL, Say("530 5.7.0 Log in"), Phase.MAIL, AUTHENTICATION, True, id="530 at MAIL"),
        pytest.param(Step.MAIL, Say("421 4.7.0 Too many"), Phase.MAIL, LIMIT, False, id="421 at MAIL"),
        pytest.param(Step.MAIL, Close(), Phase.MAIL, TEMPORARY, False, id="closed at MAIL"),
        pytest.param(Step.MAIL, Close(reset=True), Phase.MAIL, TEMPORARY, False, id="reset at MAIL"),
        pytest.param(Step.MAIL, Hang(), Phase.MAIL, TIMEOUT, False, id="hanging at MAIL"),
        pytest.param(Step.MAIL, Drip("250 " + "x" * 900), Phase.MAIL, TIMEOUT, False, id="dripping at MAIL"),
        pytest.param(Step.MAIL, Endless(), Phase.MAIL, TEMPORARY, False, id="an endless reply to MAIL"),
        pytest.param(Step.MAIL, GARBAGE, Phase.MAIL, TEMPORARY, False, id="garbage at MAIL"),
        pytest.param(Step.MAIL, Say("354 Go on"), Phase.MAIL, TEMPORARY, False, id="another command's reply at MAIL"),
        pytest.param(Step.RCPT, Say("450 4.7.1 Greylisted"), Phase.RCPT, TEMPORARY, True, id="greylisted"),
        pytest.param(Step.RCPT, Say("450 4.2.1 Too fast"), Phase.RCPT, LIMIT, True, id="a limit at RCPT"),
        pytest.param(Step.RCPT, Say("550 5.1.1 Unknown"), Phase.RCPT, PERMANENT, True, id="5xx at RCPT"),
        pytest.param(Step.RCPT, Say("421 4.3.2 Busy"), Phase.RCPT, TEMPORARY, False, id="421 at RCPT"),
        pytest.param(Step.RCPT, Close(), Phase.RCPT, TEMPORARY, False, id="closed at RCPT"),
        pytest.param(Step.RCPT, Hang(), Phase.RCPT, TIMEOUT, False, id="hanging at RCPT"),
        pytest.param(Step.RCPT, Endless(), Phase.RCPT, TEMPORARY, False, id="an endless reply to RCPT"),
        pytest.param(Step.RCPT, GARBAGE, Phase.RCPT, TEMPORARY, False, id="garbage at RCPT"),
        pytest.param(Step.DATA, Say("451 4.3.0 Later"), Phase.DATA, TEMPORARY, True, id="4xx at DATA"),
        pytest.param(Step.DATA, Say("554 5.5.1 No"), Phase.DATA, PERMANENT, True, id="5xx at DATA"),
        pytest.param(Step.DATA, Say("250 OK"), Phase.DATA, TEMPORARY, False, id="a yes that is no go-ahead"),
        pytest.param(Step.DATA, Say("354 Go on\n250 OK"), Phase.DATA, TEMPORARY, False, id="a yes before the message"),
        pytest.param(Step.DATA, Say("421 4.3.2 Busy"), Phase.DATA, TEMPORARY, False, id="421 at DATA"),
        pytest.param(Step.DATA, Close(), Phase.DATA, TEMPORARY, False, id="closed at DATA"),
        pytest.param(Step.DATA, Hang(), Phase.DATA, TIMEOUT, False, id="hanging at DATA"),
        pytest.param(Step.DATA, GARBAGE, Phase.DATA, TEMPORARY, False, id="garbage at DATA"),
        pytest.param(Step.FINAL, Say("451 4.3.0 Later"), Phase.DATA, TEMPORARY, True, id="4xx to the message"),
        pytest.param(Step.FINAL, Say("454 Throttling failure"), Phase.DATA, LIMIT, True, id="throttled"),
        pytest.param(Step.FINAL, Say("554 5.6.0 No"), Phase.DATA, PERMANENT, True, id="5xx to the message"),
        pytest.param(Step.FINAL, Say("552 5.3.4 Big"), Phase.DATA, PERMANENT, True, id="552 to the message"),
        pytest.param(Step.FINAL, Say("421 4.3.2 Busy"), Phase.DATA, TEMPORARY, False, id="421 to the message"),
        pytest.param(Step.FINAL, Close(), Phase.DATA, UNKNOWN, False, id="closed after the final dot"),
        pytest.param(Step.FINAL, Close(reset=True), Phase.DATA, UNKNOWN, False, id="reset after the final dot"),
        pytest.param(Step.FINAL, Hang(), Phase.DATA, UNKNOWN, False, id="hanging after the final dot"),
        pytest.param(Step.FINAL, Drip("250 " + "x" * 900), Phase.DATA, UNKNOWN, False, id="dripping after the dot"),
        pytest.param(Step.FINAL, Endless(), Phase.DATA, UNKNOWN, False, id="an endless reply to the message"),
        pytest.param(Step.FINAL, GARBAGE, Phase.DATA, UNKNOWN, False, id="garbage to the message"),
        pytest.param(Step.FINAL, Say("354 More"), Phase.DATA, UNKNOWN, False, id="no answer to the message"),
    ],
)
def test_a_mail_that_is_not_taken(
    *,
    step: Step,
    action: Action,
    phase: Phase,
    failure: Failure,
    lives: bool,
    extensions: tuple[str, ...],
    guard: Guard,
) -> None:
    with ScriptedServer(script={step: [action]}, extensions=extensions) as server:
        session = Session.open(endpoint(server, timeouts=waiting_for(step, action)), guard)
        outcome = session.send(envelope())

        assert (outcome.phase, outcome.failure) == (phase, failure)
        assert outcome.text
        assert statuses(outcome) == [REFUSED if failure is PERMANENT else OPEN]
        assert session.usable is lives
        if lives:
            assert session.send(envelope()).failure is None
        session.close()


@pytest.mark.parametrize(
    ("action", "failure", "code"),
    [
        pytest.param(InTurn(Read(5_000), Close(reset=True)), TEMPORARY, None, id="reset within the message"),
        pytest.param(InTurn(Read(5_000), Close()), TEMPORARY, None, id="closed within the message"),
        pytest.param(Hang(), TIMEOUT, None, id="a server that stops reading"),
        pytest.param(InTurn(Read(5_000), Say("552 5.3.4 Big"), Close()), PERMANENT, 552, id="refused within it"),
    ],
)
def test_a_loss_before_the_final_dot_is_no_doubt(
    action: Action, failure: Failure, code: int | None, guard: Guard
) -> None:
    with ScriptedServer(script={Step.BODY: action}, extensions=PIPELINED) as server:
        session = Session.open(endpoint(server, timeouts=waiting_for(Step.BODY, action)), guard)
        outcome = session.send(envelope(data=b"Subject: big\r\n\r\n" + b"x" * 70 + b"\r\n" * 8_000_000))

    assert (outcome.phase, outcome.failure, outcome.code) == (Phase.DATA, failure, code)
    assert not session.usable
    assert server.mails == []


def test_a_whole_mail_is_bounded_even_if_every_step_is_slow_but_in_time(guard: Guard) -> None:
    slow = Drip("250 ok", every=0.02)  # 0.16 s each: in time for a command, and too late for the mail together
    with ScriptedServer(script={Step.MAIL: slow, Step.RCPT: slow}, extensions=STEPWISE) as server:
        session = Session.open(endpoint(server, timeouts=replace(PATIENT, total=0.9)), guard)
        outcome = session.send(envelope(*(f"r{n}@example.com" for n in range(20))))

    assert (outcome.failure, outcome.phase) == (TIMEOUT, Phase.RCPT)


REPLIES = {
    "ok": None,
    "gone": "550 5.1.1 Unknown",
    "gray": "451 4.7.1 Greylisted, try again in 60 seconds",
    "fast": "450 4.2.1 Too fast",
    "auth": "530 5.7.1 Log in first",
}


def refuse(address: str) -> str | None:
    return REPLIES[address.partition("@")[0].rstrip("0123456789")]


@pytest.mark.parametrize(
    ("names", "phase", "failure", "expected"),
    [
        (("ok",), Phase.ACCEPTED, None, [ACCEPTED]),
        (("ok1", "ok2"), Phase.ACCEPTED, None, [ACCEPTED, ACCEPTED]),
        (("ok", "gone"), Phase.ACCEPTED, None, [ACCEPTED, REFUSED]),
        (("gone", "ok"), Phase.ACCEPTED, None, [REFUSED, ACCEPTED]),
        (("gray", "ok", "gone"), Phase.ACCEPTED, None, [OPEN, ACCEPTED, REFUSED]),
        (("gone1", "gone2"), Phase.RCPT, PERMANENT, [REFUSED, REFUSED]),
        (("gone", "gray"), Phase.RCPT, TEMPORARY, [REFUSED, OPEN]),
        (("gone", "gray", "fast"), Phase.RCPT, LIMIT, [REFUSED, OPEN, OPEN]),
        (("gray", "auth"), Phase.RCPT, AUTHENTICATION, [OPEN, OPEN]),
    ],
)
def test_recipients_are_answered_one_by_one(
    *,
    names: tuple[str, ...],
    phase: Phase,
    failure: Failure | None,
    expected: list[RecipientStatus],
    extensions: tuple[str, ...],
    guard: Guard,
) -> None:
    addresses = [f"{name}@example.com" for name in names]
    with ScriptedServer(refuse=refuse, extensions=extensions) as server:
        session = Session.open(endpoint(server), guard)
        outcome = session.send(envelope(*addresses))
        after = session.send(envelope("ok@example.com"))
        session.close()

    taken = tuple(address for address, status in zip(addresses, expected, strict=True) if status is ACCEPTED)
    assert (outcome.phase, outcome.failure, statuses(outcome)) == (phase, failure, expected)
    assert [recipient.address for recipient in outcome.recipients] == addresses
    assert after.failure is None
    assert [mail.recipients for mail in server.mails] == ([taken] if taken else []) + [("ok@example.com",)]


def test_a_recipient_keeps_the_words_of_its_refusal(guard: Guard) -> None:
    with ScriptedServer(refuse=refuse) as server, Session.open(endpoint(server), guard) as session:
        outcome = session.send(envelope("ok@example.com", "gone@example.com"))

    assert [(found.code, found.text) for found in outcome.recipients] == [(250, "Taken"), (550, "Unknown")]


@pytest.mark.parametrize("loss", [Close(), Hang(), Say("421 4.3.2 Busy")], ids=["closed", "hanging", "421"])
def test_a_recipient_that_was_refused_stays_so_when_the_rest_is_lost(
    loss: Action, extensions: tuple[str, ...], guard: Guard
) -> None:
    script = {Step.RCPT: [Say("550 5.1.1 Unknown"), loss]}
    with (
        ScriptedServer(script=script, extensions=extensions) as server,
        Session.open(endpoint(server, timeouts=waiting_for(Step.RCPT, loss)), guard) as session,
    ):
        outcome = session.send(envelope("a@example.com", "b@example.com", "c@example.com"))

    assert statuses(outcome) == [REFUSED, OPEN, OPEN]


def test_a_refusal_without_words_gets_some(guard: Guard) -> None:
    with (
        ScriptedServer(script={Step.MAIL: Say("550")}) as server,
        Session.open(endpoint(server), guard) as session,
    ):
        assert session.send(envelope()).text == "The server refused with 550."


def test_a_server_that_names_a_time_is_heard(guard: Guard) -> None:
    with ScriptedServer(refuse=refuse) as server, Session.open(endpoint(server), guard) as session:
        outcome = session.send(envelope("gray@example.com"))

    assert outcome.retry_after is not None
    assert outcome.retry_after.total_seconds() == 60


def test_a_time_that_is_named_for_one_of_the_recipients_is_heard(guard: Guard) -> None:
    with ScriptedServer(refuse=refuse) as server, Session.open(endpoint(server), guard) as session:
        outcome = session.send(envelope("gray@example.com", "ok@example.com"))

    assert (outcome.failure, statuses(outcome)) == (None, [OPEN, ACCEPTED])
    assert outcome.retry_after == timedelta(seconds=60)


def test_a_time_that_is_named_at_the_door_is_heard(guard: Guard) -> None:
    with (
        ScriptedServer(script={Step.GREETING: Say("421 4.7.0 Busy, try again in 10 minutes")}) as server,
        pytest.raises(SendError) as refused,
    ):
        Session.open(endpoint(server), guard)

    assert refused.value.retry_after == timedelta(minutes=10)


def test_an_empty_mail_is_never_made_of_refused_recipients(guard: Guard) -> None:
    """A server that gives its go-ahead to a pipelined DATA without recipients gets an empty end, no message."""
    script = {Step.RCPT: Say("550 5.1.1 Unknown"), Step.DATA: Say("354 Go on"), Step.FINAL: Say("554 No recipients")}
    with ScriptedServer(script=script, extensions=PIPELINED) as server:
        session = Session.open(endpoint(server), guard)
        outcome = session.send(envelope())

        assert (outcome.failure, outcome.phase) == (PERMANENT, Phase.RCPT)
        assert session.usable
        assert server.sessions[0].commands[-1] == "RSET"
        assert b"Hello." not in server.sessions[0].received
        session.close()


def test_a_server_that_says_more_than_it_was_asked_is_not_used_again(guard: Guard) -> None:
    with ScriptedServer(script={Step.FINAL: Say("250 OK\n250 and another")}) as server:
        session = Session.open(endpoint(server), guard)
        outcome = session.send(envelope())

        assert outcome.failure is None
        assert not session.probe()
        assert not session.usable


def test_a_session_that_was_closed_while_idle_says_so(guard: Guard) -> None:
    with ScriptedServer(sessions=[{Step.MAIL: [None, Close()]}]) as server:
        session = Session.open(endpoint(server), guard)
        first, second = session.send(envelope()), session.send(envelope())

    assert (first.failure, first.stale) == (None, False)
    assert (second.failure, second.phase, second.stale) == (TEMPORARY, Phase.MAIL, True)


def test_a_new_session_that_is_lost_is_not_stale(guard: Guard) -> None:
    with ScriptedServer(script={Step.MAIL: Close()}) as server:
        outcome = Session.open(endpoint(server), guard).send(envelope())

    assert not outcome.stale


def test_probe_tells_the_living_from_the_dead(guard: Guard) -> None:
    with ScriptedServer(sessions=[{}, {Step.RSET: Close()}, {Step.RSET: Say("500 no")}]) as server:
        sessions = [Session.open(endpoint(server), guard) for _ in range(3)]

        assert [session.probe() for session in sessions] == [True, False, False]
        assert [session.usable for session in sessions] == [True, False, False]
        sessions[0].close()


@pytest.mark.parametrize("action", [Hang(), Close(), Endless(), GARBAGE], ids=["hang", "close", "endless", "garbage"])
def test_closing_ends_and_can_be_done_twice(action: Action, guard: Guard) -> None:
    with ScriptedServer(script={Step.QUIT: action}) as server:
        session = Session.open(endpoint(server), guard)
        session.close()
        session.close()

    assert not session.usable
    assert server.sessions[0].commands[-1] == "QUIT"


def test_a_closed_session_takes_no_mail_and_does_not_raise(guard: Guard) -> None:
    with ScriptedServer() as server:
        session = Session.open(endpoint(server), guard)
        session.close()

        assert session.send(envelope()).failure is TEMPORARY


def test_the_next_address_is_tried_when_one_is_dead() -> None:
    def two_addresses(_host: str, port: int) -> list[Target]:
        return [(socket.AF_INET, ("127.0.0.2", port)), (socket.AF_INET, ("127.0.0.1", port))]

    guard = Guard((ip_network("127.0.0.0/8"),), lookup=two_addresses)
    with ScriptedServer() as server, Session.open(endpoint(server, host="mail.example.com"), guard) as session:
        assert session.send(envelope()).failure is None


def test_a_host_that_is_not_allowed_is_never_connected_to() -> None:
    with ScriptedServer() as server:
        with pytest.raises(SendError) as caught:
            Session.open(endpoint(server), Guard())

        assert (caught.value.failure, caught.value.phase) == (Failure.HOST, Phase.CONNECT)
        assert server.sessions == []
