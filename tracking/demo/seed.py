"""Fills an empty database with the demo platform, and later only points it to where the catcher listens now."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import transaction

from tracking.choices import Encryption
from tracking.definition import RuleDefinition
from tracking.demo import directory, login
from tracking.demo.login import DemoLogin
from tracking.demo.rules import CONNECTIONS, CUSTOM_LOGIN, RULES, DemoRule
from tracking.models import Connection, Product, Rule, User
from tracking.store import connections, rules

_PASSWORD = "demo"  # the catcher takes any


@dataclass(frozen=True, slots=True)
class Catcher:
    """Where the mail server of the demo listens."""

    host: str
    port: int


def seed(catcher: Catcher, *, folder: Path, now: datetime) -> bool:
    """Write the demo platform, all of it or nothing; False when the directory has products already.

    What users have changed or deleted stays so. Raises RuleError when settings keep connections from the catcher.
    """
    with transaction.atomic():
        new = not Product.objects.exists()
        if new:
            _write(catcher, author=login.create_user(folder), now=now)
        else:
            _point_to(catcher, now=now)
    return new


def show_login(folder: Path, *, now: datetime) -> DemoLogin:
    return login.refresh(folder, now=now)


def _write(catcher: Catcher, *, author: User, now: datetime) -> None:
    for entry in directory.rows():
        entry.save(force_insert=True)
    for key, name in CONNECTIONS.items():
        row = Connection(key=key, name=name, provider="other", login=CUSTOM_LOGIN, **_server(catcher))
        connections.save(row, password=_PASSWORD, now=now)
    for demo in RULES:
        password = _PASSWORD if demo.custom else None
        definition = _definition(demo, catcher)
        rules.save(definition, author=author, now=now, key=demo.key, enabled=demo.enabled, password=password)


def _server(catcher: Catcher) -> dict[str, Any]:
    return {"host": catcher.host, "port": catcher.port, "encryption": Encryption.NONE.value}


def _definition(demo: DemoRule, catcher: Catcher) -> RuleDefinition:
    document = {**demo.document, "action": dict(demo.document["action"])}
    if demo.custom:
        document["action"]["server"] = {**_server(catcher), "login": CUSTOM_LOGIN}
    return RuleDefinition.from_json(document)


def _point_to(catcher: Catcher, *, now: datetime) -> None:
    for row in Connection.objects.filter(key__in=CONNECTIONS, host=catcher.host).exclude(port=catcher.port):
        row.port = catcher.port
        connections.save(row, password=_PASSWORD, now=now)
    for rule, document in _elsewhere(catcher):
        document["action"]["server"]["port"] = catcher.port
        rules.save(RuleDefinition.from_json(document), author=rule.author, now=now, rule=rule, password=_PASSWORD)


def _elsewhere(catcher: Catcher) -> Iterator[tuple[Rule, dict[str, Any]]]:
    """Demo rules whose own server is a catcher at another port, each with its definition."""
    keys = [demo.key for demo in RULES if demo.custom]
    for rule in Rule.objects.filter(key__in=keys, deleted_at=None).select_related("current", "author"):
        document = deepcopy(rule.current.document) if rule.current else {}  # changed, and compared with the old one
        server = document.get("action", {}).get("server")
        if server and server["host"] == catcher.host and server["port"] != catcher.port:
            yield rule, document
