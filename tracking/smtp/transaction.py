"""One mail over one session: MAIL, RCPT, DATA, the message, and what each of the server's replies means for it."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from itertools import zip_longest

from tracking.choices import Failure, Phase, RecipientStatus
from tracking.smtp.endpoint import Timeouts
from tracking.smtp.envelope import Envelope, Outcome, RecipientReply, stuffed
from tracking.smtp.handshake import Extensions
from tracking.smtp.replies import ProtocolError, Reply, classify, failure_of, refused_with, retry_hint
from tracking.smtp.wire import Wire

_START_INPUT = 354


class _Closing(Exception):
    """The server answered 421 and closes the connection."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply)
        self.reply = reply


class Transaction:
    """`run` once. It closes the wire when the wire can take no further mail, and never raises for what the peer does.

    With PIPELINING, everything up to DATA goes out in one write (RFC 2920), and the replies are read in turn; the
    commands of the mail that follows may go out with the end of this one's message.
    """

    def __init__(self, wire: Wire, extensions: Extensions, timeouts: Timeouts, envelope: Envelope) -> None:
        self._wire = wire
        self._extensions = extensions
        self._timeouts = timeouts
        self._envelope = envelope
        self._lines = envelope.lines()
        self._eight_bit = not self._lines.isascii()
        self._deadline = 0.0  # set when it runs
        self._phase = Phase.MAIL
        self._replies: list[Reply] = []  # to RCPT, in the order of the recipients
        self._dot_is_out = False
        self.begun = False  # its commands are out: they went with the message before

    def run(self, following: Transaction | None = None, *, more: Callable[[], bool] = bool) -> Outcome:
        """`following` may have begun when this returns; `more` is asked, at the last moment, whether it should."""
        self._deadline = time.monotonic() + self._timeouts.total
        obstacle = self._obstacle()
        if obstacle is not None:
            return self._outcome(Failure.PERMANENT, None, obstacle)
        try:
            return self._converse(following, more)
        except _Closing as closing:
            self._wire.close()
            return self._answered(closing.reply)
        except (OSError, ProtocolError) as error:
            self._wire.close()
            return self._lost(error)

    # What is said

    def _obstacle(self) -> str | None:
        """Why this server cannot take this mail, known without asking it."""
        limit = self._extensions.size
        if limit is not None and len(self._lines) > limit:
            return f"The mail has {len(self._lines):,} bytes; the server takes {limit:,}."
        if self._envelope.smtputf8 and not self._extensions.smtputf8:
            return "An address has characters outside ASCII, and the server takes none (SMTPUTF8)."
        if self._eight_bit and not self._extensions.eight_bit:
            return "The mail has 8-bit characters, and the server takes none (8BITMIME)."
        return None

    def _commands(self) -> list[bytes]:
        envelope = self._envelope
        mail = f"MAIL FROM:<{envelope.sender}>"
        if self._extensions.size_offered:
            mail += f" SIZE={len(self._lines)}"
        if envelope.smtputf8:
            mail += " SMTPUTF8"
        if self._eight_bit:
            mail += " BODY=8BITMIME"
        commands = [mail, *(f"RCPT TO:<{address}>" for address in envelope.recipients), "DATA"]
        return [f"{command}\r\n".encode() for command in commands]

    @property
    def goes_ahead(self) -> bool:
        """Whether its commands may go out before the answer to the message before: nothing is against this mail."""
        return self._extensions.pipelining and self._obstacle() is None

    def _converse(self, following: Transaction | None, more: Callable[[], bool]) -> Outcome:
        refusal = self._prepare_at_once() if self._extensions.pipelining else self._prepare()
        if refusal is None:
            return self._send_message(following if following and following.goes_ahead and more() else None)
        self._reset()
        return self._answered(refusal)

    def _prepare(self) -> Reply | None:
        """Command by command up to DATA's go-ahead. The reply that stops the mail, None to go on."""
        mail, *recipients, data = self._commands()
        reply = self._ask(Phase.MAIL, mail)
        if not reply.positive:
            return reply
        for command in recipients:
            self._replies.append(self._ask(Phase.RCPT, command))
        if not self._anyone:
            return self._decisive()
        reply = self._ask(Phase.DATA, data)
        return None if reply.code == _START_INPUT else reply

    def _prepare_at_once(self) -> Reply | None:
        """The same in one round trip. A server may let us begin a mail that it gave no recipient: it gets none."""
        if not self.begun:
            self._wire.write(b"".join(self._commands()), self._by(self._timeouts.command))
        mail = self._hear(Phase.MAIL)
        for _ in self._envelope.recipients:
            self._replies.append(self._hear(Phase.RCPT))
        data = self._hear(Phase.DATA)
        if mail.positive and self._anyone:
            return None if data.code == _START_INPUT else data
        if data.code == _START_INPUT:
            self._wire.write(b".\r\n", self._by(self._timeouts.command))
            self._wire.read(self._by(self._timeouts.final))
        self._phase = Phase.RCPT if mail.positive else Phase.MAIL
        return self._decisive() if mail.positive else mail

    def _send_message(self, following: Transaction | None) -> Outcome:
        if self._wire.pending:  # an answer to what was not said yet could pass for the answer to the message
            raise ProtocolError("more answers than commands")
        with self._wire.delivering():
            return self._deliver(following)

    def _deliver(self, following: Transaction | None) -> Outcome:
        message = stuffed(self._lines)
        ahead = b"".join(following._commands()) if following else b""
        try:
            self._wire.write(message + ahead, self._by(self._timeouts.data))
        except OSError as error:
            self._dot_is_out = self._wire.written >= len(message)
            if self._dot_is_out or isinstance(error, TimeoutError):
                raise
            return self._last_words(error)
        self._dot_is_out = True
        if following:
            following.begun = True
        reply = self._wire.read(self._by(self._timeouts.final))
        if reply.closing:
            raise _Closing(reply)
        if reply.code < 400 and not reply.positive:
            raise ProtocolError("no answer to a message")
        return self._answered(reply)

    def _last_words(self, error: OSError) -> Outcome:
        """A server that closes within a message has often said why. Raises the error if it has not."""
        try:
            reply = self._wire.read(self._by(self._timeouts.command))
        except (OSError, ProtocolError):
            raise error from None
        if reply.code < 400:
            raise error
        self._wire.close()
        return self._answered(reply)

    def _reset(self) -> None:
        """The session goes on after a refusal, if the server says so."""
        deadline = self._by(self._timeouts.command)
        try:
            self._wire.write(b"RSET\r\n", deadline)
            if not self._wire.read(deadline).positive:
                self._wire.close()
        except (OSError, ProtocolError):
            self._wire.close()

    def _ask(self, phase: Phase, command: bytes) -> Reply:
        self._phase = phase
        self._wire.write(command, self._by(self._timeouts.command))
        return self._hear(phase)

    def _hear(self, phase: Phase) -> Reply:
        """The reply to a command. Raises ProtocolError for one that is no answer to it."""
        self._phase = phase
        reply = self._wire.read(self._by(self._timeouts.data if phase is Phase.DATA else self._timeouts.command))
        if reply.closing:
            raise _Closing(reply)
        if reply.code < 400 and (reply.code == _START_INPUT) != (phase is Phase.DATA):
            raise ProtocolError("an answer to another command")
        return reply

    def _by(self, seconds: float) -> float:
        return min(self._deadline, time.monotonic() + seconds)

    # What it means

    @property
    def _anyone(self) -> bool:
        return any(reply.positive for reply in self._replies)

    def _decisive(self) -> Reply:
        """Of replies that refuse every recipient, the one that says what to do with the mail."""
        return min(self._replies, key=lambda reply: _WEIGHT[classify(reply, Phase.RCPT)])

    def _answered(self, reply: Reply) -> Outcome:
        """What the server's last word on this mail makes of it."""
        if reply.positive:
            self._phase = Phase.ACCEPTED
            return self._outcome(None, reply, reply.text)
        return self._outcome(classify(reply, self._phase), reply, reply.text or refused_with(reply))

    def _lost(self, error: Exception) -> Outcome:
        if self._dot_is_out:
            return self._outcome(Failure.UNKNOWN, None, "The whole mail was sent, and the server's answer is missing.")
        failure, sentence = failure_of(error, self._phase)
        return self._outcome(failure, None, sentence)

    def _outcome(self, failure: Failure | None, reply: Reply | None, text: str) -> Outcome:
        return Outcome(
            phase=self._phase,
            failure=failure,
            code=reply.code if reply else None,
            enhanced=reply.enhanced if reply else "",
            text=text,
            recipients=self._recipients(failure, reply.code if reply else None, text),
            retry_after=self._hint(failure, reply),
        )

    def _hint(self, failure: Failure | None, reply: Reply | None) -> timedelta | None:
        """When to come back, the latest that is named: with the mail, or to those recipients who alone were put off."""
        told = [own for own in self._replies if not own.positive and classify(own, Phase.RCPT) is not Failure.PERMANENT]
        if failure and reply:
            told.append(reply)
        return max(filter(None, map(retry_hint, told)), default=None)

    def _recipients(self, failure: Failure | None, code: int | None, text: str) -> tuple[RecipientReply, ...]:
        """A recipient that was refused keeps its own reply; the fate of the others is the mail's."""
        shared = RecipientStatus.ACCEPTED if failure is None else _status(failure)
        return tuple(
            RecipientReply(address, shared, code, text)
            if own is None or own.positive
            else RecipientReply(address, _status(classify(own, Phase.RCPT)), own.code, own.text)
            for address, own in zip_longest(self._envelope.recipients, self._replies)
        )


# A mail whose recipients were refused for different reasons is treated by the first of these.
_WEIGHT = {
    failure: weight
    for weight, failure in enumerate(
        (Failure.AUTHENTICATION, Failure.TLS, Failure.LIMIT, Failure.TEMPORARY, Failure.PERMANENT)
    )
}


def _status(failure: Failure) -> RecipientStatus:
    return RecipientStatus.REFUSED if failure is Failure.PERMANENT else RecipientStatus.OPEN
