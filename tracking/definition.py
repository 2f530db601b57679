"""RuleDefinition: a rule as a frozen value with one JSON form and the checks that need nothing but itself.

What needs the directory, an address grammar or a template compiler is checked in `store/rules.py`, which every
way of saving a rule goes through. Field names are unique over all sections, so that a form can show an error there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, ValidationError

from tracking.choices import (
    ConnectionKind,
    ContentType,
    DeliveryPolicy,
    Encryption,
    Filter,
    Level,
    Method,
    MissingPlaceholder,
    PriceKind,
    RuleKind,
    Timeframe,
    TrackingStrategy,
)
from tracking.errors import RuleError
from tracking.triggers import Trigger, known, withheld_filters
from tracking.validation import Headers, Id, Money, field_errors, one_line, storable

MAX_RECIPIENTS = 50
MAX_BODY = 256 * 1024
MAX_FREQUENCY = 7 * 24 * 60  # minutes

INCLUDES = {  # entity of an event -> the filters that include and exclude it
    "publisher": (Filter.PUBLISHER, Filter.PUBLISHER_EXCLUDE),
    "channel": (Filter.CHANNEL, Filter.CHANNEL_EXCLUDE),
    "call_tracking_pool": (Filter.CALL_TRACKING_POOL, None),
    "source": (Filter.SOURCE, Filter.SOURCE_EXCLUDE),
    "buyer": (Filter.BUYER, Filter.BUYER_EXCLUDE),
    "campaign": (Filter.CAMPAIGN, Filter.CAMPAIGN_EXCLUDE),
    "pingtree": (Filter.PINGTREE, Filter.PINGTREE_EXCLUDE),
}


def _known_trigger(value: str) -> str:
    return known(value).value


def _in_order(values: Iterable[int]) -> tuple[int, ...]:
    return tuple(sorted(set(values)))


def _body(text: str) -> str:
    if len(text.encode("utf-8", "surrogatepass")) > MAX_BODY:
        raise ValueError(f"must have at most {MAX_BODY:,} bytes")
    return storable(text)


def as_list(value: object) -> object:
    """A comma-separated text is taken for a list: the seed's form has one field for several addresses."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


Line = Annotated[str, Field(strict=True, max_length=4_000), AfterValidator(one_line)]
Ids = Annotated[tuple[Id, ...], Field(max_length=1_000), AfterValidator(_in_order)]
Lines = Annotated[tuple[Line, ...], Field(max_length=MAX_RECIPIENTS), BeforeValidator(as_list)]
Key = Annotated[str, Field(strict=True, max_length=100), AfterValidator(one_line)]
Frozen = ConfigDict(frozen=True, extra="forbid")

Problems = Iterator[tuple[str, str]]  # field path, sentence


class Filters(BaseModel):
    """The nineteen filters. Empty or None does not restrict; several ids of one entity are joined by "or"."""

    model_config = Frozen

    method: Method | None = None
    tracking_strategy: TrackingStrategy | None = None
    publisher: Ids = ()
    publisher_exclude: Ids = ()
    channel: Ids = ()
    channel_exclude: Ids = ()
    call_tracking_pool: Ids = ()
    source: Ids = ()
    source_exclude: Ids = ()
    buyer: Ids = ()
    buyer_exclude: Ids = ()
    campaign: Ids = ()
    campaign_exclude: Ids = ()
    pingtree: Ids = ()
    pingtree_exclude: Ids = ()
    price_restriction: PriceKind | None = None
    price_restriction_value: Money | None = None
    min_price: Money | None = None
    max_price: Money | None = None

    def used(self) -> tuple[Filter, ...]:
        return tuple(name for name in Filter if getattr(self, name) not in (None, ()))


class Server(BaseModel):
    """A mail server of the rule's own ("Manual connection"). Its password never is part of a definition."""

    model_config = Frozen

    host: Annotated[str, Field(strict=True, max_length=253), AfterValidator(one_line)] = ""
    port: Annotated[int, Field(strict=True, ge=1, le=65535)] | None = None
    encryption: Encryption = Encryption.TLS
    login: Annotated[str, Field(strict=True, max_length=320), AfterValidator(one_line)] = ""

    @classmethod
    def read(cls, fields: dict[str, Any]) -> Server:
        """The server that a form or a request names. Raises RuleError."""
        try:
            return cls.model_validate(fields)
        except ValidationError as error:
            raise RuleError(field_errors(error, whole="server")) from None


class Action(BaseModel):
    """[TPS] SMTP: where the mail goes out, and what it says. `recipient`, `cc` and `bcc` are comma-separated.

    `headers` is an object in JSON: name of `ExtraHeader` -> value, with placeholders as in the subject.
    """

    model_config = Frozen

    kind: RuleKind
    connection: Key | None = None  # of a predefined connection
    server: Server | None = None
    sender: Line
    recipient: Line
    cc: Line = ""
    bcc: Line = ""
    reply_to: Line = ""
    use_twig: StrictBool = False
    subject: Line
    body: Annotated[str, Field(strict=True), AfterValidator(_body)]
    content_type: ContentType = ContentType.HTML
    headers: Headers = ()


class Notifications(BaseModel):
    """When to tell whom that too many events of the rule met a warning.

    Fires when either threshold is exceeded (strictly); an empty one never fires. The percentage is looked at from
    `minimum_events` on, so that one warning at night is not 100 %. Source: seed, "Warning Notifications".
    """

    model_config = Frozen

    enable_notifications: StrictBool = False
    timeframe: Timeframe = Timeframe.HOUR_1
    warnings_percent: Annotated[Money, Field(ge=0, lt=100)] | None = None
    warnings_number: Annotated[int, Field(strict=True, ge=0, le=1_000_000_000)] | None = None
    minimum_events: Annotated[int, Field(strict=True, ge=1, le=1_000_000_000)] | None = None
    notify_users: Lines = ()  # user names
    notify_emails: Lines = ()
    notification_frequency: Annotated[int, Field(strict=True, ge=1, le=MAX_FREQUENCY)] = 60  # minutes
    notify_recovery: StrictBool = False

    @classmethod
    def of(cls, document: dict[str, Any]) -> Notifications:
        """Those of a rule's JSON form, without reading the rest of it. Raises RuleError."""
        try:
            return cls.model_validate(document.get("notifications", {}))
        except ValidationError as error:
            raise RuleError(field_errors(error, whole="notifications")) from None


class Policy(BaseModel):
    """How the rule's mails are treated beside what they say."""

    model_config = Frozen

    delivery_policy: DeliveryPolicy = DeliveryPolicy.NEVER_TWICE
    once_per_lead: StrictBool = False
    missing_placeholder: MissingPlaceholder = MissingPlaceholder.EMPTY
    daily_cap: Annotated[int, Field(strict=True, ge=1, le=1_000_000_000)] | None = None  # events a day (UTC)


class RuleDefinition(BaseModel):
    """What a rule does. Owned by a product or by a campaign, never by both.

    Raises RuleError, naming each field that is wrong. Source: seed, "Add Rule".
    """

    model_config = Frozen

    name: Annotated[str, Field(strict=True, max_length=200), AfterValidator(one_line)] = ""
    trigger: Annotated[str, Field(strict=True), AfterValidator(_known_trigger)]
    product: Id | None = None
    campaign: Id | None = None
    filters: Filters = Filters()
    action: Action
    notifications: Notifications = Notifications()
    policy: Policy = Policy()

    def __init__(self, /, **fields: Any) -> None:  # so that a field named "self" is refused as any other
        try:
            super().__init__(**fields)
        except ValidationError as error:
            raise RuleError(field_errors(error, whole="rule")) from None
        wrong: dict[str, list[str]] = {}
        for path, sentence in self._contradictions():
            wrong.setdefault(path, []).append(sentence)
        if wrong:
            raise RuleError(wrong)

    @classmethod
    def from_json(cls, value: object) -> Self:
        if not isinstance(value, dict) or any(not isinstance(key, str) for key in value):
            raise RuleError({"rule": ["must be an object"]})
        return cls(**value)

    def to_json(self) -> dict[str, Any]:
        """All fields, whether set or not, so that two definitions compare key by key."""
        return self.model_dump(mode="json")

    @property
    def kind(self) -> Trigger:
        return known(self.trigger)

    @property
    def level(self) -> Level:
        return Level.PRODUCT if self.campaign is None else Level.CAMPAIGN

    @property
    def connection_kind(self) -> ConnectionKind:
        return ConnectionKind.ESP if self.action.kind is RuleKind.ESP else ConnectionKind.MANUAL

    def _contradictions(self) -> Problems:
        yield from _owner_errors(self)
        yield from _filter_errors(self)
        yield from _price_errors(self)
        yield from _action_errors(self.action)
        yield from _notification_errors(self.notifications)


def _owner_errors(rule: RuleDefinition) -> Problems:
    if (rule.product is None) == (rule.campaign is None):
        yield "product", "a rule belongs to a product or to a campaign: name one of the two"
    elif rule.level not in rule.kind.levels:
        levels = " or ".join(level.label.lower() for level in rule.kind.levels)
        yield "trigger", f"{rule.kind.label} is available at the {levels} level only"


def _filter_errors(rule: RuleDefinition) -> Problems:
    withheld = withheld_filters(rule.kind, rule.level)
    for name in rule.filters.used():
        if name in withheld:
            yield f"filters.{name}", f"{name.label} {withheld[name]}; leave it empty"
    for entity, (include, exclude) in INCLUDES.items():
        if exclude is not None:
            both = set(getattr(rule.filters, include)) & set(getattr(rule.filters, exclude))
            if both:
                ids = ", ".join(map(str, sorted(both)))
                yield f"filters.{exclude}", f"{entity} {ids} is included and excluded: keep one of the two"


_BOUNDED = {PriceKind.GREATER, PriceKind.AT_LEAST, PriceKind.LOWER, PriceKind.AT_MOST}


def _price_errors(rule: RuleDefinition) -> Problems:
    filters, kind = rule.filters, rule.filters.price_restriction
    if kind is PriceKind.RANGE and not rule.kind.price_range:
        yield (
            "filters.price_restriction",
            "Price range inclusive is available for the Lead Sold and Campaign Sold triggers only",
        )
    wanted = {
        "price_restriction_value": kind in _BOUNDED,
        "min_price": kind is PriceKind.RANGE,
        "max_price": kind is PriceKind.RANGE,
    }
    for name, needed in wanted.items():
        value: Decimal | None = getattr(filters, name)
        if needed and value is None:
            yield f"filters.{name}", "is required by the price restriction"
        elif not needed and value is not None:
            yield f"filters.{name}", "has no meaning with this price restriction; leave it empty"
        elif value is not None and value < 0:
            yield f"filters.{name}", "must not be negative"
    if filters.min_price is not None and filters.max_price is not None and filters.min_price > filters.max_price:
        yield "filters.max_price", "must not be lower than Min Price"


def _action_errors(action: Action) -> Problems:
    if action.kind is RuleKind.ESP:
        if not action.connection:
            yield "action.connection", "choose a predefined ESP connection"
        if action.server is not None:
            yield "action.server", "belongs to SMTP with Custom Connection; leave it out"
    else:
        if action.connection is not None:
            yield "action.connection", "belongs to SMTP ESP; leave it out"
        if action.server is None or not action.server.host:
            yield "action.server.host", "enter the name of the mail server"
        if action.server is None or action.server.port is None:
            yield "action.server.port", "enter the port of the mail server"
    for name in ("sender", "recipient", "subject", "body"):
        if not getattr(action, name).strip():
            yield f"action.{name}", "is required"


def _notification_errors(wanted: Notifications) -> Problems:
    if not wanted.enable_notifications:
        return
    if wanted.warnings_percent is None and wanted.warnings_number is None:
        yield "notifications.warnings_number", "enter % of Warnings, Number of Warnings, or both"
    if not wanted.notify_users and not wanted.notify_emails:
        yield "notifications.notify_emails", "choose a user or enter an email address to notify"
