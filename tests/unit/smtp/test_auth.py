from __future__ import annotations

import pytest

from tests.certificates import Authority
from tests.smtp_server import Say, ScriptedServer, Send, Step
from tests.unit.smtp.making import endpoint, envelope
from tracking.choices import Encryption, Failure, Phase
from tracking.errors import SendError
from tracking.smtp.guard import Guard
from tracking.smtp.session import Session

LOGIN, PASSWORD = "me@example.com", "pä\"ss <w> 'ord\\ \t=" + "!"


def open_session(server: ScriptedServer, guard: Guard, password: str = PASSWORD) -> Session:
    return Session.open(endpoint(server, login=LOGIN, password=password), guard)


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5", "XOAUTH2"])
def test_every_mechanism_logs_in(mechanism: str, guard: Guard) -> None:
    with ScriptedServer(auth=[mechanism], users={LOGIN: PASSWORD}) as server, open_session(server, guard) as session:
        assert session.send(envelope()).failure is None

    attempt = server.auth_attempts[0]
    assert (attempt.mechanism, attempt.login) == (mechanism, LOGIN)
    assert (attempt.password == PASSWORD) is (mechanism != "CRAM-MD5")


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5", "XOAUTH2"])
def test_a_wrong_password_is_tried_once(mechanism: str, guard: Guard) -> None:
    with ScriptedServer(auth=[mechanism], users={LOGIN: "other"}) as server, pytest.raises(SendError) as caught:
        open_session(server, guard)

    assert (caught.value.failure, caught.value.phase, caught.value.code) == (Failure.AUTHENTICATION, Phase.AUTH, 535)
    assert len(server.auth_attempts) == 1


@pytest.mark.parametrize(
    ("offered", "taken"),
    [
        (["LOGIN", "PLAIN"], "PLAIN"),
        (["PLAIN", "CRAM-MD5"], "CRAM-MD5"),
        (["GSSAPI", "LOGIN"], "LOGIN"),
        (["login"], "LOGIN"),
        (["XOAUTH2", "PLAIN"], "PLAIN"),
    ],
)
def test_in_the_clear_the_password_is_not_shown_if_that_can_be(offered: list[str], taken: str, guard: Guard) -> None:
    with ScriptedServer(auth=offered) as server:
        open_session(server, guard).close()

    assert [attempt.mechanism for attempt in server.auth_attempts] == [taken]


def test_encrypted_the_plainest_mechanism_is_taken(authority: Authority, guard: Guard) -> None:
    context = authority.server_context("127.0.0.1")
    with ScriptedServer(auth=["CRAM-MD5", "LOGIN", "PLAIN"], tls=context, implicit_tls=True) as server:
        target = endpoint(server, encryption=Encryption.SSL, ca_file=authority.ca_file, login=LOGIN, password="x")
        Session.open(target, guard).close()

    assert [attempt.mechanism for attempt in server.auth_attempts] == ["PLAIN"]


@pytest.mark.parametrize("offered", [[], ["GSSAPI", "SCRAM-SHA-256"]])
def test_a_server_without_a_way_to_log_in_gets_no_password(offered: list[str], guard: Guard) -> None:
    with ScriptedServer(auth=offered) as server, pytest.raises(SendError) as caught:
        open_session(server, guard)

    assert (caught.value.failure, caught.value.phase, caught.value.code) == (Failure.AUTHENTICATION, Phase.AUTH, None)


def test_a_mechanism_that_is_not_there_after_all_gives_way_to_the_next(guard: Guard) -> None:
    with ScriptedServer(auth=["PLAIN", "LOGIN"], script={Step.AUTH: [Say("504 5.5.4 Unknown")]}) as server:
        open_session(server, guard).close()

    assert [attempt.mechanism for attempt in server.auth_attempts] == ["PLAIN", "LOGIN"]


def test_without_a_login_nothing_is_asked(guard: Guard) -> None:
    with ScriptedServer(auth=["PLAIN"]) as server:
        Session.open(endpoint(server), guard).close()

    assert server.auth_attempts == []


def test_a_long_password_waits_for_the_servers_go_ahead(guard: Guard) -> None:
    with ScriptedServer(auth=["PLAIN"], users={LOGIN: "p" * 5_000}) as server:
        open_session(server, guard, "p" * 5_000).close()

    assert "AUTH PLAIN" in server.sessions[0].commands


@pytest.mark.parametrize("said", [b"334 \xff\xff\r\n", b"334 not base64!\r\n"])
def test_a_challenge_that_is_none(said: bytes, guard: Guard) -> None:
    with ScriptedServer(auth=["XOAUTH2"], script={Step.AUTH: Send(said)}) as server, pytest.raises(SendError) as caught:
        open_session(server, guard)

    assert (caught.value.failure, caught.value.phase) == (Failure.TEMPORARY, Phase.AUTH)


def test_a_server_that_always_asks_for_more_is_left(guard: Guard) -> None:
    with ScriptedServer(auth=["PLAIN"], script={Step.AUTH: Say("334 bW9yZQ==")}) as server:
        with pytest.raises(SendError) as caught:
            open_session(server, guard)

        assert "*" in server.sessions[0].commands

    assert caught.value.phase is Phase.AUTH


def test_a_server_that_says_the_password_back_is_not_quoted(guard: Guard) -> None:
    said = "535 5.7.8 hunter2 (aHVudGVyMg==) is wrong"
    with ScriptedServer(auth=["PLAIN"], script={Step.AUTH: Say(said)}) as server, pytest.raises(SendError) as caught:
        open_session(server, guard, "hunter2")

    assert caught.value.message == "*** (***) is wrong"
