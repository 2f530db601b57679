"""One socket to a mail server, with a deadline on every byte. Deadlines are instants of `time.monotonic`."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache

from tracking.smtp import certificate
from tracking.smtp.guard import Target
from tracking.smtp.replies import HungUpError, ProtocolError, Reply, ReplyReader

_CHUNK = 16 * 1024
_RECORD = 16 * 1024  # bytes: what TLS encrypts as one (RFC 8446 5.1), which is out or is not


@lru_cache(maxsize=64)
def tls_context(ca_file: str | None, *, overheard: bool = False) -> ssl.SSLContext:
    """Verifies certificate and host name, TLS 1.2 or newer. Shared: reading the system's certificates takes long.

    `overheard`: that of a handshake, which keeps what a refused certificate says of itself.
    """
    context = ssl.create_default_context(cafile=ca_file)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return certificate.overhear(context) if overheard else context


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
        self._concealed: tuple[str, ...] = ()
        self.closed = False
        self.written = 0  # bytes of the last write that the kernel took
        self._lock = threading.Lock()
        self._delivering = False  # a message is on its way: to hang up now would leave its fate in doubt
        self._hung_up = False

    @property
    def pending(self) -> bool:
        """The server said something that we did not ask for."""
        return self._replies.pending

    def conceal(self, secrets: tuple[str, ...]) -> None:
        """Never to be read from a server: some say back what they were sent, and replies are logged and shown."""
        self._concealed = secrets

    def write(self, data: bytes, deadline: float) -> None:
        """Hand all of it to the kernel. When this returns, the last byte is out; when it raises, it is not.

        Record by record: a TLS socket that is given more and fails says nothing of the records that are out by then.
        """
        rest = memoryview(data)
        self.written = 0
        while rest:
            self._socket.settimeout(_remaining(deadline))
            taken = self._socket.send(rest[:_RECORD])
            self.written += taken
            rest = rest[taken:]

    def read(self, deadline: float) -> Reply:
        """The next reply. Raises ProtocolError too; a clean end of the stream is ConnectionResetError."""
        while (reply := self._replies.next()) is None:
            self._socket.settimeout(_remaining(deadline))
            data = self._socket.recv(_CHUNK)
            if not data:
                raise HungUpError if self._hung_up else ConnectionResetError
            self._replies.feed(data)
        return reply.without(self._concealed) if self._concealed else reply

    @contextmanager
    def delivering(self) -> Iterator[None]:
        """A message, up to its answer. Raises HungUpError."""
        with self._lock:
            if self._hung_up:
                raise HungUpError
            self._delivering = True
        try:
            yield
        finally:
            self._delivering = False

    def hang_up(self) -> None:
        """Wake whoever waits for the server, unless a message is on its way. From any thread."""
        with self._lock, suppress(OSError):
            if not self._delivering:
                self._hung_up = True
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)  # of TLS, too, the line itself

    def start_tls(self, ca_file: str | None, host: str, deadline: float) -> None:
        """Encrypt, and verify who is there. Plain text that came before the handshake is an attack (RFC 3207 4.2)."""
        if self.pending:
            raise ssl.SSLError("plain text after STARTTLS")
        self._socket.settimeout(_remaining(deadline))
        context = tls_context(ca_file, overheard=True)
        sock = context.wrap_socket(self._socket, server_hostname=host, do_handshake_on_connect=False)
        self._socket = sock
        try:
            sock.do_handshake()
        except ssl.SSLCertVerificationError as error:
            raise certificate.RefusedError(error, certificate.claims(sock)) from error
        sock.context = tls_context(ca_file)  # the same without listening, which costs time with every message

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


def connect(targets: list[Target], deadline: float, wire: Callable[[socket.socket], Wire] = Wire) -> Wire:
    """The first of these addresses that answers; each gets an even share of the time left. Raises OSError.

    `wire` makes the wire of the socket.
    """
    for index, target in enumerate(targets):
        share = _remaining(deadline) / (len(targets) - index)
        try:
            return wire(_connect(target, share))
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
