"""Every mail is read back by the standard library, whatever was put in."""

from __future__ import annotations

import email
import email.policy
import re
from datetime import UTC, datetime, timedelta, timezone
from email.header import decode_header, make_header
from email.message import EmailMessage as Parsed
from email.utils import getaddresses

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tracking.choices import ExtraHeader
from tracking.errors import AddressError
from tracking.mail.addresses import NAME_LIMIT, SUBJECT_LIMIT, Mailbox, check_address, clean_phrase
from tracking.mail.compose import Composed, EmailMessage, compose

SENDER = Mailbox("alerts@example.com", "Lead Alerts")
JANE = Mailbox("jane@example.com", "Jane Doe")
NOW = datetime(2026, 3, 1, 9, 5, 7, tzinfo=UTC)
MESSAGE_ID = "<0123456789abcdef.12345678@example.com>"
HEADER_NAMES = ["From", "MIME-Version", "Auto-Submitted", "To", "Subject", "Date", "Message-ID", "Content-Type"]


def mail(**changes: object) -> EmailMessage:
    values: dict[str, object] = {
        "sender": SENDER,
        "to": (JANE,),
        "subject": "Lead sold",
        "text": "Hello\n",
        "html": None,
        "message_id": MESSAGE_ID,
        "date": NOW,
    }
    return EmailMessage(**(values | changes))  # type: ignore[arg-type]


def parse(composed: Composed) -> Parsed:
    parsed = email.message_from_bytes(composed.data, policy=email.policy.default)
    assert isinstance(parsed, Parsed)
    return parsed


def raw(composed: Composed, name: str) -> str:
    """The header unfolded and still encoded, straight from the bytes."""
    head = composed.data.split(b"\r\n\r\n", 1)[0].decode() + "\r\n"
    [value] = re.findall(rf"^{name}:((?:.*\r\n)(?:[ \t].*\r\n)*)", head, re.MULTILINE)
    return value.replace("\r\n", "").strip(" ")


def decoded(text: str) -> str:
    return str(make_header(decode_header(text))) if "=?" in text else text


def people(composed: Composed, name: str) -> list[tuple[str, str]]:
    """Names and addresses of an address list.

    Taken apart first and decoded second, as RFC 2047 wants. `headerregistry` of 3.11 decodes first, keeps the space
    between two encoded words of a display name and so cannot be the judge here.
    """
    return [(decoded(shown), address) for shown, address in getaddresses([raw(composed, name)])]


def content(part: Parsed) -> str:
    payload = part.get_payload(decode=True)
    assert isinstance(payload, bytes)
    return payload.decode("utf-8").replace("\r\n", "\n")


def as_sent(text: str) -> str:
    """What compose() documents that it does to a body: one kind of line end, one at the end, no controls."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = re.sub(r"[\x00-\x08\x0b-\x1f\x7f]", " ", text)
    text = re.sub(r"[\ud800-\udfff]", "\ufffd", text)
    return text if text.endswith("\n") else text + "\n"


def assert_fit_for_the_wire(data: bytes) -> None:
    assert data.endswith(b"\r\n")
    lines = data.split(b"\r\n")
    assert max(map(len, lines)) <= 998
    assert not any(b"\r" in line or b"\n" in line or b"\0" in line for line in lines)


anything = st.text(st.characters(codec=None), max_size=400)
tricky = st.lists(
    st.sampled_from(
        [
            "\r\n",
            "\n",
            "\r",
            "\x00",
            ".",
            "..",
            "\r\n.\r\n",
            " ",
            "  ",
            "\t",
            "=?utf-8?q?a?=",
            "=?",
            "?=",
            "=",
            "_",
            '"',
            "\\",
            "<",
            ">",
            ",",
            ";",
            ":",
            "(",
            ")",
            "@",
            "Bcc: x@y.zz",
            "é",
            "日本",
            "😀",
            "é",
            "\u2028",
            "\u202e",
            "�",
            "word",
            "x" * 80,
            "é" * 40,
            "y" * 1000,
            "--",
            "From ",
            "\x85",
            "\ufeff",
            "\xa0",
        ]
    ),
    max_size=30,
).map("".join)
texts = anything | tricky


def is_address(text: str) -> bool:
    try:
        check_address(text)
    except AddressError:
        return False
    return True


letters = st.characters(codec="utf-8", categories=["Ll", "Lu", "Lo", "Nd"])
atoms = st.text(st.sampled_from("abzABZ019!#$%&'*+/=?^_`{|}~-") | letters, min_size=1, max_size=20)
labels = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?", fullmatch=True) | st.text(letters, min_size=1, max_size=8)
addresses = st.sampled_from(["a@b.co", "d@xn--bcher-kva.example", f"{'l' * 64}@{'d' * 60}.example"]) | st.builds(
    "{}@{}.example".format, st.lists(atoms, min_size=1, max_size=3).map(".".join), labels
).filter(is_address)
mailboxes = st.builds(Mailbox, addresses, texts)


@settings(max_examples=400, deadline=None)
@given(
    sender=mailboxes,
    to=st.lists(mailboxes, max_size=4).map(tuple),
    cc=st.lists(mailboxes, max_size=2).map(tuple),
    reply_to=st.none() | mailboxes,
    subject=texts,
)
@example(sender=SENDER, to=(), cc=(), reply_to=None, subject="é" * 2000)
@example(sender=SENDER, to=(), cc=(), reply_to=None, subject="a: " * 400)
@example(sender=SENDER, to=(), cc=(), reply_to=None, subject="=?utf-8?b?YQpCY2M6IGVAeC55?=")
def test_any_header_is_read_back_exactly(sender, to, cc, reply_to, subject):
    composed = compose(mail(sender=sender, to=to, cc=cc, reply_to=reply_to, subject=subject))

    assert_fit_for_the_wire(composed.data)
    assert decoded(raw(composed, "Subject")) == clean_phrase(subject)[0]
    assert str(parse(composed)["Subject"]) == clean_phrase(subject)[0]
    expected = {"From": [sender], "To": to, "Cc": cc, "Reply-To": [reply_to] if reply_to else []}
    for name, boxes in expected.items():
        if boxes:
            assert people(composed, name) == [(box.name, box.address) for box in boxes]
    optional = [name for name, there in (("Cc", cc), ("Reply-To", reply_to)) if there]
    fixed = [*HEADER_NAMES, "Content-Transfer-Encoding"]
    assert sorted(parse(composed).keys()) == sorted(fixed + optional)


@settings(max_examples=400, deadline=None)
@given(text=texts, html=texts)
@example(text=".", html="x\r.\rMAIL FROM:<q@q>\r\n")
@example(text="", html="")
@example(text="A" * 5000, html="é" * 5000)
def test_any_two_bodies_are_read_back_exactly(text, html):
    composed = compose(mail(text=text, html=html))

    assert_fit_for_the_wire(composed.data)
    parsed = parse(composed)
    assert parsed.get_content_type() == "multipart/alternative"
    plain, rich = parsed.iter_parts()
    assert (plain.get_content_type(), rich.get_content_type()) == ("text/plain", "text/html")
    assert content(plain) == as_sent(text)
    assert content(rich) == as_sent(html)
    assert not parsed.defects + plain.defects + rich.defects


@settings(max_examples=200, deadline=None)
@given(body=texts, kind=st.sampled_from(["text", "html"]))
def test_any_single_body_is_read_back_exactly(body, kind):
    composed = compose(mail(**{"text": None, "html": None, kind: body}))

    assert_fit_for_the_wire(composed.data)
    assert composed.data.isascii()
    assert parse(composed).get_content_type() == {"text": "text/plain", "html": "text/html"}[kind]
    assert content(parse(composed)) == as_sent(body)


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        pytest.param("Hello\n", "7bit", id="short ASCII goes as it is"),
        pytest.param("x" * 998, "7bit", id="the longest line that may go as it is"),
        pytest.param("x" * 999, "quoted-printable", id="one more and it is encoded"),
        pytest.param("a\n" + "x" * 999 + "\nb", "quoted-printable", id="a long line among short ones"),
        pytest.param("Žaneta has a lead for you\n", "quoted-printable", id="a few letters with accents"),
        pytest.param("日本語のメール\n", "base64", id="no Latin letters at all"),
        pytest.param("😀" * 300, "base64", id="a long line of emoji"),
    ],
)
def test_transfer_encoding(body, encoding):
    assert parse(compose(mail(text=body)))["Content-Transfer-Encoding"] == encoding


@pytest.mark.parametrize(
    "hostile",
    [
        pytest.param("x\r\nBcc: eve@example.org", id="CRLF"),
        pytest.param("x\nBcc: eve@example.org", id="LF"),
        pytest.param("x\rBcc: eve@example.org", id="CR"),
        pytest.param("x\r\n\r\n<script>body</script>", id="an empty line that would end the headers"),
        pytest.param("x\r\n\r\n.\r\nMAIL FROM:<eve@example.org>", id="the end of DATA and a command"),
        pytest.param("x\x0bBcc: eve@example.org", id="vertical tab"),
        pytest.param("x\x0cBcc: eve@example.org", id="form feed"),
        pytest.param("x\x1cBcc: eve@example.org", id="file separator"),
        pytest.param("x\x85Bcc: eve@example.org", id="next line of C1"),
        pytest.param("x\u2028Bcc: eve@example.org", id="Unicode line separator"),
        pytest.param("x\u2029Bcc: eve@example.org", id="Unicode paragraph separator"),
        pytest.param("x\0Bcc: eve@example.org", id="NUL"),
        pytest.param("=?utf-8?b?eApCY2M6IGV2ZUBleGFtcGxlLm9yZw==?=", id="an encoded word that holds a line end"),
        pytest.param("A =?UTF-8?Q?=0A?=Bcc: eve@example.org", id="an encoded line end among plain words"),
        pytest.param("=?utf-8?q?x=0D=0ABcc=3A_eve@example.org?=", id="the same in Q"),
    ],
)
@pytest.mark.parametrize("place", ["subject", "sender", "to", "cc", "reply_to"])
def test_no_text_becomes_a_header(place, hostile):
    named = Mailbox("jane@example.com", hostile)
    value = {"subject": hostile, "sender": named, "reply_to": named}.get(place, (named,))

    composed = compose(mail(**{place: value}))

    assert_fit_for_the_wire(composed.data)
    head = composed.data.split(b"\r\n\r\n")[0].decode("ascii")
    names = re.findall(r"^([^\s:]+):", head, re.MULTILINE)
    extra = {"cc": ["Cc"], "reply_to": ["Reply-To"]}.get(place, [])
    assert sorted(names) == sorted([*HEADER_NAMES, "Content-Transfer-Encoding", *extra])
    assert composed.data.count(b"\r\n\r\n") == 1
    assert all(len(line) <= 78 for line in head.split("\r\n"))


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("hello\n.\nMAIL FROM:<eve@example.org>\n", id="LF dot LF"),
        pytest.param("x\r.\rMAIL FROM:<eve@example.org>\r\n", id="CR dot CR"),
        pytest.param("x\r\n.\rMAIL FROM:<eve@example.org>\r\n", id="CRLF dot CR"),
        pytest.param("x\r\r\n.\r\r\nMAIL FROM:<eve@example.org>", id="doubled CR"),
        pytest.param("x\r\n.\0\r\nMAIL FROM:<eve@example.org>", id="NUL behind the dot"),
        pytest.param("x\n\r.\n\rMAIL FROM:<eve@example.org>", id="LF CR turned round"),
    ],
)
@pytest.mark.parametrize("accent", ["", "é"], ids=["as it is", "encoded"])
def test_no_body_holds_a_bare_line_end(body, accent):
    assert_fit_for_the_wire(compose(mail(text=body + accent, html=body + accent)).data)


@pytest.mark.parametrize(
    ("name", "line"),
    [
        pytest.param("", "jane@example.com", id="no name"),
        pytest.param("Jane Doe", "Jane Doe <jane@example.com>", id="atoms"),
        pytest.param("Doe, Jane", '"Doe, Jane" <jane@example.com>', id="a comma wants quotes"),
        pytest.param('Jane "JD" Doe', '"Jane \\"JD\\" Doe" <jane@example.com>', id="quotes in quotes"),
        pytest.param("back\\slash", '"back\\\\slash" <jane@example.com>', id="a backslash"),
        pytest.param("eve@example.org", '"eve@example.org" <jane@example.com>', id="a name that is an address"),
        pytest.param("word " * 14, ("word " * 14).strip() + " <jane@example.com>", id="many atoms may be folded"),
        pytest.param('"' * 40, f"=?utf-8?b?{'IiIi' * 13}Ig==?= <jane@example.com>", id="quotes that no line takes"),
        pytest.param("Žaneta", "=?utf-8?q?=C5=BDaneta?= <jane@example.com>", id="Q where it is shorter"),
        pytest.param("日本語", "=?utf-8?b?5pel5pys6Kqe?= <jane@example.com>", id="B where it is shorter"),
    ],
)
def test_display_name(name, line):
    assert raw(compose(mail(to=(Mailbox("jane@example.com", name),))), "To") == line


def test_long_lists_are_folded():
    to = tuple(Mailbox(f"reader{number}@example.com", f"Reader {number}") for number in range(60))

    composed = compose(mail(to=to))

    assert max(len(line) for line in composed.data.split(b"\r\n")) <= 78
    assert people(composed, "To") == [(box.name, box.address) for box in to]


@pytest.mark.parametrize("subject", ["word " * 150, "x" * 998, "é" * 998, "日" * 998, "a:  b " * 100], ids=len)
def test_long_subjects_are_folded(subject):
    composed = compose(mail(subject=subject))

    assert max(len(line) for line in composed.data.split(b"\r\n")) <= 78
    assert parse(composed)["Subject"] == subject.strip()


def test_no_encoded_word_is_longer_than_allowed_or_splits_a_character():
    data = compose(mail(subject="aé日😀" * 100, to=(Mailbox("a@b.co", "😀é" * 100),))).data

    words = re.findall(rb"=\?utf-8\?[bq]\?[^?]*\?=", data)
    assert len(words) > 20
    for word in words:
        assert len(word) <= 75
        [(octets, charset)] = decode_header(word.decode())
        assert octets.decode(charset)


def test_hidden_recipients_leave_no_trace():
    parsed = parse(compose(mail(to=(), cc=())))

    assert parsed["To"] == "undisclosed-recipients:;"
    assert "Bcc" not in parsed
    assert "Cc" not in parsed


def test_an_address_outside_ascii_asks_for_more_of_the_server():
    plain = compose(mail(text="é", subject="é"))
    wide = compose(mail(cc=(Mailbox("dé@bücher.example", "É"),)))

    assert (plain.eight_bit, plain.smtputf8) == (False, False)
    assert (wide.eight_bit, wide.smtputf8) == (True, True)
    assert raw(wide, "Cc") == "=?utf-8?b?w4k=?= <dé@xn--bcher-kva.example>"


@pytest.mark.parametrize(
    ("moment", "line"),
    [
        pytest.param(NOW, "Sun, 01 Mar 2026 09:05:07 +0000", id="UTC"),
        pytest.param(NOW.astimezone(timezone(timedelta(hours=9))), "Sun, 01 Mar 2026 09:05:07 +0000", id="elsewhere"),
    ],
)
def test_date(moment, line):
    assert raw(compose(mail(date=moment)), "Date") == line


def test_a_date_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="time zone"):
        compose(mail(date=NOW.replace(tzinfo=None)))


@pytest.mark.parametrize("name", ExtraHeader.values)
def test_allowed_headers(name):
    parsed = parse(compose(mail(headers=((name.lower(), "<https://example.com/x>"),))))

    assert parsed[name] == "<https://example.com/x>"


def test_an_extra_header_of_words_may_be_of_any_script():
    parsed = parse(compose(mail(headers=(("X-Campaign", "Été à 50 %"), ("X-Tag", "a\r\nBcc: eve@example.org")))))

    assert parsed["X-Campaign"] == "Été à 50 %"
    assert (parsed["X-Tag"], parsed["Bcc"]) == ("a Bcc: eve@example.org", None)


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param((("From", "eve@example.org"),), id="From"),
        pytest.param((("Bcc", "eve@example.org"),), id="Bcc"),
        pytest.param((("bcc", "eve@example.org"),), id="in small letters"),
        pytest.param((("Return-Path", "eve@example.org"),), id="Return-Path"),
        pytest.param((("Content-Type", "text/html"),), id="Content-Type"),
        pytest.param((("DKIM-Signature", "v=1"),), id="DKIM"),
        pytest.param((("X-Anything", "1"),), id="X- is not free"),
        pytest.param((("X-SMTPAPI", '{"to": ["eve@example.org"]}'),), id="one that adds recipients at a provider"),
        pytest.param((("X-Priority\r\nBcc", "eve@example.org"),), id="a line end in the name"),
        pytest.param((("X-Priority", "1\r\nBcc: eve@example.org"),), id="a line end in the value"),
        pytest.param((("List-Id", "é"),), id="a value outside ASCII"),
        pytest.param((("List-Id", "x" * 901),), id="a value that no line takes"),
        pytest.param((("List-Id", "a"), ("list-id", "b")), id="the same twice"),
        pytest.param((("", "x"),), id="no name"),
    ],
)
def test_refused_headers(headers):
    with pytest.raises(ValueError, match="header"):
        mail(headers=headers)


@pytest.mark.parametrize(
    "message_id",
    ["", "x@y.z", "<x@y.z>\r\nBcc: eve@example.org", "<x y@z>", "<é@z>", f"<{'x' * 300}@y.z>", "<x@y.z>\n"],
)
def test_refused_message_ids(message_id):
    with pytest.raises(ValueError, match="message id"):
        mail(message_id=message_id)


def test_a_mail_without_a_body_is_refused():
    with pytest.raises(ValueError, match="needs a text"):
        mail(text=None, html=None)


def test_a_mailbox_cannot_carry_a_command():
    with pytest.raises(AddressError):
        Mailbox("jane@example.com>\r\nRCPT TO:<eve@example.org")


def test_a_mailbox_bounds_its_name():
    assert len(Mailbox("jane@example.com", "x" * 1000).name) == NAME_LIMIT
    assert len(clean_phrase("x" * 2000)[0]) == SUBJECT_LIMIT


def test_the_boundary_is_stable_and_never_in_a_body():
    first = compose(mail(html="x")).data
    mark = re.search(rb'boundary="([^"]+)"', first)[1].decode()

    again = compose(mail(html="x")).data
    clashing = compose(mail(text=f"--{mark}--\n", html=f"--{mark}\n"))

    assert again == first
    assert [content(part) for part in parse(clashing).iter_parts()] == [f"--{mark}--\n", f"--{mark}\n"]
