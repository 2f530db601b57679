"""A connection tried out before it is saved: the worker's own handshake with all that was said, and a real mail.

Nothing is stored of it but the job; the connection's health is not touched.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from email.utils import parseaddr
from typing import Any

from django.db import transaction

from tracking import conf
from tracking.choices import AuditAction, Failure, JobKind, Phase, Quota
from tracking.definition import RuleDefinition, Server
from tracking.errors import AddressError, RuleError, SendError, TrackingError
from tracking.events import Event
from tracking.mail.addresses import Mailbox, check_address, parse_mailbox
from tracking.mail.compose import EmailMessage, compose
from tracking.mail.message_id import message_id
from tracking.models import Connection, Job, Rule, User
from tracking.models.delivery import new_id
from tracking.pipeline import transport, trial
from tracking.pipeline.report import Report
from tracking.smtp import sender_domain
from tracking.smtp.endpoint import Endpoint
from tracking.smtp.session import Envelope, Session
from tracking.smtp.transcript import Transcript
from tracking.store import audit, connections, jobs, quotas

# One sentence for all of these, or the form could be used to map the network that the workers stand in.
UNREACHABLE = (
    "No mail server could be reached there. The host may not exist, may not answer at this port, or mail may not be "
    "sent through it."
)


def start(
    server: Server | None,
    *,
    connection: Connection | None,
    password: str,
    mail: Mapping[str, Any] | None = None,
    sender: str = "",
    veiled: bool = False,
    rule: Rule | None = None,
    author: User,
    now: datetime,
) -> Job:
    """A queued check of a server as it stands in a form, or, with `server` None, of a saved connection.

    `connection` is the saved one that a form edits: a blank password takes its stored one, if the server is the same.
    `mail` asks for a real mail over it: see `mail_to` and `mail_of`. `veiled`: the answer tells nothing of the server,
    for who may use the connection but not look at it. Raises RuleError, QuotaError, JobError.
    """
    target: dict[str, Any] = {"connection": connection.pk if connection else None}
    if server is not None:
        if server.port is None:
            raise RuleError({"port": ["is required"]})
        if wrong := connections.problems({"host": server.host, "port": server.port}):
            raise RuleError({name: [sentence] for name, sentence in wrong.items()})
        target["server"] = server.model_dump(mode="json")
        password = password or connections.kept_password(server, connection)
    with transaction.atomic():
        quotas.spend(Quota.CHECKS, author.pk, now=now)
        if mail is not None:
            quotas.spend(Quota.TEST_MAILS, author.pk, product=mail.get("event", {}).get("product"), now=now)
        host = server.host if server else str(connection)
        job = jobs.open_job(
            JobKind.CHECK,
            {**target, "mail": dict(mail) if mail else None, "sender": sender, "veiled": veiled},
            author=author,
            rule=rule,
            title=host,
            secret=password if server else "",
            now=now,
        )
        detail = {"host": host, "port": server.port if server else None, "mail": bool(mail), "job": job.pk}
        audit.note(
            actor=author, action=AuditAction.CONNECTION_CHECKED, target=connection or rule, detail=detail, now=now
        )
    return job


def mail_to(to: str, *, sender: str) -> dict[str, Any]:
    """A plain test mail of ours. Raises RuleError."""
    try:
        parse_mailbox(sender)
    except AddressError as error:
        raise RuleError({"sender": [str(error)]}) from None
    return {"to": list(trial.addresses(to)), "sender": sender}


def mail_of(definition: RuleDefinition, event: Event, to: str) -> dict[str, Any]:
    """The mail of a rule, saved or not, for that event, to the addresses asked for. Raises RuleError."""
    return {"to": list(trial.addresses(to)), "definition": definition.to_json(), "event": event.to_json()}


def work(params: Mapping[str, Any], report: Report) -> dict[str, Any]:
    """The job: handshake, perhaps a mail, and what DNS says of the sender's domain."""
    endpoint = _endpoint(params, report.secret)
    transcript = Transcript(password=endpoint.password)
    report(0, 3, "Connecting")
    began = time.monotonic()
    answer = _handshake(endpoint, transcript, params["mail"], report)
    answer["seconds"] = round(time.monotonic() - began, 3)
    if params.get("veiled"):
        answer = _veiled(answer)
    else:
        answer["lines"] = [line.to_json() for line in transcript.lines]
    domain = _domain(params)
    report(2, 3, "Asking DNS")
    records = sender_domain.look_up(domain, sender_domain.by_dns) if domain else []
    return {**answer, "domain": domain, "records": [record.to_json() for record in records]}


def _endpoint(params: Mapping[str, Any], password: str) -> Endpoint:
    """Of a form's server, or of a saved connection. Raises TrackingError."""
    if "server" not in params:
        saved = Connection.objects.filter(pk=params["connection"]).first()
        if saved is None:
            raise RuleError({"connection": ["is gone"]})
        return replace(transport.endpoint(saved), pool_key=(0, 0))
    return transport.server_endpoint(Server(**params["server"]), password)


def _handshake(
    endpoint: Endpoint, transcript: Transcript, mail: Mapping[str, Any] | None, report: Report
) -> dict[str, Any]:
    try:
        with Session.open(endpoint, connections.guard(), wire=transcript.wire) as session:
            if mail is None:
                return _answer(True, transcript.phase, "The server let us in.")
            report(1, 3, "Sending the mail")
            return _send(session, transcript, mail, report.now())
    except SendError as error:
        return _refused(error, transcript)


def _refused(error: SendError, transcript: Transcript) -> dict[str, Any]:
    hidden = error.failure is Failure.HOST or (error.phase is Phase.CONNECT and not transcript.lines)
    sentence = UNREACHABLE if hidden else error.message
    transcript.phase = error.phase
    transcript.note(sentence)
    return _answer(False, error.phase, sentence)


def _send(session: Session, transcript: Transcript, mail: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    try:
        envelope = _envelope(mail, now)
    except TrackingError as error:
        transcript.phase = Phase.RENDER
        transcript.note(str(error))
        return _answer(False, Phase.RENDER, f"The server let us in, but there is no mail to send: {error}")
    outcome = session.send(envelope)
    if outcome.failure is None:
        return _answer(True, outcome.phase, f"The server took the mail to {', '.join(envelope.recipients)}.")
    return _answer(False, outcome.phase, outcome.text)


def _answer(ok: bool, phase: Phase, sentence: str) -> dict[str, Any]:
    return {"ok": ok, "phase": phase.value, "sentence": sentence}


def _veiled(answer: dict[str, Any]) -> dict[str, Any]:
    """Without the server's words. What is wrong with the mail itself its author may know."""
    if answer["ok"] or answer["phase"] == Phase.RENDER:
        return answer
    reached = Phase(answer["phase"]).label
    return {**answer, "sentence": f"It failed at “{reached}”. What the server said is shown to administrators."}


def _envelope(mail: Mapping[str, Any], now: datetime) -> Envelope:
    """Raises TrackingError for a mail that cannot be made."""
    if "definition" in mail:
        definition = RuleDefinition.from_json(mail["definition"])
        filled = trial.values(Event.restored(mail["event"]), definition)
        return trial.mail(definition, filled, to=mail["to"], now=now)[0].envelope
    sender = parse_mailbox(mail["sender"])
    composed = compose(
        EmailMessage(
            sender=sender,
            to=tuple(Mailbox(address) for address in mail["to"]),
            subject="Test of a connection",
            text="This mail was sent to test a connection of Event Tracking. It has arrived.\n",
            html=None,
            message_id=message_id(new_id(), secret=conf.message_id_secret(), domain=conf.message_id_domain()),
            date=now,
        )
    )
    return Envelope(sender=sender.address, recipients=tuple(mail["to"]), data=composed.data, smtputf8=composed.smtputf8)


def _domain(params: Mapping[str, Any]) -> str:
    """That of the sender's address; "" where none is known, or placeholders make it."""
    address = parseaddr(params["sender"])[1]
    try:
        return check_address(address).rpartition("@")[2].lower() if address else ""
    except AddressError:
        return ""
