"""Secrets at rest: MultiFernet over CREDENTIALS_KEYS, each token bound to the row that holds it.

The first key seals, all of them open: put a new key in front, run `manage.py rotate_credentials`, drop the old one. A
token names the key that sealed it, so that what is still on an old one can be counted and said.
"""

from __future__ import annotations

from hashlib import sha256

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from tracking import conf
from tracking.errors import CredentialsError

_UNNAMED = "enc:v1:"  # sealed before keys had names
_NAMED = "enc:v2:"


def _fernet() -> MultiFernet:
    try:
        return MultiFernet([Fernet(key) for key in conf.credentials_keys()])
    except ValueError as error:
        raise CredentialsError("CREDENTIALS_KEYS needs at least one key, each 32 url-safe base64 bytes") from error


def key_id(key: str) -> str:
    """A name for the key, which tells nothing of it."""
    return sha256(b"credentials key id:" + key.encode()).hexdigest()[:8]


def current_prefix() -> str:
    """What every token of the first key begins with."""
    return f"{_NAMED}{key_id(conf.credentials_keys()[0])}:"


def seal(secret: str, *, bound_to: str) -> str:
    """The secret encrypted for one row; an empty secret stays empty."""
    if not secret:
        return ""
    token = _fernet().encrypt(f"{bound_to}\0{secret}".encode()).decode()
    return current_prefix() + token


def unseal(token: str, *, bound_to: str) -> str:
    """Raises CredentialsError when no key opens the token or it was sealed for another row."""
    if not token:
        return ""
    key, sealed = _taken_apart(token)
    try:
        owner, _, secret = _fernet().decrypt(sealed).decode().partition("\0")
    except InvalidToken as error:
        raise _unopened(key) from error
    if owner != bound_to:
        raise CredentialsError("the stored password belongs to another connection")
    return secret


def rotated(token: str) -> str:
    """The token sealed anew with the first key; none stays none. Raises CredentialsError."""
    if not token:
        return ""
    key, sealed = _taken_apart(token)
    try:
        return current_prefix() + _fernet().rotate(sealed).decode()
    except InvalidToken as error:
        raise _unopened(key) from error


def _taken_apart(token: str) -> tuple[str, bytes]:
    """The id of the key, "" where the token names none, and what the key opens."""
    if token.startswith(_UNNAMED):
        return "", token.removeprefix(_UNNAMED).encode()
    if token.startswith(_NAMED):
        key, _, sealed = token.removeprefix(_NAMED).partition(":")
        return key, sealed.encode()
    raise CredentialsError("the stored password is not encrypted by this product")


def _unopened(key: str) -> CredentialsError:
    sealed_with = f"; it was sealed with key {key}" if key else ""
    return CredentialsError(f"none of CREDENTIALS_KEYS opens the stored password{sealed_with}")
