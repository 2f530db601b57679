from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.smtp_actions import Talk
from tests.smtp_server import Close, Hang, Say, ScriptedServer, Step
from tests.unit.smtp.making import endpoint, envelope
from tracking.choices import Failure, Phase
from tracking.errors import SendError
from tracking.smtp.guard import Guard
from tracking.smtp.pool import Pool


class Clock:
    """Monotonic time that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = time.monotonic()

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_a_session_is_used_again(guard: Guard) -> None:
    pool = Pool(guard)
    with ScriptedServer() as server:
        for _ in range(5):
            assert pool.send(endpoint(server), envelope()).failure is None
        assert pool.close_all() == 1

    assert len(server.sessions) == 1
    assert len(server.mails) == 5


def test_two_at_once_have_two_sessions_and_both_are_kept(guard: Guard) -> None:
    pool = Pool(guard)
    with ScriptedServer() as server:
        with pool.session(endpoint(server)) as one, pool.session(endpoint(server)) as two:
            assert one is not two
        with pool.session(endpoint(server)) as again:
            assert again in (one, two)
        assert pool.close_all() == 2


@pytest.mark.parametrize(
    "changes",
    [{"pool_key": (2, 1)}, {"login": "me", "password": "a"}, {"login": "me", "password": "b"}, {"host": "127.0.0.2"}],
)
def test_a_session_is_never_used_for_another_endpoint(changes: dict[str, Any], guard: Guard) -> None:
    pool = Pool(guard)
    with ScriptedServer(auth=["PLAIN"], host="0.0.0.0") as server:
        with pool.session(endpoint(server, host="127.0.0.1", pool_key=(1, 1))) as one:
            pass
        with pool.session(endpoint(server, **{"host": "127.0.0.1", "pool_key": (1, 1), **changes})) as other:
            assert other is not one
        pool.close_all()


def test_a_new_version_closes_the_sessions_of_the_old(guard: Guard) -> None:
    pool = Pool(guard)
    with ScriptedServer() as server:
        with pool.session(endpoint(server, pool_key=(7, 1))) as old:
            pass
        with pool.session(endpoint(server, pool_key=(7, 2))) as new:
            assert not old.usable
            assert new.usable
        pool.close_all()


def test_a_session_of_an_old_version_in_use_is_finished_and_then_closed(guard: Guard) -> None:
    pool = Pool(guard)
    with ScriptedServer() as server:
        with pool.session(endpoint(server, pool_key=(7, 1))) as old:
            with pool.session(endpoint(server, pool_key=(7, 2))):
                pass
            assert old.send(envelope()).failure is None
        assert not old.usable
        assert pool.close_all() == 1


def test_a_session_is_closed_after_so_many_mails(guard: Guard) -> None:
    pool = Pool(guard, max_messages=2)
    with ScriptedServer() as server:
        for _ in range(5):
            pool.send(endpoint(server), envelope())
        pool.close_all()

    assert [log.commands.count("DATA") for log in server.sessions] == [2, 2, 1]


def test_a_session_that_takes_no_more_than_one_mail_is_not_ready_for_two(guard: Guard) -> None:
    """Who needs another is to open it knowingly: a login may be refused."""
    pool = Pool(guard, max_messages=3)
    with ScriptedServer() as server:
        for _ in range(2):
            pool.send(endpoint(server), envelope())

        assert pool.is_ready(endpoint(server), mails=1)
        assert not pool.is_ready(endpoint(server), mails=2)
        assert pool.close_all() == 0


@pytest.mark.parametrize(
    ("seconds", "kept"),
    [
        pytest.param(4, True, id="a moment"),
        pytest.param(20, True, id="idle for a while"),
        pytest.param(31, False, id="idle too long"),
        pytest.param(301, False, id="too old"),
    ],
)
def test_how_long_a_session_is_kept(seconds: float, kept: bool, guard: Guard, clock: Clock) -> None:
    pool = Pool(guard, clock=clock)
    with ScriptedServer() as server:
        with pool.session(endpoint(server)) as first:
            pass
        clock.now += seconds
        with pool.session(endpoint(server)) as second:
            assert (second is first) is kept
        pool.close_all()


def test_only_a_session_that_was_idle_for_a_while_is_asked_if_it_lives(guard: Guard, clock: Clock) -> None:
    pool = Pool(guard, clock=clock)
    with ScriptedServer() as server:
        for seconds in (0, 4, 6):
            clock.now += seconds
            pool.send(endpoint(server), envelope())
        pool.close_all()

    assert [line for line in server.sessions[0].commands if line in ("RSET", "DATA")] == [
        "DATA",
        "DATA",
        "RSET",
        "DATA",
    ]


def test_an_old_session_is_closed_on_return(guard: Guard, clock: Clock) -> None:
    pool = Pool(guard, clock=clock)
    with ScriptedServer() as server:
        with pool.session(endpoint(server)) as session:
            clock.now += 301
        assert not session.usable


def test_close_idle_closes_what_has_waited_too_long(guard: Guard, clock: Clock) -> None:
    pool = Pool(guard, clock=clock)
    with ScriptedServer() as server:
        with pool.session(endpoint(server)) as session:
            pass

        assert pool.close_idle(clock.now + 29) == 0
        assert session.usable
        assert pool.close_idle(clock.now + 31) == 1
        assert not session.usable


def test_a_session_that_was_closed_meanwhile_is_replaced_in_silence(guard: Guard) -> None:
    pool = Pool(guard)
    with ScriptedServer(sessions=[{Step.MAIL: [None, Close()]}]) as server:
        outcomes = [pool.send(endpoint(server), envelope()) for _ in range(3)]
        pool.close_all()

    assert [outcome.failure for outcome in outcomes] == [None, None, None]
    assert len(server.sessions) == 2
    assert len(server.mails) == 3


def test_a_session_that_was_never_used_may_be_gone_too(guard: Guard) -> None:
    pool = Pool(guard)
    with ScriptedServer(sessions=[{Step.MAIL: Close()}]) as server:
        with pool.session(endpoint(server)):
            pass
        outcome = pool.send(endpoint(server), envelope())
        pool.close_all()

    assert outcome.failure is None
    assert len(server.sessions) == 2


def test_a_421_to_an_idle_session_is_such_a_closing_too(guard: Guard) -> None:
    pool = Pool(guard)
    with ScriptedServer(sessions=[{Step.MAIL: [None, Say("421 4.4.2 Idle too long")]}]) as server:
        outcomes = [pool.send(endpoint(server), envelope()) for _ in range(2)]
        pool.close_all()

    assert [outcome.failure for outcome in outcomes] == [None, None]


def test_a_mail_is_not_tried_a_third_time(guard: Guard) -> None:
    pool = Pool(guard)
    with ScriptedServer(mails=[{}, {Step.MAIL: Close()}, {Step.MAIL: Close()}]) as server:
        outcomes = [pool.send(endpoint(server), envelope()) for _ in range(2)]

    assert [outcome.failure for outcome in outcomes] == [None, Failure.TEMPORARY]
    assert len(server.sessions) == 2


def test_a_mail_whose_fate_is_unknown_is_not_sent_again(guard: Guard) -> None:
    pool = Pool(guard)
    with ScriptedServer(mails=[{}, {Step.FINAL: Close()}]) as server:
        outcomes = [pool.send(endpoint(server), envelope()) for _ in range(2)]

    assert [outcome.failure for outcome in outcomes] == [None, Failure.UNKNOWN]
    assert len(server.mails) == 2


def test_a_refused_mail_leaves_the_session_to_the_next(guard: Guard) -> None:
    pool = Pool(guard)
    with ScriptedServer(mails=[{Step.RCPT: Say("550 5.1.1 Unknown")}]) as server:
        assert pool.send(endpoint(server), envelope()).failure is Failure.PERMANENT
        assert pool.send(endpoint(server), envelope()).failure is None
        pool.close_all()

    assert len(server.sessions) == 1


def test_an_error_of_the_caller_does_not_leak_the_session(guard: Guard) -> None:
    pool = Pool(guard)
    with ScriptedServer() as server:
        with pytest.raises(RuntimeError), pool.session(endpoint(server)):
            raise RuntimeError
        assert pool.close_all() == 1


def test_a_server_that_does_not_let_us_in_is_an_error(guard: Guard) -> None:
    with ScriptedServer(script={Step.GREETING: Say("554 no")}) as server, pytest.raises(SendError):
        Pool(guard).send(endpoint(server), envelope())


def test_many_threads_share_a_pool_and_no_mail_is_lost_or_doubled(guard: Guard) -> None:
    pool = Pool(guard, max_messages=7)
    with ScriptedServer() as server:
        target = endpoint(server)
        mails = [envelope(f"r{n}@example.com") for n in range(120)]
        with ThreadPoolExecutor(8) as threads:
            outcomes = list(threads.map(lambda mail: pool.send(target, mail), mails))
        pool.close_all()

    assert all(outcome.failure is None for outcome in outcomes)
    assert sorted(mail.recipients[0] for mail in server.mails) == sorted(mail.recipients[0] for mail in mails)
    assert all(log.commands.count("DATA") <= 7 for log in server.sessions)


def test_who_waits_for_a_server_is_woken_when_we_hang_up(guard: Guard) -> None:
    reached, outcomes = threading.Event(), []

    def hangs(talk: Talk) -> str:
        reached.set()
        return Hang()(talk)

    with ScriptedServer(script={Step.MAIL: hangs}) as server:
        pool = Pool(guard)
        sender = threading.Thread(target=lambda: outcomes.append(pool.send(endpoint(server), envelope())))
        sender.start()
        assert reached.wait(5)
        pool.hang_up()
        sender.join(5)

    assert [(outcome.failure, outcome.phase) for outcome in outcomes] == [(Failure.TEMPORARY, Phase.MAIL)]
    assert "asked to end" in outcomes[0].text


def test_the_answer_to_a_message_that_is_on_its_way_is_waited_for(guard: Guard) -> None:
    pool = Pool(guard)

    def hung_up_upon(talk: Talk) -> str:
        pool.hang_up()
        return Say("250 2.0.0 Taken")(talk)

    with ScriptedServer(script={Step.FINAL: hung_up_upon}) as server:
        outcome = pool.send(endpoint(server), envelope())
        pool.close_all()

    assert outcome.failure is None


def test_nobody_begins_a_message_once_we_have_hung_up(guard: Guard) -> None:
    with ScriptedServer() as server:
        pool = Pool(guard)
        with pool.session(endpoint(server)) as session:
            pool.hang_up()
            outcome = session.send(envelope())

    assert outcome.failure is Failure.TEMPORARY
    assert server.mails == []
