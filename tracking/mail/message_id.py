"""The Message-ID of a delivery: the same at every try, and not to be guessed by others."""

from __future__ import annotations

import hmac
import re
import uuid
from functools import lru_cache

_DOMAIN = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*\Z")
_PROOF_CHARACTERS = 8


def message_id(key: uuid.UUID, *, secret: bytes, domain: str) -> str:
    """`<key.proof@domain>`: the key in hex and the first eight hex digits of its HMAC-SHA256.

    ValueError when `domain` is no host name in ASCII.
    """
    proof = _keyed(secret).copy()
    proof.update(key.bytes)
    return f"<{key.hex}.{proof.hexdigest()[:_PROOF_CHARACTERS]}@{_host(domain)}>"


@lru_cache(maxsize=8)
def _keyed(secret: bytes) -> hmac.HMAC:
    """To be copied: the same for all mails of an installation."""
    return hmac.new(secret, digestmod="sha256")


@lru_cache(maxsize=8)
def _host(domain: str) -> str:
    if not _DOMAIN.match(domain):
        raise ValueError(f"{domain!r} is no host name for a Message-ID")
    return domain
