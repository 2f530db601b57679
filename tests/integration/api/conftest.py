"""A platform's client: a user who may do something, a token of theirs, and the address."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core.cache import cache
from django.http import HttpResponse
from django.test import Client

from tests import factories
from tracking.api import tokens
from tracking.choices import Role, Scope
from tracking.models import Buyer, Product, User

V1 = "/api/v1/"
EVENTS = f"{V1}events/"
JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Platform:
    """Calls as platform code does: a token in the header, JSON in the body."""

    user: User
    token: str

    def post(self, value: Any = None, *, path: str = EVENTS, **more: Any) -> HttpResponse:
        return self.send("POST", path, value, **more)

    def get(self, path: str, **headers: str) -> HttpResponse:
        return self.send("GET", path, b"", **headers)

    def put(self, path: str, value: Any, **headers: str) -> HttpResponse:
        return self.send("PUT", path, value, **headers)

    def send(self, method: str, path: str, value: Any, *, content_type: str = JSON, **headers: str) -> HttpResponse:
        """`value` is sent as JSON, bytes as they are, nothing for None; `path` may leave out its beginning."""
        body = value if isinstance(value, bytes) else b"" if value is None else json.dumps(value).encode()
        named = {name.replace("_", "-"): text for name, text in headers.items()}
        return Client(enforce_csrf_checks=True).generic(
            method,
            path if path.startswith("/") else V1 + path,
            body,
            content_type=content_type,
            headers={"authorization": f"Bearer {self.token}", **named},
        )


@pytest.fixture(autouse=True)
def uncounted() -> None:
    """What other tests sent in this minute is forgotten."""
    cache.clear()


@pytest.fixture
def emitter(db) -> User:
    user = factories.UserFactory.create()
    user.user_permissions.add(Permission.objects.get(codename="add_storedevent"))
    return user


@pytest.fixture
def platform(emitter: User, rung) -> Platform:
    """Nobody is woken by what it emits."""
    return Platform(emitter, tokens.issue(emitter, "platform")[1])


Calls = Callable[..., Platform]


@pytest.fixture
def calls(db, rung) -> Calls:
    """`calls("view_rule")`: somebody with these permissions; `role`, `buyers`, `scopes`, `products` narrow them."""

    def made(
        *permissions: str,
        role: Role | None = None,
        buyers: Iterable[Buyer] = (),
        scopes: Iterable[Scope] = (),
        products: Iterable[Product] = (),
    ) -> Platform:
        user = factories.UserFactory.create()
        user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
        user.groups.set([factories.group(role)] if role else [])
        user.buyers.set(buyers)
        return Platform(user, tokens.issue(user, "token", scopes=scopes, products=products)[1])

    return made


@pytest.fixture
def admin(calls: Calls) -> Platform:
    """May do everything."""
    return calls(role=Role.GLOBAL_ADMIN)


def told(response: Any) -> dict[str, Any]:
    """The problem document of a refused request, which has the form of RFC 9457."""
    problem = response.json()
    assert response["Content-Type"] == "application/problem+json"
    assert (problem["type"], problem["status"]) == ("about:blank", response.status_code)
    assert problem["title"]
    return problem
