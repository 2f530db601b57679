"""The alert mail, sent by the system's own server. A trouble's mails are one thread."""

from __future__ import annotations

from uuid import UUID, uuid5

from tracking import conf
from tracking.choices import Failure, RecipientStatus
from tracking.errors import AddressError, SendError, TrackingError
from tracking.mail.addresses import Mailbox, parse_mailbox
from tracking.mail.compose import EmailMessage, compose
from tracking.mail.message_id import message_id
from tracking.models import Alert
from tracking.pipeline import transport
from tracking.pipeline.alert_words import subject, text
from tracking.smtp.session import Envelope, Outcome
from tracking.store import alert_mails
from tracking.store.clock import Clock

_NAMESPACE = UUID("5d1c4d5e-7f36-4f3c-9a55-1f0f3f0c1f11")  # so that an alert's Message-ID is the same at every try


def send(alert_id: int, *, clock: Clock) -> None:
    """Mail one alert, if it is this worker's turn. A system server that is down delays an alert, never loses it."""
    alert = alert_mails.claim(alert_id, now=clock()) if conf.sending() else None
    if alert is None:
        return
    recipients, unusable = _mailboxes([address for address in alert.recipients if address not in alert.told])
    if not recipients:
        alert_mails.failed(alert, error="There is nobody to tell: no address is usable.", permanent=True, now=clock())
        return
    try:
        outcome = transport.system_pool().send(transport.system_endpoint(), _envelope(alert, recipients))
    except SendError as error:
        alert_mails.failed(alert, error=error.message, permanent=False, now=clock())
    except TrackingError as error:  # DEFAULT_FROM_EMAIL is no mailbox, or the version cannot be read
        alert_mails.failed(alert, error=str(error), permanent=False, now=clock())
    else:
        _note(alert, outcome, unusable, clock)


def _note(alert: Alert, outcome: Outcome, unusable: list[str], clock: Clock) -> None:
    if outcome.failure is None:
        untold = [one for one in outcome.recipients if one.status is not RecipientStatus.ACCEPTED]
        remark = "; ".join([*unusable, *(f"{one.address}: {one.text}" for one in untold)])
        if any(one.status is RecipientStatus.OPEN for one in untold):
            told = [one.address for one in outcome.recipients if one.status is not RecipientStatus.OPEN]
            alert_mails.partly_sent(alert, told=told, error=remark, now=clock())
        else:
            alert_mails.sent(alert, now=clock(), remark=remark)
    elif outcome.failure is Failure.UNKNOWN:  # most likely taken: a second alert would say nothing new
        alert_mails.sent(alert, now=clock(), remark=outcome.text)
    else:
        alert_mails.failed(alert, error=outcome.text, permanent=outcome.failure is Failure.PERMANENT, now=clock())


def _mailboxes(addresses: list[str]) -> tuple[list[Mailbox], list[str]]:
    """The usable ones, and a sentence for each of the others: people's addresses may have changed since."""
    usable, unusable = [], []
    for address in addresses:
        try:
            usable.append(parse_mailbox(address))
        except AddressError as error:
            unusable.append(f"{address}: {error}")
    return usable, unusable


def _envelope(alert: Alert, recipients: list[Mailbox]) -> Envelope:
    sender = parse_mailbox(conf.from_email())
    composed = compose(
        EmailMessage(
            sender=sender,
            to=tuple(recipients),
            subject=subject(alert),
            text=text(alert),
            html=None,
            message_id=_message_id(alert.pk),
            date=alert.raised_at,
            headers=_thread(alert),
        )
    )
    return Envelope(
        sender=sender.address,
        recipients=tuple(one.address for one in recipients),
        data=composed.data,
        smtputf8=composed.smtputf8,
    )


def _message_id(alert_id: int) -> str:
    key = uuid5(_NAMESPACE, str(alert_id))
    return message_id(key, secret=conf.message_id_secret(), domain=conf.message_id_domain())


def _thread(alert: Alert) -> tuple[tuple[str, str], ...]:
    """What makes mail programs show it below the first mail about the same trouble (RFC 5322, 3.6.4)."""
    if alert.thread_id is None:
        return ()
    first = _message_id(alert.thread_id)
    return (("In-Reply-To", first), ("References", first))
