"""The words of a mail -> the mail itself, addressed: what is sent, and what a preview shows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from tracking import conf
from tracking.choices import ContentType, Reason, RecipientRole, WarningCause
from tracking.errors import AddressError, TrackingError
from tracking.mail.addresses import Mailbox, clean_phrase, is_clean
from tracking.mail.compose import EmailMessage, extra_header
from tracking.mail.message_id import message_id
from tracking.mail.outline import text_of
from tracking.mail.plain import text_from_html
from tracking.rendering.render import RenderedEmail, RenderedMailbox


class Unsendable(TrackingError):
    """There is no mail to send, and no later try would change that."""

    def __init__(self, reason: Reason, cause: WarningCause, text: str) -> None:
        super().__init__(text)
        self.reason = reason
        self.cause = cause


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A mail to those of its recipients that are addresses. `cause` and `remark`: the warning that it gives."""

    message: EmailMessage
    recipients: tuple[tuple[RecipientRole, Mailbox], ...]
    cause: WarningCause | None
    remark: str


def letter(rendered: RenderedEmail, kind: ContentType, *, key: UUID, date: datetime) -> Letter:
    """`key` is the delivery's: its Message-ID derives from it. Raises Unsendable."""
    try:
        sender = _mailbox(rendered.sender)
    except AddressError as error:
        raise Unsendable(Reason.INVALID_SENDER, WarningCause.INVALID_SENDER, str(error)) from error
    recipients, wrong = _recipients(rendered)
    reply_to = _reply_to(rendered, wrong)
    if not recipients:
        raise Unsendable(Reason.INVALID_RECIPIENT, WarningCause.INVALID_RECIPIENT, "; ".join(wrong))
    headers, unwritten = _headers(rendered)
    message = _message(
        kind, rendered, sender=sender, reply_to=reply_to, headers=headers, recipients=recipients, key=key, date=date
    )
    cause, remark = _remark(rendered, wrong, unwritten)
    return Letter(message=message, recipients=tuple(recipients), cause=cause, remark=remark)


def redirected(mail: Letter, to: Sequence[str]) -> Letter:
    """The same words to other addresses, and a remark that says to whom they would have gone."""
    recipients = tuple((RecipientRole.TO, Mailbox(address)) for address in to)
    own = f"Instead of {', '.join(mailbox.address for _, mailbox in mail.recipients)}"[:500]
    return replace(
        mail,
        message=replace(mail.message, to=tuple(mailbox for _, mailbox in recipients), cc=()),
        recipients=recipients,
        remark=". ".join(filter(None, (mail.remark, own))),
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


def _headers(rendered: RenderedEmail) -> tuple[tuple[tuple[str, str], ...], list[str]]:
    """Those that can be written, and a sentence for each of the others. One without a value is left out."""
    found, unwritten = [], []
    for name, text in rendered.headers:
        value = clean_phrase(text)[0]
        try:
            extra_header(name, value)
        except ValueError as error:
            unwritten.append(str(error))
        else:
            found.append((name, value))
    return tuple((name, value) for name, value in found if value), unwritten


def _remark(rendered: RenderedEmail, wrong: Sequence[str], unwritten: Sequence[str]) -> tuple[WarningCause | None, str]:
    """The warning that the words of a mail give although it is sent."""
    if wrong:
        return WarningCause.INVALID_RECIPIENT, "; ".join(wrong)
    if unwritten:
        return WarningCause.INVALID_HEADER, "; ".join(unwritten)
    if rendered.missing:
        return WarningCause.MISSING_PLACEHOLDER, without(rendered.missing)
    if not is_clean("".join(_phrases(rendered))) and any(clean_phrase(phrase)[1] for phrase in _phrases(rendered)):
        return (
            WarningCause.CONTROL_CHARACTERS,
            "Control characters were taken out of a line of the head",
        )
    return None, ""


def _phrases(rendered: RenderedEmail) -> Iterator[str]:
    """What stands in the head of the mail."""
    yield rendered.subject
    yield from (value for _, value in rendered.headers)
    for mailbox in (rendered.sender, rendered.reply_to, *(one for _, one in rendered.recipients)):
        if mailbox is not None:
            yield from (mailbox.name, mailbox.address)


def without(missing: Sequence[str]) -> str:
    return f"No value for {', '.join(missing)}"


def _mailbox(rendered: RenderedMailbox) -> Mailbox:
    """Raises AddressError: whatever the values were, this is one mailbox or none."""
    return Mailbox(rendered.address.strip(), rendered.name)


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


def _message(
    kind: ContentType,
    rendered: RenderedEmail,
    *,
    sender: Mailbox,
    reply_to: Mailbox | None,
    headers: tuple[tuple[str, str], ...],
    recipients: Sequence[tuple[RecipientRole, Mailbox]],
    key: UUID,
    date: datetime,
) -> EmailMessage:
    return EmailMessage(
        sender=sender,
        to=tuple(mailbox for role, mailbox in recipients if role is RecipientRole.TO),
        cc=tuple(mailbox for role, mailbox in recipients if role is RecipientRole.CC),
        reply_to=reply_to,
        headers=headers,
        subject=clean_phrase(rendered.subject, limit=998)[0],
        text=_text_part(kind, rendered),
        html=None if kind is ContentType.TEXT else rendered.body,
        message_id=message_id(key, secret=conf.message_id_secret(), domain=conf.message_id_domain()),
        date=date,
    )


def _text_part(kind: ContentType, rendered: RenderedEmail) -> str | None:
    if kind is ContentType.TEXT:
        return rendered.body
    if kind is not ContentType.ALL:
        return None
    if rendered.text is not None:
        return rendered.text
    text = text_of(*rendered.pieces) if rendered.pieces else None
    return text_from_html(rendered.body) if text is None else text
