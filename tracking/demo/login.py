"""The login of a demo platform, kept in a file that only its owner reads, so that each start can show it again."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Self

from tracking.api import tokens
from tracking.models import User

USERNAME = "admin"
_FILE = "demo-login.json"


@dataclass(frozen=True, slots=True)
class DemoLogin:
    """`password` and `token` are "" when they are not known: the user has changed them."""

    username: str = USERNAME
    password: str = ""
    token: str = ""

    @classmethod
    def read(cls, folder: Path) -> Self:
        try:
            kept = json.loads((folder / _FILE).read_text())
        except (FileNotFoundError, ValueError):
            return cls()
        return cls(**{name: str(kept.get(name, "")) for name in ("username", "password", "token")})

    def write(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        file = os.open(folder / _FILE, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(file, "w") as login:
            json.dump(asdict(self), login)


def create_user(folder: Path) -> User:
    """The demo's administrator, with a new random password; one of that name that exists already stays as it is."""
    existing = User.objects.filter(username=USERNAME).first()
    if existing is not None:
        return existing
    password = secrets.token_urlsafe(9)
    user = User.objects.create_superuser(
        USERNAME, email="admin@leadhouse.example.com", password=password, first_name="Dana", last_name="Reyes"
    )
    DemoLogin(password=password).write(folder)
    return user


def refresh(folder: Path, *, now: datetime) -> DemoLogin:
    """What can be shown: the password while it is the one we made, and a token that works."""
    user = User.objects.filter(username=USERNAME).first()
    kept = DemoLogin.read(folder)
    if user is None:
        return DemoLogin()
    password = kept.password if kept.password and user.check_password(kept.password) else ""
    token = kept.token if kept.token and tokens.find(kept.token, now=now) else tokens.issue(user, "demo")[1]
    login = DemoLogin(password=password, token=token)
    login.write(folder)
    return login
