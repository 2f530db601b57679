"""Certificates for tests: an authority of their own, and good and bad certificates by it."""

from __future__ import annotations

import ipaddress
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _alternative(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


class Authority:
    """Signs certificates. `ca_file` is the path of its own, to be trusted by a client; files live in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name("Authority of the tests")
        self._certificate = self._sign(self._name, self._key, authority=True)
        path = folder / "authority.pem"
        path.write_bytes(self._certificate.public_bytes(serialization.Encoding.PEM))
        self.ca_file = str(path)

    def server_context(
        self,
        *hosts: str,
        days: tuple[int, int] = (-2, 1),
        self_signed: bool = False,
        weak: bool = False,
    ) -> ssl.SSLContext:
        """What a server for these hosts (names or addresses) needs to speak TLS.

        `days` is when the certificate's validity begins and ends, from now. A weak one has an RSA key of 1,024 bits.
        """
        path = self.server_file(*hosts, days=days, self_signed=self_signed, weak=weak)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        if weak:
            context.set_ciphers("ALL:@SECLEVEL=0")  # or OpenSSL would not even load it
        context.load_cert_chain(path)
        return context

    def server_file(
        self,
        *hosts: str,
        days: tuple[int, int] = (-2, 1),
        self_signed: bool = False,
        weak: bool = False,
    ) -> Path:
        """Key and certificate of such a server in one file."""
        key = rsa.generate_private_key(65_537, 1_024) if weak else ec.generate_private_key(ec.SECP256R1())
        certificate = self._sign(_name(hosts[0]), key, hosts, days=days, self_signed=self_signed)
        path = self._folder / f"{certificate.serial_number}.pem"
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
        return path

    def _sign(
        self,
        subject: x509.Name,
        key: Key,
        hosts: tuple[str, ...] = (),
        *,
        days: tuple[int, int] = (-2, 1),
        authority: bool = False,
        self_signed: bool = False,
    ) -> x509.Certificate:
        now = datetime.now(UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject if self_signed else self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + timedelta(days=days[0]))
            .not_valid_after(now + timedelta(days=days[1]))
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        )
        if hosts:
            names = x509.SubjectAlternativeName([_alternative(host) for host in hosts])
            builder = builder.add_extension(names, critical=False)
        return builder.sign(key if self_signed else self._key, hashes.SHA256())
