"""Which rows, triggers, filters and values are there for one person."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Model, Q, QuerySet

from tracking.choices import ConnectionKind, Filter, Level, Platform, Role
from tracking.models import (
    Alert,
    ApiToken,
    AuditEntry,
    Buyer,
    CallTrackingPool,
    Campaign,
    Channel,
    Connection,
    Delivery,
    Job,
    Pingtree,
    Preset,
    Product,
    Publisher,
    Rule,
    Source,
    StoredEvent,
    UsageDay,
    User,
)
from tracking.rendering.context import Placeholder, offered
from tracking.roles import BUYER_ROLES
from tracking.triggers import TRIGGERS, Trigger, offered_filters

PUBLISHERS = frozenset({"publisher", "channel", "source"})  # whom buyers do not get to know


@dataclass(frozen=True, kw_only=True)
class Sight:
    """What one person may see. `buyers` None: not scoped to buyers; `platforms` and `levels` are those allowed."""

    user_id: int
    roles: frozenset[Role]
    buyers: frozenset[int] | None
    platforms: frozenset[Platform]
    levels: frozenset[Level]

    @property
    def scoped(self) -> bool:
        return self.buyers is not None

    @property
    def unlimited(self) -> bool:
        """Nothing is kept from this person."""
        return self.buyers is None and self.platforms == frozenset(Platform) and self.levels == frozenset(Level)

    @property
    def hidden(self) -> frozenset[str]:
        """The entities whose ids and names this person never sees: of events, placeholders and filters."""
        return PUBLISHERS if self.scoped else frozenset()

    # --- rows ---------------------------------------------------------------------------------------------------------

    def rows(self, model: type[Model]) -> QuerySet[Any]:
        """The rows of a table that are there for this person; of a table that nobody thought of, none for buyers."""
        return self.within(model._default_manager.all())

    def within(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Of these rows, those that are there for this person."""
        found = rows.filter(self._of_platforms(rows.model))
        if self.buyers is None:
            return found
        scope = _BUYERS.get(rows.model)
        return found.none() if scope is None else found.filter(scope(self))

    def _of_platforms(self, model: type[Model]) -> Q:
        if self.platforms == frozenset(Platform) or model not in _PLATFORMS:
            return Q()
        if model is Job:  # its result may tell of any platform
            return Q(author=self.user_id)
        path, whole = _PLATFORMS[model]
        if path.endswith("platform"):
            return Q(**{f"{path}__in": self.platforms})
        allowed = Q(**{f"{path}__in": [row.value for row in TRIGGERS.values() if row.platform in self.platforms]})
        if model is Connection:  # many rules may use one
            return Q(pk__in=Rule.objects.filter(allowed).values("connection")) | whole
        if model is Alert:
            servers = Rule.objects.filter(self._of_platforms(Rule)).values("connection")
            return allowed | whole | Q(rule=None, connection__in=servers)
        return allowed | whole

    def rules(self) -> QuerySet[Rule]:
        """Those that are not deleted; `rows(Rule)` has the deleted ones too."""
        return self.rows(Rule).filter(deleted_at=None)

    def deliveries(self) -> QuerySet[Delivery]:
        return self.rows(Delivery)

    def events(self) -> QuerySet[StoredEvent]:
        return self.rows(StoredEvent)

    def products(self) -> QuerySet[Product]:
        return self.rows(Product)

    def campaigns(self) -> QuerySet[Campaign]:
        return self.rows(Campaign)

    def buyers_visible(self) -> QuerySet[Buyer]:
        return self.rows(Buyer)

    def alerts(self) -> QuerySet[Alert]:
        return self.rows(Alert)

    def usage(self) -> QuerySet[UsageDay]:
        return self.rows(UsageDay)

    def presets(self) -> QuerySet[Preset]:
        return self.rows(Preset)

    def jobs(self) -> QuerySet[Job]:
        """One's own; `rows(Job)` has those of others too, for whoever is not of a buyer."""
        return Job.objects.filter(author=self.user_id)

    def users(self) -> QuerySet[User]:
        return self.rows(User)

    def connections(self) -> QuerySet[Connection]:
        """Predefined ones, to choose from; a custom server belongs to its rule."""
        return self.rows(Connection).filter(kind=ConnectionKind.ESP)

    # --- what a rule may use ------------------------------------------------------------------------------------------

    def triggers(self, level: Level | None = None) -> tuple[Trigger, ...]:
        """The triggers a rule of this person may have, at one level or at any that is allowed."""
        levels = self.levels if level is None else self.levels & {level}
        return tuple(
            row for row in TRIGGERS.values() if row.platform in self.platforms and levels.intersection(row.levels)
        )

    def offered_filters(self, trigger: Trigger, level: Level) -> tuple[Filter, ...]:
        return offered_filters(trigger, level, roles=self._filter_roles)

    @property
    def _filter_roles(self) -> frozenset[Role]:
        return (self.roles & BUYER_ROLES or BUYER_ROLES) if self.scoped else frozenset()

    def hides(self, name: Filter) -> bool:
        """Whether the values of that filter are none of this person's business."""
        return name.value.removesuffix("_exclude") in self.hidden

    def placeholders(self, trigger: Trigger) -> tuple[Placeholder, ...]:
        return tuple(row for row in offered(trigger) if row.name.split(".")[0] not in self.hidden)

    def shown(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """An event's payload, or a template's values, without what this person does not see."""
        return {name: value for name, value in values.items() if name not in self.hidden}


# table -> where its trigger or platform stands, and the rows that belong to no platform
_PLATFORMS: Mapping[type[Model], tuple[str, Q]] = {
    Rule: ("trigger", Q()),
    Preset: ("trigger", Q()),
    Delivery: ("trigger", Q()),
    StoredEvent: ("trigger", Q()),
    UsageDay: ("rule__trigger", Q()),
    Alert: ("rule__trigger", Q(rule=None, connection__kind=ConnectionKind.ESP)),
    Product: ("platform", Q()),
    Campaign: ("product__platform", Q()),
    Channel: ("product__platform", Q()),
    Connection: ("trigger", Q(kind=ConnectionKind.ESP)),  # of its rule; a predefined one is the house's
    Job: ("", Q()),
}


def _own(path: str) -> Callable[[Sight], Q]:
    return lambda sight: Q(**{f"{path}__in": sight.buyers})


def _all(sight: Sight) -> Q:
    return Q()


def _own_campaigns(path: str) -> Callable[[Sight], Q]:
    return lambda sight: Q(**{f"{path}__in": Campaign.objects.filter(buyer__in=sight.buyers or ()).values("pk")})


def _own_products(sight: Sight) -> Q:
    return Q(pk__in=Campaign.objects.filter(buyer__in=sight.buyers or ()).values("product"))


def _usable_connections(sight: Sight) -> Q:
    own = Rule.objects.filter(campaign__buyer__in=sight.buyers or ()).values("connection")
    return Q(kind=ConnectionKind.ESP) | Q(pk__in=own)


def _colleagues(sight: Sight) -> Q:
    """Oneself, and who works for one of the same buyers."""
    shared = User.buyers.through.objects.filter(buyer__in=sight.buyers or ()).values("user")
    return Q(pk=sight.user_id) | Q(pk__in=shared)


# table -> which of its rows a person of some buyers sees; a table that is not here shows them none
_BUYERS: Mapping[type[Model], Callable[[Sight], Q]] = {
    Rule: _own("campaign__buyer"),
    Campaign: _own("buyer"),
    Buyer: _own("pk"),
    Preset: _own("buyer"),
    Product: _own_products,
    Delivery: _own("rule__campaign__buyer"),
    StoredEvent: _own_campaigns("campaign_id"),
    Alert: _own("rule__campaign__buyer"),
    UsageDay: _own("rule__campaign__buyer"),
    Connection: _usable_connections,
    User: _colleagues,
    ApiToken: lambda sight: Q(user=sight.user_id),
    Job: lambda sight: Q(author=sight.user_id),
    Pingtree: _all,
    CallTrackingPool: _all,
}
HIDDEN_FROM_BUYERS = frozenset({Publisher, Channel, Source, AuditEntry})  # said aloud, so that a test finds the rest
