"""Hash and base64 filters: no part of Twig, kept apart from its own. Texts are hashed as UTF-8."""

from __future__ import annotations

import base64 as _base64
import binascii
import hashlib
import hmac as _hmac
from typing import Final

HMAC_ALGORITHMS: Final = ("md5", "sha1", "sha256", "sha384", "sha512")


def md5(value: str) -> str:
    """The MD5 digest in lower-case hex, for gravatars and the like, not for security."""
    return hashlib.md5(_bytes(value), usedforsecurity=False).hexdigest()


def sha1(value: str) -> str:
    """The SHA-1 digest in lower-case hex."""
    return hashlib.sha1(_bytes(value), usedforsecurity=False).hexdigest()


def sha256(value: str) -> str:
    """The SHA-256 digest in lower-case hex."""
    return hashlib.sha256(_bytes(value)).hexdigest()


def hmac(value: str, key: str, algorithm: str = "sha256") -> str:
    """The keyed digest in lower-case hex. Raises ValueError for an unknown algorithm."""
    if algorithm not in HMAC_ALGORITHMS:
        raise ValueError(f'"{algorithm}" is no HMAC algorithm; known are {", ".join(HMAC_ALGORITHMS)}')
    return _hmac.new(_bytes(key), _bytes(value), algorithm).hexdigest()


def base64_encode(value: str) -> str:
    """Standard base64 with padding."""
    return _base64.b64encode(_bytes(value)).decode("ascii")


def base64_decode(value: str) -> str:
    """The text of standard or URL-safe base64, padding optional. Raises ValueError for anything else.

    Bytes that are not UTF-8 become the replacement character.
    """
    compact = "".join(value.split()).rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return _base64.b64decode(compact + "=" * (-len(compact) % 4), validate=True).decode("utf-8", "replace")
    except (binascii.Error, UnicodeEncodeError, ValueError):
        raise ValueError("The value is not base64") from None


def _bytes(value: str) -> bytes:
    return value.encode("utf-8", "surrogateescape")
