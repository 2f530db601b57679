"""Which addresses a mail server may have. A name is resolved once, and the address checked is the one connected to.

Source: RELIABILITY 6.5; the IANA special-purpose address registries.
"""

from __future__ import annotations

import re
import socket
import threading
import time
import unicodedata
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import cast

import idna

from tracking.choices import Failure, Phase
from tracking.errors import SendError

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
SockAddr = tuple[str, int] | tuple[str, int, int, int]
Target = tuple[socket.AddressFamily, SockAddr]
Lookup = Callable[[str, int], list[Target]]

NOT_ALLOWED = "Mail may not be sent through this host and port."
NOT_FOUND = "The host name could not be resolved."
_LOOKUPS = 64  # under way at once; a resolver that hangs must not eat threads without end


def _networks(*texts: str) -> tuple[Network, ...]:
    return tuple(ip_network(text) for text in texts)


# No allow-list opens these: metadata services, and what is no host at all.
_NEVER = _networks(
    "0.0.0.0/8",
    "169.254.0.0/16",  # link-local, with the metadata services of most clouds
    "100.100.100.200/32",  # Alibaba's metadata
    "168.63.129.16/32",  # Azure's
    "192.0.0.192/32",  # Oracle's
    "224.0.0.0/4",
    "255.255.255.255/32",
    "::/128",
    "fe80::/10",
    "fd00:ec2::254/128",  # Amazon's metadata
    "fd20:ce::254/128",  # Google's
    "fd00:c1::a9fe:a9fe/128",  # Oracle's
    "fd00:42::42/128",  # Scaleway's
    "ff00::/8",
)

# Only an operator's allow-list opens these. Three IPv6 networks stand for all that is not 2000::/3.
_DENIED = _networks(
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "240.0.0.0/4",
    "::/3",
    "4000::/2",
    "8000::/1",
    "2001::/23",  # protocol assignments, Teredo, ORCHID
    "2001:db8::/32",
    "2002::/16",  # 6to4
    "3fff::/20",
)

_NAT64 = IPv6Network("64:ff9b::/96")
_COMPATIBLE = IPv6Network("::/96")


def _transparent(address: Address) -> Address:
    """The IPv4 address that a v4-mapped or NAT64 address really leads to; any other as it is."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address


def _faces(address: Address) -> Iterator[Address]:
    """The address and every IPv4 address that is wrapped in it."""
    yield address
    if isinstance(address, IPv4Address):
        return
    if address in _COMPATIBLE and int(address) > 1:  # :: and ::1 only look like it
        yield IPv4Address(int(address) & 0xFFFFFFFF)
    if address.sixtofour is not None:
        yield address.sixtofour
    if address.teredo is not None:
        yield from address.teredo


def _within(address: Address, networks: tuple[Network, ...]) -> bool:
    return any(address in network for network in networks)


_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_NUMERIC = re.compile(r"[0-9]+|0x[0-9a-f]*")  # a last label that resolvers read as part of an IPv4 address
_WORDS = ("L", "M", "Nd")  # Unicode categories that a name's labels are made of


def _literal(host: str) -> Address | None:
    try:
        return ip_address(host) if "%" not in host else None
    except ValueError:
        return None


def ascii_host(host: str) -> str:
    """The host as the resolver, the certificate check and SNI get it.

    Raises ValueError, with a sentence, for anything that is not plainly a host name or an address:
    short, octal, hex or integer forms of IPv4, full-width digits, ports, paths, spaces, control characters.
    """
    if _literal(host) is not None:
        return host
    name = (host if host.isascii() else _idna(host)).lower()
    labels = name.split(".")
    if len(name) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise ValueError("This is not a host name such as smtp.example.com.")
    if _NUMERIC.fullmatch(labels[-1]):
        raise ValueError("Write an address as four plain decimal numbers, or give a host name.")
    return name


def _idna(host: str) -> str:
    if not all(char in "-." or unicodedata.category(char).startswith(_WORDS) for char in host):
        raise ValueError("This is not a host name such as smtp.example.com.")
    try:
        return idna.encode(host).decode("ascii")
    except idna.IDNAError as error:
        raise ValueError("This host name has characters that host names may not have.") from error


def system_lookup(host: str, port: int) -> list[Target]:
    """All addresses of the host, in the order to try them. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return [(family, cast(SockAddr, sockaddr)) for family, _, _, _, sockaddr in found]


@dataclass(frozen=True, slots=True)
class Guard:
    """Says where a session may connect to.

    `allowed_networks` are the operator's: they open private and loopback addresses, on any port, never metadata.
    """

    allowed_networks: tuple[Network, ...] = ()
    allowed_ports: frozenset[int] = frozenset({25, 465, 587, 2525})
    lookup: Lookup = field(default=system_lookup, repr=False, compare=False)

    def addresses(self, host: str, port: int, *, deadline: float) -> list[Target]:
        """Where to connect to, best first. `deadline` is an instant of `time.monotonic`.

        Raises SendError: HOST if the name, the port or any one address is not allowed, TEMPORARY if it does not
        resolve, TIMEOUT if it does not in time.
        """
        try:
            name = ascii_host(host)
        except ValueError as error:
            raise _refused() from error
        targets = self._resolve(name, port, deadline)
        if not all(
            self.allows(sockaddr[0], port) and self._is_foreign(family, sockaddr) for family, sockaddr in targets
        ):
            raise _refused()
        return targets

    def allows(self, address: str, port: int) -> bool:
        """Whether this address and port may be connected to, by the lists alone."""
        target = _transparent(ip_address(address))
        if any(_within(face, _NEVER) for face in _faces(target)):
            return False
        if _within(target, self.allowed_networks):
            return True
        return port in self.allowed_ports and not any(_within(face, _DENIED) for face in _faces(target))

    def _is_foreign(self, family: socket.AddressFamily, sockaddr: SockAddr) -> bool:
        """Not one of this machine's own addresses, unless those are allowed. Connecting UDP sends nothing."""
        if _within(_transparent(ip_address(sockaddr[0])), self.allowed_networks):
            return True
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as probe:
                probe.connect(sockaddr)
                own: str = probe.getsockname()[0]
        except OSError:  # no route to it: then it is not ours either
            return True
        return ip_address(own) != ip_address(sockaddr[0])

    def _resolve(self, name: str, port: int, deadline: float) -> list[Target]:
        try:
            targets = _bounded(lambda: self.lookup(name, port), deadline)
        except TimeoutError as error:
            raise SendError(
                "The host name could not be resolved in time.", failure=Failure.TIMEOUT, phase=Phase.CONNECT
            ) from error
        except (OSError, UnicodeError) as error:
            raise SendError(NOT_FOUND, failure=Failure.TEMPORARY, phase=Phase.CONNECT) from error
        if not targets:
            raise SendError(NOT_FOUND, failure=Failure.TEMPORARY, phase=Phase.CONNECT)
        return targets


def _refused() -> SendError:
    """One sentence for every reason, so that nobody can map our network by it."""
    return SendError(NOT_ALLOWED, failure=Failure.HOST, phase=Phase.CONNECT)


_slots = threading.BoundedSemaphore(_LOOKUPS)


def _bounded(look_up: Callable[[], list[Target]], deadline: float) -> list[Target]:
    """The resolver in a thread of its own: it knows no deadline, and may hang for minutes. Raises TimeoutError."""
    if not _slots.acquire(timeout=max(0.0, deadline - time.monotonic())):
        raise TimeoutError
    answer: Future[list[Target]] = Future()

    def run() -> None:
        try:
            answer.set_result(look_up())
        except Exception as error:  # handed to the waiting thread, which knows what to catch
            answer.set_exception(error)
        finally:
            _slots.release()

    threading.Thread(target=run, name="smtp-lookup", daemon=True).start()
    return answer.result(timeout=max(0.0, deadline - time.monotonic()))


_STRICT = Guard()


def _known(host: str) -> Address | None:
    """The address of a host that needs no resolver: a literal, or a name that means this machine (RFC 6761 6.3)."""
    local = host.lower() == "localhost" or host.lower().endswith(".localhost")
    return IPv4Address("127.0.0.1") if local else _literal(host)


def static_host_error(host: str, guard: Guard = _STRICT) -> str | None:
    """What is wrong with a host as typed, without resolving it; None if nothing is."""
    try:
        ascii_host(host)
    except ValueError as error:
        return str(error)
    address = _known(host)
    if address is None or any(guard.allows(str(address), port) for port in guard.allowed_ports):
        return None
    return NOT_ALLOWED


def static_port_error(port: int, guard: Guard = _STRICT) -> str | None:
    """What is wrong with a port; None if nothing is. An operator's networks may have servers on any port."""
    if not 1 <= port <= 65_535:
        return "A port is a number from 1 to 65535."
    if port in guard.allowed_ports or guard.allowed_networks:
        return None
    return f"Mail is sent on port {', '.join(map(str, sorted(guard.allowed_ports)))} only."
