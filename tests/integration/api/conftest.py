"""A platform's client: a user who may emit, a token of theirs, and the address."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.http import HttpResponse
from django.test import Client

from tests import factories
from tracking.api import tokens
from tracking.models import User

EVENTS = "/api/v1/events/"
JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Platform:
    """Calls as platform code does: a token in the header, JSON in the body."""

    user: User
    token: str

    def post(self, value: Any, *, path: str = EVENTS, content_type: str = JSON, **headers: str) -> HttpResponse:
        """`value` is sent as JSON, bytes as they are."""
        body = value if isinstance(value, bytes) else json.dumps(value).encode()
        named = {name.replace("_", "-"): text for name, text in headers.items()}
        return Client(enforce_csrf_checks=True).post(
            path, body, content_type=content_type, headers={"authorization": f"Bearer {self.token}", **named}
        )


@pytest.fixture
def emitter(db) -> User:
    user = factories.UserFactory.create()
    user.user_permissions.add(Permission.objects.get(codename="add_storedevent"))
    return user


@pytest.fixture
def platform(emitter: User, rung) -> Platform:
    """Nobody is woken by what it emits."""
    return Platform(emitter, tokens.issue(emitter, "platform")[1])
