"""From a host name to a session that may send: connect, greet, encrypt, log in."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from dataclasses import dataclass

from tracking.choices import Encryption, Failure, Phase
from tracking.errors import SendError
from tracking.smtp import auth
from tracking.smtp.endpoint import Endpoint
from tracking.smtp.guard import Guard, ascii_host
from tracking.smtp.replies import ProtocolError, Reply, classify, failure_of, refused_with, retry_hint
from tracking.smtp.wire import Wire, connect, tls_context

_COMMAND_LIMIT = 512  # octets of a command line (RFC 5321 4.5.3.1.4); a longer first answer waits for the server's 334


@dataclass(frozen=True, slots=True)
class Extensions:
    """What the server said it can do. `size` is its limit in bytes, None where it named none."""

    pipelining: bool = False
    eight_bit: bool = False
    smtputf8: bool = False
    starttls: bool = False
    size_offered: bool = False
    size: int | None = None
    auth: frozenset[str] = frozenset()

    @classmethod
    def of(cls, ehlo: Reply) -> Extensions:
        found: dict[str, list[str]] = {}
        for line in ehlo.lines[1:]:
            keyword, *parameters = line.upper().replace("=", " ").split() or [""]
            found.setdefault(keyword, []).extend(parameters)
        return cls(
            pipelining="PIPELINING" in found,
            eight_bit="8BITMIME" in found,
            smtputf8="SMTPUTF8" in found,
            starttls="STARTTLS" in found,
            size_offered="SIZE" in found,
            size=_size(found.get("SIZE", [])),
            auth=frozenset(found.get("AUTH", [])),
        )


def _size(parameters: list[str]) -> int | None:
    """The limit in bytes; 0 and no number mean that there is none (RFC 1870 3)."""
    text = parameters[0] if parameters else ""
    return int(text) or None if text.isascii() and text.isdigit() and len(text) <= 20 else None


class Handshake:
    """One try to open a session. `run` raises SendError, and then leaves no socket open."""

    def __init__(self, endpoint: Endpoint, guard: Guard, *, wire: Callable[[socket.socket], Wire] = Wire) -> None:
        self._make_wire = wire
        self._endpoint = endpoint
        self._guard = guard
        self._phase = Phase.CONNECT
        self._deadline = time.monotonic() + endpoint.timeouts.total
        self._wire: Wire | None = None

    def run(self) -> tuple[Wire, Extensions]:
        try:
            wire = self._wire = self._connect()
            return wire, self._introduce(wire)
        except (OSError, ProtocolError) as error:
            failure, sentence = failure_of(error, self._phase)
            self._abort()
            raise SendError(sentence, failure=failure, phase=self._phase) from error
        except BaseException:
            self._abort()
            raise

    def _abort(self) -> None:
        if self._wire is not None:
            self._wire.close()

    def _by(self, seconds: float) -> float:
        return min(self._deadline, time.monotonic() + seconds)

    def _connect(self) -> Wire:
        endpoint = self._endpoint
        deadline = self._by(endpoint.timeouts.connect)
        return connect(
            self._guard.addresses(endpoint.host, endpoint.port, deadline=deadline), deadline, self._make_wire
        )

    def _introduce(self, wire: Wire) -> Extensions:
        encryption = self._endpoint.encryption
        if encryption is Encryption.SSL:
            self._encrypt(wire)
        self._expect(wire.read(self._by(self._endpoint.timeouts.command)))
        extensions = self._hello(wire)
        if encryption is Encryption.TLS:
            extensions = self._upgrade(wire, extensions)
        if self._endpoint.login:
            wire.conceal(auth.spoken(self._endpoint.login, self._endpoint.password))
            self._log_in(wire, extensions)
        return extensions

    def _ask(self, wire: Wire, command: bytes) -> Reply:
        deadline = self._by(self._endpoint.timeouts.command)
        wire.write(command + b"\r\n", deadline)
        return wire.read(deadline)

    def _expect(self, reply: Reply) -> Reply:
        """The reply, if it is a yes. Raises SendError."""
        if not reply.positive:
            raise self._refused(reply)
        return reply

    def _refused(self, reply: Reply) -> SendError:
        text = reply.text or refused_with(reply)
        failure = classify(reply, self._phase)
        return SendError(
            text,
            failure=failure,
            phase=self._phase,
            code=reply.code,
            enhanced=reply.enhanced,
            retry_after=retry_hint(reply),
        )

    def _hello(self, wire: Wire) -> Extensions:
        """EHLO; HELO for a server so old that it does not know it (RFC 5321 3.2)."""
        name = self._endpoint.local_hostname.encode("ascii")
        reply = self._ask(wire, b"EHLO " + name)
        if reply.code in (500, 501, 502, 504, 550):
            self._expect(self._ask(wire, b"HELO " + name))
            return Extensions()
        return Extensions.of(self._expect(reply))

    def _upgrade(self, wire: Wire, extensions: Extensions) -> Extensions:
        """STARTTLS, or no session: what was offered in the clear is forgotten (RFC 3207 4.2)."""
        self._phase = Phase.TLS
        if not extensions.starttls:
            raise SendError("The server offers no encryption.", failure=Failure.TLS, phase=self._phase)
        self._expect(self._ask(wire, b"STARTTLS"))
        self._encrypt(wire)
        self._phase = Phase.CONNECT
        return self._hello(wire)

    def _encrypt(self, wire: Wire) -> None:
        self._phase = Phase.TLS
        self._read_authorities()
        host, deadline = ascii_host(self._endpoint.host), self._by(self._endpoint.timeouts.command)
        wire.start_tls(self._endpoint.ca_file, host, deadline)
        self._phase = Phase.CONNECT

    def _read_authorities(self) -> None:
        try:
            tls_context(self._endpoint.ca_file)
        except OSError as error:
            raise SendError(
                "The file of trusted certificates cannot be read.", failure=Failure.TLS, phase=self._phase
            ) from error

    def _log_in(self, wire: Wire, extensions: Extensions) -> None:
        self._phase = Phase.AUTH
        offered = auth.mechanisms(extensions.auth, encrypted=self._endpoint.encryption is not Encryption.NONE)
        if not offered:
            sentence = "The server offers no way to log in that we know."
            raise SendError(sentence, failure=Failure.AUTHENTICATION, phase=self._phase)
        for mechanism in offered:
            reply = self._exchange(wire, mechanism)
            if reply.code != 504:  # 504: offered, and yet not there; another may do
                break
        self._expect(reply)

    def _exchange(self, wire: Wire, mechanism: auth.Mechanism) -> Reply:
        """One try with one mechanism; its last reply."""
        endpoint = self._endpoint
        answers = list(mechanism.answers)
        command = f"AUTH {mechanism.name}".encode()
        if mechanism.initial:
            first = auth.encoded(answers[0](endpoint.login, endpoint.password, b""))
            if len(command) + 1 + len(first) + 2 <= _COMMAND_LIMIT:
                command += b" " + first
                del answers[0]
        reply = self._ask(wire, command)
        while reply.code == 334:
            if not answers:
                return self._ask(wire, b"*")  # it asks for more than the mechanism has: cancel
            answer = answers.pop(0)(endpoint.login, endpoint.password, auth.challenge(reply.text))
            reply = self._ask(wire, auth.encoded(answer))
        return reply
