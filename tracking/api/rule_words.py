"""Rules in the API's words: in lists, one by one, and their versions."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from django_filters.rest_framework import FilterSet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request

from tracking.api.caller import PersonField
from tracking.api.filters import IdFilter, LineFilter, TriggerFilter, YesNoFilter, of_product
from tracking.api.problems import PreconditionFailed, PreconditionRequired
from tracking.api.shapes import RuleDocument
from tracking.choices import RuleKind
from tracking.models import Rule, RuleVersion
from tracking.store import history, rules


class RuleFilters(FilterSet):
    trigger = TriggerFilter()
    kind = django_filters.ChoiceFilter(choices=RuleKind.choices)
    enabled = YesNoFilter()
    product = IdFilter(method="of_product", help_text="Rules of the product and of its campaigns.")
    campaign = IdFilter(field_name="campaign")
    connection = LineFilter(field_name="connection__key", help_text="Key of a predefined connection.")
    search = LineFilter(field_name="name", lookup_expr="icontains", help_text="A part of the name.")

    def of_product(self, rows: QuerySet[Rule], name: str, value: int) -> QuerySet[Rule]:
        return of_product()(rows, name, value)


class RuleSerializer(serializers.ModelSerializer[Rule]):
    """What lists say of a rule."""

    version = serializers.IntegerField(source="current.number", read_only=True)
    changed_at = serializers.DateTimeField(source="current.created_at", read_only=True)
    author = PersonField()

    class Meta:
        model = Rule
        fields: tuple[str, ...] = (
            *("id", "key", "name", "trigger", "kind", "product", "campaign", "enabled", "version"),
            *("author", "created_at", "changed_at"),
        )
        read_only_fields: tuple[str, ...] = fields


class WholeRuleSerializer(RuleSerializer):
    """A rule with its document, as the caller may see it."""

    document = serializers.SerializerMethodField()

    class Meta(RuleSerializer.Meta):
        fields: tuple[str, ...] = (*RuleSerializer.Meta.fields, "document")
        read_only_fields: tuple[str, ...] = fields

    @extend_schema_field(RuleDocument)  # type: ignore[arg-type]  # its extension for pydantic takes it
    def get_document(self, rule: Rule) -> dict[str, Any]:
        found: dict[str, Any] = self.context["view"].caller.shown(rules.document(rule))
        return found


class VersionSerializer(serializers.ModelSerializer[RuleVersion]):
    author = PersonField()

    class Meta:
        model = RuleVersion
        fields: tuple[str, ...] = ("number", "author", "created_at")
        read_only_fields: tuple[str, ...] = fields


class WholeVersionSerializer(VersionSerializer):
    document = serializers.SerializerMethodField()
    changes = serializers.SerializerMethodField(help_text="In words, beside the version before.")

    class Meta(VersionSerializer.Meta):
        fields: tuple[str, ...] = (*VersionSerializer.Meta.fields, "document", "changes")
        read_only_fields: tuple[str, ...] = fields

    @extend_schema_field(OpenApiTypes.OBJECT)
    def get_document(self, version: RuleVersion) -> dict[str, Any]:
        found: dict[str, Any] = self.context["view"].caller.shown(version.document)
        return found

    def get_changes(self, version: RuleVersion) -> list[str]:
        before = RuleVersion.objects.filter(rule=version.rule_id, number=version.number - 1).first()
        if before is None:
            return []
        shown = self.context["view"].caller.shown
        return history.diff(shown(before.document), shown(version.document))


def etag(rule: Rule) -> str:
    """Another one after every change of what the rule does or whether it does it."""
    assert rule.current is not None
    return f'"{rule.pk}.{rule.current.number}.{int(rule.enabled)}"'


def demand_match(request: Request, rule: Rule, *, required: bool) -> None:
    """Raises PreconditionFailed where If-Match names another state, PreconditionRequired where it must be there."""
    header = request.headers.get("If-Match", "")
    if not header:
        if required:
            raise PreconditionRequired
        return
    wanted = {part.strip() for part in header.split(",")}
    if not wanted & {"*", etag(rule)}:
        raise PreconditionFailed
