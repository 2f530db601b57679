"""People who try doors."""

from __future__ import annotations

import pytest
from django.test import Client

from tests import factories
from tracking.models import User

PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def quick_passwords(settings) -> None:
    """Making a person costs half a second otherwise."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def operator(db) -> User:
    user = factories.UserFactory.create(username="ada", is_staff=True, is_superuser=True)
    user.set_password(PASSWORD)
    user.save()
    return user


@pytest.fixture
def visitor() -> Client:
    return Client()
