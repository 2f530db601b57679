"""Who may see and do what: one person's rows, triggers, levels, filters and values, asked by every door.

Django's permissions say which kinds of things a person may read or write (`roles.py`); this says which of them. A row
outside is as if it did not exist. Where roles meet, the narrower holds: a buyer role scopes to buyers whatever stands
beside it, and only Global Admin lifts the platform of another role. Source: DOMAIN, "Roles" and "Filters".
"""

from __future__ import annotations

from collections.abc import Iterable

from tracking.access.documents import Access, unknown_entities, unknown_values
from tracking.access.rows import HIDDEN_FROM_BUYERS
from tracking.choices import Level, Platform, Role
from tracking.models import User
from tracking.roles import BUYER_ROLES, PLATFORM_OF

__all__ = ["HIDDEN_FROM_BUYERS", "Access", "of", "unknown_entities", "unknown_values"]


def of(user: User) -> Access:
    """What that person may see. Two queries; a door keeps the answer for the request."""
    if user.is_superuser:
        return Access(
            user_id=user.pk, roles=frozenset(), buyers=None, platforms=frozenset(Platform), levels=frozenset(Level)
        )
    names = set(user.groups.values_list("name", flat=True))
    roles = frozenset(role for role in Role if role.value in names)
    buyers = _buyers(user, roles)
    return Access(
        user_id=user.pk,
        roles=roles,
        buyers=buyers,
        platforms=_platforms(roles),
        levels=frozenset(Level) if buyers is None else frozenset({Level.CAMPAIGN}),
    )


def _buyers(user: User, roles: frozenset[Role]) -> frozenset[int] | None:
    """None: every row. Somebody of a buyer role without buyers sees none."""
    own = frozenset(user.buyers.values_list("pk", flat=True))
    if roles & BUYER_ROLES or (own and not roles):
        return own
    return None


def _platforms(roles: Iterable[Role]) -> frozenset[Platform]:
    own = frozenset(PLATFORM_OF[role] for role in roles if role in PLATFORM_OF)
    return frozenset(Platform) if Role.GLOBAL_ADMIN in roles or not own else own
