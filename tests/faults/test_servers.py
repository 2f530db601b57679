"""One mail meets one fault of a mail server: where it ends, what was tried, what the log and the connection say."""

from __future__ import annotations

import resource
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_network
from typing import Any

import pytest

from tests.faults.scenes import (
    HELD,
    SENT,
    End,
    Scene,
    held,
    later,
    play,
    refused,
    timed_out,
    unknown,
)
from tests.smtp_server import Action, Close, Drip, Endless, Hang, InTurn, Read, Say, ScriptedServer, Send, Step
from tracking.choices import Reason, WarningCause
from tracking.smtp.guard import Guard, Target
from tracking.store import connections

pytestmark = [pytest.mark.django_db, pytest.mark.faults]

OPENING = (Step.GREETING, Step.EHLO)
GARBAGE = Send(b"\x16\x03\x01 what?\r\n")
EXTENSIONS = ("8BITMIME", "ENHANCEDSTATUSCODES")


@pytest.fixture(params=[("PIPELINING", *EXTENSIONS), EXTENSIONS], ids=["pipelined", "step by step"])
def extensions(request: pytest.FixtureRequest) -> tuple[str, ...]:
    found: tuple[str, ...] = request.param
    return found


def _unknown_name(host: str, port: int) -> list[Target]:
    raise socket.gaierror(socket.EAI_NONAME, "no such name")


def _hangs(host: str, port: int) -> list[Target]:
    threading.Event().wait(2)
    return []


def _inside(host: str, port: int) -> list[Target]:
    return [(socket.AF_INET, ("10.0.0.5", port))]


def _half_inside(host: str, port: int) -> list[Target]:
    return [(socket.AF_INET, ("127.0.0.1", port)), *_inside(host, port)]


@pytest.mark.parametrize(
    ("lookup", "end"),
    [
        pytest.param(_unknown_name, later("connect", None, streak=1), id="it knows no such name"),
        pytest.param(_hangs, timed_out("connect"), id="it hangs"),
        pytest.param(_inside, held(Reason.HOST, "connect", None), id="it now leads into our own network"),
        pytest.param(_half_inside, held(Reason.HOST, "connect", None), id="one of its addresses leads there"),
    ],
)
def test_fault_31_a_resolver_that_fails_hangs_or_lies(clock, quick, monkeypatch, lookup, end):
    names = Guard((ip_network("127.0.0.0/8"),), lookup=lookup)
    monkeypatch.setattr(connections, "guard", lambda: names)
    with ScriptedServer() as server:
        play(Scene(server, clock, connection={"host": "mail.example.com"}), end)

        assert not server.sessions


def meet(clock: Any, step: Step, action: Action, end: End, **server: Any) -> None:
    with ScriptedServer(script={step: action}, **server) as running:
        play(Scene(running, clock), end)


@pytest.mark.parametrize(
    ("step", "reply", "end"),
    [
        pytest.param(Step.GREETING, "421 4.3.2 Busy", later("connect", 421, streak=1), id="at the greeting"),
        pytest.param(Step.EHLO, "421 4.3.2 Busy", later("connect", 421, streak=1), id="at EHLO"),
        pytest.param(Step.MAIL, "421 4.3.2 Busy", later("mail", 421, streak=1), id="at MAIL"),
        pytest.param(Step.RCPT, "421 4.3.2 Busy", later("rcpt", 421, streak=1), id="at RCPT"),
        pytest.param(Step.DATA, "421 4.3.2 Busy", later("data", 421, streak=1), id="at DATA"),
        pytest.param(Step.FINAL, "421 4.3.2 Busy", later("data", 421, streak=1), id="to the message"),
    ],
)
def test_fault_19_a_server_that_says_421_is_tried_again(clock, step, reply, end):
    meet(clock, step, Say(reply), end)


@pytest.mark.parametrize(
    ("step", "reply", "end"),
    [
        pytest.param(Step.EHLO, "451 4.3.0 Later", later("connect", 451, streak=1), id="451 at EHLO"),
        pytest.param(Step.MAIL, "451 4.3.0 Later", later("mail", 451), id="451 at MAIL"),
        pytest.param(Step.RCPT, "450 4.7.1 Greylisted", later("rcpt", 450), id="greylisted at RCPT"),
        pytest.param(Step.RCPT, "452 4.2.2 Mailbox full", later("rcpt", 452), id="452 at RCPT"),
        pytest.param(Step.DATA, "451 4.7.1 Greylisted", later("data", 451), id="greylisted at DATA"),
        pytest.param(Step.FINAL, "452 4.3.1 No room", later("data", 452), id="452 to the message"),
    ],
)
def test_fault_20_what_is_refused_for_now_is_tried_again(clock, extensions, step, reply, end):
    meet(clock, step, Say(reply), end, extensions=extensions)


@pytest.mark.parametrize(
    ("step", "reply", "end"),
    [
        pytest.param(Step.MAIL, "550 5.7.1 Not from you", refused("mail", 550), id="550 at MAIL"),
        pytest.param(Step.MAIL, "552 5.3.4 More than I take", refused("mail", 552), id="552 to the size told at MAIL"),
        pytest.param(Step.MAIL, "553 5.1.8 Who?", refused("mail", 553), id="553 at MAIL"),
        pytest.param(Step.RCPT, "550 5.1.1 Nobody", refused("rcpt", 550), id="550 at RCPT"),
        pytest.param(Step.RCPT, "551 5.1.6 Moved", refused("rcpt", 551), id="551 at RCPT"),
    ],
)
def test_fault_21_who_is_refused_for_good_is_asked_once(clock, extensions, step, reply, end):
    meet(clock, step, Say(reply), end, extensions=extensions)


@pytest.mark.parametrize(
    ("step", "reply", "end"),
    [
        pytest.param(Step.DATA, "554 5.5.1 No", refused("data", 554), id="554 at DATA"),
        pytest.param(Step.FINAL, "552 5.3.4 Too big", refused("data", 552), id="552 to the message"),
        pytest.param(Step.FINAL, "554 5.6.0 Spam", refused("data", 554), id="554 to the message"),
    ],
)
def test_fault_22_a_message_that_is_refused_for_good_is_sent_once(clock, extensions, step, reply, end):
    meet(clock, step, Say(reply), end, extensions=extensions)


@pytest.mark.parametrize("reply", ["554 5.7.1 No service", "550 Blocked", "521 No mail here"])
def test_fault_23_a_greeting_that_refuses_is_the_servers_trouble_and_tried_again(clock, reply):
    meet(clock, Step.GREETING, Say(reply), later("connect", int(reply[:3]), streak=1))


@pytest.mark.parametrize(
    ("step", "reply", "end"),
    [
        pytest.param(
            Step.GREETING, "421 4.7.0 Too many", held(Reason.LIMIT, "connect", 421), id="421 4.7.0 at the greeting"
        ),
        pytest.param(
            Step.MAIL,
            "454 Throttling failure: Maximum sending rate exceeded",
            held(Reason.LIMIT, "mail", 454, streak=0, rests=False),
            id="454 at MAIL",
        ),
        pytest.param(
            Step.RCPT,
            "450 4.2.1 Too fast",
            held(Reason.LIMIT, "rcpt", 450, streak=0, rests=False, slower=False),
            id="450 to a mailbox",
        ),
        pytest.param(
            Step.FINAL,
            "452 4.3.2 Too fast",
            held(Reason.LIMIT, "data", 452, streak=0, rests=False),
            id="452 to the message",
        ),
    ],
)
def test_fault_24_too_fast_costs_no_try(clock, extensions, step, reply, end):
    meet(clock, step, Say(reply), end, extensions=extensions)


STALLS = [
    pytest.param(Step.GREETING, timed_out("connect"), id="at the greeting"),
    pytest.param(Step.EHLO, timed_out("connect"), id="at EHLO"),
    pytest.param(Step.MAIL, timed_out("mail"), id="at MAIL"),
    pytest.param(Step.RCPT, timed_out("rcpt"), id="at RCPT"),
    pytest.param(Step.DATA, timed_out("data"), id="at DATA"),
    pytest.param(Step.FINAL, unknown(copies=1), id="after the final dot"),
]


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(("step", "end"), STALLS)
def test_fault_25_a_server_that_hangs_is_left_in_time(clock, extensions, step, end):
    meet(clock, step, Hang(), end, extensions=extensions)


@pytest.fixture(params=[(Step.AUTH, "auth"), (Step.STARTTLS, "tls")], ids=["at the login", "at STARTTLS"])
def door(request: pytest.FixtureRequest) -> tuple[Step, str]:
    """A step before the server knows us, and its phase."""
    found: tuple[Step, str] = request.param
    return found


def meet_at(door: tuple[Step, str], clock: Any, authority: Any, action: Action, end: End) -> None:
    step, _ = door
    tls = authority.server_context("127.0.0.1") if step is Step.STARTTLS else None
    with ScriptedServer(script={step: action}, auth=["PLAIN"], tls=tls) as server:
        connection = {"login": "leads", "encryption": "tls" if tls else "none"}
        play(Scene(server, clock, connection=connection), end)


@pytest.mark.usefixtures("quick")
def test_fault_25_a_server_that_hangs_before_it_knows_us_is_left_in_time(clock, authority, door):
    meet_at(door, clock, authority, Hang(), timed_out(door[1]))


LOST = later("connect", None, streak=1)


BREAKS = [
    pytest.param(Step.GREETING, LOST, id="at the greeting"),
    pytest.param(Step.EHLO, LOST, id="at EHLO"),
    pytest.param(Step.MAIL, later("mail", None, streak=1), id="at MAIL"),
    pytest.param(Step.RCPT, later("rcpt", None, streak=1), id="at RCPT"),
    pytest.param(Step.DATA, later("data", None, streak=1), id="before the message"),
]


@pytest.mark.parametrize(("step", "end"), BREAKS)
def test_fault_26_a_line_that_is_closed_before_the_final_dot_is_tried_again(clock, extensions, step, end):
    meet(clock, step, Close(), end, extensions=extensions)


@pytest.mark.parametrize(("step", "end"), BREAKS)
def test_fault_26_a_line_that_is_reset_before_the_final_dot_is_tried_again(clock, step, end):
    """Step by step: a reset throws away replies that were sent and not yet read, so their step would be chance."""
    meet(clock, step, Close(reset=True), end, extensions=EXTENSIONS)


def test_fault_26_a_line_that_is_closed_before_the_server_knows_us_is_tried_again(clock, authority, door):
    meet_at(door, clock, authority, Close(), later(door[1], None, streak=1))


@pytest.mark.parametrize(
    ("action", "copies"),
    [
        pytest.param(Close(), 1, id="taken and closed"),
        pytest.param(Close(reset=True), 1, id="taken and reset"),
        pytest.param(Close(takes=False), 0, id="closed, not taken"),
        pytest.param(InTurn(Send(b"25"), Close()), 1, id="closed within the answer"),
    ],
)
def test_fault_26_a_line_that_breaks_after_the_final_dot_leaves_it_unknown(clock, extensions, action, copies):
    meet(clock, Step.FINAL, action, unknown(copies=copies), extensions=extensions)


def test_fault_26_a_line_that_breaks_within_the_message_is_tried_again(clock):
    """A message that the kernel's buffers do not hold whole: the rest of it never went out."""
    cut = InTurn(Read(1_000), Close(reset=True))
    with ScriptedServer(script={Step.BODY: cut}) as server:
        scene = Scene(server, clock, changes={"action__body": "x" * 60_000, "action__content_type": "text"})
        (delivery,) = scene.owe()

        scene.drain()

        delivery.refresh_from_db()
        assert delivery.state in {later("data", None).state, "unknown"}
        assert server.mails == []


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(("step", "end"), STALLS)
def test_fault_27_a_server_that_drips_is_left_in_time(clock, step, end):
    meet(clock, step, Drip("250 " + "x" * 900), end)


@pytest.mark.usefixtures("quick")
def test_fault_27_a_server_that_drips_before_it_knows_us_is_left_in_time(clock, authority, door):
    meet_at(door, clock, authority, Drip("250 " + "x" * 900), timed_out(door[1]))


MOST = 10 << 10  # kilobytes that an endless reply may cost us


@contextmanager
def little_memory() -> Iterator[None]:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    yield
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < MOST


@pytest.mark.parametrize(
    ("step", "end"), [*BREAKS, pytest.param(Step.FINAL, unknown(copies=1), id="after the final dot")]
)
def test_fault_28_endless_replies_are_cut_short(clock, step, end):
    with little_memory():
        meet(clock, step, Endless(b"220-x\r\n" if step is Step.GREETING else b"250-x\r\n"), end)


def test_fault_28_endless_replies_are_cut_short_before_the_server_knows_us(clock, authority, door):
    with little_memory():
        meet_at(door, clock, authority, Endless(), later(door[1], None, streak=1))


@pytest.mark.parametrize(
    ("step", "action", "end"),
    [
        pytest.param(Step.GREETING, Send(b"2" * 200_000), LOST, id="a line without end"),
        pytest.param(Step.GREETING, GARBAGE, LOST, id="garbage at the greeting"),
        pytest.param(Step.MAIL, GARBAGE, later("mail", None, streak=1), id="garbage at MAIL"),
        pytest.param(Step.DATA, GARBAGE, later("data", None, streak=1), id="garbage at DATA"),
        pytest.param(Step.FINAL, GARBAGE, unknown(copies=1), id="garbage after the final dot"),
        pytest.param(Step.FINAL, Say("150 Go on"), unknown(copies=0), id="no answer at all to the message"),
    ],
)
def test_fault_28_senseless_replies_are_cut_short(clock, step, action, end):
    meet(clock, step, action, end)


BAD_TLS = held(Reason.TLS, "tls", None)


@pytest.mark.parametrize(
    "certificate",
    [
        pytest.param({"self_signed": True}, id="self-signed"),
        pytest.param({"days": (-3, -1)}, id="expired"),
        pytest.param({"days": (1, 2)}, id="not valid yet"),
        pytest.param({"host": "mail.example.org"}, id="of another host"),
        pytest.param({"weak": True}, id="with a weak key"),
    ],
)
@pytest.mark.parametrize("implicit", [False, True], ids=["STARTTLS", "implicit"])
def test_fault_29_a_certificate_that_proves_nothing_gets_no_mail(settings, clock, authority, certificate, implicit):
    settings.TRACKING_SMTP_CA_FILE = authority.ca_file
    more = {name: value for name, value in certificate.items() if name != "host"}
    tls = authority.server_context(certificate.get("host", "127.0.0.1"), **more)
    with ScriptedServer(tls=tls, implicit_tls=implicit, auth=["PLAIN"]) as server:
        connection = {"encryption": "ssl" if implicit else "tls", "login": "leads"}
        play(Scene(server, clock, connection=connection), BAD_TLS)
        assert server.auth_attempts == []


@pytest.mark.parametrize(
    ("script", "offered", "code"),
    [
        pytest.param({}, False, None, id="STARTTLS not offered"),
        pytest.param({Step.STARTTLS: Say("454 4.3.0 Not now")}, True, 454, id="454 to STARTTLS"),
        pytest.param({Step.STARTTLS: Say("502 5.5.1 What?")}, True, 502, id="502 to STARTTLS"),
        pytest.param({Step.STARTTLS: Say("220 Go\n250 OK")}, True, None, id="replies slipped in before TLS"),
        pytest.param({Step.STARTTLS: InTurn(Say("220 Go"), Say("plain"))}, True, None, id="plain text within it"),
    ],
)
def test_fault_29_without_encryption_nothing_is_said(clock, authority, script, offered, code):
    tls = authority.server_context("127.0.0.1") if offered else None
    with ScriptedServer(script=script, tls=tls, auth=["PLAIN"]) as server:
        connection = {"encryption": "tls", "login": "leads"}
        play(Scene(server, clock, connection=connection), held(Reason.TLS, "tls", code))
        assert server.auth_attempts == []


@pytest.mark.parametrize(
    ("reply", "end"),
    [
        pytest.param("535 5.7.8 Wrong", held(Reason.AUTHENTICATION, "auth", 535), id="535"),
        pytest.param("534 5.7.9 Weak", held(Reason.AUTHENTICATION, "auth", 534), id="534"),
        pytest.param("454 4.7.0 Not now", later("auth", 454, streak=1), id="454 is for now"),
    ],
)
def test_fault_30_a_refused_login_holds_the_mail(clock, reply, end):
    with ScriptedServer(script={Step.AUTH: Say(reply)}, auth=["PLAIN"]) as server:
        play(Scene(server, clock, connection={"login": "leads"}), end)
        assert len(server.auth_attempts) == 1


def test_fault_30_a_server_that_wants_a_login_is_the_connections_fault(clock):
    meet(clock, Step.MAIL, Say("530 5.7.0 Log in first"), held(Reason.AUTHENTICATION, "mail", 530))


def test_a_server_that_takes_no_eight_bits_gets_seven(clock):
    body = {"action__body": "Grüße, 你好", "action__subject": "Grüße"}
    with ScriptedServer(extensions=["PIPELINING"]) as server:
        play(Scene(server, clock, changes=body), End(state=SENT, attempt=("accepted", 250), copies=1))
        assert server.mails[0].data.isascii()


def test_an_address_that_a_server_cannot_write_is_refused_and_the_others_are_not(clock):
    """No SMTPUTF8: what needs it cannot be said to this server at all."""
    with ScriptedServer(extensions=["8BITMIME"]) as server:
        scene = Scene(server, clock)
        (bad,) = scene.owe(lead={"first_name": "Ada", "email": "grüße@example.org"})
        (good,) = scene.owe()

        scene.drain()

        bad.refresh_from_db()
        good.refresh_from_db()
    assert (bad.state, good.state) == ("failed", SENT)


def test_half_of_the_recipients_refused_is_sent_with_a_warning(clock):
    with ScriptedServer(refuse=lambda address: "550 5.1.1 Nobody" if address.startswith("no") else None) as server:
        recipients = "a@example.org, no1@example.org, b@example.org, no2@example.org"
        end = End(state=SENT, attempt=("accepted", 250), warning=WarningCause.PARTIAL_REFUSAL, copies=1)
        play(Scene(server, clock, changes={"action__recipient": recipients}), end)
        assert server.mails[0].recipients == ("a@example.org", "b@example.org")


def test_all_recipients_over_a_limit_are_held(clock):
    with ScriptedServer(refuse=lambda address: "450 4.2.1 Too fast") as server:
        scene = Scene(server, clock, changes={"action__recipient": "a@example.org, b@example.org"})
        (delivery,) = scene.owe()
        scene.drain()
        delivery.refresh_from_db()
    assert (delivery.state, delivery.tries) == (HELD, 0)
