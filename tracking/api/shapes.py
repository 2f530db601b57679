"""What goes over the wire and is no row: the schema's words for it, made of the values that validate it."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, RootModel

from tracking.choices import DeliveryState, Encryption, JobState, Severity
from tracking.definition import Action, RuleDefinition, Server
from tracking.events import MAX_BATCH, Event

# --- events -----------------------------------------------------------------------------------------------------------


class ReceiptMatch(BaseModel):
    rule: int
    delivery: UUID


class EventReceipt(BaseModel):
    """A duplicate changed nothing, and has matched nothing anew."""

    event_id: str
    duplicate: bool
    matched: list[ReceiptMatch]


class RefusedEvent(BaseModel):
    """In a list, in the place of a refused event's receipt."""

    error: dict[str, list[str]]
    index: int


class EventOrEvents(RootModel[Event | Annotated[list[Event], Field(max_length=MAX_BATCH)]]):
    """One event, or up to 1,000."""


class ReceiptOrReceipts(RootModel[EventReceipt | list[EventReceipt]]):
    """Of one event, or of a list's in its order."""


class PartlyTaken(RootModel[list[EventReceipt | RefusedEvent]]):
    """Of a list some of whose events were refused; the others were taken."""


class ExplainedRule(BaseModel):
    """`refused_by` is the first filter that refused the event, or "disabled"; null when the rule matched."""

    rule: int
    name: str
    matched: bool
    refused_by: str | None
    reason: str


class Explanation(BaseModel):
    event_id: str
    rules: list[ExplainedRule]


class OwedDelivery(BaseModel):
    id: UUID
    rule_id: int
    state: DeliveryState


class WholeEvent(BaseModel):
    """`event` is as it was sent, but for what is none of the caller's business."""

    event_id: str
    trigger: str
    product_id: int | None
    campaign_id: int | None
    lead_id: str | None
    occurred_at: AwareDatetime
    received_at: AwareDatetime
    test: bool
    event: dict[str, Any]
    deliveries: list[OwedDelivery]


# --- rules: for the schema alone, as `exchange.taken_apart` reads them ------------------------------------------------


class ServerDocument(Server):
    password: str | None = Field(
        default=None, max_length=4_000, repr=False, description="Never shown. Left out: the stored one is kept."
    )


class ActionDocument(Action):
    server: ServerDocument | None = None


class RuleDocument(RuleDefinition):
    """A rule as people exchange it. `key` says which rule it is, in every installation."""

    key: UUID | None = None
    enabled: bool | None = None
    action: ActionDocument


class OwnedRuleDocument(RuleDocument):
    """The same; its owner is that of the address."""


class RuleDraft(BaseModel):
    """A rule's document, whole or not: what it lacks is told."""

    model_config = ConfigDict(extra="allow")


class RulePatch(BaseModel):
    """A merge patch (RFC 7396) of a rule's document: what it names is replaced, null removes, the rest stays."""

    model_config = ConfigDict(extra="allow")


class RemarkOnRule(BaseModel):
    field: str
    severity: Severity
    sentence: str


class LintedRule(BaseModel):
    """`errors` keep the rule from running: field -> sentences."""

    errors: dict[str, list[str]]
    findings: list[RemarkOnRule]


class PreviewRecipient(BaseModel):
    role: str
    address: str


class PreviewedMail(BaseModel):
    sender: str
    recipients: list[PreviewRecipient]
    subject: str
    html: str | None
    text: str | None
    source: str
    missing: list[str]
    remark: str


class TestRunStarted(BaseModel):
    """`refusal`: why the rule's filters would have kept it from firing, in words."""

    __test__ = False

    delivery: UUID
    url: str
    refusal: str | None


# --- others -----------------------------------------------------------------------------------------------------------


class JobStarted(BaseModel):
    job: int
    state: JobState
    url: str


class ProviderPreset(BaseModel):
    provider: str
    label: str
    host: str
    port: int
    encryption: Encryption
    login: str
    login_hint: str
    regions: list[str]


class Providers(BaseModel):
    providers: list[ProviderPreset]


class ConnectionPatch(BaseModel):
    """A merge patch (RFC 7396) of a connection."""

    model_config = ConfigDict(extra="allow")


class Released(BaseModel):
    """How many held deliveries may leave now."""

    due: int


class DayOfUsage(BaseModel):
    day: str
    events: int
    amount: str


class UsageByDay(BaseModel):
    days: list[DayOfUsage]


class Problem(BaseModel):
    """RFC 9457. `errors` names each field that is wrong."""

    type: Literal["about:blank"]
    title: str
    status: int
    detail: str = ""
    errors: dict[str, list[str]] = {}
