from __future__ import annotations

import socket
import threading
import time
from ipaddress import ip_network

import pytest

from tracking.choices import Failure, Phase
from tracking.errors import SendError
from tracking.smtp.guard import (
    NOT_ALLOWED,
    Guard,
    Target,
    ascii_host,
    static_host_error,
    static_port_error,
)

PUBLIC_4, PUBLIC_6 = "8.8.8.8", "2606:4700:4700::1111"

FORBIDDEN = [
    "127.0.0.1",
    "127.255.255.254",
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "100.64.0.1",
    "100.100.100.200",
    "169.254.169.254",
    "168.63.129.16",
    "0.0.0.0",
    "0.1.2.3",
    "192.0.0.8",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::8.8.8.8",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1",
    "100::1",
    "2001:0:7f00:1::",
    "2001:0:808:808::f7f7:f7f7",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:808:808::",
    "3fff::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fec0::1",
    "ff02::1",
    "ffff::1",
]


class Names:
    """A resolver with a table, that counts."""

    def __init__(self, **table: list[str]) -> None:
        self.table = table
        self.asked: list[str] = []

    def __call__(self, host: str, port: int) -> list[Target]:
        self.asked.append(host)
        addresses = self.table.get(host.partition(".")[0])
        if addresses is None:
            raise socket.gaierror(socket.EAI_NONAME, "unknown")
        return [
            (socket.AF_INET6, (address, port, 0, 0)) if ":" in address else (socket.AF_INET, (address, port))
            for address in addresses
        ]


def soon() -> float:
    return time.monotonic() + 5


def refusal(guard: Guard, host: str, port: int = 587) -> SendError:
    with pytest.raises(SendError) as caught:
        guard.addresses(host, port, deadline=soon())
    return caught.value


@pytest.mark.parametrize("address", FORBIDDEN)
def test_an_address_that_is_nobodys_business_is_refused(address: str) -> None:
    error = refusal(Guard(lookup=Names(mail=[address])), "mail.example.com")

    assert (error.failure, error.phase, error.message) == (Failure.HOST, Phase.CONNECT, NOT_ALLOWED)


@pytest.mark.parametrize("address", FORBIDDEN)
def test_such_an_address_is_refused_as_it_stands(address: str) -> None:
    assert static_host_error(address) == NOT_ALLOWED


@pytest.mark.parametrize("address", [PUBLIC_4, PUBLIC_6, "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_a_public_address_is_allowed(address: str) -> None:
    found = Guard(lookup=Names(mail=[address])).addresses("mail.example.com", 587, deadline=soon())

    assert [sockaddr[0] for _, sockaddr in found] == [address]


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "mail.localhost"])
def test_the_name_of_this_machine_is_known_without_asking(host: str) -> None:
    assert static_host_error(host) == NOT_ALLOWED
    assert static_host_error(host, Guard((ip_network("127.0.0.0/8"),))) is None


@pytest.mark.parametrize("bad", ["127.0.0.1", "::1", "169.254.169.254"])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_one_bad_address_refuses_the_host(bad: str, place: int) -> None:
    addresses = [PUBLIC_4, PUBLIC_6]
    addresses.insert(place, bad)

    assert refusal(Guard(lookup=Names(mail=addresses)), "mail.example.com").failure is Failure.HOST


@pytest.mark.parametrize(
    "host",
    [
        "127.1",
        "127.0.1",
        "2130706433",
        "0x7f000001",
        "0x7f.0.0.1",
        "0x",
        "0177.0.0.1",
        "127.0.0.01",
        "1.2.3.4.5",
        "mail.example.123",
        "①②⑦.⓪.⓪.①",
        "127。0。0。1",
        "１２７.0.0.1",
        "127.0.0.1\0.example.com",
        "mail.example.com\0",
        "mail.example.com\r\nQUIT",
        "",
        " ",
        ".",
        "..",
        "a..b",
        ".example.com",
        "example.com.",
        "-a.example",
        "a-.example",
        "a_b.example",
        "sm tp.example.com",
        "smtp.example.com:25",
        "smtp.example.com/path",
        "smtp.example.com#x",
        "user@example.com",
        "http://example.com",
        "file:///etc/passwd",
        "/var/run/x.sock",
        "[::1]",
        "fe80::1%eth0",
        "a" * 64 + ".example",
        "a." * 130 + "example",
        "xn--",
        "bü\u200bcher.example",
        "ⓔxample.com",
    ],
)
def test_what_is_not_plainly_a_host_is_never_resolved(host: str) -> None:
    names = Names()

    assert static_host_error(host) is not None
    assert refusal(Guard(lookup=names), host).failure is Failure.HOST
    assert names.asked == []


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("smtp.example.com", "smtp.example.com"),
        ("SMTP.Example.COM", "smtp.example.com"),
        ("mailhost", "mailhost"),
        ("a-b.c1", "a-b.c1"),
        ("1st.example.com", "1st.example.com"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("почта.рф", "xn--80a1acny.xn--p1ai"),
        (PUBLIC_4, PUBLIC_4),
        (PUBLIC_6, PUBLIC_6),
    ],
)
def test_how_a_host_is_asked_for(host: str, name: str) -> None:
    assert ascii_host(host) == name
    assert static_host_error(host) is None


@pytest.mark.parametrize("port", [-1, 0, 22, 80, 443, 2526, 11211, 65_535])
def test_a_port_that_is_not_for_mail_is_refused(port: int) -> None:
    assert refusal(Guard(lookup=Names(mail=[PUBLIC_4])), "mail.example.com", port).failure is Failure.HOST
    assert static_port_error(port) is not None


@pytest.mark.parametrize("port", [25, 465, 587, 2525])
def test_the_ports_of_mail_are_allowed(port: int) -> None:
    assert Guard(lookup=Names(mail=[PUBLIC_4])).addresses("mail.example.com", port, deadline=soon())
    assert static_port_error(port) is None


@pytest.mark.parametrize(
    ("network", "address"),
    [
        ("127.0.0.0/8", "127.0.0.1"),
        ("127.0.0.0/8", "::ffff:127.0.0.1"),
        ("::1/128", "::1"),
        ("10.1.0.0/16", "10.1.2.3"),
        ("fd12::/16", "fd12::1"),
    ],
)
def test_an_operator_opens_a_network_on_every_port(network: str, address: str) -> None:
    guard = Guard((ip_network(network),), lookup=Names(relay=[address]))

    assert guard.addresses("relay.internal", 1025, deadline=soon())
    assert static_port_error(1025, guard) is None


@pytest.mark.parametrize(
    "address",
    [
        *("169.254.169.254", "168.63.129.16", "100.100.100.200", "0.0.0.0"),
        *("fd00:ec2::254", "fd20:ce::254", "fd00:c1::a9fe:a9fe", "fd00:42::42", "fe80::1", "::"),
    ],
)
def test_metadata_stays_closed_whatever_the_operator_opens(address: str) -> None:
    guard = Guard((ip_network("0.0.0.0/0"), ip_network("::/0")), lookup=Names(evil=[address]))

    assert refusal(guard, "evil.example.com").failure is Failure.HOST


@pytest.mark.parametrize("wrapped", ["64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::", "::169.254.169.254", "::ffff:a9fe:a9fe"])
def test_metadata_stays_closed_in_every_wrapping(wrapped: str) -> None:
    assert not Guard((ip_network("::/0"), ip_network("0.0.0.0/0"))).allows(wrapped, 25)


def test_one_open_network_does_not_open_the_others() -> None:
    guard = Guard((ip_network("127.0.0.0/8"),), lookup=Names(mail=["127.0.0.1", "10.0.0.1"]))

    assert refusal(guard, "mail.example.com").failure is Failure.HOST


def test_an_address_of_this_machine_is_refused_even_if_it_looks_public() -> None:
    guard = Guard(lookup=Names(me=["127.0.0.1"]))

    assert not guard._is_foreign(socket.AF_INET, ("127.0.0.1", 25))


def test_a_refused_host_opens_no_socket(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_socket(*_args: object, **_options: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr("tracking.smtp.guard.socket.socket", no_socket)

    for address in FORBIDDEN:
        assert refusal(Guard(lookup=Names(mail=[address])), "mail.example.com").failure is Failure.HOST


def test_a_name_is_resolved_once() -> None:
    names = Names(mail=[PUBLIC_4])

    Guard(lookup=names).addresses("mail.example.com", 587, deadline=soon())

    assert names.asked == ["mail.example.com"]


def test_a_name_that_does_not_resolve_is_temporary() -> None:
    assert refusal(Guard(lookup=Names()), "mail.example.com").failure is Failure.TEMPORARY


def test_a_resolver_that_hangs_is_left_behind() -> None:
    release = threading.Event()

    def hang(_host: str, _port: int) -> list[Target]:
        release.wait(10)
        return []

    with pytest.raises(SendError) as caught:
        Guard(lookup=hang).addresses("mail.example.com", 587, deadline=time.monotonic() + 0.05)

    release.set()
    assert caught.value.failure is Failure.TIMEOUT


def test_every_refusal_says_the_same() -> None:
    names = Names(inside=["10.0.0.1"], outside=[PUBLIC_4])
    guard = Guard(lookup=names)

    messages = {refusal(guard, "inside.example").message, refusal(guard, "outside.example", 80).message}

    assert messages == {NOT_ALLOWED}
