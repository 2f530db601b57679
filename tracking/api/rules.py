"""Rules: each one document, read, written, versioned, tried."""

from __future__ import annotations

from typing import ClassVar

from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from tracking.api import history, trials
from tracking.api.door import Door
from tracking.api.history import History
from tracking.api.merging import merged
from tracking.api.once import once
from tracking.api.rights import Right, reading
from tracking.api.rule_words import RuleFilters, RuleSerializer, WholeRuleSerializer, demand_match, etag
from tracking.api.shapes import OwnedRuleDocument, RuleDocument, RulePatch
from tracking.api.trials import before_of
from tracking.choices import Level, Scope
from tracking.definition import RuleDefinition
from tracking.errors import RuleError
from tracking.models import Campaign, Product, Rule
from tracking.store import clock, exchange, rules

CHANGE = Right(Scope.RULES_WRITE, "change_rule")


class RuleDoor(Door):
    """What the doors to rules share."""

    queryset = Rule.objects.all()
    serializer_class = RuleSerializer
    filterset_class = RuleFilters

    def visible(self, rows: QuerySet[Rule]) -> QuerySet[Rule]:
        alive = rows.filter(deleted_at=None, current__isnull=False)
        return alive.select_related("current", "author") if self.action != "list" else _listed(alive)

    def get_serializer_class(self) -> type[RuleSerializer]:
        return RuleSerializer if self.action == "list" else WholeRuleSerializer

    def list(self, request: Request, **owner: int) -> Response:
        return self.listing(self.get_queryset())

    def whole(self, rule: Rule, *, status: int = 200, **headers: str) -> Response:
        """The rule with its document and its ETag."""
        return self.shown(rule, status=status, headers={"ETag": etag(rule), **headers})

    def add(self, document: object) -> Response:
        fields, key, enabled, password = exchange.taken_apart(document)
        definition = RuleDefinition.from_json(self.caller.completed(fields, None))
        self.demand_allowed(definition)
        if key is not None and Rule.objects.filter(key=key).exists():
            raise RuleError({"key": ["is that of another rule; PUT changes a rule, without a key a new one is made"]})
        saved = rules.save(definition, author=self.user, now=clock.now(), key=key, enabled=enabled, password=password)
        return self.whole(saved.rule, status=201, Location=f"/api/v1/rules/{saved.rule.pk}/")


def _listed(rows: QuerySet[Rule]) -> QuerySet[Rule]:
    """Without the documents, which may be long."""
    return rows.select_related("current", "author").defer("current__document")


class OwnedRules(RuleDoor):
    """The rules of one product, or of one campaign."""

    bodies = {"create": OwnedRuleDocument}
    answers = {"create": (201, WholeRuleSerializer)}
    level: ClassVar[Level]
    owners: ClassVar[type[Product | Campaign]]
    rights = {**reading(Scope.RULES_READ, "rule"), "create": Right(Scope.RULES_WRITE, "add_rule")}

    def visible(self, rows: QuerySet[Rule]) -> QuerySet[Rule]:
        return super().visible(rows).filter(**{self.level.value: self._owner()})

    def _owner(self) -> int:
        number: int = self.kwargs["owner"]
        if not self.caller.rows(self.owners).filter(pk=number).exists():
            self.note_foreign(self.owners, number)
            raise Http404
        return number

    @once
    def create(self, request: Request, owner: int) -> Response:
        """The document need not name its owner."""
        document = request.data
        if not isinstance(document, dict):
            raise RuleError({"rule": ["must be an object"]})
        if document.get(self.level.value, self._owner()) != owner:
            raise RuleError({self.level.value: [f"must be {owner}, as in the address, or be left out"]})
        return self.add({**document, self.level.value: owner})


class ProductRules(OwnedRules):
    level = Level.PRODUCT
    owners = Product


class CampaignRules(OwnedRules):
    level = Level.CAMPAIGN
    owners = Campaign


class Rules(RuleDoor, History):
    """All rules that are there for the caller.

    PUT and PATCH (a merge patch, RFC 7396) want the ETag that was read, in If-Match; the others take it.
    """

    dear = trials.DEAR
    paged = frozenset({"list", "versions"})
    bodies = {
        "create": RuleDocument,
        "update": RuleDocument,
        "partial_update": RulePatch,
        **trials.BODIES,
        **history.BODIES,
    }
    answers = {"create": (201, WholeRuleSerializer), "destroy": (204, None), **trials.ANSWERS, **history.ANSWERS}
    matched = {
        **dict.fromkeys(("update", "partial_update"), True),
        **dict.fromkeys(("destroy", "enable", "disable", "restore"), False),
    }
    rights = {
        **reading(Scope.RULES_READ, "rule"),
        **trials.RIGHTS,
        **history.RIGHTS,
        "create": Right(Scope.RULES_WRITE, "add_rule"),
        **dict.fromkeys(("update", "partial_update", "enable", "disable"), CHANGE),
        "destroy": Right(Scope.RULES_WRITE, "delete_rule"),
    }

    def retrieve(self, request: Request, pk: int) -> Response:
        return self.whole(self.get_object())

    @once
    def create(self, request: Request) -> Response:
        return self.add(request.data)

    @transaction.atomic
    def update(self, request: Request, pk: int) -> Response:
        return self._change(self.taken(required=True), request.data)

    @transaction.atomic
    def partial_update(self, request: Request, pk: int) -> Response:
        rule = self.taken(required=True)
        return self._change(rule, merged(self.caller.shown(rules.document(rule)), request.data))

    @transaction.atomic
    def destroy(self, request: Request, pk: int) -> Response:
        rules.delete([self.taken()], now=clock.now(), author=self.user)
        return Response(status=204)

    @action(detail=True, methods=["post"])
    def enable(self, request: Request, pk: int) -> Response:
        return self._switch(enabled=True)

    @action(detail=True, methods=["post"])
    def disable(self, request: Request, pk: int) -> Response:
        """What it had queued is still sent."""
        return self._switch(enabled=False)

    @transaction.atomic
    def _switch(self, *, enabled: bool) -> Response:
        rule = self.taken()
        rules.set_enabled([rule], enabled=enabled, now=clock.now(), author=self.user)
        rule.enabled = enabled
        return self.whole(rule)

    def taken(self, *, required: bool = False) -> Rule:
        """The rule as it stands, locked until the transaction ends, and the one that the caller means."""
        mine = self.get_object()
        # Not joined: who waited would miss the new version.
        rule = Rule.objects.select_for_update(no_key=True).get(pk=mine.pk)
        if rule.deleted_at is not None:
            raise Http404
        demand_match(self.request, rule, required=required)
        return rule

    def _change(self, rule: Rule, document: object) -> Response:
        fields, key, enabled, password = exchange.taken_apart(document)
        if key not in (None, rule.key):
            raise RuleError({"key": [f"must be {rule.key}, or be left out"]})
        before = before_of(rule)
        definition = RuleDefinition.from_json(self.caller.completed(fields, before))
        self.demand_allowed(definition, before, rule=rule)
        saved = rules.save(definition, author=self.user, now=clock.now(), rule=rule, enabled=enabled, password=password)
        return self.whole(saved.rule)
