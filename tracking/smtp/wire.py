"""One socket to a mail server, with a deadline on every byte. Deadlines are instants of `time.monotonic`."""

from __future__ import annotations

import socket
import ssl
import time
from functools import lru_cache

from tracking.smtp.guard import Target
from tracking.smtp.replies import ProtocolError, Reply, ReplyReader

_CHUNK = 16 * 1024


@lru_cache(maxsize=64)
def tls_context(ca_file: str | None) -> ssl.SSLContext:
    """Verifies certificate and host name, TLS 1.2 or newer. Shared: reading the system's certificates takes long."""
    context = ssl.create_default_context(cafile=ca_file)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _remaining(deadline: float) -> float:
    """Seconds left. Raises TimeoutError when none are."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


class Wire:
    """Bytes out, replies in. Every method raises OSError, of which TimeoutError and ssl.SSLError are kinds."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._replies = ReplyReader()
        self.closed = False
        self.written = 0  # bytes of the last write that the kernel took

    @property
    def pending(self) -> bool:
        """The server said something that we did not ask for."""
        return self._replies.pending

    def write(self, data: bytes, deadline: float) -> None:
        """Hand all of it to the kernel. When this returns, the last byte is out; when it raises, it is not."""
        rest = memoryview(data)
        self.written = 0
        while rest:
            self._socket.settimeout(_remaining(deadline))
            taken = self._socket.send(rest)
            self.written += taken
            rest = rest[taken:]

    def read(self, deadline: float) -> Reply:
        """The next reply. Raises ProtocolError too; a clean end of the stream is ConnectionResetError."""
        while (reply := self._replies.next()) is None:
            self._socket.settimeout(_remaining(deadline))
            data = self._socket.recv(_CHUNK)
            if not data:
                raise ConnectionResetError
            self._replies.feed(data)
        return reply

    def start_tls(self, context: ssl.SSLContext, host: str, deadline: float) -> None:
        """Encrypt, and verify who is there. Plain text that came before the handshake is an attack (RFC 3207 4.2)."""
        if self.pending:
            raise ssl.SSLError("plain text after STARTTLS")
        self._socket.settimeout(_remaining(deadline))
        self._socket = context.wrap_socket(self._socket, server_hostname=host)

    def is_quiet(self) -> bool:
        """Open, with nothing said since: as an idle connection should be. No round trip."""
        if self.closed or self.pending:
            return False
        try:
            self._socket.settimeout(0)
            self._socket.recv(1)
        except (BlockingIOError, ssl.SSLWantReadError):
            return True
        except OSError:
            return False
        return False

    def close(self) -> None:
        self.closed = True
        self._socket.close()


def connect(targets: list[Target], deadline: float) -> Wire:
    """The first of these addresses that answers; each gets an even share of the time left. Raises OSError."""
    for index, target in enumerate(targets):
        share = _remaining(deadline) / (len(targets) - index)
        try:
            return Wire(_connect(target, share))
        except OSError:
            if index == len(targets) - 1:
                raise
    raise ProtocolError("no address to connect to")


def _connect(target: Target, timeout: float) -> socket.socket:
    family, sockaddr = target
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.settimeout(timeout)
        sock.connect(sockaddr)
        if sock.getpeername()[:2] != sockaddr[:2]:
            raise ConnectionRefusedError
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except BaseException:
        sock.close()
        raise
    return sock
