"""Rules as rows: the one way in for admin, import and API, with one validation for all of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.db import models, transaction

from tracking.choices import ConnectionKind, Platform, RuleKind
from tracking.definition import INCLUDES, RuleDefinition
from tracking.errors import AddressError, RuleError
from tracking.mail.addresses import check_address
from tracking.models import (
    Campaign,
    Connection,
    Delivery,
    Product,
    Rule,
    RuleVersion,
    User,
)
from tracking.store import connections, deliveries, events, rulebook, versions
from tracking.store.versions import Problem


def check(definition: RuleDefinition) -> None:
    """Raises RuleError, naming each field that would keep the rule from running here."""
    wrong: dict[str, list[str]] = {}
    for field, sentence in _problems(definition):
        wrong.setdefault(field, []).append(sentence)
    if wrong:
        raise RuleError(wrong)


def _problems(definition: RuleDefinition) -> Iterator[Problem]:
    yield from _owner_problems(definition)
    yield from _entity_problems(definition)
    yield from _connection_problems(definition)
    yield from versions.problems(definition.action)
    yield from _recipient_problems(definition)


def _owner_problems(definition: RuleDefinition) -> Iterator[Problem]:
    product = _product(definition)
    if product is None:
        level = definition.level.value
        yield Problem(level, f"there is no {level} {getattr(definition, level)} in the directory")
        return
    trigger = definition.kind
    if trigger.platform != product.platform:
        yield Problem(
            "trigger", f"{product.name} is a product of {Platform(product.platform).label}: choose its triggers"
        )
    if trigger.ping_post_only and not product.ping_post:
        yield Problem("trigger", f"{trigger.label} is for ping-post products only, and {product.name} is none")


def _product(definition: RuleDefinition) -> Product | None:
    """The product whose events the rule sees, None when the directory has no such product or campaign."""
    if definition.campaign is None:
        return Product.objects.filter(pk=definition.product or 0).first()
    campaign = Campaign.objects.select_related("product").filter(pk=definition.campaign).first()
    return campaign.product if campaign else None


def _entity_problems(definition: RuleDefinition) -> Iterator[Problem]:
    for entity, filters in INCLUDES.items():
        for name in filters:
            ids = set(getattr(definition.filters, name)) if name else set()
            if ids:
                known = events.DIRECTORY[entity]._default_manager.filter(pk__in=ids).values_list("pk", flat=True)
                if unknown := sorted(ids - set(known)):
                    numbers = ", ".join(map(str, unknown))
                    yield Problem(
                        f"filters.{name}", f"there is no {entity.replace('_', ' ')} {numbers} in the directory"
                    )


def _connection_problems(definition: RuleDefinition) -> Iterator[Problem]:
    action = definition.action
    if action.kind is RuleKind.ESP:
        if not Connection.objects.filter(key=action.connection, kind=ConnectionKind.ESP).exists():
            yield Problem("action.connection", f"there is no predefined connection with the key {action.connection}")
    elif action.server is not None:
        values = action.server.model_dump(mode="json")
        for field, sentence in connections.problems(values).items():
            yield Problem(f"action.server.{field}", sentence)


def _recipient_problems(definition: RuleDefinition) -> Iterator[Problem]:
    names = set(definition.notifications.notify_users)
    known = set(User.objects.filter(username__in=names).values_list("username", flat=True)) if names else set()
    for name in sorted(names - known):
        yield Problem("notifications.notify_users", f"there is no user {name}")
    for address in definition.notifications.notify_emails:
        try:
            check_address(address)
        except AddressError as error:
            yield Problem("notifications.notify_emails", f"{address}: {error}")


@dataclass(frozen=True, slots=True)
class Saved:
    """A rule after saving, and whether that made a new version."""

    rule: Rule
    changed: bool


def save(
    definition: RuleDefinition,
    *,
    author: User | None,
    now: datetime,
    rule: Rule | None = None,
    key: UUID | None = None,
    enabled: bool | None = None,
    password: str | None = None,
    password_later: bool = False,
) -> Saved:
    """Write a rule, and a new immutable version if the definition has changed.

    `password` is that of a custom server; None or "" keeps the stored one while its server is unchanged. `enabled`
    None leaves the status as it is; `password_later` lets a custom server have a login and no password yet.
    Raises RuleError.
    """
    check(definition)
    with transaction.atomic():
        row = _row(definition, rule, author=author, now=now, key=key)
        row.connection = _connection(definition, row, password=password, now=now, password_later=password_later)
        if enabled is not None:
            row.enabled = enabled
        changed = _versioned(row, definition, author=author, now=now)
        rulebook.turn_page()
    rulebook.forget()
    return Saved(row, changed)


def _row(
    definition: RuleDefinition, rule: Rule | None, *, author: User | None, now: datetime, key: UUID | None
) -> Rule:
    row = rule or Rule(author=author, created_at=now, key=key or uuid4())
    if row.pk:  # as it stands now, not as the caller read it; two that save at the same time wait for each other
        row.refresh_from_db(from_queryset=Rule.objects.select_for_update())
    row.name = definition.name
    row.trigger = definition.trigger
    row.kind = definition.action.kind.value
    row.product_id = definition.product
    row.campaign_id = definition.campaign
    return row


def _connection(
    definition: RuleDefinition, rule: Rule, *, password: str | None, now: datetime, password_later: bool
) -> Connection:
    action = definition.action
    if action.kind is RuleKind.ESP:
        return Connection.objects.get(key=action.connection)
    assert action.server is not None
    existing = rule.connection if rule.pk else None
    try:
        return connections.save_server(
            action.server,
            connection=existing,
            password=password,
            now=now,
            password_later=password_later,
        )
    except RuleError as error:
        raise RuleError({f"action.server.{field}": messages for field, messages in error.errors.items()}) from None


def _versioned(rule: Rule, definition: RuleDefinition, *, author: User | None, now: datetime) -> bool:
    document = definition.to_json()
    current = rule.current
    if current is not None and current.document == document:
        rule.save()
        return False
    rule.save()
    number = (rule.versions.aggregate(last=models.Max("number"))["last"] or 0) + 1
    rule.current = RuleVersion.objects.create(
        rule=rule, number=number, document=document, author=author, created_at=now
    )
    rule.save(update_fields=["current"])
    return True


def set_enabled(rules: Iterable[Rule], *, enabled: bool) -> int:
    """Enable or disable; how many rules that changed. What a disabled rule had queued is still sent."""
    ids = [rule.pk for rule in rules]
    with transaction.atomic():
        changed = Rule.objects.filter(pk__in=ids, deleted_at=None).exclude(enabled=enabled).update(enabled=enabled)
        rulebook.turn_page()
    rulebook.forget()
    return changed


def stop(rules: Sequence[Rule], *, now: datetime) -> int:
    """Disable rules and discard what they have waiting; how many deliveries were discarded."""
    ids = [rule.pk for rule in rules]
    with transaction.atomic():
        set_enabled(rules, enabled=False)
        return deliveries.discard(Delivery.objects.filter(rule_id__in=ids), now=now)


def delete(rules: Iterable[Rule], *, now: datetime) -> None:
    """Take rules out of use. What they had waiting is cancelled; their log and usage stay."""
    ids = [rule.pk for rule in rules]
    with transaction.atomic():
        Rule.objects.filter(pk__in=ids).update(deleted_at=now, enabled=False)
        deliveries.cancel_of_deleted_rules(now=now)
        rulebook.turn_page()
    rulebook.forget()


def document(rule: Rule) -> dict[str, Any]:
    """A rule as people exchange it: its definition, its key, whether it is enabled; never a password."""
    assert rule.current is not None
    return {"key": str(rule.key), "enabled": rule.enabled, **rule.current.document}
