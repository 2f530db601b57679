"""A mail server for tests that does what its script says, on loopback, with plain sockets and threads.

    with ScriptedServer(script={Step.RCPT: Say("451 4.7.1 Greylisted")}) as server:
        ...  # talk to 127.0.0.1, server.port
        assert server.mails == []

Without a script it is a good server that takes every mail. A script maps a step to an action, or to a list of
actions for its first, second, … occurrence (None there: behave well). Three scripts are looked at, in this order:
that of the mail (`mails[n]` for the n-th MAIL command), that of the connection (`sessions[n]`), the server's.

An action at GREETING, EHLO, STARTTLS, AUTH, MAIL, RCPT, DATA, FINAL, RSET, NOOP or QUIT stands for the server's reply
there; one at BODY comes after DATA's go-ahead, before the message is read. A reply that is said decides what follows:
"250" to RCPT makes a recipient, "550" does not; "220" to STARTTLS starts the handshake.
"""

from __future__ import annotations

import re
import socket
import ssl
import struct
import threading
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from email.parser import BytesHeaderParser
from types import TracebackType
from typing import Self

from tests.smtp_actions import (
    Action,
    Close,
    Drip,
    Endless,
    Gone,
    Hang,
    InTurn,
    Read,
    Say,
    Script,
    Send,
    Step,
    Wait,
)
from tests.smtp_logins import EXCHANGES, AuthAttempt

__all__ = [
    "Action",
    "AuthAttempt",
    "Close",
    "Drip",
    "Endless",
    "Hang",
    "InTurn",
    "Mail",
    "Read",
    "Say",
    "Script",
    "ScriptedServer",
    "Send",
    "SessionLog",
    "Step",
    "Wait",
]


@dataclass(frozen=True)
class Mail:
    """A mail as received: dots unstuffed, the final dot left out."""

    sender: str
    recipients: tuple[str, ...]
    data: bytes

    @property
    def message_id(self) -> str:
        return str(BytesHeaderParser().parsebytes(self.data)["Message-ID"] or "")


@dataclass
class SessionLog:
    """What came in over one connection, deciphered."""

    number: int
    encrypted: bool = False
    commands: list[str] = field(default_factory=list)
    received: bytearray = field(default_factory=bytearray)


class ScriptedServer:
    """A context manager. Lists grow while it runs; they may be read from any thread.

    `refuse` gives the reply to RCPT for an address, None to take it. `users` maps logins to passwords; None lets
    everybody in. With `tls` and without `implicit_tls`, STARTTLS is offered.
    """

    def __init__(
        self,
        *,
        script: Script | None = None,
        sessions: Sequence[Script] = (),
        mails: Sequence[Script] = (),
        refuse: Callable[[str], str | None] = lambda address: None,
        extensions: Sequence[str] = ("PIPELINING", "8BITMIME", "SMTPUTF8", "SIZE 10485760", "ENHANCEDSTATUSCODES"),
        auth: Sequence[str] = (),
        users: Mapping[str, str] | None = None,
        tls: ssl.SSLContext | None = None,
        implicit_tls: bool = False,
        host: str = "127.0.0.1",
    ) -> None:
        self.script: dict[Step, Action | Sequence[Action | None]] = dict(script or {})
        self.session_scripts = sessions
        self.mail_scripts = mails
        self.refuse = refuse
        self.extensions = list(extensions)
        self.auth = list(auth)
        self.users = users
        self.tls = tls
        self.implicit_tls = implicit_tls
        self.mails: list[Mail] = []
        self.auth_attempts: list[AuthAttempt] = []
        self.sessions: list[SessionLog] = []
        self.stopping = threading.Event()
        self.lock = threading.Lock()
        self.seen: Counter[tuple[str, Step]] = Counter()
        self.mail_count = 0
        self._listener = socket.create_server((host, 0), backlog=128)
        self.host = host
        self.port: int = self._listener.getsockname()[1]
        self._threads: list[threading.Thread] = []
        self._conversations: list[Conversation] = []

    def __enter__(self) -> Self:
        self._run(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Close everything, as a server that dies does."""
        self.stopping.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes accept
        self._listener.close()
        for conversation in self._conversations:
            conversation.close()
        for thread in self._threads:
            thread.join(timeout=5)

    def _run(self, work: Callable[[], None]) -> None:
        thread = threading.Thread(target=work, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self.stopping.is_set():
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            log = SessionLog(len(self.sessions))
            self.sessions.append(log)
            self._conversations.append(Conversation(self, sock, log))
            self._run(self._conversations[-1].run)

    def action(self, step: Step, session: int, mail: int) -> Action | None:
        """What the scripts say for this step, None for good behaviour."""
        scopes: list[tuple[str, Script]] = [("server", self.script)]
        if session < len(self.session_scripts):
            scopes.insert(0, (f"session {session}", self.session_scripts[session]))
        if 0 <= mail < len(self.mail_scripts):
            scopes.insert(0, (f"mail {mail}", self.mail_scripts[mail]))
        for scope, script in scopes:
            if step in script:
                return self._occurrence(scope, step, script[step])
        return None

    def _occurrence(self, scope: str, step: Step, entry: Action | Sequence[Action | None]) -> Action | None:
        if not isinstance(entry, Sequence):
            return entry
        with self.lock:
            index = self.seen[scope, step]
            self.seen[scope, step] += 1
        return entry[index] if index < len(entry) else None


_PATH = re.compile(r"<([^>]*)>")


class Conversation:
    """One connection, in a thread of its own."""

    def __init__(self, server: ScriptedServer, sock: socket.socket, log: SessionLog) -> None:
        self.server = server
        self.log = log
        self._socket = sock
        self._buffer = bytearray()
        self._mail = -1
        self._sender = ""
        self._recipients: list[str] = []

    def run(self) -> None:
        with suppress(Gone, OSError):
            if self.server.implicit_tls:
                self._encrypt()
            if not self._play(Step.GREETING, "220 scripted ready").startswith("220"):
                return
            while True:
                self._answer(self._line())
        self.close()

    # Bytes

    @property
    def stopping(self) -> threading.Event:
        return self.server.stopping

    def send(self, data: bytes) -> None:
        self._socket.sendall(data)

    def say(self, text: str) -> None:
        self.send(text.replace("\n", "\r\n").encode() + b"\r\n")

    def read(self, count: int) -> bytes:
        while len(self._buffer) < count:
            self._receive()
        data = bytes(self._buffer[:count])
        del self._buffer[:count]
        return data

    def wait(self, seconds: float | None) -> None:
        if self.server.stopping.wait(seconds):
            raise Gone

    def close(self, *, reset: bool = False) -> None:
        if reset:  # a linger time of zero makes the kernel send RST
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        else:
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _receive(self) -> None:
        data = self._socket.recv(65_536)
        if not data:
            raise Gone
        self.log.received += data
        self._buffer += data

    def _until(self, end: bytes) -> bytes:
        """All up to and with this end, and no other: a message's lines end with CRLF alone."""
        seen = 0
        while (found := self._buffer.find(end, seen)) < 0:
            seen = max(0, len(self._buffer) - len(end))
            self._receive()
        return self.read(found + len(end))

    def _line(self) -> str:
        return self._until(b"\n").decode("utf-8", "replace").rstrip("\r\n")

    def _encrypt(self) -> None:
        assert self.server.tls is not None
        self._socket = self.server.tls.wrap_socket(self._socket, server_side=True)
        self.log.encrypted = True

    # Steps

    def _play(self, step: Step, otherwise: str) -> str:
        """Do what the script says at this step. The reply that was said."""
        action = self.server.action(step, self.log.number, self._mail)
        return (action or Say(otherwise))(self)

    def _answer(self, line: str) -> None:
        self.log.commands.append(line)
        verb, _, rest = line.partition(" ")
        handler = self._HANDLERS.get(verb.upper())
        if handler is None:
            self.say("502 5.5.2 What?")
        else:
            handler(self, rest)

    def _ehlo(self, name: str) -> None:
        offers = list(self.server.extensions)
        if self.server.tls is not None and not self.log.encrypted:
            offers.append("STARTTLS")
        if self.server.auth:
            offers.append("AUTH " + " ".join(self.server.auth))
        lines = [f"scripted greets {name}", *offers]
        last = len(lines) - 1
        self._play(Step.EHLO, "\n".join(f"250{' ' if n == last else '-'}{line}" for n, line in enumerate(lines)))

    def _helo(self, name: str) -> None:
        self.say("250 scripted")

    def _starttls(self, _rest: str) -> None:
        if self._play(Step.STARTTLS, "220 2.0.0 Go on").startswith("220"):
            self._buffer.clear()
            self._encrypt()

    def _auth(self, rest: str) -> None:
        mechanism, _, initial = rest.partition(" ")
        attempt, valid = EXCHANGES[mechanism.upper()](self, initial)
        self.server.auth_attempts.append(attempt)
        self._play(Step.AUTH, "235 2.7.0 Welcome" if valid else "535 5.7.8 Wrong")

    def challenge(self, text: bytes) -> str:
        self.say(f"334 {b64encode(text).decode()}")
        return self._line()

    @property
    def users(self) -> Mapping[str, str] | None:
        return self.server.users

    def knows(self, login: str, password: str) -> bool:
        return self.server.users is None or self.server.users.get(login) == password

    def _mail_from(self, rest: str) -> None:
        with self.server.lock:
            self._mail = self.server.mail_count
            self.server.mail_count += 1
        found = _PATH.search(rest)
        if self._play(Step.MAIL, "250 2.1.0 Sender").startswith("250"):
            self._sender, self._recipients = found[1] if found else "", []

    def _rcpt_to(self, rest: str) -> None:
        found = _PATH.search(rest)
        address = found[1] if found else ""
        if self._play(Step.RCPT, self.server.refuse(address) or "250 2.1.5 Recipient").startswith("25"):
            self._recipients.append(address)

    def _data(self, _rest: str) -> None:
        otherwise = "354 Go on" if self._recipients else "503 5.5.1 No recipients"
        if not self._play(Step.DATA, otherwise).startswith("354"):
            return
        body = self.server.action(Step.BODY, self.log.number, self._mail)
        if body is not None:
            body(self)
        mail = Mail(self._sender, tuple(self._recipients), self._message())
        action = self.server.action(Step.FINAL, self.log.number, self._mail) or Say("250 2.0.0 Taken")
        if _takes(action):  # before the reply: a test that has the reply finds the mail
            self.server.mails.append(mail)
        self._recipients = []
        action(self)

    def _message(self) -> bytes:
        lines = []
        while (line := self._until(b"\r\n")) != b".\r\n":
            lines.append(line.removeprefix(b"."))
        return b"".join(lines)

    def _rset(self, _rest: str) -> None:
        self._sender, self._recipients = "", []
        self._play(Step.RSET, "250 2.0.0 Reset")

    def _noop(self, _rest: str) -> None:
        self._play(Step.NOOP, "250 2.0.0 Here")

    def _quit(self, _rest: str) -> None:
        self._play(Step.QUIT, "221 2.0.0 Bye")
        raise Gone

    _HANDLERS: Mapping[str, Callable[[Conversation, str], None]] = {
        "EHLO": _ehlo,
        "HELO": _helo,
        "STARTTLS": _starttls,
        "AUTH": _auth,
        "MAIL": _mail_from,
        "RCPT": _rcpt_to,
        "DATA": _data,
        "RSET": _rset,
        "NOOP": _noop,
        "QUIT": _quit,
    }


def _takes(action: Action) -> bool:
    """Whether a mail counts as received: not after a refusal; silence and a lost line leave it open, so as told."""
    if isinstance(action, Say | Drip):
        return action.text.startswith("2")
    return getattr(action, "takes", True)
