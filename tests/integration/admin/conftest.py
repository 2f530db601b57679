"""People at the admin, and what a browser would send of a page's form."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from tests import factories


@pytest.fixture
def person(db) -> Callable[..., Client]:
    """A client of a member of staff who has just these permissions, as `"view_rule"`."""

    def with_permissions(*names: str, **fields: Any) -> Client:
        user = factories.UserFactory.create(is_staff=True, **fields)
        user.user_permissions.set(Permission.objects.filter(codename__in=names))
        client = Client()
        client.force_login(user)
        return client

    return with_permissions


@pytest.fixture(autouse=True)
def nobody_is_woken(rung) -> list[int]:
    return rung


@pytest.fixture(autouse=True)
def quick_passwords(settings) -> None:
    """Making a person costs half a second otherwise."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
