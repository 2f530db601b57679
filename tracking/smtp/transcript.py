"""What a mail server and we said to each other, line by line, for whoever mends a connection. Secrets never get in."""

from __future__ import annotations

import socket
import ssl
import time
from collections import deque
from dataclasses import dataclass, field

from tracking.choices import Phase
from tracking.smtp import auth
from tracking.smtp.replies import Reply
from tracking.smtp.wire import Wire

HIDDEN = "********"
MAX_LINES = 200
MAX_TEXT = 500  # characters of one line
_GO_AHEAD = 354
_CHALLENGE = 334

_PHASE_OF = {  # command -> the phase that it begins
    "EHLO": Phase.CONNECT,
    "HELO": Phase.CONNECT,
    "STARTTLS": Phase.TLS,
    "AUTH": Phase.AUTH,
    "MAIL": Phase.MAIL,
    "RCPT": Phase.RCPT,
    "DATA": Phase.DATA,
}


@dataclass(frozen=True, slots=True)
class Line:
    """`who` is "us", "server", or "note" for what was not said but happened; `seconds` since the first line."""

    phase: Phase
    who: str
    text: str
    seconds: float

    def to_json(self) -> dict[str, object]:
        return {"phase": self.phase.value, "who": self.who, "text": self.text, "seconds": round(self.seconds, 3)}


@dataclass(slots=True)
class Transcript:
    """The lines so far. `password` is what must not stand in them, however it comes back."""

    password: str = field(repr=False)
    lines: list[Line] = field(default_factory=list)
    phase: Phase = Phase.CONNECT
    _began: float = field(default_factory=time.monotonic)

    def wire(self, sock: socket.socket) -> Wire:
        """The wire of a session that is to be written down."""
        host, port = sock.getpeername()[:2]
        self.note(f"Connected to {host}, port {port}")
        return _LoggedWire(sock, self)

    def note(self, text: str) -> None:
        self._add("note", text)

    def us(self, text: str) -> None:
        self._add("us", text)

    def server(self, reply: Reply) -> None:
        for text in reply.lines or (reply.text,):
            self._add("server", " ".join(filter(None, (str(reply.code), reply.enhanced, text))))

    def _add(self, who: str, text: str) -> None:
        if len(self.lines) < MAX_LINES:
            safe = auth.redacted(text, self.password)[:MAX_TEXT]
            self.lines.append(Line(self.phase, who, safe, time.monotonic() - self._began))


class _LoggedWire(Wire):
    """A wire that has all it carries written down: commands without their secrets, of a message only its size."""

    def __init__(self, sock: socket.socket, transcript: Transcript) -> None:
        super().__init__(sock)
        self._transcript = transcript
        self._last: int | None = None  # code of the last reply
        self._asked: deque[Phase] = deque()  # phases of the commands that wait for their replies

    def write(self, data: bytes, deadline: float) -> None:
        self._tell(data)
        super().write(data, deadline)

    def _tell(self, data: bytes) -> None:
        if self._last == _GO_AHEAD:
            self._transcript.us(f"(the message, {len(data):,} bytes)")
        elif self._last == _CHALLENGE:
            self._transcript.us(HIDDEN)
        else:
            for line in data.decode("utf-8", "replace").splitlines():
                self._command(line)

    def _command(self, line: str) -> None:
        verb = line.split(" ", 1)[0].upper()
        self._transcript.phase = _PHASE_OF.get(verb, self._transcript.phase)
        if verb == "AUTH":
            mechanism, *initial = line.split(" ")[1:]
            line = " ".join(("AUTH", mechanism, *(HIDDEN for _ in initial)))
        self._transcript.us(line)
        self._asked.append(self._transcript.phase)

    def read(self, deadline: float) -> Reply:
        reply = super().read(deadline)
        self._last = reply.code
        if self._asked:
            self._transcript.phase = self._asked.popleft()
        self._transcript.server(reply)
        return reply

    def start_tls(self, ca_file: str | None, host: str, deadline: float) -> None:
        self._transcript.phase = Phase.TLS
        super().start_tls(ca_file, host, deadline)
        secured = self._socket
        assert isinstance(secured, ssl.SSLSocket)
        until = (secured.getpeercert() or {}).get("notAfter")
        self._transcript.note(f"{secured.version()}, certificate verified for {host}, valid until {until}")
        self._transcript.phase = Phase.CONNECT
        self._last = None
