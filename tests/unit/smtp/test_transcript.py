"""What was said to a server, phase by phase, is told without what is secret in it."""

from __future__ import annotations

from base64 import b64encode

import pytest

from tests.certificates import Authority
from tests.smtp_server import Say, ScriptedServer, Step
from tests.unit.smtp.making import endpoint, envelope
from tracking.choices import Encryption, Phase
from tracking.errors import SendError
from tracking.smtp.guard import Guard
from tracking.smtp.session import Session
from tracking.smtp.transcript import HIDDEN, Transcript

LOGIN, PASSWORD = "me@example.com", "hunter2!"


def told(transcript: Transcript) -> list[tuple[Phase, str, str]]:
    return [(line.phase, line.who, line.text) for line in transcript.lines]


def said_by_us(transcript: Transcript) -> list[str]:
    return [line.text for line in transcript.lines if line.who == "us"]


def test_a_mail_is_told_from_the_connection_to_the_last_reply(authority: Authority, guard: Guard) -> None:
    transcript = Transcript(password=PASSWORD)
    with ScriptedServer(tls=authority.server_context("127.0.0.1"), auth=["PLAIN"]) as server:
        target = endpoint(server, encryption=Encryption.TLS, ca_file=authority.ca_file, login=LOGIN, password=PASSWORD)
        with Session.open(target, guard, wire=transcript.wire) as session:
            session.send(envelope())

    assert said_by_us(transcript) == [
        "EHLO localhost",
        "STARTTLS",
        "EHLO localhost",
        f"AUTH PLAIN {HIDDEN}",
        "MAIL FROM:<from@example.com> SIZE=26",
        "RCPT TO:<to@example.com>",
        "DATA",
        "(the message, 29 bytes)",
        "QUIT",
    ]
    phases = list(dict.fromkeys(line.phase for line in transcript.lines))
    assert phases == [Phase.CONNECT, Phase.TLS, Phase.AUTH, Phase.MAIL, Phase.RCPT, Phase.DATA]
    replies = [(line.phase, line.text[:3]) for line in transcript.lines if line.who == "server"]
    assert [phase for phase, code in replies if code in ("250", "354")][-4:] == [
        Phase.MAIL,
        Phase.RCPT,
        Phase.DATA,
        Phase.DATA,
    ]
    assert any("certificate verified for 127.0.0.1" in line.text for line in transcript.lines)


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5", "XOAUTH2"])
@pytest.mark.parametrize("right", [True, False])
def test_no_secret_gets_in_whatever_the_mechanism(mechanism: str, right: bool, guard: Guard) -> None:
    transcript = Transcript(password=PASSWORD)
    with ScriptedServer(auth=[mechanism], users={LOGIN: PASSWORD if right else "other"}) as server:
        target = endpoint(server, login=LOGIN, password=PASSWORD)
        try:
            Session.open(target, guard, wire=transcript.wire).close()
        except SendError:
            assert not right

    text = repr(transcript) + repr(told(transcript))
    attempt = server.auth_attempts[0]
    assert attempt.login == LOGIN
    for secret in (
        PASSWORD,
        b64encode(PASSWORD.encode()).decode(),
        b64encode(f"\0{LOGIN}\0{PASSWORD}".encode()).decode(),
    ):
        assert secret not in text
    assert HIDDEN in text


def test_a_server_that_says_the_password_back_is_not_quoted(guard: Guard) -> None:
    transcript = Transcript(password=PASSWORD)
    echo = {Step.AUTH: Say(f"535 {PASSWORD} is wrong")}
    with ScriptedServer(auth=["PLAIN"], script=echo) as server, pytest.raises(SendError):
        Session.open(endpoint(server, login=LOGIN, password=PASSWORD), guard, wire=transcript.wire)

    assert transcript.lines[-1].text == "535 *** is wrong"
