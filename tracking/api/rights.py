"""What a request needs: a permission of its user, and a scope where its token has any."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from django.contrib.auth import get_permission_codename
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from tracking import models
from tracking.choices import Scope
from tracking.models import ApiToken

if TYPE_CHECKING:
    from tracking.api.door import Door


class Right(NamedTuple):
    """`permission` is Django's, without the app's name: `view_rule`."""

    scope: Scope
    permission: str


def reading(scope: Scope, model: str) -> Mapping[str, Right]:
    """For lists and single rows."""
    return dict.fromkeys(("list", "retrieve"), Right(scope, f"view_{model}"))


class HasRight(BasePermission):
    """By the door's table; a method that the door does not have is let through, to be answered 405."""

    def has_permission(self, request: Request, view: Any) -> bool:
        door: Door = view
        right = door.rights.get(door.action or "")
        if request.user is None:
            return False
        if right is None:
            return door.action in (None, "metadata")
        if isinstance(request.auth, ApiToken) and request.auth.scopes and right.scope not in request.auth.scopes:
            self.message = f"{right.scope.label} needs a token with the scope {right.scope.value}."
            return False
        self.message = f"{right.scope.label} needs the permission “{_in_words(right.permission)}”."
        return bool(request.user.has_perm(f"tracking.{right.permission}"))


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
