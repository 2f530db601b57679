"""Rules as rows: the one way in for admin, import and API, with one validation for all of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.db import models, transaction

from tracking import credentials
from tracking.choices import AuditAction, ConnectionKind, Level, Platform, RuleKind
from tracking.definition import INCLUDES, RuleDefinition
from tracking.errors import AddressError, RuleError
from tracking.mail.addresses import check_address
from tracking.models import (
    Campaign,
    Connection,
    Delivery,
    Preset,
    Product,
    Rule,
    RuleVersion,
    User,
)
from tracking.rendering.render import Problem
from tracking.store import audit, connections, deliveries, events, rulebook, versions
from tracking.store.differences import changes
from tracking.triggers import withheld_filters


def check(definition: RuleDefinition) -> None:
    """Raises RuleError, naming each field that would keep the rule from running here."""
    wrong: dict[str, list[str]] = {}
    for problem in _problems(definition):
        wrong.setdefault(problem.field, []).append(problem.sentence)
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
    preset: Preset | None = None,
) -> Saved:
    """Write a rule, and a new immutable version if the definition has changed.

    `password` is that of a custom server; None or "" keeps the stored one while its server is unchanged. `enabled`
    None leaves the status as it is; `password_later` lets a custom server have a login and no password yet; `preset`
    is what a new rule was started from. Raises RuleError.
    """
    check(definition)
    with transaction.atomic():
        row = _row(definition, rule, author=author, now=now, key=key)
        before = document(row) if row.current else {}
        row.connection = _connection(definition, row, password=password, now=now, password_later=password_later)
        if enabled is not None:
            row.enabled = enabled
            row.stopped_at = None if enabled else row.stopped_at
        if preset is not None and row.pk is None:
            row.preset = preset
        changed = _versioned(row, definition, author=author, now=now)
        _note(row, before, password=bool(password), author=author, now=now)
        rulebook.turn_page()
    rulebook.forget()
    return Saved(row, changed)


def _note(row: Rule, before: dict[str, Any], *, password: bool, author: User | None, now: datetime) -> None:
    """What the audit log says of it; nothing where nothing was changed."""
    found = changes(before, document(row)) if before else {}
    if password:
        found["password"] = [None, audit.MASK]
    if not before or found:
        action = AuditAction.RULE_CHANGED if before else AuditAction.RULE_CREATED
        audit.note(actor=author, action=action, target=row, detail=found, now=now)


def _row(
    definition: RuleDefinition, rule: Rule | None, *, author: User | None, now: datetime, key: UUID | None
) -> Rule:
    row = rule or Rule(author=author, created_at=now, key=key or uuid4())
    if row.pk:  # as it stands now, not as the caller read it; two that save at the same time wait for each other
        row.refresh_from_db(from_queryset=Rule.objects.select_for_update(no_key=True))
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
    rule.save()
    if rule.current is not None and _says(rule.current, definition):
        return False
    number = (rule.versions.aggregate(last=models.Max("number"))["last"] or 0) + 1
    rule.current = RuleVersion.objects.create(
        rule=rule, number=number, document=definition.to_json(), author=author, created_at=now
    )
    rule.save(update_fields=["current"])
    return True


def _says(version: RuleVersion, definition: RuleDefinition) -> bool:
    """Whether the version means the same, be it written before a later release added a field."""
    try:
        return version.definition() == definition
    except RuleError:  # this release cannot read it
        return False


def set_enabled(rules: Iterable[Rule], *, enabled: bool, now: datetime, author: User | None = None) -> int:
    """Enable or disable; how many rules that changed. What a disabled rule had queued is still sent."""
    ids = [rule.pk for rule in rules]
    action = AuditAction.RULE_ENABLED if enabled else AuditAction.RULE_DISABLED
    with transaction.atomic():
        others = Rule.objects.filter(pk__in=ids, deleted_at=None).exclude(enabled=enabled)
        switched = list(others.select_for_update(no_key=True))  # whose mails may be claimed meanwhile
        changed = {"enabled": enabled} | ({"stopped_at": None} if enabled else {})
        Rule.objects.filter(pk__in=[rule.pk for rule in switched]).update(**changed)
        audit.note_each(actor=author, action=action, targets=switched, now=now)
        rulebook.turn_page()
    rulebook.forget()
    return len(switched)


def clone(rule: Rule, definition: RuleDefinition, *, author: User | None, now: datetime, enabled: bool = False) -> Rule:
    """A new rule that does the same, elsewhere perhaps: `definition` is `copied` for its owner. Raises RuleError.

    Disabled unless asked otherwise, so that nobody is mailed twice. The password of a custom server goes with it.
    """
    own = rule.connection
    password = credentials.unseal(own.sealed_password, bound_to=str(own.secret_id))
    custom = own.kind == ConnectionKind.MANUAL
    with transaction.atomic():
        made = save(definition, author=author, now=now, enabled=enabled, password=password if custom else None).rule
        audit.note(actor=author, action=AuditAction.RULE_CLONED, target=made, detail={"from": str(rule)}, now=now)
    return made


def copied(definition: RuleDefinition, owner: Product | Campaign, *, name: str) -> RuleDefinition:
    """The definition for another owner, without the filters that are not offered at its level. Raises RuleError."""
    level = Level.PRODUCT if isinstance(owner, Product) else Level.CAMPAIGN
    withheld = withheld_filters(definition.kind, level)
    document = definition.to_json()
    filters = {key: value for key, value in document["filters"].items() if key not in withheld}
    document |= {"product": None, "campaign": None, level.value: owner.pk, "filters": filters, "name": name}
    return RuleDefinition.from_json(document)


def stop(rules: Sequence[Rule], *, now: datetime, author: User | None = None) -> int:
    """Disable rules and discard what they have waiting; how many deliveries were discarded.

    What a worker has in hand is sent, or discarded when it is given back.
    """
    ids = [rule.pk for rule in rules]
    with transaction.atomic():
        set_enabled(rules, enabled=False, now=now, author=author)
        Rule.objects.filter(pk__in=ids).update(stopped_at=now)
        audit.note_each(actor=author, action=AuditAction.RULE_STOPPED, targets=rules, now=now)
        return deliveries.discard(Delivery.objects.filter(rule_id__in=ids), now=now)


def delete(rules: Iterable[Rule], *, now: datetime, author: User | None = None) -> None:
    """Take rules out of use. What they had waiting is cancelled; their log and usage stay."""
    ids = [rule.pk for rule in rules]
    with transaction.atomic():
        gone = list(Rule.objects.filter(pk__in=ids, deleted_at=None))
        Rule.objects.filter(pk__in=ids).update(deleted_at=now, enabled=False)
        deliveries.cancel_of_deleted_rules(now=now)
        audit.note_each(actor=author, action=AuditAction.RULE_DELETED, targets=gone, now=now)
        rulebook.turn_page()
    rulebook.forget()


def document(rule: Rule) -> dict[str, Any]:
    """A rule as people exchange it: its definition, its key, whether it is enabled; never a password."""
    assert rule.current is not None
    return {"key": str(rule.key), "enabled": rule.enabled, **rule.current.document}
