"""Secrets at rest: MultiFernet over CREDENTIALS_KEYS, each token bound to the row that holds it.

The first key seals, all of them open: put a new key in front, run `manage.py rotate_credentials`, drop the old one.
"""

from __future__ import annotations

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from tracking import conf
from tracking.errors import CredentialsError

_PREFIX = "enc:v1:"


def _fernet() -> MultiFernet:
    try:
        return MultiFernet([Fernet(key) for key in conf.credentials_keys()])
    except ValueError as error:
        raise CredentialsError("CREDENTIALS_KEYS needs at least one key, each 32 url-safe base64 bytes") from error


def seal(secret: str, *, bound_to: str) -> str:
    """The secret encrypted for one row; an empty secret stays empty."""
    if not secret:
        return ""
    return _PREFIX + _fernet().encrypt(f"{bound_to}\0{secret}".encode()).decode()


def unseal(token: str, *, bound_to: str) -> str:
    """Raises CredentialsError when no key opens the token or it was sealed for another row."""
    if not token:
        return ""
    if not token.startswith(_PREFIX):
        raise CredentialsError("the stored password is not encrypted by this product")
    try:
        owner, _, secret = _fernet().decrypt(token[len(_PREFIX) :].encode()).decode().partition("\0")
    except InvalidToken as error:
        raise CredentialsError("none of CREDENTIALS_KEYS opens the stored password") from error
    if owner != bound_to:
        raise CredentialsError("the stored password belongs to another connection")
    return secret


def rotated(token: str) -> str:
    """The token sealed anew with the first key; none stays none. Raises CredentialsError."""
    if not token:
        return ""
    try:
        return _PREFIX + _fernet().rotate(token.removeprefix(_PREFIX).encode()).decode()
    except InvalidToken as error:
        raise CredentialsError("none of CREDENTIALS_KEYS opens the stored password") from error
