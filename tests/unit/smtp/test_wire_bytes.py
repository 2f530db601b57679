"""What really goes over the wire, as the server received it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.smtp_server import Say, ScriptedServer, Step
from tests.unit.smtp.making import DATA, endpoint, envelope
from tracking.choices import Encryption, Failure, Phase, RecipientStatus
from tracking.smtp.endpoint import Endpoint
from tracking.smtp.envelope import stuffed
from tracking.smtp.guard import Guard
from tracking.smtp.session import Envelope, Outcome, Session


def sent(mail: Envelope, guard: Guard, *extensions: str) -> tuple[ScriptedServer, Outcome]:
    with ScriptedServer(extensions=extensions) as server:
        session = Session.open(endpoint(server), guard)
        outcome = session.send(mail)
        session.close()
    return server, outcome


def message(server: ScriptedServer) -> bytes:
    """The bytes between DATA and QUIT."""
    return bytes(server.sessions[0].received).partition(b"DATA\r\n")[2].removesuffix(b"QUIT\r\n")


@pytest.mark.parametrize(
    ("data", "wire"),
    [
        (b"a\r\n", b"a\r\n.\r\n"),
        (b"a", b"a\r\n.\r\n"),
        (b"", b".\r\n"),
        (b".", b"..\r\n.\r\n"),
        (b".\r\n", b"..\r\n.\r\n"),
        (b"..\r\n", b"...\r\n.\r\n"),
        (b"a\r\n.b\r\n", b"a\r\n..b\r\n.\r\n"),
        (b"a\n.\nMAIL FROM:<x@y>\nRCPT TO:<z@z>\n", b"a\r\n..\r\nMAIL FROM:<x@y>\r\nRCPT TO:<z@z>\r\n.\r\n"),
        (b"a\r.\rMAIL FROM:<q@q>\r\n", b"a\r\n..\r\nMAIL FROM:<q@q>\r\n.\r\n"),
        (b"a\r\n.\rMAIL\r\n", b"a\r\n..\r\nMAIL\r\n.\r\n"),
        (b"a\r\r\n.\r\r\nMAIL", b"a\r\n\r\n..\r\n\r\nMAIL\r\n.\r\n"),
        (b"a\r\n.\0\r\nMAIL", b"a\r\n..\r\nMAIL\r\n.\r\n"),
        (b"a\r\n\0.\r\nMAIL", b"a\r\n..\r\nMAIL\r\n.\r\n"),
        (b"a\r\0\n.\r\0\nMAIL", b"a\r\n..\r\nMAIL\r\n.\r\n"),
        (b"a\n\r.\n\rb", b"a\r\n\r\n..\r\n\r\nb\r\n.\r\n"),
    ],
)
def test_a_message_on_the_wire(data: bytes, wire: bytes, guard: Guard) -> None:
    server, outcome = sent(envelope(data=data), guard, "PIPELINING")

    assert outcome.failure is None
    assert message(server) == wire
    assert len(server.mails) == 1


@settings(deadline=None)
@given(st.lists(st.sampled_from([b"\r", b"\n", b".", b"\0", b"a", b"\r\n", b"\r\n.\r\n"]), max_size=40).map(b"".join))
def test_no_message_ends_early_or_holds_a_bare_line_break(data: bytes) -> None:
    lines = Envelope("a@example.com", ("b@example.com",), data).lines()
    wire = b"\r\n" + stuffed(lines)

    assert wire.index(b"\r\n.\r\n") == len(wire) - 5
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)|\0", wire)
    assert re.sub(rb"\r\n\.", b"\r\n", wire[:-3]) == b"\r\n" + lines


def commands(server: ScriptedServer) -> list[str]:
    return server.sessions[0].commands


@pytest.mark.parametrize("pipelining", [("PIPELINING",), ()], ids=["pipelined", "step by step"])
def test_the_commands_of_a_mail(pipelining: tuple[str, ...], guard: Guard) -> None:
    server, _ = sent(envelope("a@example.com", "b@example.com"), guard, *pipelining)

    assert commands(server) == [
        "EHLO localhost",
        "MAIL FROM:<from@example.com>",
        "RCPT TO:<a@example.com>",
        "RCPT TO:<b@example.com>",
        "DATA",
        "QUIT",
    ]


UTF8 = b"Subject: gr\xc3\xbc\xc3\x9fe\r\n\r\n"


@pytest.mark.parametrize(
    ("mail", "extensions", "command"),
    [
        (envelope(), (), "MAIL FROM:<from@example.com>"),
        (envelope(), ("SIZE 1000",), f"MAIL FROM:<from@example.com> SIZE={len(DATA)}"),
        (envelope(), ("SIZE",), f"MAIL FROM:<from@example.com> SIZE={len(DATA)}"),
        (envelope(sender=""), (), "MAIL FROM:<>"),
        (envelope(), ("8BITMIME",), "MAIL FROM:<from@example.com>"),
        (envelope(data=UTF8), ("8BITMIME",), "MAIL FROM:<from@example.com> BODY=8BITMIME"),
        (envelope(smtputf8=True), ("SMTPUTF8",), "MAIL FROM:<from@example.com> SMTPUTF8"),
        (envelope(sender="jörg@example.com", smtputf8=True), ("SMTPUTF8",), "MAIL FROM:<jörg@example.com> SMTPUTF8"),
        (
            envelope(data=UTF8, smtputf8=True),
            ("SIZE 0", "8bitmime", "SmtpUTF8"),
            f"MAIL FROM:<from@example.com> SIZE={len(UTF8)} SMTPUTF8 BODY=8BITMIME",
        ),
    ],
)
def test_what_mail_says_of_the_message(mail: Envelope, extensions: tuple[str, ...], command: str, guard: Guard) -> None:
    server, outcome = sent(mail, guard, *extensions)

    assert commands(server)[1] == command
    assert outcome.failure is None


@pytest.mark.parametrize(
    ("mail", "extensions", "word"),
    [
        (envelope(data=b"x" * 101), ("SIZE 100",), "bytes"),
        (envelope("jörg@example.com", smtputf8=True), ("8BITMIME",), "SMTPUTF8"),
        (envelope(data=UTF8), (), "8BITMIME"),
    ],
)
def test_a_mail_the_server_cannot_take_is_not_begun(
    mail: Envelope, extensions: tuple[str, ...], word: str, guard: Guard
) -> None:
    server, outcome = sent(mail, guard, *extensions)

    assert (outcome.failure, outcome.phase, outcome.code) == (Failure.PERMANENT, Phase.MAIL, None)
    assert word in outcome.text
    assert [found.status for found in outcome.recipients] == [RecipientStatus.REFUSED]
    assert commands(server) == ["EHLO localhost", "QUIT"]


@pytest.mark.parametrize(
    "address",
    [
        "d@e.f>\r\nRCPT TO:<evil@x.y>",
        "d@e.f\r\nDATA",
        "d@e.f\n",
        "d@e.f\r",
        "d@e.f\0",
        "d@e.f> NOTIFY=NEVER",
        "d@e.f SIZE=1",
        "<d@e.f",
        "d@e.f>",
        "d\t@e.f",
        "d@e.f\x7f",
        "d@e.f\u2028",
        "a" * 321,
        "ö" * 161,
        "jörg@example.com",
    ],
)
@pytest.mark.parametrize("role", ["sender", "recipient"])
def test_an_address_that_could_be_a_command_makes_no_envelope(address: str, role: str) -> None:
    sender, recipient = (address, "to@example.com") if role == "sender" else ("from@example.com", address)

    with pytest.raises(ValueError, match="address"):
        Envelope(sender, (recipient,), DATA)


@pytest.mark.parametrize("recipients", [(), ("",), ("a@example.com", "")])
def test_a_mail_to_nobody_is_no_envelope(recipients: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="recipients"):
        Envelope("from@example.com", recipients, DATA)


@pytest.mark.parametrize(
    "changes",
    [
        {"local_hostname": "x\r\nMAIL FROM:<z@z>"},
        {"local_hostname": "a b"},
        {"local_hostname": ""},
        {"login": "me\r\nDATA"},
        {"login": "me\0"},
        {"password": "a\nb"},
    ],
)
def test_an_endpoint_holds_nothing_that_ends_a_command(changes: dict[str, Any], guard: Guard) -> None:
    with ScriptedServer() as server, pytest.raises(ValueError, match=r"local_hostname|login"):
        endpoint(server, **changes)


def test_an_endpoint_never_shows_its_password() -> None:
    assert "hunter2" not in repr(Endpoint(host="a", port=1, encryption=Encryption.NONE, password="hunter2"))


def test_a_server_that_knows_no_ehlo_is_greeted_the_old_way(guard: Guard) -> None:
    with ScriptedServer(script={Step.EHLO: Say("502 5.5.1 Unknown")}) as server:
        session = Session.open(endpoint(server), guard)
        outcome = session.send(envelope())
        session.close()

    assert outcome.failure is None
    assert commands(server)[:2] == ["EHLO localhost", "HELO localhost"]
