"""The catcher takes mail over SMTP, and refuses those recipients whose names ask for it."""

from __future__ import annotations

import smtplib

import pytest

from tracking.catcher.mailbox import Mailbox
from tracking.catcher.receiver import controller
from tracking.embedded import ports

MAIL = b"Subject: Hello\r\n\r\n.\r\n.dots stay\r\n"

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:aiosmtpd")  # the server's own past


@pytest.fixture
def mailbox(tmp_path) -> Mailbox:
    return Mailbox(tmp_path)


@pytest.fixture
def client(mailbox):
    server = controller(mailbox, host="127.0.0.1", port=ports.any_free())
    server.start()
    try:
        with smtplib.SMTP("127.0.0.1", server.port, timeout=10) as client:
            yield client
    finally:
        server.stop()


def test_a_mail_is_caught_with_all_its_recipients(client, mailbox):
    client.sendmail("ada@example.org", ["bob@example.org", "hidden@example.org"], MAIL)

    (key,) = mailbox.keys()
    mail = mailbox.mail(key)
    assert mail.envelope_to == "bob@example.org, hidden@example.org"
    assert mail.text.split() == [".", ".dots", "stay"]


@pytest.mark.parametrize(
    ("address", "code"),
    [
        pytest.param("bounce.ada@example.org", 550, id="there is no such mailbox"),
        pytest.param("FULL@example.org", 552, id="the mailbox is full"),
        pytest.param("busy@example.org", 451, id="greylisted at first"),
        pytest.param("ada@bounce.example", 250, id="only the beginning of the address counts"),
    ],
)
def test_recipients_are_refused_by_their_names(client, address, code):
    client.ehlo()
    client.mail("ada@example.org")

    assert client.rcpt(address)[0] == code


def test_the_good_recipient_beside_a_refused_one_gets_the_mail(client, mailbox):
    refused = client.sendmail("ada@example.org", ["bounce@example.org", "bob@example.org"], MAIL)

    assert list(refused) == ["bounce@example.org"]
    assert mailbox.mail(mailbox.keys()[0]).envelope_to == "bob@example.org"


def test_any_login_with_a_password_is_welcome(client):
    assert client.login("anybody", "anything")[0] == 235


def test_a_login_without_password_is_refused(client):
    with pytest.raises(smtplib.SMTPAuthenticationError):
        client.login("anybody", "")
