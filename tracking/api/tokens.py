"""API tokens: shown once, kept as a hash, found by it."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from django.db.models import Q

from tracking.models import ApiToken, User

_PREFIX = "evt_"
_FRESH = timedelta(minutes=1)  # "last used" is written at most this often


def issue(user: User, name: str, expires_at: datetime | None = None) -> tuple[ApiToken, str]:
    """A new token of a user, and its text, which cannot be had again."""
    text = _PREFIX + secrets.token_urlsafe(32)
    row = ApiToken.objects.create(user=user, name=name, digest=_digest(text), hint=text[:10], expires_at=expires_at)
    return row, text


def find(text: str, *, now: datetime) -> ApiToken | None:
    """The valid token of an active user with that text, None otherwise. Notes that it was used."""
    token = ApiToken.objects.select_related("user").filter(digest=_digest(text)).first()
    if token is None or not token.valid_at(now) or not token.user.is_active:
        return None
    unseen = Q(last_used_at=None) | Q(last_used_at__lt=now - _FRESH)
    ApiToken.objects.filter(unseen, pk=token.pk).update(last_used_at=now)
    return token


def _digest(text: str) -> str:
    """Tokens are long and random: a plain hash is enough, and can be looked up."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
