"""The groups of the roles, with the permissions of the table."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tracking.roles import PERMISSIONS, REVEAL

_WORDS = {REVEAL: "Can reveal logged content"}


def grant(apps: Any) -> None:
    """Make the roles' groups and give them what the table says; what they were given beside it, they keep.

    `apps` is a registry of models, a migration's own too. Permissions are made where they are missing: Django makes
    them only after the last migration.
    """
    permissions = _permissions(apps, {name for names in PERMISSIONS.values() for name in names})
    for role, names in PERMISSIONS.items():
        group, _ = apps.get_model("auth", "Group").objects.get_or_create(name=role.value)
        group.permissions.add(*(permissions[name] for name in names))


def _permissions(apps: Any, names: Iterable[str]) -> dict[str, Any]:
    found = {}
    for name in sorted(names):
        verb, model = name.split("_", 1)
        kind, _ = apps.get_model("contenttypes", "ContentType").objects.get_or_create(app_label="tracking", model=model)
        words = _WORDS.get(name) or f"Can {verb} {_verbose(apps, model)}"
        found[name], _ = apps.get_model("auth", "Permission").objects.get_or_create(
            content_type=kind, codename=name, defaults={"name": words}
        )
    return found


def _verbose(apps: Any, model: str) -> str:
    """As Django will call it; a model of a later migration is named by its bare name until then."""
    try:
        return str(apps.get_model("tracking", model)._meta.verbose_name)
    except LookupError:
        return model
