"""One live, logged-in connection to a mail server, over which mails go one after another."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import zip_longest
from typing import Self

from tracking.choices import Failure, Phase
from tracking.smtp.endpoint import Endpoint
from tracking.smtp.envelope import Envelope, Outcome, RecipientReply
from tracking.smtp.guard import Guard
from tracking.smtp.handshake import Extensions, Handshake
from tracking.smtp.replies import ProtocolError
from tracking.smtp.transaction import Transaction
from tracking.smtp.wire import Wire

__all__ = ["Envelope", "Outcome", "RecipientReply", "Session"]

_GOODBYE = 1.0  # seconds that QUIT may take
_MEANT = (Failure.TIMEOUT, Failure.LIMIT)  # of a server that is in trouble, or says "too fast": no idle session's end


class Session:
    """Used by one thread at a time; a context manager that closes.

    `sent` counts the mails begun; `opened_at` is an instant of `time.monotonic`.
    """

    def __init__(self, endpoint: Endpoint, wire: Wire, extensions: Extensions) -> None:
        self.endpoint = endpoint
        self.extensions = extensions
        self.opened_at = time.monotonic()
        self.sent = 0
        self._wire = wire
        self._owed = False  # the server was told of a mail that it has not got yet
        self._rested = False  # it was put aside, and may have been closed meanwhile

    @classmethod
    def open(cls, endpoint: Endpoint, guard: Guard, *, wire: Callable[[socket.socket], Wire] = Wire) -> Session:
        """Connect, encrypt and log in. Raises SendError with failure and phase. `wire` makes the wire of the socket."""
        return cls(endpoint, *Handshake(endpoint, guard, wire=wire).run())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    @property
    def usable(self) -> bool:
        """Another mail may be sent over it, as far as we know without asking."""
        return not self._wire.closed and not self._wire.pending and not self._owed

    def send(self, envelope: Envelope) -> Outcome:
        """One mail, within the endpoint's time-outs. Never raises for what the server does."""
        [outcome] = self.send_many([envelope], more=lambda: False)
        return outcome

    def send_many(self, envelopes: Sequence[Envelope], *, more: Callable[[], bool]) -> Iterator[Outcome]:
        """Mail by mail, outcomes in their order; with PIPELINING a round trip a mail is saved (RFC 2920, 3.1).

        `more` is asked before each mail but the first; it may be asked before the outcome of the one ahead is known.
        Ends early when it says no, or when the server has gone: of the mails without an outcome, no byte was sent.
        """
        transactions = [self._transaction(envelope) for envelope in envelopes]
        for number, (mail, following) in enumerate(zip_longest(transactions, transactions[1:])):
            if number and not mail.begun and not more():
                return
            fresh = self.sent == 0 and not self._rested
            self.sent += 1
            outcome = mail.run(following, more=more)
            self._owed = following is not None and following.begun
            if number and self._marked(outcome).stale:
                return
            yield outcome if fresh else self._marked(outcome)
            if self._wire.closed:
                return

    def _transaction(self, envelope: Envelope) -> Transaction:
        return Transaction(self._wire, self.extensions, self.endpoint.timeouts, envelope)

    def _marked(self, outcome: Outcome) -> Outcome:
        """Gone before it said a word on this mail: servers close idle sessions, some with a 421."""
        gone = self._wire.closed and outcome.phase is Phase.MAIL and outcome.code in (None, 421)
        return replace(outcome, stale=True) if gone and outcome.failure not in _MEANT else outcome

    def is_quiet(self) -> bool:
        """Open and silent, as far as can be seen without a round trip. To be asked of a session that was idle."""
        self._rested = True
        return self._wire.is_quiet()

    def probe(self) -> bool:
        """Ask an idle session whether it is still there; one that is not is closed. Costs a round trip."""
        if not self.is_quiet():
            self._wire.close()
            return False
        try:
            deadline = time.monotonic() + self.endpoint.timeouts.command
            self._wire.write(b"RSET\r\n", deadline)
            if self._wire.read(deadline).positive:
                return True
        except (OSError, ProtocolError):
            pass
        self._wire.close()
        return False

    def close(self) -> None:
        """Say goodbye, for a second at most, and close. May be called again."""
        if self._wire.closed:
            return
        deadline = time.monotonic() + _GOODBYE
        try:
            self._wire.write(b"QUIT\r\n", deadline)
            self._wire.read(deadline)
        except (OSError, ProtocolError):
            pass
        self._wire.close()
