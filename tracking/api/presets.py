"""Presets: what a rule does, kept to start new rules from."""

from __future__ import annotations

from typing import Annotated

import django_filters
from django.db import transaction
from django.db.models import QuerySet
from django_filters.rest_framework import FilterSet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from pydantic import BaseModel, ConfigDict, Field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from tracking.api.caller import PersonField
from tracking.api.door import Door
from tracking.api.filters import LineFilter, TriggerFilter
from tracking.api.once import once
from tracking.api.rights import Right, reading
from tracking.choices import RuleKind, Scope
from tracking.errors import RuleError
from tracking.models import Buyer, Preset, Rule
from tracking.store import clock, presets
from tracking.validation import Id


class PresetRequest(BaseModel):
    """The rule to keep, and the name to keep it under."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rule: Id
    name: Annotated[str, Field(strict=True, max_length=200)]


class PresetSerializer(serializers.ModelSerializer[Preset]):
    author = PersonField()

    class Meta:
        model = Preset
        fields: tuple[str, ...] = ("id", "name", "trigger", "kind", "buyer", "author", "created_at")
        read_only_fields: tuple[str, ...] = fields


class WholePresetSerializer(PresetSerializer):
    document = serializers.SerializerMethodField(help_text="A rule's document without owner and name.")

    class Meta(PresetSerializer.Meta):
        fields: tuple[str, ...] = (*PresetSerializer.Meta.fields, "document")
        read_only_fields: tuple[str, ...] = fields

    @extend_schema_field(OpenApiTypes.OBJECT)
    def get_document(self, preset: Preset) -> dict[str, object]:
        found: dict[str, object] = self.context["view"].caller.shown(preset.document)
        return found


class PresetFilters(FilterSet):
    trigger = TriggerFilter()
    kind = django_filters.ChoiceFilter(choices=RuleKind.choices)
    search = LineFilter(field_name="name", lookup_expr="icontains", help_text="A part of the name.")


class Presets(Door):
    """A buyer's presets are his own; the others are the house's."""

    house = True
    queryset = Preset.objects.all()
    serializer_class = PresetSerializer
    filterset_class = PresetFilters
    bodies = {"create": PresetRequest}
    answers = {"create": (201, WholePresetSerializer), "destroy": (204, None)}
    rights = {
        **reading(Scope.PRESETS_READ, "preset"),
        "create": Right(Scope.PRESETS_WRITE, "add_preset"),
        "destroy": Right(Scope.PRESETS_WRITE, "delete_preset"),
    }

    def visible(self, rows: QuerySet[Preset]) -> QuerySet[Preset]:
        return rows.select_related("author")

    def get_serializer_class(self) -> type[PresetSerializer]:
        return PresetSerializer if self.action == "list" else WholePresetSerializer

    def list(self, request: Request) -> Response:
        return self.listing(self.get_queryset().defer("document"))

    def retrieve(self, request: Request, pk: int) -> Response:
        return self.shown(self.get_object())

    @once
    @transaction.atomic
    def create(self, request: Request) -> Response:
        asked = self.read(PresetRequest)
        mine = self.caller.rows(Rule).filter(deleted_at=None).select_related("current", "campaign__buyer")
        rule = mine.filter(pk=asked.rule).first()
        if rule is None:
            self.note_foreign(Rule, asked.rule)
            raise RuleError({"rule": [f"there is no rule {asked.rule}"]})
        preset = presets.save(rule, name=asked.name, buyer=self._buyer_of(rule), author=self.user, now=clock.now())
        return self.shown(preset, status=201, headers={"Location": f"/api/v1/presets/{preset.pk}/"})

    def _buyer_of(self, rule: Rule) -> Buyer | None:
        return rule.campaign.buyer if self.caller.access.scoped and rule.campaign else None

    @transaction.atomic
    def destroy(self, request: Request, pk: int) -> Response:
        """Rules made from it stay as they are."""
        presets.delete(self.get_object(), author=self.user, now=clock.now())
        return Response(status=204)
