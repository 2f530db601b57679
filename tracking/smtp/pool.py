"""Idle sessions of this process, kept for the next mail of the same connection."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from weakref import WeakSet

from tracking.smtp.endpoint import Endpoint
from tracking.smtp.guard import Guard
from tracking.smtp.session import Envelope, Outcome, Session
from tracking.smtp.wire import Wire

_TRUSTED = 5.0  # seconds for which an idle session is taken at its word


@dataclass(frozen=True, slots=True)
class _Idle:
    session: Session
    since: float


class Pool:
    """Thread-safe. A session has one user at a time; `max_age` and `idle` are in seconds.

    A session is never used for another endpoint than the one it was opened for, and one of an older version of a
    connection (the second number of `pool_key`) not at all once a newer one was seen.
    """

    def __init__(
        self,
        guard: Guard,
        *,
        max_messages: int = 100,
        max_age: float = 300.0,
        idle: float = 30.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._guard = guard
        self._max_messages = max_messages
        self._max_age = max_age
        self._max_idle = idle
        self._clock = clock
        self._lock = threading.Lock()
        self._idle: dict[Endpoint, list[_Idle]] = {}
        self._newest: dict[int, int] = {}  # connection -> newest version seen
        self._wires: WeakSet[Wire] = WeakSet()  # of all sessions, those that are being opened too

    @contextmanager
    def session(self, endpoint: Endpoint) -> Iterator[Session]:
        """An idle session of this endpoint or a new one; afterwards it is kept if it can be. Raises SendError."""
        session = self._take(endpoint) or Session.open(endpoint, self._guard, wire=self._wire)
        try:
            yield session
        finally:
            self._give_back(session)

    def is_ready(self, endpoint: Endpoint, *, mails: int = 1) -> bool:
        """Whether an idle session of this endpoint is alive and takes so many mails, so that none need be opened."""
        room = min(mails, self._max_messages)
        while (session := self._take(endpoint)) is not None:
            if session.sent + room <= self._max_messages:
                self._give_back(session)
                return True
            session.close()
        return False

    def send(self, endpoint: Endpoint, envelope: Envelope) -> Outcome:
        """One mail. If the idle session it would have gone by is dead, a new one is opened, once. Raises SendError."""
        [outcome] = self.send_many(endpoint, [envelope], more=lambda: False)
        return outcome

    def send_many(
        self, endpoint: Endpoint, envelopes: Sequence[Envelope], *, more: Callable[[], bool]
    ) -> Iterator[Outcome]:
        """Mail by mail over as few sessions as it takes, outcomes in their order, until `more` says no.

        Raises SendError when a session must be opened and does not.
        """
        done, second = 0, False
        while done < len(envelopes) and (done == 0 or more()):
            with self.session(endpoint) as session:
                room = envelopes[done : done + max(1, self._max_messages - session.sent)]
                for outcome in session.send_many(room, more=more):
                    if outcome.stale and not second:
                        break
                    done, second = done + 1, False
                    yield outcome
                else:
                    continue
            second = True
            self._close(self._pick(lambda key, _: key == endpoint))  # its neighbours are as old

    def close_idle(self, now: float) -> int:
        """Close what has been idle or alive for too long at `now`; how many. To be called now and then."""
        return self._close(self._pick(lambda _, idle: not self._fresh(idle, now)))

    def close_all(self) -> int:
        """Close every idle session; how many. Sessions in use are closed when given back only if they are spent."""
        return self._close(self._pick(lambda _key, _idle: True))

    def hang_up(self) -> None:
        """Wait for no server any more, except for what it says to a message that is on its way."""
        with self._lock:
            wires = list(self._wires)
        for wire in wires:
            wire.hang_up()

    def _wire(self, sock: socket.socket) -> Wire:
        wire = Wire(sock)
        with self._lock:
            self._wires.add(wire)
        return wire

    def _take(self, endpoint: Endpoint) -> Session | None:
        self._close(self._outdated(endpoint))
        while (idle := self._pop(endpoint)) is not None:
            if self._alive(idle):
                return idle.session
            idle.session.close()
        return None

    def _pop(self, endpoint: Endpoint) -> _Idle | None:
        """The one used last: it is the likeliest to be alive, and the others may age out."""
        with self._lock:
            waiting = self._idle.get(endpoint)
            if not waiting:
                return None
            idle = waiting.pop()
            if not waiting:
                del self._idle[endpoint]
            return idle

    def _alive(self, idle: _Idle) -> bool:
        now = self._clock()
        if not self._fresh(idle, now):
            return False
        return idle.session.probe() if now - idle.since > _TRUSTED else idle.session.is_quiet()

    def _fresh(self, idle: _Idle, now: float) -> bool:
        return now - idle.since <= self._max_idle and now - idle.session.opened_at <= self._max_age

    def _give_back(self, session: Session) -> None:
        now = self._clock()
        spent = session.sent >= self._max_messages or now - session.opened_at > self._max_age
        if session.usable and not spent and self._shelve(session, now):
            return
        session.close()

    def _shelve(self, session: Session, now: float) -> bool:
        """Keep it, unless its connection has been changed meanwhile."""
        connection, version = session.endpoint.pool_key
        with self._lock:
            if version < self._newest.get(connection, version):
                return False
            self._idle.setdefault(session.endpoint, []).append(_Idle(session, now))
            return True

    def _outdated(self, endpoint: Endpoint) -> list[_Idle]:
        """The idle sessions of older versions, taken out, when this version is seen for the first time."""
        connection, version = endpoint.pool_key
        with self._lock:
            if version <= self._newest.get(connection, -1):
                return []
            self._newest[connection] = version
        return self._pick(lambda key, _: key.pool_key[0] == connection and key.pool_key[1] < version)

    def _pick(self, chosen: Callable[[Endpoint, _Idle], bool]) -> list[_Idle]:
        """Take the chosen ones out. They are closed outside the lock, since that may take a second each."""
        with self._lock:
            picked = [idle for key, waiting in self._idle.items() for idle in waiting if chosen(key, idle)]
            gone = {id(idle) for idle in picked}
            kept = {key: [idle for idle in waiting if id(idle) not in gone] for key, waiting in self._idle.items()}
            self._idle = {key: waiting for key, waiting in kept.items() if waiting}
        return picked

    @staticmethod
    def _close(idles: list[_Idle]) -> int:
        for idle in idles:
            idle.session.close()
        return len(idles)
