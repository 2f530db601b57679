"""A claimed delivery -> the mail as bytes, or the reason why there is none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from tracking.choices import MissingPlaceholder, Reason, RecipientRole, RecipientStatus, WarningCause
from tracking.errors import RuleError, TemplateError
from tracking.events import Event
from tracking.mail.addresses import Mailbox
from tracking.mail.compose import compose
from tracking.models import DeliveryRecipient
from tracking.pipeline.insist import AWAY
from tracking.pipeline.letter import Unsendable, letter, redirected, without
from tracking.rendering.context import context
from tracking.rendering.render import RenderedEmail, render
from tracking.smtp.session import Envelope
from tracking.store import events, versions
from tracking.store.leased import Leased
from tracking.store.outcomes import Reached
from tracking.store.versions import ReadyVersion

NOT_ITS_FAULT = (*AWAY, MemoryError)  # whatever fails of these can be made later


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A mail ready for the wire. `recipients` are all of them, as they stand before this try."""

    delivery: Leased
    version: ReadyVersion
    envelope: Envelope
    recipients: tuple[Reached, ...]
    cause: WarningCause | None  # the warning that rendering itself gave
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Material:
    """What a batch of deliveries needs, fetched at once: rendering itself never queries."""

    versions: Mapping[int, ReadyVersion | Exception]  # or what kept one from being made ready
    events: Mapping[UUID, Event]
    names: Mapping[tuple[str, int], str]
    reached: Mapping[UUID, Mapping[str, DeliveryRecipient]]


def gather(deliveries: Sequence[Leased]) -> Material:
    """All that the mails are made of, so that none fails of a database which is away when it is made."""
    ready = {version_id: _ready(version_id) for version_id in {delivery.version_id for delivery in deliveries}}
    found = events.load(delivery.event_id for delivery in deliveries)
    tried = [delivery.id for delivery in deliveries if delivery.claimed_at is not None]
    reached: dict[UUID, dict[str, DeliveryRecipient]] = {}
    if tried:
        for row in DeliveryRecipient.objects.filter(delivery_id__in=tried):
            reached.setdefault(row.delivery_id, {})[row.address] = row
    return Material(ready, found, events.names(found.values()), reached)


def _ready(version_id: int) -> ReadyVersion | Exception:
    """What is wrong with a version is said of each of its mails, and of no other."""
    try:
        return versions.ready(version_id)
    except NOT_ITS_FAULT:
        raise
    except Exception as error:
        return error


def prepare(delivery: Leased, material: Material, *, now: datetime) -> Prepared:
    """Render and compose one mail. Raises Unsendable."""
    if delivery.event_id not in material.events:
        raise Unsendable(Reason.RENDER, WarningCause.RENDER_ERROR, "This release cannot read the stored event.")
    try:
        version = _version(delivery, material)
        rendered = render(version.template, _values(delivery, version, material))
    except (TemplateError, RuleError) as error:
        raise Unsendable(Reason.RENDER, WarningCause.RENDER_ERROR, str(error)) from error
    return settled(delivery, version, rendered, material.reached.get(delivery.id, {}), now=now)


def _version(delivery: Leased, material: Material) -> ReadyVersion:
    version = material.versions[delivery.version_id]
    if isinstance(version, Exception):
        raise version
    return version


def settled(
    delivery: Leased,
    version: ReadyVersion,
    rendered: RenderedEmail,
    before: Mapping[str, DeliveryRecipient],
    *,
    now: datetime,
) -> Prepared:
    """What was rendered, as a mail to its recipients. `before` is what earlier tries reached. Raises Unsendable."""
    if rendered.missing and version.definition.policy.missing_placeholder is MissingPlaceholder.SKIP:
        raise Unsendable(Reason.MISSING_PLACEHOLDER, WarningCause.MISSING_PLACEHOLDER, without(rendered.missing))
    return _addressed(delivery, version, rendered, before, now)


def _values(delivery: Leased, version: ReadyVersion, material: Material) -> Mapping[str, object]:
    return context(
        material.events[delivery.event_id],
        names=material.names,
        rule_id=delivery.rule_id,
        rule_name=version.definition.name,
    )


def _addressed(
    delivery: Leased,
    version: ReadyVersion,
    rendered: RenderedEmail,
    before: Mapping[str, DeliveryRecipient],
    now: datetime,
) -> Prepared:
    mail = letter(rendered, version.definition.action.content_type, key=delivery.id, date=delivery.claimed_at or now)
    if delivery.redirect is not None:
        mail = redirected(mail, delivery.redirect.split(","))
    reached = tuple(_standing(role, mailbox, before) for role, mailbox in mail.recipients)
    composed = compose(mail.message)
    return Prepared(
        delivery=delivery,
        version=version,
        envelope=Envelope(
            sender=mail.message.sender.address,
            recipients=tuple(one.address for one in reached if one.status is RecipientStatus.OPEN),
            data=composed.data,
            smtputf8=composed.smtputf8,
        ),
        recipients=reached,
        cause=mail.cause,
        remark=mail.remark,
    )


def _standing(role: RecipientRole, mailbox: Mailbox, before: Mapping[str, DeliveryRecipient]) -> Reached:
    row = before.get(mailbox.address)
    if row is None:
        return Reached(address=mailbox.address, role=role, status=RecipientStatus.OPEN)
    return Reached(
        address=row.address,
        role=role,
        status=RecipientStatus(row.status),
        code=row.code,
        text=row.text,
    )
