"""A connection leads to mail servers alone: not to this machine, not to what is inside, not to where a name moves."""

from __future__ import annotations

import socket
import time
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.security import trials
from tracking.choices import Encryption, Failure
from tracking.errors import SendError
from tracking.smtp.endpoint import Endpoint
from tracking.smtp.guard import NOT_ALLOWED, Guard, Target, static_host_error
from tracking.smtp.handshake import Handshake

INSIDE = [
    "127.0.0.1",
    "127.255.255.254",
    "10.255.0.1",
    "172.31.255.255",
    "192.168.0.254",
    "100.127.255.255",
    "169.254.170.2",
    "168.63.129.16",
    "100.100.100.200",
    "192.0.0.8",
    "198.19.0.1",
    "240.0.0.1",
    "0.0.0.0",
]


def wrapped(address: str) -> list[str]:
    """Every IPv6 address that leads, or may lead, to this IPv4 address."""
    number = int(IPv4Address(address))
    return [
        str(IPv6Address((0xFFFF << 32) | number)),  # mapped
        str(IPv6Address(number)),  # compatible
        str(IPv6Address((0x0064FF9B << 96) | number)),  # NAT64
        str(IPv6Address((0x0064FF9B0001 << 80) | number)),  # NAT64 of a site
        str(IPv6Address((0x2002 << 112) | (number << 80))),  # 6to4
        str(IPv6Address((0x20010000 << 96) | (number ^ 0xFFFFFFFF))),  # Teredo, as client
        str(IPv6Address((0x20010000 << 96) | (number << 64) | 0xFFFFFFFF)),  # Teredo, as server
    ]


def answering(*addresses: str):
    """A resolver that gives these."""

    def lookup(host: str, port: int) -> list[Target]:
        return [
            (socket.AF_INET6, (address, port, 0, 0)) if ":" in address else (socket.AF_INET, (address, port))
            for address in addresses
        ]

    return lookup


def refusal(guard: Guard, host: str = "mail.example.com", port: int = 587) -> SendError:
    with pytest.raises(SendError) as refused:
        guard.addresses(host, port, deadline=time.monotonic() + 5)
    return refused.value


@pytest.mark.parametrize("address", [*INSIDE, *(form for address in INSIDE for form in wrapped(address))])
def test_no_address_inside_is_reached_in_any_wrapping(address):
    assert refusal(Guard(lookup=answering(address))).failure is Failure.HOST


TRAPS = [
    "fec0::1",
    "ff02::1",
    "ff0e::1",
    "fe80::1",
    "fd12::1",
    "::",
    "::1",
    "2001:db8::1",
    "3fff::1",
    "5f00::1",
    "100::1",
]


@pytest.mark.parametrize("address", TRAPS)
def test_no_address_without_a_place_in_the_world_is_reached(address):
    assert refusal(Guard(lookup=answering(address))).failure is Failure.HOST


@given(st.integers(0, 2**32 - 1))
def test_a_wrapping_is_never_allowed_where_its_address_is_not(number):
    address, guard = str(IPv4Address(number)), Guard()

    for form in wrapped(address):
        assert guard.allows(address, 587) or not guard.allows(form, 587)


@given(st.integers(0, 2**128 - 1))
def test_every_allowed_address_is_global(number):
    address = ip_address(number) if number < 2**32 else IPv6Address(number)

    if Guard().allows(str(address), 25):
        assert address.is_global
        assert not address.is_multicast


METADATA = ["169.254.169.254", "169.254.170.2", "100.100.100.200", "168.63.129.16", "192.0.0.192", "fd00:ec2::254"]


@pytest.mark.parametrize("address", METADATA)
def test_metadata_stays_closed_when_all_is_opened(address):
    guard = Guard((ip_network("0.0.0.0/0"), ip_network("::/0")), lookup=answering(address))

    assert refusal(guard).message == NOT_ALLOWED


@pytest.mark.parametrize("place", range(3))
def test_one_bad_address_among_good_ones_refuses_the_name(place):
    found = ["9.9.9.9", "8.8.8.8"]
    found.insert(place, "10.0.0.1")

    assert refusal(Guard(lookup=answering(*found))).failure is Failure.HOST


def test_a_name_that_moves_is_refused_before_anything_is_sent():
    """The first answer, given to whoever saved the rule, is public; the one at sending is this machine."""
    answers = iter(["9.9.9.9", "127.0.0.1"])
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.2)
    port = listener.getsockname()[1]

    def moving(host: str, at: int) -> list[Target]:
        return answering(next(answers))(host, at)

    guard = Guard(allowed_ports=frozenset({port}), lookup=moving)
    assert guard.addresses("moves.example.com", port, deadline=time.monotonic() + 5)

    endpoint = Endpoint(host="moves.example.com", port=port, encryption=Encryption.NONE)
    with pytest.raises(SendError) as refused:
        Handshake(endpoint, guard).run()

    assert refused.value.failure is Failure.HOST
    with listener, pytest.raises(TimeoutError):
        listener.accept()


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1"])
def test_a_name_that_is_an_alias_is_judged_by_the_address_it_ends_at(monkeypatch, address):
    """The system's resolver follows aliases, and gives the last one's name beside its address."""
    family, place = (socket.AF_INET6, (address, 587, 0, 0)) if ":" in address else (socket.AF_INET, (address, 587))
    found = [(family, socket.SOCK_STREAM, 6, "db.internal", place)]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *asked, **more: found)

    assert refusal(Guard(), "alias.example.com").failure is Failure.HOST


def test_the_name_is_asked_once_and_the_address_that_was_checked_is_used(monkeypatch):
    asked: list[str] = []
    connected: list[object] = []

    def lookup(host: str, port: int) -> list[Target]:
        asked.append(host)
        return answering("9.9.9.9")(host, port)

    monkeypatch.setattr(socket.socket, "connect", lambda self, address: connected.append(address) or 1 / 0)
    endpoint = Endpoint(host="mail.example.com", port=587, encryption=Encryption.NONE)
    with pytest.raises(ZeroDivisionError):
        Handshake(endpoint, Guard(lookup=lookup)).run()

    assert asked == ["mail.example.com"]
    assert connected[-1] == ("9.9.9.9", 587)


SPELLINGS = [
    "127.1",
    "0x7f.1",
    "017700000001",
    "2130706433",
    "0x7f000001",
    "127.0.0.1.",
    "127.0.0.1\0.example.com",
    "127。0。0。1",
    "①②⑦.⓪.⓪.①",
    "１２７.0.0.1",
    "[::1]",
    "::ffff:127.0.0.1",
    "::1%lo",
    "localhost",
    "LOCALHOST",
    "db.localhost",
    "smtp.example.com@127.0.0.1",
    "smtp.example.com:25",
    "smtp.example.com/x",
    "smtp.example.com?x",
    "//127.0.0.1",
    "smtp://127.0.0.1",
    "file:///etc/passwd",
    "unix:/run/x.sock",
    "a b.example.com",
    "a\tb.example.com",
    "-a.example.com",
    "a_b.example.com",
    "a" * 64 + ".example.com",
    "a." * 127 + "com",
    ".",
    "..",
    "",
    "🙂.example.com",
    "ex\u00adample.com",
    "exam\u200dple.com",
]


@pytest.mark.parametrize("host", SPELLINGS)
def test_a_host_that_is_not_plainly_one_is_refused_when_it_is_saved(host):
    server = {"host": host, "port": 587}

    said = static_host_error(host)
    wrong = trials.refused(action__kind="smtp_custom", action__connection=None, action__server=server)

    assert said or "action.server.host" in wrong


@pytest.mark.parametrize(
    "port", [0, 1, 22, 53, 80, 110, 443, 3306, 5432, 6379, 9200, 11211, 27017, 65_536, -25, "25", 25.5]
)
def test_a_port_that_is_not_for_mail_is_refused(port):
    server = {"host": "mail.example.com", "port": port}

    wrong = trials.refused(action__kind="smtp_custom", action__connection=None, action__server=server)

    assert "action.server.port" in wrong or not Guard().allows("9.9.9.9", port)


def test_every_refusal_is_the_same_sentence():
    said = {
        refusal(Guard(lookup=answering("10.0.0.1"))).message,
        refusal(Guard(lookup=answering("9.9.9.9")), port=6379).message,
        refusal(Guard(lookup=answering("9.9.9.9")), host="127.1").message,
        refusal(Guard(lookup=answering("169.254.169.254"))).message,
    }

    assert said == {NOT_ALLOWED}
