"""What an alert mail says: why it came, with numbers, causes and samples; what may be done; when the next one comes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from tracking import conf
from tracking.choices import Timeframe, WarningCause
from tracking.definition import Notifications, RuleDefinition
from tracking.models import Alert, Connection
from tracking.pipeline import alert_link
from tracking.policy.warning import Counts
from tracking.wording import counted


def subject(alert: Alert) -> str:
    if alert.connection is not None:
        return f"Connection {alert.connection} is left alone after failures"
    return f"{'Recovered' if alert.recovered else 'Too many warnings'}: rule {alert.rule}"


def text(alert: Alert) -> str:
    if alert.connection is not None:
        return "\n".join(_of_connection(alert, alert.connection))
    return "\n".join(_of_recovery(alert) if alert.recovered else _of_rule(alert))


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


def _warned(counts: Counts) -> str:
    return f"{counted(counts.warnings, 'warning')} in {counted(counts.events, 'event')}"


def _of_rule(alert: Alert) -> Iterator[str]:
    definition, counts = _definition(alert), _counts(alert)
    yield f"Rule {alert.rule} ({definition.kind.label}) had {_warned(counts)}"
    yield f"within {Timeframe(alert.timeframe).label} until {_time(alert.raised_at)}."
    yield ""
    yield from _exceeded(alert, counts, definition.notifications)
    yield ""
    yield "Causes:"
    for cause, number in sorted(counts.causes.items(), key=lambda item: -item[1]):
        yield f"- {cause.label}: {number:,}"
        if sample := alert.samples.get(cause.value):
            yield f"  Such as {sample}"
    yield ""
    yield from _connection_now(alert)
    yield f"The next alert of this rule comes at {_time(alert.next_allowed_at)} at the earliest."
    yield f"Acknowledge (no more until it is over) or snooze: {alert_link.made(alert.pk)}"
    yield ""
    yield from _not_told(alert)
    yield from _where(alert)


def _of_recovery(alert: Alert) -> Iterator[str]:
    counts = _counts(alert)
    yield f"Rule {alert.rule} is below its limits again: {_warned(counts)}"
    yield f"within {Timeframe(alert.timeframe).label} until {_time(alert.raised_at)}."
    if alert.thread is not None:
        yield f"The first alert about this trouble came at {_time(alert.thread.raised_at)}."
    yield ""
    yield from _not_told(alert)
    yield from _where(alert)


def _definition(alert: Alert) -> RuleDefinition:
    assert alert.version is not None  # an alert about a rule has one
    return alert.version.definition()


def _counts(alert: Alert) -> Counts:
    return Counts(events=alert.events, causes={WarningCause(cause): number for cause, number in alert.causes.items()})


def _exceeded(alert: Alert, counts: Counts, wanted: Notifications) -> Iterator[str]:
    of = f"{counts.warnings:,} of {counted(counts.events, 'event')}"
    if alert.percent_exceeded:
        limit = _trimmed(wanted.warnings_percent)
        yield f"- % of Warnings: {counts.percent:.2f} % ({of}) is over the limit of {limit} %."
    if alert.number_exceeded:
        yield f"- Number of Warnings: {counts.warnings:,} is over the limit of {wanted.warnings_number:,}."


def _connection_now(alert: Alert) -> Iterator[str]:
    """One line more where the rule's connection itself is in trouble."""
    connection = alert.rule.connection if alert.rule else None
    if connection is not None and connection.fail_streak:
        yield f"Its connection {connection} fails: {connection.last_error or 'no error was given'}"


def _where(alert: Alert) -> Iterator[str]:
    rule = f"{conf.base_url()}/admin/tracking/rule/{alert.rule_id}"
    yield f"The rule: {rule}/change/"
    yield f"Its warnings: {rule}/warnings/"
    yield f"Its log: {conf.base_url()}/admin/tracking/delivery/?rule__id__exact={alert.rule_id}&warned=yes"


def _time(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC" if moment else "any time"


def _trimmed(number: object) -> str:
    """A decimal without needless zeros."""
    text = f"{number:f}" if number is not None else ""
    return text.rstrip("0").rstrip(".") if "." in text else text
