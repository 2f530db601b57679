"""No value of an event, a rule or a template adds a header, a recipient, a line or a command to a mail."""

from __future__ import annotations

import re

import pytest

from tests.security import trials
from tracking.choices import RecipientRole
from tracking.errors import AddressError, EventError
from tracking.mail.addresses import check_address, parse_mailbox, split_mailbox
from tracking.mail.compose import compose
from tracking.pipeline.letter import Unsendable
from tracking.smtp.envelope import Envelope, stuffed

BREAKS = {
    "LF": "\n",
    "CR": "\r",
    "CRLF": "\r\n",
    "two CRLF": "\r\n\r\n",
    "VT": "\x0b",
    "FF": "\x0c",
    "FS": "\x1c",
    "GS": "\x1d",
    "RS": "\x1e",
    "US": "\x1f",
    "NEL": "\x85",
    "LS": "\u2028",
    "PS": "\u2029",
    "NUL": "\0",
    "ESC": "\x1b",
    "DEL": "\x7f",
    "CSI": "\x9b",
    "RLO": "\u202e",
    "LRI": "\u2066",
    "ALM": "\u061c",
    "LF and a space": "\n ",
    "CRLF and a tab": "\r\n\t",
}
PAYLOADS = ("Cc: eve@evil.example", "Content-Type: text/html\r\n\r\n<b>forged</b>", ".\r\nRCPT TO:<eve@evil.example>")


@pytest.mark.parametrize("field", trials.PATHS)
@pytest.mark.parametrize("name", BREAKS)
def test_what_breaks_a_line_is_refused_in_every_field(field, name):
    broken = f"Ann{BREAKS[name]}{PAYLOADS[0]}"

    wrong = trials.refused(**trials.typed(field, broken))

    assert any(path.startswith(trials.PATHS[field]) for path in wrong)


@pytest.mark.parametrize("payload", PAYLOADS)
@pytest.mark.parametrize("name", BREAKS)
def test_what_an_event_brings_stays_in_its_line(name, payload):
    try:
        mail = trials.mail_of(f"Ann{BREAKS[name]}{payload}")
    except EventError:  # NUL and its like come in with no event
        return

    trials.assert_one_head(mail)
    trials.assert_clean_wire(trials.wire_of(mail))
    assert [box.address for _, box in mail.recipients] == ["to@example.com"]
    assert mail.cause is not None


CODED = ["=?utf-8?b?QQ0KQmNjOiBlQGV2aWwuZXhhbXBsZQ==?=", "=?iso-8859-1?q?A=0D=0ABcc:_e@evil.example?=", "=?x?q??=\t=?"]


@pytest.mark.parametrize("word", CODED)
@pytest.mark.parametrize("way", ["typed", "by an event"])
def test_words_that_are_coded_already_are_taken_by_their_letters(word, way):
    mail = trials.mail_of("x", action__subject=word) if way == "typed" and "\t" not in word else trials.mail_of(word)

    trials.assert_one_head(mail)
    subject = trials.head_of(compose(mail.message))["subject"][0]
    assert "evil.example" not in subject


RESERVED = ["From", "To", "Cc", "Bcc", "Sender", "Reply-To", "Date", "Message-ID", "MIME-Version", "Content-Type"]


@pytest.mark.parametrize(
    "name", [*RESERVED, "DKIM-Signature", "Received", "Return-Path", "X-A\r\nBcc", "X-A: x\nBcc", ""]
)
def test_a_rule_adds_no_header_but_those_of_the_list(name):
    assert any(path.startswith("action.headers") for path in trials.refused(action__headers={name: "eve@evil.example"}))


ONE_RECIPIENT = [
    "a@b.co, eve@evil.example",
    "a@b.co; eve@evil.example",
    "a@b.co eve@evil.example",
    "a@b.co>, <eve@evil.example",
    "<a@b.co> <eve@evil.example>",
    "a@b.co\r\nRCPT TO:<eve@evil.example>",
    "a@b.co> ORCPT=rfc822;eve@evil.example",
    "a@b.co)eve@evil.example",
    "a@b.co(eve@evil.example)",
    "group: a@b.co, eve@evil.example;",
    "@evil.example:a@b.co",
    '"a@b.co, eve"@evil.example',
    "a@b.co%00eve@evil.example",
    "a@b.co\u2028eve@evil.example",
    "",
    " ",
]


@pytest.mark.parametrize("value", ONE_RECIPIENT)
@pytest.mark.parametrize("place", ["{{ lead.v }}", "Ann <{{ lead.v }}>", '"{{ lead.v }}" <{{ lead.v }}>'])
def test_a_value_is_one_recipient_or_none(value, place):
    try:
        mail = trials.mail_of(value, action__recipient=place)
    except (EventError, Unsendable):
        return

    assert len(mail.recipients) == 1
    assert "eve" not in mail.recipients[0][1].address


@pytest.mark.parametrize("value", ["a@b.co, eve@evil.example", "a@b.co\nBcc: eve@evil.example"])
def test_a_bad_value_leaves_the_other_recipients(value):
    mail = trials.mail_of(value, action__recipient="{{ lead.v }}, good@example.com")

    assert [(role, box.address) for role, box in mail.recipients] == [(RecipientRole.TO, "good@example.com")]


REFUSED = [
    "a@b",
    "a@127.0.0.1",
    "a@[10.0.0.1]",
    "a@[IPv6:fe80::1]",
    "a@-b.co",
    "a@b-.co",
    "a@b..co",
    "a@.b.co",
    "a@b.co.",
    "a b@c.co",
    "a@b c.co",
    "a@b.co ,",
    "..@b.co",
    "a@b@c.co",
    "a" * 65 + "@b.co",
    "a@" + "b" * 64 + ".co",
    "a@" + "b." * 130 + "co",
    '"a b"@c.co',
    '"a\\"b"@c.co',
    "''a'@b.co>",
    "a\u200b@b.co\n",
    "eve@evil.example <a@b.co>, x",
]


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_not_plainly_one_address_is_refused_whole(text):
    for attempt in (parse_mailbox, check_address, split_mailbox):
        with pytest.raises(AddressError):
            attempt(text)


@pytest.mark.parametrize("text", ['"john smith"@example.com', '"john"@example.com', 'Ann <"a@b.co"@c.co>'])
def test_an_address_in_quotes_is_refused_in_clear_words(text):
    with pytest.raises(AddressError, match="in quotes before the @-sign is not taken"):
        parse_mailbox(text)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("x@bücher.example", "x@xn--bcher-kva.example"),
        ("x@例え.example", "x@xn--r8jz45g.example"),
        ("X.Y+z@Example.COM", "X.Y+z@example.com"),
        ("jürgen@example.com", "jürgen@example.com"),
        ("mıke@example.com", "mıke@example.com"),
    ],
)
def test_addresses_of_the_world(text, address):
    assert check_address(text) == address


ENDINGS = {
    "a dot": ".",
    "dots alone": "\n.\n..\n...\n",
    "a dot between bare LF": "one\n.\nMAIL FROM:<eve@evil.example>\n",
    "a dot between bare CR": "one\r.\rMAIL FROM:<eve@evil.example>\r",
    "LF before and CRLF after": "one\n.\r\nMAIL FROM:<eve@evil.example>\r\n",
    "CRLF before and LF after": "one\r\n.\nMAIL FROM:<eve@evil.example>\n",
    "CR CR LF": "one\r\r\n.\r\r\nMAIL FROM:<eve@evil.example>",
    "LF CR": "one\n\r.\n\rMAIL FROM:<eve@evil.example>",
    "a dot and NUL": "one\r\n.\0\r\nMAIL FROM:<eve@evil.example>",
    "NEL": "one\x85.\x85MAIL FROM:<eve@evil.example>",
    "LS": "one\u2028.\u2028MAIL FROM:<eve@evil.example>",
    "a last CR": "one\r",
    "a last dot without end": "one\r\n.",
    "a long line": "x" * 5_000 + "\r\n." + "y" * 2_000,
    "a long word of UTF-8": "ü" * 3_000,
    "spaces before the end": "one \t \r\n.\t\r\n",
}


@pytest.mark.parametrize("kind", ["html", "text", "all"])
@pytest.mark.parametrize("name", ENDINGS)
def test_no_body_ends_a_mail_early(name, kind):
    for changes in ({}, {"action__body": re.sub("\0", "", ENDINGS[name])}):
        try:
            mail = trials.mail_of(ENDINGS[name], action__content_type=kind, **changes)
        except EventError:
            continue
        trials.assert_clean_wire(trials.wire_of(mail))


@pytest.mark.parametrize("name", [name for name in ENDINGS if not name.startswith("a long")])
def test_no_raw_message_ends_early(name):
    trials.assert_clean_wire(stuffed(Envelope("a@b.co", ("c@d.co",), ENDINGS[name].encode()).lines()))


def test_a_rule_has_at_most_fifty_recipients():
    many = ", ".join(f"r{n}@example.com" for n in range(26))

    assert "action.recipient" in trials.refused(action__recipient=many, action__bcc=many)
    assert not trials.refused(action__recipient=many)


def test_a_subject_of_any_length_is_bounded_in_the_mail():
    head = compose(trials.mail_of("ü" * 5_000).message).data.partition(b"\r\n\r\n")[0]

    assert max(map(len, head.split(b"\r\n"))) <= 78
    assert len(head) < 16_000
