"""API tokens: shown once, kept as a hash, found by it."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet

from tracking.choices import AuditAction, Scope
from tracking.models import ApiToken, Product, User
from tracking.store import audit

_PREFIX = "evt_"
_FRESH = timedelta(minutes=1)  # "last used" is written at most this often


@transaction.atomic
def issue(
    user: User,
    name: str,
    expires_at: datetime | None = None,
    *,
    scopes: Iterable[Scope] = (),
    products: Iterable[Product] = (),
    by: User | None = None,
) -> tuple[ApiToken, str]:
    """A new token of a user, and its text, which cannot be had again. Without scopes, products: not narrowed."""
    text = _PREFIX + secrets.token_urlsafe(32)
    wanted = sorted({Scope(scope).value for scope in scopes})
    chosen = list(products)
    row = ApiToken.objects.create(
        user=user,
        name=name,
        digest=_digest(text),
        hint=text[:10],
        expires_at=expires_at,
        scopes=wanted,
        narrowed=bool(chosen),
    )
    row.products.set(chosen)
    detail = {"user": user.get_username(), "scopes": wanted, "products": [product.pk for product in chosen]}
    audit.note(actor=by, action=AuditAction.TOKEN_ISSUED, target=row, detail=detail, now=row.created_at)
    return row, text


@transaction.atomic
def revoke(chosen: QuerySet[ApiToken], *, by: User | None, now: datetime) -> list[ApiToken]:
    """Those that were not revoked before; they open nothing any more."""
    live = list(chosen.filter(revoked_at=None))
    ApiToken.objects.filter(pk__in=[row.pk for row in live]).update(revoked_at=now)
    audit.note_each(actor=by, action=AuditAction.TOKEN_REVOKED, targets=live, now=now)
    return live


def find(text: str, *, now: datetime) -> ApiToken | None:
    """The valid token of an active user with that text, None otherwise. Notes that it was used."""
    token = ApiToken.objects.select_related("user").filter(digest=_digest(text)).first()
    if token is None or not token.valid_at(now) or not token.user.is_active:
        return None
    if token.last_used_at is None or token.last_used_at < now - _FRESH:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
    return token


def owner(text: str) -> User | None:
    """Whose token that is or was, valid or not."""
    token = ApiToken.objects.select_related("user").filter(digest=_digest(text)).first()
    return token.user if token else None


def _digest(text: str) -> str:
    """Tokens are long and random: a plain hash is enough, and can be looked up."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
