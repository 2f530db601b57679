"""Who calls, and what is there for them: the person's access, narrowed to the products of their token."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import Model, Q, QuerySet
from rest_framework import serializers
from rest_framework.request import Request

from tracking import access
from tracking.access import Access
from tracking.choices import Level
from tracking.definition import RuleDefinition
from tracking.errors import RuleError
from tracking.models import (
    Alert,
    ApiToken,
    Campaign,
    Channel,
    Delivery,
    Job,
    Product,
    Rule,
    StoredEvent,
    UsageDay,
    User,
)
from tracking.store.log import Owned


@dataclass(frozen=True)
class Caller:
    """`products` None: not narrowed."""

    user: User
    token: ApiToken | None
    products: frozenset[int] | None

    @classmethod
    def of(cls, request: Request) -> Caller:
        token = request.auth if isinstance(request.auth, ApiToken) else None
        own = token.products if token is not None and token.narrowed else None
        products = None if own is None else frozenset(own.values_list("pk", flat=True))
        assert isinstance(request.user, User)  # permissions come first
        return cls(request.user, token, products)

    @cached_property
    def access(self) -> Access:
        return access.of(self.user)

    def rows(self, model: type[Model]) -> QuerySet[Any]:
        """The rows that are there for the caller. What belongs to no product is not narrowed by products."""
        found = self.access.rows(model)
        owner = _PRODUCTS.get(model)
        if self.products is None or owner is None:
            return found
        there = owner(self.products)
        return found.filter(there | Q(token=self.token) if model is Job else there)

    def rules_of_log(self) -> list[Owned]:
        """Whose deliveries alone are there for the caller, so that a log is read rule by rule."""
        wishes = []
        if self.access.scoped:
            wishes.append(Q(campaign__buyer__in=self.access.buyers))
        if self.products is not None:
            wishes.append(_of_rule("")(self.products))
        return [Owned(Rule.objects.filter(*wishes))] if wishes else []

    def campaigns_of_log(self) -> list[Owned]:
        """The same of events."""
        own = Campaign.objects.filter(buyer__in=self.access.buyers or ())
        return [Owned(own, "campaign_id")] if self.access.scoped else []

    def check(self, definition: RuleDefinition, before: RuleDefinition | None = None) -> None:
        """Raises RuleError, naming what the caller may not use so; see `Access.check`."""
        self.access.check(definition, before)
        level = definition.level
        owner = getattr(definition, level.value)
        if self.products is None:
            return
        if not self.rows(_OWNERS[level]).filter(pk=owner).exists():
            raise RuleError({level.value: [f"there is no {level.value} {owner} in the directory"]})
        if wrong := dict(access.unknown_entities(self.rows, definition, before, hides=self.access.hides)):
            raise RuleError({name: [sentence] for name, sentence in wrong.items()})

    def shown(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """A rule's document without the filters whose values are none of the caller's business."""
        return self.access.document(document)

    def completed(self, fields: Mapping[str, Any], before: RuleDefinition | None) -> dict[str, Any]:
        """What the caller sends as a rule, with what `shown` kept from him as it was before."""
        return self.access.completed(fields, before)


_OWNERS: Mapping[Level, type[Model]] = {Level.PRODUCT: Product, Level.CAMPAIGN: Campaign}


def _of_rule(path: str) -> Any:
    return lambda products: Q(**{f"{path}product__in": products}) | Q(**{f"{path}campaign__product__in": products})


def _of_event(products: frozenset[int]) -> Q:
    return Q(product_id__in=products) | Q(campaign_id__in=Campaign.objects.filter(product__in=products).values("pk"))


_PRODUCTS: Mapping[type[Model], Any] = {
    Product: lambda products: Q(pk__in=products),
    Campaign: lambda products: Q(product__in=products),
    Channel: lambda products: Q(product__in=products),
    Rule: _of_rule(""),
    Delivery: _of_rule("rule__"),
    Alert: _of_rule("rule__"),
    UsageDay: _of_rule("rule__"),
    Job: _of_rule("rule__"),
    StoredEvent: _of_event,
}


class PersonField(serializers.CharField):
    """The user name of somebody whom the caller gets to know; null for all others."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(read_only=True, allow_null=True, **kwargs)

    def to_representation(self, value: User) -> str | None:  # type: ignore[override]  # nobody
        caller: Caller = self.context["view"].caller
        return next(iter(caller.access.known_users([value.get_username()])), None)
