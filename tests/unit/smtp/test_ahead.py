"""Mails in a row: the next one's commands go out with the end of the message before, and nothing is lost by it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.smtp_server import Close, Say, ScriptedServer, Step
from tests.unit.smtp.making import endpoint, envelope
from tracking.choices import Failure
from tracking.smtp.guard import Guard
from tracking.smtp.pool import Pool
from tracking.smtp.session import Envelope, Outcome, Session

BEFORE = ("PIPELINING", "8BITMIME", "SIZE 10485760")


def mails(count: int) -> list[Envelope]:
    return [envelope(data=b"Subject: %d\r\n\r\nHello.\r\n" % number) for number in range(count)]


def times(number: int) -> Callable[[], bool]:
    """Yes so many times, then no."""
    answers = iter([True] * number)
    return lambda: next(answers, False)


def sent(server: ScriptedServer, guard: Guard, count: int, *, more: int = 99) -> list[Outcome]:
    pool = Pool(guard)
    try:
        return list(pool.send_many(endpoint(server), mails(count), more=times(more)))
    finally:
        pool.close_all()


def subjects(server: ScriptedServer) -> list[bytes]:
    return [mail.data.split(b"\r\n")[0].removeprefix(b"Subject: ") for mail in server.mails]


@pytest.mark.parametrize("extensions", [BEFORE, ()], ids=["with PIPELINING", "without"])
def test_mails_arrive_in_their_order_over_one_session(extensions, guard):
    with ScriptedServer(extensions=extensions) as server:
        outcomes = sent(server, guard, 5)

    assert [outcome.failure for outcome in outcomes] == [None] * 5
    assert subjects(server) == [b"0", b"1", b"2", b"3", b"4"]
    assert len(server.sessions) == 1


def test_a_mail_refused_at_its_end_does_not_keep_the_next_back(guard):
    with ScriptedServer(mails=[{Step.FINAL: Say("554 5.6.0 no")}]) as server:
        outcomes = sent(server, guard, 3)

    assert [outcome.failure for outcome in outcomes] == [Failure.PERMANENT, None, None]
    assert subjects(server) == [b"1", b"2"]


def test_a_mail_without_recipients_is_refused_between_others(guard):
    with ScriptedServer(mails=[{}, {Step.RCPT: Say("550 5.1.1 no such user")}]) as server:
        outcomes = sent(server, guard, 3)

    assert [outcome.failure for outcome in outcomes] == [None, Failure.PERMANENT, None]
    assert subjects(server) == [b"0", b"2"]


@pytest.mark.parametrize("gone", [Say("421 4.4.2 enough"), Close()], ids=["with a 421", "without a word"])
def test_a_server_that_ends_sessions_between_mails_gets_a_new_one(gone, guard):
    with ScriptedServer(mails=[{}, {Step.MAIL: gone}]) as server:
        outcomes = sent(server, guard, 3)

    assert [outcome.failure for outcome in outcomes] == [None] * 3
    assert subjects(server) == [b"0", b"1", b"2"]
    assert len(server.sessions) == 2


def test_a_server_that_says_too_fast_between_mails_is_heard(guard):
    with ScriptedServer(mails=[{}, {Step.MAIL: Say("421 4.7.0 Too fast")}]) as server:
        outcomes = sent(server, guard, 3, more=1)

    assert [(outcome.failure, outcome.stale) for outcome in outcomes] == [(None, False), (Failure.LIMIT, False)]
    assert len(server.sessions) == 1


def test_a_server_that_goes_after_the_final_dot_leaves_that_mail_alone_unknown(guard):
    with ScriptedServer(mails=[{}, {Step.FINAL: Close()}]) as server:
        outcomes = sent(server, guard, 4)

    assert [outcome.failure for outcome in outcomes] == [None, Failure.UNKNOWN, None, None]
    assert len(server.sessions) == 2


def test_nothing_is_begun_once_there_is_no_more_time(guard):
    with ScriptedServer() as server:
        outcomes = sent(server, guard, 5, more=1)

    assert len(outcomes) == len(server.mails) == 2
    assert sum(command.startswith("MAIL") for command in server.sessions[0].commands) == 2


def test_a_session_left_between_announcement_and_message_is_not_used_again(guard):
    with ScriptedServer() as server, Session.open(endpoint(server), guard) as session:
        outcomes: Iterator[Outcome] = session.send_many(mails(3), more=times(9))
        assert next(outcomes).failure is None

        assert not session.usable
