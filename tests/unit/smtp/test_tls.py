"""Encryption that was asked for is there, with the right server, or no session is."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from tests.certificates import Authority
from tests.smtp_server import Close, Hang, InTurn, Say, Script, ScriptedServer, Step
from tests.unit.smtp.making import PATIENT, QUICK, endpoint, envelope
from tracking.choices import Encryption, Failure, Phase
from tracking.errors import SendError
from tracking.smtp import certificate
from tracking.smtp.endpoint import Timeouts
from tracking.smtp.guard import Guard
from tracking.smtp.session import Session
from tracking.smtp.wire import tls_context

Make = Callable[[Authority], ssl.SSLContext]


def good(authority: Authority) -> ssl.SSLContext:
    return authority.server_context("127.0.0.1", "localhost")


def old(version: ssl.TLSVersion) -> Make:
    def make(authority: Authority) -> ssl.SSLContext:
        context = good(authority)
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = context.maximum_version = version
        return context

    return make


BOTH = pytest.mark.parametrize("encryption", [Encryption.TLS, Encryption.SSL])


def opened(
    server: ScriptedServer,
    authority: Authority,
    guard: Guard,
    encryption: Encryption,
    timeouts: Timeouts = PATIENT,
) -> Session:
    target = endpoint(
        server, timeouts=timeouts, encryption=encryption, ca_file=authority.ca_file, login="me", password="hunter2"
    )
    return Session.open(target, guard)


@BOTH
def test_a_mail_goes_encrypted(encryption: Encryption, authority: Authority, guard: Guard) -> None:
    with ScriptedServer(tls=good(authority), implicit_tls=encryption is Encryption.SSL, auth=["PLAIN"]) as server:
        session = opened(server, authority, guard, encryption)
        outcome = session.send(envelope())
        quiet = session.is_quiet()
        session.close()

    log = server.sessions[0]
    assert outcome.failure is None
    assert quiet
    assert log.encrypted
    assert [line.split()[0] for line in log.commands if line.startswith(("EHLO", "STARTTLS", "AUTH"))] == (
        ["EHLO", "AUTH"] if encryption is Encryption.SSL else ["EHLO", "STARTTLS", "EHLO", "AUTH"]
    )


@BOTH
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1")
@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda authority: authority.server_context("127.0.0.1", self_signed=True), id="self-signed"),
        pytest.param(lambda authority: authority.server_context("127.0.0.1", days=(-2, -1)), id="expired"),
        pytest.param(lambda authority: authority.server_context("127.0.0.1", days=(1, 2)), id="not yet valid"),
        pytest.param(lambda authority: authority.server_context("127.0.0.1", weak=True), id="with a weak key"),
        pytest.param(lambda authority: authority.server_context("other.example"), id="for another host"),
        pytest.param(lambda authority: authority.server_context("10.0.0.1"), id="for another address"),
        pytest.param(old(ssl.TLSVersion.TLSv1), id="TLS 1.0"),
        pytest.param(old(ssl.TLSVersion.TLSv1_1), id="TLS 1.1"),
    ],
)
def test_a_server_that_is_not_who_it_should_be(
    encryption: Encryption, make: Make, authority: Authority, guard: Guard
) -> None:
    with ScriptedServer(tls=make(authority), implicit_tls=encryption is Encryption.SSL, auth=["PLAIN"]) as server:
        with pytest.raises(SendError) as caught:
            opened(server, authority, guard, encryption)

        assert (caught.value.failure, caught.value.phase) == (Failure.TLS, Phase.TLS)
        assert server.auth_attempts == []


@BOTH
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize(
    ("host", "options", "wrong"),
    [
        pytest.param("127.0.0.1", {"self_signed": True}, "no authority that is trusted", id="chain"),
        pytest.param("127.0.0.1", {"days": (-2, -1)}, "has expired", id="past"),
        pytest.param("127.0.0.1", {"days": (1, 2)}, "is not valid yet", id="to come"),
        pytest.param("127.0.0.1", {"weak": True}, "is too weak", id="strength"),
        pytest.param("10.0.0.1", {}, "is for another host", id="name"),
    ],
)
def test_what_was_wrong_with_a_certificate_is_told_and_what_it_says(
    *,
    encryption: Encryption,
    version: ssl.TLSVersion,
    host: str,
    options: dict[str, Any],
    wrong: str,
    authority: Authority,
    guard: Guard,
) -> None:
    context = authority.server_context(host, **options)
    context.minimum_version = context.maximum_version = version
    issuer = host if "self_signed" in options else "Authority of the tests"
    last = datetime.now(UTC) + timedelta(days=options.get("days", (-2, 1))[1])

    with (
        ScriptedServer(tls=context, implicit_tls=encryption is Encryption.SSL) as server,
        pytest.raises(SendError, match=f"The server's certificate .*{wrong}") as caught,
    ):
        opened(server, authority, guard, encryption)

    assert f"for CN={host}, issued by CN={issuer}, valid from " in caught.value.message
    assert f" to {last:%Y-%m-%d}" in caught.value.message
    assert "hunter2" not in caught.value.message


@pytest.mark.parametrize("message", [b"", b"\x0b", bytes(40), b"\x0b\x00\x00\x10\xff"])
def test_a_certificate_that_cannot_be_read_is_left_unsaid(message: bytes) -> None:
    sock = SimpleNamespace(heard=message)

    assert certificate.claims(cast("ssl.SSLSocket", sock)) == ""


@BOTH
def test_an_encrypted_session_is_listened_to_no_longer_than_its_handshake(
    encryption: Encryption, authority: Authority, guard: Guard, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[int] = []
    tls_context.cache_clear()
    monkeypatch.setattr(certificate, "_keep", lambda *message: heard.append(message[3]))
    with (
        ScriptedServer(tls=good(authority), implicit_tls=encryption is Encryption.SSL, auth=["PLAIN"]) as server,
        opened(server, authority, guard, encryption) as session,
    ):
        before = len(heard)
        outcome = session.send(envelope())

    tls_context.cache_clear()
    assert outcome.failure is None
    assert before > 0
    assert len(heard) == before


@BOTH
def test_a_certificate_of_another_authority(
    encryption: Encryption, authority: Authority, guard: Guard, tmp_path: Path
) -> None:
    context = good(Authority(tmp_path))
    with (
        ScriptedServer(tls=context, implicit_tls=encryption is Encryption.SSL) as server,
        pytest.raises(SendError) as caught,
    ):
        opened(server, authority, guard, encryption)

    assert caught.value.failure is Failure.TLS
    assert "is of no authority that is trusted here" in caught.value.message
    assert "for CN=127.0.0.1, issued by CN=Authority of the tests" in caught.value.message


def test_the_systems_authorities_do_not_vouch_for_the_tests(authority: Authority, guard: Guard) -> None:
    with ScriptedServer(tls=good(authority)) as server, pytest.raises(SendError) as caught:
        Session.open(endpoint(server, encryption=Encryption.TLS), guard)

    assert caught.value.failure is Failure.TLS


@pytest.mark.parametrize(
    ("script", "offered", "failure"),
    [
        pytest.param({}, False, Failure.TLS, id="STARTTLS stripped from the offer"),
        pytest.param({Step.EHLO: Say("502 What?")}, True, Failure.TLS, id="a server that knows no EHLO"),
        pytest.param({Step.STARTTLS: Say("454 4.3.0 Not now")}, True, Failure.TLS, id="454 to STARTTLS"),
        pytest.param({Step.STARTTLS: Say("502 5.5.1 What?")}, True, Failure.TLS, id="502 to STARTTLS"),
        pytest.param({Step.STARTTLS: Say("220 Go\n250-AUTH PLAIN\n250 OK")}, True, Failure.TLS, id="injected replies"),
        pytest.param({Step.STARTTLS: InTurn(Say("220 Go"), Hang())}, True, Failure.TIMEOUT, id="hanging handshake"),
        pytest.param({Step.STARTTLS: InTurn(Say("220 Go"), Close())}, True, Failure.TEMPORARY, id="closed in it"),
        pytest.param({Step.STARTTLS: InTurn(Say("220 Go"), Say("plain"))}, True, Failure.TLS, id="plain text in it"),
        pytest.param({Step.STARTTLS: Hang()}, True, Failure.TIMEOUT, id="hanging at STARTTLS"),
    ],
)
def test_no_encryption_no_session(
    script: Script, offered: bool, failure: Failure, authority: Authority, guard: Guard
) -> None:
    with ScriptedServer(script=script, tls=good(authority) if offered else None, auth=["PLAIN"]) as server:
        with pytest.raises(SendError) as caught:
            opened(server, authority, guard, Encryption.TLS, QUICK if failure is Failure.TIMEOUT else PATIENT)

        assert (caught.value.failure, caught.value.phase) == (failure, Phase.TLS)
        assert server.auth_attempts == []
        assert b"AUTH" not in server.sessions[0].received
        assert server.mails == []


def test_what_was_offered_in_the_clear_is_forgotten(authority: Authority, guard: Guard) -> None:
    clear = "250-scripted\n250-STARTTLS\n250-SIZE 10\n250 AUTH LOGIN"
    with (
        ScriptedServer(script={Step.EHLO: [Say(clear)]}, tls=good(authority), auth=["PLAIN"]) as server,
        opened(server, authority, guard, Encryption.TLS) as session,
    ):
        assert session.extensions.auth == {"PLAIN"}
        assert session.send(envelope()).failure is None


def test_a_plain_server_behind_an_encrypted_port_is_a_tls_failure(authority: Authority, guard: Guard) -> None:
    with ScriptedServer() as server, pytest.raises(SendError) as caught:
        opened(server, authority, guard, Encryption.SSL)

    assert (caught.value.failure, caught.value.phase) == (Failure.TLS, Phase.TLS)


def test_no_encryption_means_none_even_if_it_is_offered(authority: Authority, guard: Guard) -> None:
    with ScriptedServer(tls=good(authority)) as server:
        Session.open(endpoint(server), guard).close()

    assert not server.sessions[0].encrypted
    assert server.sessions[0].commands == ["EHLO localhost", "QUIT"]


def test_a_missing_file_of_authorities_is_a_tls_failure(authority: Authority, guard: Guard) -> None:
    with ScriptedServer(tls=good(authority)) as server, pytest.raises(SendError) as caught:
        Session.open(endpoint(server, encryption=Encryption.TLS, ca_file="/nowhere/ca.pem"), guard)

    assert caught.value.failure is Failure.TLS
