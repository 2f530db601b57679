"""The Message-ID of a delivery: the same at every try, and not to be guessed by others."""

from __future__ import annotations

import hmac
import re
import uuid

_DOMAIN = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*\Z")
_PROOF_CHARACTERS = 8


def message_id(key: uuid.UUID, *, secret: bytes, domain: str) -> str:
    """`<key.proof@domain>`: the key in hex and the first eight hex digits of its HMAC-SHA256.

    ValueError when `domain` is no host name in ASCII.
    """
    if not _DOMAIN.match(domain):
        raise ValueError(f"{domain!r} is no host name for a Message-ID")
    proof = hmac.digest(secret, key.bytes, "sha256").hex()[:_PROOF_CHARACTERS]
    return f"<{key.hex}.{proof}@{domain}>"
