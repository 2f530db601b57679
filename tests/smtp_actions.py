"""What a scripted mail server can be told to do at a step, and how scripts are written."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol


class Step(StrEnum):
    GREETING = "greeting"
    EHLO = "ehlo"
    STARTTLS = "starttls"
    AUTH = "auth"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    BODY = "body"
    FINAL = "final"
    RSET = "rset"
    NOOP = "noop"
    QUIT = "quit"


class Gone(Exception):
    """The conversation is over."""


class Talk(Protocol):
    """What an action may do with the connection. Every method raises Gone when it is over."""

    @property
    def stopping(self) -> threading.Event:
        """Set when the server stops."""

    def say(self, text: str) -> None: ...

    def send(self, data: bytes) -> None: ...

    def read(self, count: int) -> bytes: ...

    def wait(self, seconds: float | None) -> None: ...

    def close(self, *, reset: bool = False) -> None: ...


class Action(Protocol):
    def __call__(self, talk: Talk) -> str:
        """Do it. The reply that was said, "" if none was."""


@dataclass(frozen=True)
class Say:
    """Reply with this text; line breaks in it are sent as CRLF."""

    text: str

    def __call__(self, talk: Talk) -> str:
        talk.say(self.text)
        return self.text


@dataclass(frozen=True)
class Send:
    """Send these bytes as they are: garbage, half a reply, too much of one."""

    data: bytes

    def __call__(self, talk: Talk) -> str:
        talk.send(self.data)
        return ""


@dataclass(frozen=True)
class Drip:
    """Reply with this text, a byte every so many seconds."""

    text: str
    every: float = 0.05

    def __call__(self, talk: Talk) -> str:
        for byte in f"{self.text}\r\n".encode():
            talk.send(bytes([byte]))
            talk.wait(self.every)
        return self.text


@dataclass(frozen=True)
class Endless:
    """Send this again and again, as long as the client reads it."""

    piece: bytes = b"250-and another thing\r\n"

    def __call__(self, talk: Talk) -> str:
        while not talk.stopping.is_set():
            talk.send(self.piece * 100)
        raise Gone


@dataclass(frozen=True)
class Hang:
    """Say and read nothing more, for so many seconds, or until the server stops; then close."""

    seconds: float | None = None

    def __call__(self, talk: Talk) -> str:
        talk.wait(self.seconds)
        raise Gone


@dataclass(frozen=True)
class Close:
    """Close the connection; with `reset` not by the book. At FINAL, `takes` says if the mail counts as received."""

    reset: bool = False
    takes: bool = True

    def __call__(self, talk: Talk) -> str:
        talk.close(reset=self.reset)
        raise Gone


@dataclass(frozen=True)
class Read:
    """Read so many bytes of the message; what comes after it is up to the next action."""

    count: int

    def __call__(self, talk: Talk) -> str:
        talk.read(self.count)
        return ""


@dataclass(frozen=True)
class Wait:
    """Be slow: wait, then go on."""

    seconds: float

    def __call__(self, talk: Talk) -> str:
        talk.wait(self.seconds)
        return ""


@dataclass
class Signal:
    """An action that says that it is reached, and does nothing else."""

    reached: threading.Event = field(default_factory=threading.Event)
    takes = True

    def __call__(self, talk: Talk) -> str:
        self.reached.set()
        return ""


@dataclass
class Hold:
    """A server's answer that is kept back until it is let go."""

    then: Action
    takes: bool = True
    reached: threading.Event = field(default_factory=threading.Event)
    free: threading.Event = field(default_factory=threading.Event)

    def __call__(self, talk: Talk) -> str:
        self.reached.set()
        while not self.free.wait(0.05):
            talk.wait(0)
        return self.then(talk)


class InTurn:
    """Several actions, one after the other."""

    def __init__(self, *actions: Action) -> None:
        self._actions = actions

    def __call__(self, talk: Talk) -> str:
        return "".join([action(talk) for action in self._actions])


Script = Mapping[Step, Action | Sequence[Action | None]]
