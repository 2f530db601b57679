"""What is known of a message when the line breaks while it is written."""

from __future__ import annotations

import time

import pytest

from tests.unit.smtp.making import PATIENT, envelope
from tracking.choices import Failure
from tracking.smtp.handshake import Extensions
from tracking.smtp.transaction import Transaction
from tracking.smtp.wire import Wire

RECORD = 16 * 1024


class Encrypted:
    """A TLS socket: all that it is given is taken, record by record, or an error; it does not say which are out."""

    def __init__(self, *, breaks_at: int) -> None:
        self.records: list[bytes] = []
        self._breaks_at = breaks_at
        self._replies = [b"250 OK\r\n250 OK\r\n354 Go on\r\n"]

    def settimeout(self, seconds: float) -> None:
        pass

    def close(self) -> None:
        pass

    def recv(self, count: int) -> bytes:
        return self._replies.pop() if self._replies else b""

    def send(self, data: memoryview) -> int:
        for start in range(0, len(data), RECORD):
            if len(self.records) == self._breaks_at:
                raise ConnectionResetError
            self.records.append(bytes(data[start : start + RECORD]))
        return len(data)


def test_what_a_tls_socket_sent_before_it_broke_is_counted() -> None:
    sock = Encrypted(breaks_at=2)
    wire = Wire(sock)  # type: ignore[arg-type]

    with pytest.raises(ConnectionResetError):
        wire.write(b"x" * (3 * RECORD), time.monotonic() + 10)

    assert wire.written == sum(map(len, sock.records)) == 2 * RECORD


def test_a_message_whose_end_is_out_is_unknown_though_the_commands_after_it_are_not() -> None:
    sock = Encrypted(breaks_at=3)  # one record of commands, two of the message; the fourth would be of the next mail
    wire = Wire(sock)  # type: ignore[arg-type]
    extensions = Extensions(pipelining=True)
    mail = Transaction(wire, extensions, PATIENT, envelope(data=b"Subject: x\r\n\r\n" + b"y\r\n" * 6_000))
    following = Transaction(wire, extensions, PATIENT, envelope(*(f"r{n:04}@example.com" for n in range(900))))

    outcome = mail.run(following, more=lambda: True)

    assert b"\r\n.\r\n" in sock.records[-1]
    assert outcome.failure is Failure.UNKNOWN
