"""Caught mails are kept whole, listed newest first, and read however broken they are."""

from __future__ import annotations

import pytest

from tracking.catcher.mailbox import Mailbox

MAIL = b"From: Ada <ada@example.org>\r\nTo: bob@example.org\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n\r\nHello\r\n"


@pytest.fixture
def mailbox(tmp_path) -> Mailbox:
    return Mailbox(tmp_path / "mail")


def add(mailbox: Mailbox, data: bytes = MAIL, *, to: str = "bob@example.org") -> str:
    return mailbox.add(sender="ada@example.org", recipients=[to], data=data)


def test_a_mail_is_kept_as_it_came_below_its_envelope(mailbox):
    key = mailbox.add(sender="ada@example.org", recipients=["bob@example.org", "hidden@example.org"], data=MAIL)

    expected = b"X-Envelope-From: ada@example.org\nX-Envelope-To: bob@example.org, hidden@example.org\n" + MAIL
    assert mailbox.raw(key) == expected


def test_keys_come_newest_first(mailbox):
    keys = [add(mailbox) for _ in range(12)]

    assert mailbox.keys() == keys[::-1]


def test_an_empty_mailbox_needs_no_folder(mailbox):
    assert mailbox.keys() == []
    assert list(mailbox.keys_to("bob")) == []


def test_a_mail_is_read(mailbox):
    mail = mailbox.mail(add(mailbox))

    assert (mail.subject, mail.sender, mail.envelope_to) == ("Grüße", "Ada <ada@example.org>", "bob@example.org")
    assert (mail.text.strip(), mail.html) == ("Hello", None)


def test_both_bodies_of_an_alternative_are_read(mailbox):
    data = (
        b'MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary="b"\r\n\r\n'
        b"--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
        b"=C3=A9\r\n"
        b"--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>\xc3\xa9</p>\r\n--b--\r\n"
    )

    mail = mailbox.mail(add(mailbox, data))

    assert (mail.text.strip(), mail.html.strip()) == ("é", "<p>é</p>")


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="nothing at all"),
        pytest.param(b"\xff\xfe\x00", id="bytes that are no text"),
        pytest.param(b"Subject: =?utf-8?q?=ff?=\r\nFrom: <<<>,;\r\n\r\nx", id="headers that nobody should write"),
        pytest.param(b"Content-Type: text/html; charset=klingon\r\n\r\n<p>x</p>", id="a charset that nobody knows"),
        pytest.param(b"Content-Type: multipart/mixed\r\n\r\nx", id="a multipart without a boundary"),
        pytest.param(b"Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!", id="no base64"),
        pytest.param(b"Date: yesterday\r\nMessage-ID: [\r\n\r\nx", id="an unreadable date and Message-ID"),
    ],
)
def test_a_broken_mail_is_shown_all_the_same(mailbox, data):
    mail = mailbox.mail(add(mailbox, data))

    assert mail.envelope_to == "bob@example.org"
    assert mail.subject


@pytest.mark.parametrize("key", ["", "..", "../../etc/passwd", "new/x", "1.1_1", "nobody"])
def test_a_key_that_is_none_of_ours_opens_nothing(mailbox, key):
    add(mailbox)

    assert mailbox.raw(key) is None
    assert mailbox.mail(key) is None


def test_mails_are_found_by_the_letters_of_a_recipient(mailbox):
    first = add(mailbox, to="Maria.Alvarez@example.org")
    add(mailbox, to="someone@example.org")
    last = add(mailbox, to="alvarez@example.net")

    assert list(mailbox.keys_to("alvarez")) == [last, first]
