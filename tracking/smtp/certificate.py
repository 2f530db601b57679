"""What a server's certificate said of itself when it was refused: claims, for people who mend it.

Python gives a refused certificate to nobody, so it is taken from the handshake's own messages by `_msg_callback`, which
is there for such looks and not documented. Without it a refusal still says what was wrong. Nothing here verifies.
"""

from __future__ import annotations

import ssl
from typing import Any

from cryptography import x509

_HANDSHAKE, _CERTIFICATE = 22, 11  # RFC 8446 5.1 and 4
_LONGEST = 100  # characters of one name


class RefusedError(ssl.SSLCertVerificationError):
    """As OpenSSL refused it; `claims` is a sentence on whose it is, "" where that could not be read."""

    def __init__(self, error: ssl.SSLCertVerificationError, claims: str) -> None:
        super().__init__(*error.args)
        self.verify_code: int = error.verify_code
        self.verify_message: str = error.verify_message
        self.claims = claims


def overhear(context: ssl.SSLContext) -> ssl.SSLContext:
    """Have its sockets keep the peer's message with the certificate, as long as this is their context."""
    if hasattr(context, "_msg_callback"):
        context._msg_callback = _keep
    return context


def _keep(sock: Any, direction: str, *message: Any) -> None:
    _version, content, kind, data = message
    if direction == "read" and (content, kind) == (_HANDSHAKE, _CERTIFICATE):
        sock.heard = data


def claims(sock: ssl.SSLSocket) -> str:
    """Subject, issuer and validity of what the socket heard, in a sentence; "" where there is nothing to read."""
    try:
        found = x509.load_der_x509_certificate(_first(getattr(sock, "heard", b"")))
        names = [name.rfc4514_string()[:_LONGEST] for name in (found.subject, found.issuer)]
        first, last = found.not_valid_before_utc, found.not_valid_after_utc
    except (ValueError, IndexError):
        return ""
    return f"It says: for {names[0]}, issued by {names[1]}, valid from {first:%Y-%m-%d} to {last:%Y-%m-%d %H:%M} UTC."


def _first(message: bytes) -> bytes:
    """The server's own certificate, the first of the message (RFC 5246 7.4.2; RFC 8446 4.4.2 puts a context before)."""
    plain = int.from_bytes(message[4:7], "big") == len(message) - 7
    start = 7 if plain else 8 + message[4]
    size = int.from_bytes(message[start : start + 3], "big")
    return message[start + 3 : start + 3 + size]
