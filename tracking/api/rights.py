"""What a request needs: a permission of its user, and a scope where its token has any."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from django.contrib.auth import get_permission_codename
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from tracking import models
from tracking.choices import Scope
from tracking.models import ApiToken

if TYPE_CHECKING:
    from tracking.api.door import Door


class Right(NamedTuple):
    """`permission` is Django's, without the app's name: `view_rule`. `instead`: another that does as well."""

    scope: Scope
    permission: str
    instead: str = ""


SEE_EVENTS = Right(Scope.EVENTS_READ, "view_storedevent")


def reading(scope: Scope, model: str) -> Mapping[str, Right]:
    """For lists and single rows."""
    return dict.fromkeys(("list", "retrieve"), Right(scope, f"view_{model}"))


class HasRight(BasePermission):
    """By the door's tables; a method that the door does not have is let through, to be answered 405."""

    def has_permission(self, request: Request, view: Any) -> bool:
        door: Door = view
        right = door.rights.get(door.action or "")
        if request.user is None:
            return False
        if right is None:
            return door.action in (None, "metadata")
        also = door.also.get(door.action or "")
        wanting = missing(request, right) or (also and missing(request, also)) or _of_the_house(request, door)
        self.message = wanting
        return wanting is None


def missing(request: Request, right: Right) -> str | None:
    """What keeps the caller from it, in words; None: nothing."""
    if isinstance(request.auth, ApiToken) and request.auth.scopes and right.scope not in request.auth.scopes:
        return f"{right.scope.label} needs a token with the scope {right.scope.value}."
    permissions = [name for name in (right.permission, right.instead) if name]
    if any(request.user.has_perm(f"tracking.{name}") for name in permissions):
        return None
    return f"{right.scope.label} needs the permission {' or '.join(f'“{_in_words(name)}”' for name in permissions)}."


def _of_the_house(request: Request, door: Door) -> str | None:
    narrowed = isinstance(request.auth, ApiToken) and request.auth.narrowed
    if not (door.house and narrowed) or request.method in SAFE_METHODS:
        return None
    return "A token that is narrowed to products does not write what all products share."


def _words() -> Mapping[str, str]:
    """Codename -> Django's name of the permission."""
    found: dict[str, str] = {}
    for model in (getattr(models, name) for name in models.__all__):
        options = model._meta
        for action in options.default_permissions:
            found[get_permission_codename(action, options)] = f"Can {action} {options.verbose_name_raw}"
        found |= dict(options.permissions)
    return found


_WORDS = _words()


def _in_words(codename: str) -> str:
    return _WORDS.get(codename, codename)
