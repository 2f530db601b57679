"""Earlier versions of rules, and rules made from rules."""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404
from pydantic import BaseModel, ConfigDict, Field
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from tracking.api.once import once
from tracking.api.rights import Right
from tracking.api.rule_words import VersionSerializer, WholeRuleSerializer, WholeVersionSerializer
from tracking.api.trials import READ, TRY, Trials, before_of
from tracking.choices import Scope
from tracking.definition import RuleDefinition
from tracking.errors import RuleError
from tracking.models import Campaign, Product, Rule, RuleVersion
from tracking.store import clock, history, rules
from tracking.validation import Id

Entry = TypeVar("Entry", Product, Campaign)

RIGHTS = {
    **dict.fromkeys(("versions", "version"), READ),
    "restore": TRY,
    "clone": Right(Scope.RULES_WRITE, "add_rule"),
}


class CloneRequest(BaseModel):
    """For which product or campaign; neither: for the same."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    product: Id | None = None
    campaign: Id | None = None
    name: Annotated[str, Field(strict=True, max_length=200)] | None = None


BODIES = {"clone": CloneRequest}
ANSWERS: dict[str, tuple[int, Any]] = {
    "versions": (200, VersionSerializer(many=True)),
    "version": (200, WholeVersionSerializer),
    "restore": (200, WholeRuleSerializer),
    "clone": (201, WholeRuleSerializer),
}


class History(Trials):
    """Beside the rules' own addresses."""

    @action(detail=True)
    def versions(self, request: Request, pk: int) -> Response:
        """The newest first."""
        page = self.paginate_queryset(self.get_object().versions.select_related("author").defer("document"))
        return self.get_paginated_response(
            VersionSerializer(page, many=True, context=self.get_serializer_context()).data
        )

    @action(detail=True, url_path="versions/<id:number>")
    def version(self, request: Request, pk: int, number: int) -> Response:
        """What the rule did then, and in words what that version changed."""
        found: RuleVersion | None = self.get_object().versions.select_related("author").filter(number=number).first()
        if found is None:
            raise Http404
        return Response(WholeVersionSerializer(found, context=self.get_serializer_context()).data)

    @action(detail=True, methods=["post"], url_path="versions/<id:number>/restore")
    @once
    @transaction.atomic
    def restore(self, request: Request, pk: int, number: int) -> Response:
        """Make an earlier version's definition the newest one."""
        rule: Rule = self.taken()
        if not rule.versions.filter(number=number).exists():
            raise Http404
        then = self.caller.shown(history.restored(rule, number).to_json())
        before = before_of(rule)
        definition = RuleDefinition.from_json(self.caller.completed(then, before))
        self.demand_allowed(definition, before, rule=rule)
        saved = history.restore(rule, definition, number, author=self.user, now=clock.now())
        return self.whole(saved.rule)

    @action(detail=True, methods=["post"])
    @once
    @transaction.atomic
    def clone(self, request: Request, pk: int) -> Response:
        """A new rule that does the same, disabled, so that nobody is mailed twice."""
        rule: Rule = self.get_object()
        asked = self.read(CloneRequest)
        assert rule.current is not None
        definition = rule.current.definition()
        name = definition.name if asked.name is None else asked.name
        wanted = rules.copied(definition, self._owner_of(asked, rule), name=name)
        self.demand_allowed(wanted, definition, rule=rule)
        made = rules.clone(rule, wanted, author=self.user, now=clock.now())
        return self.whole(made, status=201, Location=f"/api/v1/rules/{made.pk}/")

    def _owner_of(self, asked: CloneRequest, rule: Rule) -> Product | Campaign:
        if asked.product is not None and asked.campaign is not None:
            raise RuleError({"product": ["a rule belongs to a product or to a campaign: name one of the two"]})
        if asked.campaign is not None:
            return self._there(Campaign.objects.all(), "campaign", asked.campaign)
        if asked.product is not None:
            return self._there(Product.objects.all(), "product", asked.product)
        owner = rule.product or rule.campaign
        assert owner is not None  # the database holds it
        return owner

    def _there(self, entries: QuerySet[Entry], field: str, number: int) -> Entry:
        found: Entry | None = self.caller.rows(entries.model).filter(pk=number).first()
        if found is None:
            self.note_foreign(entries.model, number)
            raise RuleError({field: [f"there is no {field} {number} in the directory"]})
        return found

    def taken(self, *, required: bool = False) -> Rule:
        raise NotImplementedError

    def whole(self, rule: Rule, *, status: int = 200, **headers: str) -> Response:
        raise NotImplementedError
