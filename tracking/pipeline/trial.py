"""A rule tried out before it is live: rendered on values of one's choice, or sent as a test run by the live path."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.crypto import get_random_string

from tracking.choices import AuditAction, Filter, Quota, Reason, WarningCause, Whom
from tracking.definition import RuleDefinition
from tracking.errors import AddressError, RuleError, TemplateError
from tracking.events import ENTITIES, Event
from tracking.mail.addresses import check_address
from tracking.matching import explain
from tracking.matching.matcher import Candidate
from tracking.models import Campaign, Delivery, Rule, User
from tracking.models.delivery import new_id
from tracking.pipeline.explain import HIDDEN
from tracking.pipeline.letter import Unsendable
from tracking.pipeline.prepare import Prepared, settled
from tracking.rendering import render
from tracking.rendering.context import PLACEHOLDERS, context, sample_context
from tracking.store import audit, deliveries, events, quotas, versions
from tracking.store.deliveries import Owed
from tracking.store.leased import Leased
from tracking.store.versions import ReadyVersion

MAX_REDIRECT = 5  # addresses of one test run
MAX_SOURCE = 512 * 1024  # characters of a mail's source that a preview shows
_GIVEN = frozenset({"event", "rule"})  # what a test run fills itself


@dataclass(frozen=True, slots=True)
class Ask:
    """A value that a rule's texts use, and that a test run may choose. An entity is asked for by its id."""

    name: str
    explanation: str
    sample: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """A mail as it would leave. `html` or `text` is None where the content type has none; `remark` is its warning."""

    sender: str
    recipients: tuple[tuple[str, str], ...]  # role, address
    subject: str
    html: str | None
    text: str | None
    source: str
    missing: tuple[str, ...]
    remark: str

    def to_json(self) -> dict[str, Any]:
        return {
            "sender": self.sender,
            "recipients": [{"role": role, "address": address} for role, address in self.recipients],
            "subject": self.subject,
            "html": self.html,
            "text": self.text,
            "source": self.source,
            "missing": list(self.missing),
            "remark": self.remark,
        }


# --- what a rule asks for -----------------------------------------------------------------------------------------


def asks(definition: RuleDefinition, *, hidden: Collection[str] = frozenset()) -> list[Ask]:
    """One for each value that the rule's texts use and a test run may choose, each once, but for what is `hidden`.

    Raises RuleError and TemplateError.
    """
    rows = {row.name: row for row in PLACEHOLDERS}
    left_out = {*_GIVEN, *owner(definition), *hidden}
    found: dict[str, Ask] = {}
    for path in _paths(definition):
        name = None if path[0] in left_out else _asked(path)
        if name is not None and name not in found:
            row = rows.get(name)
            about = row.explanation if row else f"A field of the {path[0]}"
            found[name] = Ask(name, about, row.sample if row else "")
    return sorted(found.values(), key=lambda ask: ask.name)


def _paths(definition: RuleDefinition) -> Iterator[tuple[str, ...]]:
    for paths in render.names(versions.email_template(definition.action)).values():
        yield from paths


def _asked(path: tuple[str, ...]) -> str | None:
    """The name of the value to ask for; None where there is nothing to choose."""
    if path[0] in ENTITIES:
        return f"{path[0]}.id"
    return None if path in {("lead",), ("call",)} else ".".join(path)


def event_of(
    definition: RuleDefinition,
    typed: Mapping[str, str],
    *,
    base: Event | None,
    hidden: Collection[str] = frozenset(),
    now: datetime,
) -> Event:
    """A test event for the rule: `base` or nothing, with what was typed put over it, and the rule's owner.

    `typed` maps names as in `asks`; blanks are left as they are. Nothing of what is `hidden` from who asks is taken:
    the mail would tell it. Raises EventError.
    """
    fields: dict[str, Any] = base.to_json() if base is not None else {"occurred_at": now}
    for name, text in typed.items():
        if text.strip():
            _put(fields, name, text)
    fields = {name: value for name, value in fields.items() if name not in hidden} | owner(definition)
    fields |= {"event_id": f"test-{get_random_string(20)}", "trigger": definition.trigger, "test": True}
    return Event.from_json(fields)


def _put(fields: dict[str, Any], name: str, text: str) -> None:
    head, *rest = name.split(".")
    if head in ENTITIES:
        fields[head] = int(text) if text.strip().isdecimal() else text
    elif not rest:
        fields[head] = text
    else:
        place = fields.setdefault(head, {})
        for part in rest[:-1]:
            below = place.get(part)
            place[part] = place = dict(below) if isinstance(below, dict) else {}
        place[rest[-1]] = text


def owner(definition: RuleDefinition) -> dict[str, Any]:
    """The ids that each event of a rule has from what owns the rule: of the product, perhaps of campaign and buyer."""
    if definition.campaign is None:
        return {"product": definition.product}
    campaign = Campaign.objects.filter(pk=definition.campaign).first()
    if campaign is None:
        return {"campaign": definition.campaign}
    return {"campaign": campaign.pk, "product": campaign.product_id, "buyer": campaign.buyer_id}


# --- rendered -----------------------------------------------------------------------------------------------------


def values(event: Event, definition: RuleDefinition, *, rule_id: int = 0) -> dict[str, Any]:
    """The values that the event gives the rule's placeholders, names of the directory among them."""
    return context(event, names=events.names([event]), rule_id=rule_id, rule_name=definition.name)


def samples(definition: RuleDefinition) -> dict[str, Any]:
    return sample_context(definition.kind)


def mail(
    definition: RuleDefinition, filled: Mapping[str, Any], *, now: datetime, to: Sequence[str] = ()
) -> tuple[Prepared, tuple[str, ...]]:
    """The mail of a rule, saved or not, on these values, and the placeholders without one; `to` redirects it.

    The renderer and the composer are those of the live path. Raises Unsendable, RuleError.
    """
    version = ReadyVersion(rule_id=0, definition=definition, template=versions.email_template(definition.action))
    try:
        rendered = render.render(version.template, filled)
    except TemplateError as error:
        raise Unsendable(Reason.RENDER, WarningCause.RENDER_ERROR, str(error)) from error
    return settled(_unwritten(to, now), version, rendered, {}, now=now), rendered.missing


def _unwritten(to: Sequence[str], now: datetime) -> Leased:
    """A delivery that no row stands for."""
    return Leased(
        id=new_id(),
        event_id=UUID(int=0),
        rule_id=0,
        version_id=0,
        test=True,
        created_at=now,
        renewed_at=None,
        tries=0,
        crashes=0,
        claimed_at=None,
        warned_at=None,
        redirect=",".join(to) or None,
    )


def preview(definition: RuleDefinition, filled: Mapping[str, Any], *, now: datetime) -> Preview:
    """Raises Unsendable and RuleError, as sending would."""
    prepared, missing = mail(definition, filled, now=now)
    return previewed(prepared, missing)


def previewed(prepared: Prepared, missing: tuple[str, ...] = ()) -> Preview:
    """A mail as people look at it."""
    message = email.message_from_bytes(prepared.envelope.data, _class=EmailMessage, policy=email.policy.default)
    return Preview(
        sender=str(message["From"]),
        recipients=tuple((one.role.label, one.address) for one in prepared.recipients),
        subject=str(message["Subject"]),
        html=_part(message, "html"),
        text=_part(message, "plain"),
        source=prepared.envelope.data.decode("utf-8", "replace")[:MAX_SOURCE],
        missing=missing,
        remark=prepared.remark,
    )


def _part(message: EmailMessage, kind: str) -> str | None:
    part = message.get_body((kind,))
    return None if part is None else str(part.get_content())


# --- sent ---------------------------------------------------------------------------------------------------------


def addresses(text: str) -> tuple[str, ...]:
    """The addresses that a test goes to, comma-separated. Raises RuleError at the field `to`."""
    found = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        try:
            found.append(check_address(part))
        except AddressError as error:
            raise RuleError({"to": [f"{part[:100]}: {error}"]}) from None
    if not 0 < len(found) <= MAX_REDIRECT:
        raise RuleError({"to": [f"enter one to {MAX_REDIRECT} addresses, separated by commas"]})
    return tuple(dict.fromkeys(found))


def start(rule: Rule, event: Event, *, whom: Whom, to: str, author: User, now: datetime) -> Delivery:
    """A test run of a saved rule, enabled or not: its delivery, due now, that a worker sends as any other.

    `to` are the addresses that it goes to, comma-separated; "": the author's own. Only `Whom.RULES` mails the rule's
    recipients. The rule's filters are not asked. Not billed, and no warning. Raises RuleError at `to`, QuotaError.
    """
    assert rule.current is not None
    assert event.test
    definition = rule.current.definition()
    candidate = Candidate.of(definition, rule_id=rule.pk, version_id=rule.current.pk, connection_id=rule.connection_id)
    redirect = () if whom is Whom.RULES else addresses(to.strip() or _own_address(author))
    with transaction.atomic():
        quotas.spend(Quota.TEST_MAILS, author.pk, product=event.product, now=now)
        written = events.add([event], now=now)
        owed = Owed(event, written[event.event_id], candidate)
        (delivery_id,) = deliveries.open_for([owed], now=now).values()
        if redirect:
            Delivery.objects.filter(pk=delivery_id).update(redirect=",".join(redirect))
        detail = {"delivery": str(delivery_id), "to": list(redirect) or "the rule's recipients"}
        audit.note(actor=author, action=AuditAction.TEST_SENT, target=rule, detail=detail, now=now)
    return Delivery.objects.select_related("connection").get(pk=delivery_id)


def _own_address(author: User) -> str:
    if not author.email:
        raise RuleError({"to": ["your account has no email address: say where the mail is to go"]})
    return author.email


def refusal(definition: RuleDefinition, event: Event, *, hides: Callable[[Filter], bool]) -> str | None:
    """Why the rule's filters would keep it from firing for the event, in words; None when they would not.

    Of a filter that `hides` no more is told than that there is one.
    """
    candidate = Candidate.of(definition, rule_id=0, version_id=0, connection_id=0)
    refused_by = candidate.refusal(event)
    if refused_by is None:
        return None
    return HIDDEN if hides(refused_by) else explain.reason(refused_by, definition.filters, event)
