"""What a mail server said, and what it means for the mail. The only place where foreign errors become ours.

Source: RFC 5321 4.2 (replies), RFC 3463 (enhanced codes); RELIABILITY 3.4 (what each means to us).
"""

from __future__ import annotations

import re
import socket
import ssl
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import lru_cache
from re import Pattern

from tracking.choices import Failure, Phase

MAX_LINE = 2_000  # bytes kept of one line
MAX_LINES = 100
MAX_REPLY = 64 * 1024  # bytes of one reply, kept or not
MAX_TEXT = 1_000  # characters kept of a reply's text
_SHORT = 200  # bytes of a line that is worth remembering
MAX_RETRY = timedelta(hours=1)

_LINE = re.compile(rb"([2-5][0-9]{2})(?:([ -])(.*))?", re.DOTALL)
_ENHANCED = re.compile(r"([245])\.(\d{1,3})\.(\d{1,3})(?:\s+|$)")
# Everything that could break a log line, hide text or turn it around: C0, C1, line separators, bidi marks.
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]")


class ProtocolError(Exception):
    """The peer spoke something that is not SMTP, or more of it than we read."""


class HungUpError(OSError):
    """We closed the connection ourselves, in the middle of it."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply. `text` is without codes, on one line; `lines` the same line by line (EHLO needs them)."""

    code: int
    text: str
    enhanced: str = ""
    lines: tuple[str, ...] = ()

    @property
    def positive(self) -> bool:
        return 200 <= self.code < 300

    def without(self, secrets: tuple[str, ...]) -> Reply:
        """The same, with each of these masked where the server says it."""
        text, lines = self.text, self.lines
        for secret in secrets:
            if any(secret in line for line in (text, *lines)):
                text, lines = text.replace(secret, "***"), tuple(line.replace(secret, "***") for line in lines)
        return self if lines is self.lines and text is self.text else replace(self, text=text, lines=lines)

    @property
    def closing(self) -> bool:
        """The server says that it closes the connection (RFC 5321 3.8)."""
        return self.code == 421


class ReplyReader:
    """Cuts a stream of bytes into replies and never holds more than one reply's worth plus one feed."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._lines: list[tuple[int, str]] = []
        self._size = 0

    @property
    def pending(self) -> bool:
        """Bytes have come that nobody has asked for yet."""
        return bool(self._buffer or self._lines)

    def feed(self, data: bytes) -> None:
        self._buffer += data

    def next(self) -> Reply | None:
        """The next whole reply, None if it has not all come. Raises ProtocolError."""
        while (end := self._buffer.find(b"\n")) >= 0:
            line = bytes(self._buffer[:end])
            del self._buffer[: end + 1]
            self._count(end + 1)
            if not self._lines and len(line) <= _SHORT and (reply := _known(line)) is not None:
                self._size = 0
                return reply
            if self._add(line):
                return self._finish()
        if self._size + len(self._buffer) > MAX_REPLY:
            raise ProtocolError("the server's reply is too long")
        return None

    def _count(self, size: int) -> None:
        self._size += size
        if self._size > MAX_REPLY or len(self._lines) >= MAX_LINES:
            raise ProtocolError("the server's reply is too long")

    def _add(self, line: bytes) -> bool:
        """Keep one line. True when it is the last of its reply."""
        found = _LINE.fullmatch(line.removesuffix(b"\r")[:MAX_LINE])
        if found is None:
            raise ProtocolError("the server's reply is not SMTP")
        code = int(found[1])
        if self._lines and self._lines[0][0] != code:
            raise ProtocolError("the server's reply changes its code between lines")
        self._lines.append((code, _clean(found[3] or b"")))
        return found[2] != b"-"

    def _finish(self) -> Reply:
        lines, self._lines, self._size = self._lines, [], 0
        code = lines[0][0]
        if len(lines) == 1:
            enhanced, text = _split_enhanced(code, lines[0][1])
            return Reply(code, text[:MAX_TEXT], enhanced, (text,))
        parts = [_split_enhanced(code, text) for _, text in lines]
        texts = tuple(text for _, text in parts)
        enhanced = next((found for found, _ in parts if found), "")
        return Reply(code, " ".join(filter(None, texts))[:MAX_TEXT], enhanced, texts)


@lru_cache(maxsize=512)
def _known(line: bytes) -> Reply | None:
    """The reply that a line is all by itself: servers say the same few over and over. None for any other line."""
    found = _LINE.fullmatch(line.removesuffix(b"\r"))
    if found is None or found[2] == b"-":
        return None
    code = int(found[1])
    enhanced, text = _split_enhanced(code, _clean(found[3] or b""))
    return Reply(code, text[:MAX_TEXT], enhanced, (text,))


def _clean(text: bytes) -> str:
    decoded = text.decode("utf-8", "replace")
    return decoded if decoded.isprintable() else _CONTROLS.sub(" ", decoded)


def _split_enhanced(code: int, text: str) -> tuple[str, str]:
    """The enhanced code and the rest. One whose class contradicts the reply's is taken as text (RFC 2034 4)."""
    found = _ENHANCED.match(text)
    if found is None or int(found[1]) != code // 100:
        return "", text.strip()
    return found[0].strip(), text[found.end() :].strip()


@dataclass(frozen=True, slots=True)
class _Rule:
    """A row of the reply table. None matches everything."""

    failure: Failure
    code: Pattern[str]
    phases: frozenset[Phase] | None = None
    enhanced: Pattern[str] | None = None
    text: Pattern[str] | None = None

    def matches(self, reply: Reply, phase: Phase) -> bool:
        return (
            self.code.fullmatch(str(reply.code)) is not None
            and (self.phases is None or phase in self.phases)
            and (self.enhanced is None or self.enhanced.fullmatch(reply.enhanced) is not None)
            and (self.text is None or self.text.search(reply.text) is not None)
        )


def _only(*phases: Phase) -> frozenset[Phase]:
    return frozenset(phases)


_SENDING_LIMIT = re.compile(
    r"throttl|sending (?:rate|limit|quota)|rate.?limit|message quota|(?:hourly|daily) (?:[a-z]+ ){0,3}(?:quota|limit)"
    r"|too many (?:[a-z]+ )?(?:connections|messages|e?mails|sessions)",
    re.IGNORECASE,
)

# Said with a 4xx alone: a 5xx may be about the size of a mail, or what is kept of it.
_TOO_MUCH = re.compile(
    r"concurren(?:t|cy)|(?:rate|thread|connections?|sessions?|submissions?|messages?|e?mails?) limit exceeded"
    r"|exceeded (?:a|the|your) (?:[a-z]+ )?(?<!size )(?<!storage )limit",
    re.IGNORECASE,
)

# Of an hour, a day or a month: going slower does not help.
_USED_UP = re.compile(
    r"(?:message|sending) quota|(?:hourly|daily|monthly) (?:[a-z]+ ){0,3}(?:quota|limit)",
    re.IGNORECASE,
)

# So many in one session, however fast: a new one may take more.
_SESSION_IS_FULL = re.compile(
    r"too many (?:messages|e?mails|transactions) (?:[a-z]+ )?(?:this|one|per) (?:session|connection)", re.IGNORECASE
)

# First match wins.
_RULES = (
    _Rule(Failure.TEMPORARY, re.compile("421"), text=_SESSION_IS_FULL),
    # The door was shut before we said anything: the server's trouble, whatever class it gives it.
    _Rule(Failure.LIMIT, re.compile("421"), enhanced=re.compile(r"4\.7\.\d+")),
    _Rule(Failure.LIMIT, re.compile(r"[45]\d\d"), text=_SENDING_LIMIT),
    _Rule(Failure.LIMIT, re.compile(r"4\d\d"), text=_TOO_MUCH),
    _Rule(Failure.LIMIT, re.compile("432"), enhanced=re.compile(r"4\.3\.2")),
    _Rule(Failure.LIMIT, re.compile("45[01]"), enhanced=re.compile(r"4\.7\.(?:500|6\d\d)")),
    _Rule(Failure.TEMPORARY, re.compile("421")),
    _Rule(Failure.TEMPORARY, re.compile(r"5\d\d"), phases=_only(Phase.CONNECT)),
    _Rule(Failure.TLS, re.compile(r"[45]\d\d"), phases=_only(Phase.TLS)),
    _Rule(Failure.AUTHENTICATION, re.compile("530|534|535|538")),
    # 432: a password transition is needed (RFC 4954); any 5xx to AUTH is about the login.
    _Rule(Failure.AUTHENTICATION, re.compile(r"432|5\d\d"), phases=_only(Phase.AUTH)),
    _Rule(Failure.LIMIT, re.compile("450"), enhanced=re.compile(r"4\.2\.1")),
    _Rule(Failure.LIMIT, re.compile("452"), enhanced=re.compile(r"4\.3\.2")),
    _Rule(Failure.PERMANENT, re.compile("552"), enhanced=re.compile(r"5\.2\.2"), phases=_only(Phase.RCPT)),  # a mailbox
    _Rule(Failure.LIMIT, re.compile("552"), enhanced=re.compile(r"5\.2\.2")),
    _Rule(Failure.LIMIT, re.compile("550"), enhanced=re.compile(r"5\.4\.5")),
    _Rule(Failure.TEMPORARY, re.compile(r"4\d\d")),
    _Rule(Failure.PERMANENT, re.compile(r"5\d\d")),
)


def classify(reply: Reply, phase: Phase) -> Failure:
    """What an unwelcome reply in that phase means. One that makes no sense there is TEMPORARY."""
    return next((rule.failure for rule in _RULES if rule.matches(reply, phase)), Failure.TEMPORARY)


def used_up(enhanced: str, text: str) -> bool:
    """Whether a limit is a quota, so that the server takes nothing more for hours."""
    return enhanced == "5.4.5" or _USED_UP.search(text) is not None


def refused_with(reply: Reply) -> str:
    """A sentence for a refusal without words."""
    return f"The server refused with {reply.code}."


_HINT = re.compile(
    r"(?:try|retry|retrying|wait|again|greylisted|graylisted|come back|delayed)\b[^\d\n]{0,60}?"
    r"(?:(?P<count>\d{1,6})\s*(?P<unit>seconds?|secs?|s|minutes?|mins?|m|hours?|hrs?|h)"
    r"|(?P<hours>\d\d):(?P<minutes>\d\d):(?P<seconds>\d\d))\b",
    re.IGNORECASE,
)
_UNITS = {"s": timedelta(seconds=1), "m": timedelta(minutes=1), "h": timedelta(hours=1)}


def retry_hint(reply: Reply) -> timedelta | None:
    """ "Try again in N seconds, minutes, hours" or "in 00:05:00", at most an hour; None where no time is named."""
    found = _HINT.search(reply.text)
    if found is None:
        return None
    if found["count"]:
        wait = int(found["count"]) * _UNITS[found["unit"][0].lower()]
    else:
        wait = timedelta(**{unit: int(found[unit]) for unit in ("hours", "minutes", "seconds")})
    return min(wait, MAX_RETRY) or None


# Foreign exceptions; first match wins, so the narrow ones stand first.
_ERRORS: tuple[tuple[type[Exception], Failure, str], ...] = (
    (ssl.SSLCertVerificationError, Failure.TLS, "The server's certificate"),  # and what is wrong with it
    (ssl.SSLEOFError, Failure.TEMPORARY, "The server closed the connection while it was being encrypted"),
    (ssl.SSLZeroReturnError, Failure.TEMPORARY, "The server closed the connection"),
    (ssl.SSLError, Failure.TLS, "The server and we share no safe encryption"),
    (HungUpError, Failure.TEMPORARY, "The server kept us waiting while this worker was asked to end"),
    (TimeoutError, Failure.TIMEOUT, "The server did not answer in time"),
    (socket.gaierror, Failure.TEMPORARY, "The host name could not be resolved"),
    (ConnectionRefusedError, Failure.TEMPORARY, "The server refused the connection"),
    (ConnectionError, Failure.TEMPORARY, "The server closed the connection"),
    (ProtocolError, Failure.TEMPORARY, "The server's reply could not be understood"),
    (OSError, Failure.TEMPORARY, "The server could not be reached"),
)


# X509_V_ERR_… of OpenSSL: the date, the name, the strength; all others are about the chain.
_CERTIFICATES = {
    9: "is not valid yet",
    10: "has expired",
    62: "is for another host",
    64: "is for another host",
    66: "is too weak",
    67: "is too weak",
    68: "is too weak",
}


def failure_of(error: Exception, phase: Phase) -> tuple[Failure, str]:
    """What a foreign exception means in that phase, and a plain sentence for it."""
    failure, sentence = next((row[1:] for row in _ERRORS if isinstance(error, row[0])), _ERRORS[-1][1:])
    if isinstance(error, ssl.SSLCertVerificationError):
        wrong = _CERTIFICATES.get(getattr(error, "verify_code", 0), "is of no authority that is trusted here")
        reason = str(getattr(error, "verify_message", "")).rstrip(".")
        said = f"{sentence} {wrong}: {reason}." if reason else f"{sentence} {wrong}."
        return failure, _CONTROLS.sub(" ", f"{said} {getattr(error, 'claims', '')}".rstrip())
    if failure is Failure.TLS and phase is not Phase.TLS:  # the handshake was fine, so this is a broken line
        return Failure.TEMPORARY, "The encrypted connection broke."
    return failure, f"{sentence}."
