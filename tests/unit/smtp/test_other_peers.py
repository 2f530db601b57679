"""Our session against somebody else's server, and our test server against somebody else's client."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from tests.certificates import Authority
from tests.smtp_server import Say, ScriptedServer, Step
from tests.unit.smtp.making import PATIENT, envelope
from tracking.choices import Encryption
from tracking.smtp.endpoint import Endpoint
from tracking.smtp.guard import Guard
from tracking.smtp.session import Session

BODY = b"Subject: hello\r\n\r\n.one\r\n..two\r\n.\r\n\r\nend\r\n"


class Inbox:
    """An aiosmtpd handler that keeps what comes."""

    def __init__(self) -> None:
        self.mails: list[tuple[str, list[str], bytes]] = []

    async def handle_DATA(self, _server: Any, _session: Any, mail: Any) -> str:  # noqa: N802  aiosmtpd's name
        self.mails.append((mail.mail_from, mail.rcpt_tos, mail.content))
        return "250 OK"


@pytest.fixture
def other() -> Iterator[SimpleNamespace]:
    controller = Controller(Inbox(), hostname="127.0.0.1", port=0)
    controller.port = free_port()
    controller.start()
    yield SimpleNamespace(port=controller.port, inbox=controller.handler)
    controller.stop()


def free_port() -> int:
    with ScriptedServer() as server:
        return server.port


def test_another_server_understands_us(other: SimpleNamespace, guard: Guard) -> None:
    target = Endpoint(host="127.0.0.1", port=other.port, encryption=Encryption.NONE, timeouts=PATIENT)
    with Session.open(target, guard) as session:
        outcomes = [session.send(envelope("a@example.com", "b@example.com", data=BODY)) for _ in range(3)]

    assert [outcome.failure for outcome in outcomes] == [None] * 3
    assert other.inbox.mails == [("from@example.com", ["a@example.com", "b@example.com"], BODY)] * 3


def test_another_client_understands_the_scripted_server(authority: Authority) -> None:
    trusted = ssl.create_default_context(cafile=authority.ca_file)
    server_side = authority.server_context("127.0.0.1", "localhost")
    with (
        ScriptedServer(tls=server_side, auth=["CRAM-MD5", "PLAIN"], users={"me": "secret"}) as server,
        smtplib.SMTP("127.0.0.1", server.port, timeout=10) as client,
    ):
        client.starttls(context=trusted)
        client.login("me", "secret")
        client.sendmail("from@example.com", ["a@example.com"], BODY)

    assert [(mail.sender, mail.recipients, mail.data) for mail in server.mails] == [
        ("from@example.com", ("a@example.com",), BODY)
    ]
    assert server.auth_attempts[0].login == "me"


def test_scripts_of_the_mail_the_session_and_the_server_are_asked_in_this_order() -> None:
    script = {Step.RCPT: Say("550 server")}
    with (
        ScriptedServer(
            script=script, sessions=[{Step.RCPT: [None, Say("551 session")]}], mails=[{Step.RCPT: Say("552 mail")}]
        ) as server,
        smtplib.SMTP("127.0.0.1", server.port, timeout=10) as client,
    ):
        codes = []
        for _ in range(3):
            client.mail("from@example.com")
            codes.append(client.rcpt("a@example.com")[0])
            client.rset()
        with smtplib.SMTP("127.0.0.1", server.port, timeout=10) as second:
            second.mail("from@example.com")
            codes.append(second.rcpt("a@example.com")[0])

    assert codes == [552, 250, 551, 550]
