"""Who may hand out what: nobody gives, or takes over, more than they have themselves."""

from __future__ import annotations

from collections.abc import Iterator

from django.contrib.auth.models import Group, Permission

from tracking import access
from tracking.access import Access
from tracking.choices import Platform, Role
from tracking.models import User
from tracking.roles import BUYER_ROLES, PLATFORM_OF


def grantable(giver: User) -> list[Group]:
    """The groups this person may put others into: those that allow nothing the giver may not do."""
    own, seen = giver.get_all_permissions(), access.of(giver)
    groups = Group.objects.prefetch_related("permissions__content_type").order_by("pk")
    return [group for group in groups if giver.is_superuser or (own.issuperset(_names(group)) and _within(group, seen))]


def _names(group: Group) -> Iterator[str]:
    return (_name(permission) for permission in group.permissions.all())


def _name(permission: Permission) -> str:
    return f"{permission.content_type.app_label}.{permission.codename}"


def _within(group: Group, seen: Access) -> bool:
    """Whether the group's role sees no more than that. People of some buyers hand out nothing."""
    role = next((role for role in Role if role.value == group.name), None)
    if seen.scoped:
        return False
    if role in BUYER_ROLES:
        return True
    platforms = frozenset({PLATFORM_OF[role]}) if role in PLATFORM_OF else frozenset(Platform)
    return platforms <= seen.platforms


def may_manage(manager: User, other: User) -> bool:
    """Whether the other has nothing that the manager could not give: else a new password would take it over."""
    if manager.is_superuser:
        return True
    if other.is_superuser:
        return False
    given = {group.pk for group in grantable(manager)}
    own = manager.get_all_permissions()
    extra = other.user_permissions.select_related("content_type")
    return (
        not access.of(manager).scoped
        and given.issuperset(other.groups.values_list("pk", flat=True))
        and all(_name(permission) in own for permission in extra)
    )
