from __future__ import annotations

import socket
import ssl
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracking.choices import Failure, Phase
from tracking.smtp.replies import (
    MAX_LINE,
    MAX_LINES,
    MAX_REPLY,
    MAX_TEXT,
    ProtocolError,
    Reply,
    ReplyReader,
    classify,
    failure_of,
    retry_hint,
    used_up,
)

TEMPORARY, LIMIT, PERMANENT = Failure.TEMPORARY, Failure.LIMIT, Failure.PERMANENT
AUTHENTICATION, TLS = Failure.AUTHENTICATION, Failure.TLS


def read(data: bytes) -> Reply | None:
    reader = ReplyReader()
    reader.feed(data)
    return reader.next()


def reply(line: str) -> Reply:
    found = read(line.encode() + b"\r\n")
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("line", "phase", "failure"),
    [
        ("421 4.3.0 Try later", Phase.CONNECT, TEMPORARY),
        ("554 5.7.1 Go away", Phase.CONNECT, TEMPORARY),
        ("550 no", Phase.CONNECT, TEMPORARY),
        ("421 4.7.0 Too much from you", Phase.CONNECT, LIMIT),
        ("421 4.7.28 Unusual rate", Phase.MAIL, LIMIT),
        ("421 Closing", Phase.MAIL, TEMPORARY),
        ("421 4.7.0 Too many messages in this session", Phase.MAIL, TEMPORARY),
        ("421 Too many messages from you", Phase.MAIL, LIMIT),
        ("421 4.4.2 Idle", Phase.DATA, TEMPORARY),
        ("454 4.3.0 No TLS today", Phase.TLS, TLS),
        ("501 5.5.4 No parameters", Phase.TLS, TLS),
        ("421 4.3.0 Later", Phase.TLS, TEMPORARY),
        ("535 5.7.8 Wrong", Phase.AUTH, AUTHENTICATION),
        ("534 5.7.9 Too weak", Phase.AUTH, AUTHENTICATION),
        ("538 5.7.11 Encrypt first", Phase.AUTH, AUTHENTICATION),
        ("530 5.7.0 Log in first", Phase.MAIL, AUTHENTICATION),
        ("535 Not you", Phase.RCPT, AUTHENTICATION),
        ("525 5.7.13 Disabled", Phase.AUTH, AUTHENTICATION),
        ("432 4.7.12 New password needed", Phase.AUTH, AUTHENTICATION),
        ("454 4.7.0 Temporary authentication failure", Phase.AUTH, TEMPORARY),
        ("454 Throttling failure: Maximum sending rate exceeded.", Phase.DATA, LIMIT),
        ("454 Throttling failure: Daily message quota exceeded.", Phase.DATA, LIMIT),
        ("450 4.2.1 Receiving too quickly", Phase.RCPT, LIMIT),
        ("450 4.7.1 Greylisted", Phase.RCPT, TEMPORARY),
        ("451 4.7.1 Greylisting in action", Phase.RCPT, TEMPORARY),
        ("451 4.3.0 Broken", Phase.DATA, TEMPORARY),
        ("452 4.3.2 System busy", Phase.MAIL, LIMIT),
        ("452 4.2.2 Mailbox full", Phase.RCPT, TEMPORARY),
        ("452 4.5.3 Too many recipients", Phase.RCPT, TEMPORARY),
        ("452 4.3.1 Disk full", Phase.MAIL, TEMPORARY),
        ("450 too many connections from your host", Phase.RCPT, LIMIT),
        ("550 5.4.5 Daily user sending limit exceeded", Phase.DATA, LIMIT),
        ("552 5.2.2 Over quota", Phase.DATA, LIMIT),
        ("552 5.2.2 This mailbox is over quota", Phase.RCPT, PERMANENT),
        ("432 4.3.2 STOREDRV; sender thread limit exceeded", Phase.DATA, LIMIT),
        ("432 4.3.2 Too much at a time", Phase.AUTH, LIMIT),
        ("451 4.7.500 Server busy", Phase.RCPT, LIMIT),
        ("450 4.7.650 Unusual rate", Phase.MAIL, LIMIT),
        ("451 Too many concurrent SMTP connections", Phase.RCPT, LIMIT),
        ("450 You have exceeded the rate limit", Phase.MAIL, LIMIT),
        ("452 4.2.2 Mailbox has exceeded the size limit", Phase.RCPT, TEMPORARY),
        ("552 5.3.4 Message size limit exceeded", Phase.DATA, PERMANENT),
        ("552 5.3.4 Too big", Phase.DATA, PERMANENT),
        ("552 Too big", Phase.DATA, PERMANENT),
        ("550 5.1.1 No such user", Phase.RCPT, PERMANENT),
        ("553 5.1.8 Sender not known", Phase.MAIL, PERMANENT),
        ("554 5.6.0 Not a mail", Phase.DATA, PERMANENT),
        ("503 5.5.1 Out of turn", Phase.DATA, PERMANENT),
        ("250 OK", Phase.DATA, TEMPORARY),
        ("354 Go on", Phase.MAIL, TEMPORARY),
    ],
)
def test_what_a_reply_means(line: str, phase: Phase, failure: Failure) -> None:
    assert classify(reply(line), phase) is failure


@pytest.mark.parametrize(
    ("line", "quota"),
    [
        ("454 Throttling failure: Daily message quota exceeded.", True),
        ("550 5.4.5 Too many for today", True),
        ("550 5.7.1 Daily user sending limit exceeded", True),
        ("451 Hourly limit of 200 reached", True),
        ("454 Throttling failure: Maximum sending rate exceeded.", False),
        ("552 5.2.2 Over quota", False),
        ("421 4.7.0 Too fast", False),
    ],
)
def test_which_limits_are_quotas(line: str, quota: bool) -> None:
    said = reply(line)

    assert used_up(said.enhanced, said.text) is quota


@pytest.mark.parametrize("phase", list(Phase))
def test_every_code_means_something_and_only_5xx_is_permanent(phase: Phase) -> None:
    found = {code: classify(Reply(code, "no"), phase) for code in range(200, 600)}

    assert set(found.values()) <= {TEMPORARY, LIMIT, PERMANENT, AUTHENTICATION, TLS}
    assert all(code >= 500 for code, failure in found.items() if failure is PERMANENT)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("Greylisted, try again in 300 seconds", timedelta(seconds=300)),
        ("Try again in 5 minutes", timedelta(minutes=5)),
        ("please retry after 90s", timedelta(seconds=90)),
        ("Greylisted for 2 min", timedelta(minutes=2)),
        ("Wait 1 hour", timedelta(hours=1)),
        ("Greylisting in action, please come back in 00:05:00", timedelta(minutes=5)),
        ("please come back in 12:00:00", timedelta(hours=1)),
        ("please come back in 00:00:00", None),
        ("try again in 12 hours", timedelta(hours=1)),
        ("try again in 999999 seconds", timedelta(hours=1)),
        ("try again in 0 seconds", None),
        ("try again later", None),
        ("mailbox 300 seconds", None),
        ("retry " + "x" * 900 + " 5 seconds", None),
        ("", None),
    ],
)
def test_when_the_server_asks_us_to_come_back(text: str, hint: timedelta | None) -> None:
    assert retry_hint(Reply(451, text)) == hint


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"250 OK\r\n", Reply(250, "OK", "", ("OK",))),
        (b"250 OK\n", Reply(250, "OK", "", ("OK",))),
        (b"250\r\n", Reply(250, "", "", ("",))),
        (b"250 \r\n", Reply(250, "", "", ("",))),
        (b"250 2.1.0 Sender fine\r\n", Reply(250, "Sender fine", "2.1.0", ("Sender fine",))),
        (b"550 2.1.0 odd\r\n", Reply(550, "2.1.0 odd", "", ("2.1.0 odd",))),
        (b"550-5.7.1 One\r\n550 5.7.1 two\r\n", Reply(550, "One two", "5.7.1", ("One", "two"))),
        (b"250-a\r\n250-b\r\n250 c\r\n", Reply(250, "a b c", "", ("a", "b", "c"))),
        (b"250 a\x00b\x1b[31mc\r\n", Reply(250, "a b [31mc", "", ("a b [31mc",))),
        ("250 a\u202eb\u2028c\r\n".encode(), Reply(250, "a b c", "", ("a b c",))),
        (b"250 \xff\r\n", Reply(250, "\ufffd", "", ("\ufffd",))),
        (b"250-more to come\r\n", None),
        (b"250 not yet", None),
        (b"", None),
    ],
)
def test_how_a_reply_is_read(data: bytes, expected: Reply | None) -> None:
    assert read(data) == expected


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"abc\r\n", id="no code"),
        pytest.param(b"25\r\n", id="half a code"),
        pytest.param(b"-1\r\n", id="negative"),
        pytest.param(b"999 weird\r\n", id="a class that does not exist"),
        pytest.param(b"150 go\r\n", id="a class that SMTP does not use"),
        pytest.param(b"600 x\r\n", id="too high"),
        pytest.param(b"\r\n", id="an empty line"),
        pytest.param(b"250OK\r\n", id="no space after the code"),
        pytest.param("٢٥٠ OK\r\n".encode(), id="digits that are not ASCII"),
        pytest.param(b"250-a\r\n251 b\r\n", id="a code that changes"),
        pytest.param(b"HTTP/1.1 400 Bad Request\r\n", id="another protocol"),
        pytest.param(b"250-x\r\n" * (MAX_LINES + 1), id="too many lines"),
        pytest.param(b"2" * (MAX_REPLY + 1), id="a line without end"),
        pytest.param((b"250-" + b"x" * 1_900 + b"\r\n") * 40, id="too many bytes"),
    ],
)
def test_what_is_no_reply(data: bytes) -> None:
    with pytest.raises(ProtocolError):
        read(data)


def test_a_long_line_is_cut() -> None:
    found = reply("250 " + "x" * 30_000)

    assert found.text == "x" * MAX_TEXT
    assert len(found.lines[0]) <= MAX_LINE


def test_replies_that_come_together_are_told_apart() -> None:
    reader = ReplyReader()

    reader.feed(b"250 one\r\n354 two\r\n45")

    assert [found.code for found in (reader.next(), reader.next()) if found] == [250, 354]
    assert reader.next() is None
    assert reader.pending


@settings(deadline=None)
@given(st.lists(st.binary(max_size=300), max_size=30))
def test_no_bytes_crash_the_reader_or_make_it_grow(pieces: list[bytes]) -> None:
    reader = ReplyReader()
    try:
        for piece in pieces:
            reader.feed(piece)
            while (found := reader.next()) is not None:
                assert 200 <= found.code <= 599
                assert len(found.text) <= MAX_TEXT
                assert len(found.lines) <= MAX_LINES
                assert not any(ord(char) < 32 for char in found.text)
    except ProtocolError:
        pass


SMTPISH = st.sampled_from(
    [b"250", b"-", b" ", b"\r\n", b"\n", b"\r", b"550 5.1.1 no\r\n", b"250-x\r\n", b"4.7.1 ", b"\0"]
)


@settings(deadline=None)
@given(st.lists(SMTPISH, max_size=60).map(b"".join))
def test_how_the_bytes_are_cut_does_not_matter(data: bytes) -> None:
    def replies(pieces: list[bytes]) -> list[Reply | str]:
        reader, found = ReplyReader(), list[Reply | str]()
        try:
            for piece in pieces:
                reader.feed(piece)
                while (one := reader.next()) is not None:
                    found.append(one)
        except ProtocolError as error:
            found.append(str(error))
        return found

    assert replies([data]) == replies([data[n : n + 1] for n in range(len(data))])


@pytest.mark.parametrize(
    ("error", "phase", "failure"),
    [
        (TimeoutError(), Phase.CONNECT, Failure.TIMEOUT),
        (TimeoutError(), Phase.MAIL, Failure.TIMEOUT),
        (socket.gaierror(socket.EAI_NONAME, "x"), Phase.CONNECT, TEMPORARY),
        (ConnectionRefusedError(), Phase.CONNECT, TEMPORARY),
        (ConnectionResetError(), Phase.RCPT, TEMPORARY),
        (BrokenPipeError(), Phase.DATA, TEMPORARY),
        (OSError("no route"), Phase.CONNECT, TEMPORARY),
        (ProtocolError("x"), Phase.MAIL, TEMPORARY),
        (ssl.SSLCertVerificationError("x"), Phase.TLS, TLS),
        (ssl.SSLError("wrong version number"), Phase.TLS, TLS),
        (ssl.SSLEOFError(), Phase.TLS, TEMPORARY),
        (ssl.SSLError("bad record mac"), Phase.DATA, TEMPORARY),
    ],
)
def test_what_a_foreign_error_means(error: Exception, phase: Phase, failure: Failure) -> None:
    found, sentence = failure_of(error, phase)

    assert found is failure
    assert sentence.endswith(".")
    assert "Error" not in sentence
