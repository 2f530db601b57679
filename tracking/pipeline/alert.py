"""The alert mail: what it says, and sending it by the system's own server."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID, uuid5

from tracking import conf
from tracking.choices import Failure, RecipientStatus, Timeframe, WarningCause
from tracking.definition import RuleDefinition
from tracking.errors import AddressError, SendError, TrackingError
from tracking.mail.addresses import Mailbox, parse_mailbox
from tracking.mail.compose import EmailMessage, compose
from tracking.mail.message_id import message_id
from tracking.models import Alert, Connection
from tracking.pipeline import transport
from tracking.policy.warning import Counts
from tracking.smtp.session import Envelope, Outcome
from tracking.store import alerts
from tracking.store.clock import Clock

_NAMESPACE = UUID("5d1c4d5e-7f36-4f3c-9a55-1f0f3f0c1f11")  # so that an alert's Message-ID is the same at every try


def send(alert_id: int, *, clock: Clock) -> None:
    """Mail one alert, if it is this worker's turn. A system server that is down delays an alert, never loses it."""
    alert = alerts.claim(alert_id, now=clock())
    if alert is None:
        return
    recipients, unusable = _mailboxes([address for address in alert.recipients if address not in alert.told])
    if not recipients:
        alerts.failed(alert, error="There is nobody to tell: no address is usable.", permanent=True, now=clock())
        return
    try:
        outcome = transport.system_pool().send(transport.system_endpoint(), _envelope(alert, recipients))
    except SendError as error:
        alerts.failed(alert, error=error.message, permanent=False, now=clock())
    except TrackingError as error:  # DEFAULT_FROM_EMAIL is no mailbox, or the version cannot be read
        alerts.failed(alert, error=str(error), permanent=False, now=clock())
    else:
        _note(alert, outcome, unusable, clock)


def _note(alert: Alert, outcome: Outcome, unusable: list[str], clock: Clock) -> None:
    if outcome.failure is None:
        untold = [one for one in outcome.recipients if one.status is not RecipientStatus.ACCEPTED]
        remark = "; ".join([*unusable, *(f"{one.address}: {one.text}" for one in untold)])
        if any(one.status is RecipientStatus.OPEN for one in untold):
            told = [one.address for one in outcome.recipients if one.status is not RecipientStatus.OPEN]
            alerts.partly_sent(alert, told=told, error=remark, now=clock())
        else:
            alerts.sent(alert, now=clock(), remark=remark)
    elif outcome.failure is Failure.UNKNOWN:  # most likely taken: a second alert would say nothing new
        alerts.sent(alert, now=clock(), remark=outcome.text)
    else:
        alerts.failed(alert, error=outcome.text, permanent=outcome.failure is Failure.PERMANENT, now=clock())


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
            message_id=message_id(
                uuid5(_NAMESPACE, str(alert.pk)), secret=conf.message_id_secret(), domain=conf.message_id_domain()
            ),
            date=alert.raised_at,
        )
    )
    return Envelope(
        sender=sender.address,
        recipients=tuple(one.address for one in recipients),
        data=composed.data,
        smtputf8=composed.smtputf8,
    )


def subject(alert: Alert) -> str:
    if alert.connection is not None:
        return f"Connection {alert.connection} is left alone after failures"
    return f"Too many warnings: rule {alert.rule}"


def text(alert: Alert) -> str:
    """Which threshold fired with its numbers, the causes, when the next alert may come, and where to look."""
    return "\n".join(_of_connection(alert, alert.connection) if alert.connection else _of_rule(alert))


def _of_connection(alert: Alert, connection: Connection) -> Iterator[str]:
    yield f"The connection {connection} ({connection.host}:{connection.port}) failed and rests since"
    yield f"{alert.raised_at:%Y-%m-%d %H:%M} UTC. Its mails wait; none is lost."
    yield ""
    yield f"The last error: {alert.detail or 'none was given'}"
    yield ""
    if connection.waits_for_an_operator:
        yield "It is not tried again until somebody mends it: save it with a password that works, or release it."
    else:
        yield "It is tried again by itself, less and less often, and its mails go when it lets us in."
    yield ""
    yield from _not_told(alert)
    yield f"The connection: {conf.base_url()}/admin/tracking/connection/{connection.pk}/change/"


def _not_told(alert: Alert) -> Iterator[str]:
    if alert.skipped:
        yield f"Not told, for want of an address or because deactivated: {', '.join(alert.skipped)}."
        yield ""


def _of_rule(alert: Alert) -> Iterator[str]:
    assert alert.version is not None  # an alert about a rule has one
    assert alert.next_allowed_at is not None
    definition = RuleDefinition.from_json(alert.version.document)
    wanted = definition.notifications
    counts = Counts(events=alert.events, causes={WarningCause(cause): number for cause, number in alert.causes.items()})
    yield f"Rule {alert.rule} ({definition.kind.label}) had {counts.warnings:,} warnings in {counts.events:,} events"
    yield f"within {Timeframe(alert.timeframe).label} until {alert.raised_at:%Y-%m-%d %H:%M} UTC."
    yield ""
    if alert.percent_exceeded:
        yield f"- % of Warnings: {counts.percent:.2f} % is over the limit of {_trimmed(wanted.warnings_percent)} %."
    if alert.number_exceeded:
        yield f"- Number of Warnings: {counts.warnings:,} is over the limit of {wanted.warnings_number:,}."
    yield ""
    yield "Causes:"
    for cause, number in sorted(counts.causes.items(), key=lambda item: -item[1]):
        yield f"- {cause.label}: {number:,}"
    yield ""
    yield f"The next alert of this rule comes at {alert.next_allowed_at:%Y-%m-%d %H:%M} UTC at the earliest."
    yield ""
    yield from _not_told(alert)
    yield f"The rule: {conf.base_url()}/admin/tracking/rule/{alert.rule_id}/change/"
    yield f"Its log: {conf.base_url()}/admin/tracking/delivery/?rule__id__exact={alert.rule_id}"


def _trimmed(number: object) -> str:
    """A decimal without needless zeros."""
    text = f"{number:f}" if number is not None else ""
    return text.rstrip("0").rstrip(".") if "." in text else text
