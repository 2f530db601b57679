"""Rows and values for tests, real enough to run: a rule is saved as the product saves it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import factory
from cryptography.fernet import Fernet
from django.apps import apps
from django.contrib.auth.models import Group
from factory.django import DjangoModelFactory

from tracking.choices import ConnectionKind, Encryption, Platform, Role
from tracking.definition import RuleDefinition
from tracking.events import Event
from tracking.models import Buyer, Campaign, Channel, Connection, Product, Publisher, Rule, Source, User
from tracking.store import rules
from tracking.store.roles import grant

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


class UserFactory(DjangoModelFactory):
    class Meta:
        model = User
        skip_postgeneration_save = True

    username = factory.Sequence(lambda n: f"user{n}")
    email = factory.LazyAttribute(lambda user: f"{user.username}@example.com")


def group(role: Role) -> Group:
    """A role's group; those of all roles are made anew where a test has emptied all tables."""
    if not Group.objects.filter(name=role.value).exists():
        grant(apps)
    return Group.objects.get(name=role.value)


def member(*roles: Role, buyers: Iterable[Buyer] = (), **fields: Any) -> User:
    """A member of staff of these roles."""
    user = UserFactory.create(is_staff=True, **fields)
    user.groups.set([group(role) for role in roles])
    user.buyers.set(buyers)
    return user


class ProductFactory(DjangoModelFactory):
    class Meta:
        model = Product

    id = factory.Sequence(lambda n: n + 1)
    name = factory.Sequence(lambda n: f"Product {n}")
    platform = Platform.LMS

    class Params:
        calls = factory.Trait(platform=Platform.CALL_LOGIC)


class BuyerFactory(DjangoModelFactory):
    class Meta:
        model = Buyer

    id = factory.Sequence(lambda n: n + 100)
    name = factory.Sequence(lambda n: f"Buyer {n}")


class CampaignFactory(DjangoModelFactory):
    class Meta:
        model = Campaign

    id = factory.Sequence(lambda n: n + 1000)
    name = factory.Sequence(lambda n: f"Campaign {n}")
    product = factory.SubFactory(ProductFactory)
    buyer = factory.SubFactory(BuyerFactory)


class PublisherFactory(DjangoModelFactory):
    class Meta:
        model = Publisher

    id = factory.Sequence(lambda n: n + 10_000)
    name = factory.Sequence(lambda n: f"Publisher {n}")


class ChannelFactory(DjangoModelFactory):
    class Meta:
        model = Channel

    id = factory.Sequence(lambda n: n + 20_000)
    name = factory.Sequence(lambda n: f"Channel {n}")
    publisher = factory.SubFactory(PublisherFactory)
    product = factory.SubFactory(ProductFactory)


def source(**fields: Any) -> Source:
    return Source.objects.create(**{"id": next(_numbers), "name": "google-brand", **fields})


class ConnectionFactory(DjangoModelFactory):
    """A predefined connection to a server on loopback, without login."""

    class Meta:
        model = Connection

    key = factory.Sequence(lambda n: f"esp-{n}")
    name = factory.Sequence(lambda n: f"ESP {n}")
    kind = ConnectionKind.ESP
    host = "127.0.0.1"
    port = 2525
    encryption = Encryption.NONE


def definition(**changes: Any) -> RuleDefinition:
    """A definition that is whole but for its owner and connection; `action__subject="x"` reaches inside a section."""
    document: dict[str, Any] = {
        "name": "Tell the buyer",
        "trigger": "lms.lead_sold",
        "action": {
            "kind": "smtp_esp",
            "sender": "Leads <leads@example.com>",
            "recipient": "{{ lead.first_name }} <{{ lead.email }}>",
            "subject": "Sold: {{ lead.first_name }}",
            "body": "<p>Hello {{ lead.first_name }}</p>",
        },
    }
    for path, value in changes.items():
        section, _, field = path.partition("__")
        if field:
            document.setdefault(section, {})[field] = value
        else:
            document[path] = value
    return RuleDefinition.from_json(document)


def saved_rule(*, connection: Connection | None = None, password: str | None = None, **changes: Any) -> Rule:
    """A rule saved the way the product saves it; made for a new product unless `product` or `campaign` is given."""
    if "product" not in changes and "campaign" not in changes:
        changes["product"] = ProductFactory.create().pk
    if changes.get("action__kind", "smtp_esp") == "smtp_esp":
        changes.setdefault("action__connection", (connection or ConnectionFactory.create()).key)
    return rules.save(definition(**changes), author=None, now=NOON, password=password).rule


def event(**changes: Any) -> Event:
    fields: dict[str, Any] = {
        "event_id": f"evt-{next(_numbers)}",
        "trigger": "lms.lead_sold",
        "occurred_at": NOON,
        "lead": {"first_name": "Ada", "email": "ada@example.org"},
    }
    return Event(**{**fields, **changes})


_numbers = iter(range(1, 1_000_000_000))


def new_token() -> UUID:
    """A lease that is not ours."""
    return uuid4()


def new_key() -> str:
    """One more of CREDENTIALS_KEYS."""
    return Fernet.generate_key().decode()


def changed(rule: Rule, **changes: Any) -> RuleDefinition:
    """A rule's definition with changes; `action__subject="x"` reaches inside a section."""
    rule.refresh_from_db()
    assert rule.current is not None
    document = {
        name: dict(value) if isinstance(value, dict) else value for name, value in rule.current.document.items()
    }
    for path, value in changes.items():
        section, _, field = path.partition("__")
        if field:
            document[section][field] = value
        else:
            document[path] = value
    return RuleDefinition.from_json(document)


def save_again(rule: Rule, *, now: datetime = NOON, password: str | None = None, **changes: Any) -> rules.Saved:
    """Save a rule as it is, or with changes; `action__subject="x"` reaches inside a section."""
    return rules.save(changed(rule, **changes), author=None, now=now, rule=rule, password=password)
