"""Products, connections and rules on a fresh database, and events that fit them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count
from typing import Any

from benchmarks import mail, ready
from tracking.choices import ConnectionKind, Encryption, Platform
from tracking.definition import RuleDefinition
from tracking.events import Event
from tracking.models import Connection, Product
from tracking.store import rules

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
_numbers = count(1)


def connection(*, max_sessions: int = 4) -> Connection:
    """To the sink."""
    number = next(_numbers)
    return Connection.objects.create(
        key=f"sink-{number}",
        name=f"Sink {number}",
        kind=ConnectionKind.ESP,
        host="127.0.0.1",
        port=ready.SINK_PORT,
        encryption=Encryption.NONE,
        max_sessions=max_sessions,
    )


def rule(product: int, out: Connection, **action: Any) -> int:
    """The id of a rule that mails the leads that a product sells."""
    Product.objects.get_or_create(id=product, defaults={"name": f"Product {product}", "platform": Platform.LMS})
    definition = RuleDefinition.from_json(
        {
            "name": f"Tell buyers of {product}",
            "trigger": "lms.lead_sold",
            "product": product,
            "action": {
                "kind": "smtp_esp",
                "connection": out.key,
                "sender": mail.SENDER,
                "recipient": "{{ lead.email }}",
                "subject": mail.SUBJECT,
                "body": mail.BODY,
                "content_type": "all",
                **action,
            },
        }
    )
    return int(rules.save(definition, author=None, now=NOON).rule.pk)


def events(number: int, *, products: range) -> Iterator[Event]:
    """Sold leads, spread over the products."""
    for _ in range(number):
        key = next(_numbers)
        yield Event(
            event_id=f"bench-{key}",
            trigger="lms.lead_sold",
            occurred_at=NOON,
            product=products[key % len(products)],
            price="12.50",
            lead_id=f"lead-{key}",
            lead=mail.LEAD,
        )
