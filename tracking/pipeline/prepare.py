"""A claimed delivery -> the mail as bytes, or the reason why there is none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from tracking import conf
from tracking.choices import ContentType, MissingPlaceholder, Reason, RecipientRole, RecipientStatus, WarningCause
from tracking.errors import AddressError, RuleError, TemplateError, TrackingError
from tracking.events import Event
from tracking.mail.addresses import Mailbox, check_address, clean_phrase
from tracking.mail.compose import EmailMessage, compose
from tracking.mail.message_id import message_id
from tracking.mail.plain import text_from_html
from tracking.models import DeliveryRecipient
from tracking.rendering.context import context
from tracking.rendering.render import RenderedEmail, RenderedMailbox, render
from tracking.smtp.session import Envelope
from tracking.store import events, versions
from tracking.store.leased import Leased
from tracking.store.outcomes import Reached
from tracking.store.versions import ReadyVersion


class Unsendable(TrackingError):
    """There is no mail to send, and no later try would change that."""

    def __init__(self, reason: Reason, cause: WarningCause, text: str) -> None:
        super().__init__(text)
        self.reason = reason
        self.cause = cause


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

    events: Mapping[UUID, Event]
    names: Mapping[tuple[str, int], str]
    reached: Mapping[UUID, Mapping[str, DeliveryRecipient]]


def gather(deliveries: Sequence[Leased]) -> Material:
    found = events.load(delivery.event_id for delivery in deliveries)
    tried = [delivery.id for delivery in deliveries if delivery.claimed_at is not None]
    reached: dict[UUID, dict[str, DeliveryRecipient]] = {}
    if tried:
        for row in DeliveryRecipient.objects.filter(delivery_id__in=tried):
            reached.setdefault(row.delivery_id, {})[row.address] = row
    return Material(found, events.names(found.values()), reached)


def prepare(delivery: Leased, material: Material, *, now: datetime) -> Prepared:
    """Render and compose one mail. Raises Unsendable."""
    if delivery.event_id not in material.events:
        raise Unsendable(Reason.RENDER, WarningCause.RENDER_ERROR, "This release cannot read the stored event.")
    try:
        version = versions.ready(delivery.version_id)
        rendered = render(version.template, _values(delivery, version, material))
    except (TemplateError, RuleError) as error:
        raise Unsendable(Reason.RENDER, WarningCause.RENDER_ERROR, str(error)) from error
    if rendered.missing and version.definition.policy.missing_placeholder is MissingPlaceholder.SKIP:
        raise Unsendable(Reason.MISSING_PLACEHOLDER, WarningCause.MISSING_PLACEHOLDER, _without(rendered.missing))
    return _addressed(delivery, version, rendered, material.reached.get(delivery.id, {}), now)


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
    try:
        sender = _mailbox(rendered.sender)
    except AddressError as error:
        raise Unsendable(Reason.INVALID_SENDER, WarningCause.INVALID_SENDER, str(error)) from error
    recipients, wrong = _recipients(rendered)
    reply_to = _reply_to(rendered, wrong)
    if not recipients:
        raise Unsendable(Reason.INVALID_RECIPIENT, WarningCause.INVALID_RECIPIENT, "; ".join(wrong))
    reached = tuple(_standing(role, mailbox, before) for role, mailbox in recipients)
    kind = version.definition.action.content_type
    message = _message(delivery, kind, rendered, sender=sender, reply_to=reply_to, recipients=recipients, now=now)
    composed = compose(message)
    cause, remark = _remark(rendered, wrong)
    return Prepared(
        delivery=delivery,
        version=version,
        envelope=Envelope(
            sender=sender.address,
            recipients=tuple(one.address for one in reached if one.status is RecipientStatus.OPEN),
            data=composed.data,
            smtputf8=composed.smtputf8,
        ),
        recipients=reached,
        cause=cause,
        remark=remark,
    )


def _reply_to(rendered: RenderedEmail, wrong: list[str]) -> Mailbox | None:
    """None when there is none, or when it is no address: a mail without it is better than none."""
    if rendered.reply_to is None:
        return None
    try:
        return _mailbox(rendered.reply_to)
    except AddressError as error:
        wrong.append(f"Reply-To {rendered.reply_to.address[:100]!r}: {error}")
        return None


def _remark(rendered: RenderedEmail, wrong: Sequence[str]) -> tuple[WarningCause | None, str]:
    """The warning that the words of a mail give although it is sent."""
    if wrong:
        return WarningCause.INVALID_RECIPIENT, "; ".join(wrong)
    if rendered.missing:
        return WarningCause.MISSING_PLACEHOLDER, _without(rendered.missing)
    if any(clean_phrase(phrase)[1] for phrase in _phrases(rendered)):
        return WarningCause.CONTROL_CHARACTERS, "Control characters were taken out of the subject, a name or an address"
    return None, ""


def _phrases(rendered: RenderedEmail) -> Iterator[str]:
    """What stands in the head of the mail."""
    yield rendered.subject
    for mailbox in (rendered.sender, rendered.reply_to, *(one for _, one in rendered.recipients)):
        if mailbox is not None:
            yield from (mailbox.name, mailbox.address)


def _without(missing: Sequence[str]) -> str:
    return f"No value for {', '.join(missing)}"


def _mailbox(rendered: RenderedMailbox) -> Mailbox:
    """Raises AddressError: whatever the values were, this is one mailbox or none."""
    return Mailbox(check_address(rendered.address.strip()), clean_phrase(rendered.name)[0])


def _recipients(rendered: RenderedEmail) -> tuple[list[tuple[RecipientRole, Mailbox]], list[str]]:
    """The valid ones, each address once, and a sentence for each of the others."""
    found: dict[str, tuple[RecipientRole, Mailbox]] = {}
    wrong = []
    for role, part in rendered.recipients:
        try:
            mailbox = _mailbox(part)
        except AddressError as error:
            wrong.append(f"{role.label} {part.address[:100]!r}: {error}")
            continue
        found.setdefault(mailbox.address, (role, mailbox))
    return list(found.values()), wrong


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


def _message(
    delivery: Leased,
    kind: ContentType,
    rendered: RenderedEmail,
    *,
    sender: Mailbox,
    reply_to: Mailbox | None,
    recipients: Sequence[tuple[RecipientRole, Mailbox]],
    now: datetime,
) -> EmailMessage:
    return EmailMessage(
        sender=sender,
        to=tuple(mailbox for role, mailbox in recipients if role is RecipientRole.TO),
        cc=tuple(mailbox for role, mailbox in recipients if role is RecipientRole.CC),
        reply_to=reply_to,
        subject=clean_phrase(rendered.subject, limit=998)[0],
        text=_text_part(kind, rendered),
        html=None if kind is ContentType.TEXT else rendered.body,
        message_id=message_id(delivery.id, secret=conf.message_id_secret(), domain=conf.message_id_domain()),
        date=delivery.claimed_at or now,
    )


def _text_part(kind: ContentType, rendered: RenderedEmail) -> str | None:
    if kind is ContentType.TEXT:
        return rendered.body
    if kind is not ContentType.ALL:
        return None
    return text_from_html(rendered.body) if rendered.text is None else rendered.text
