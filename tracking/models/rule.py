"""A rule, its immutable versions, and the counter that tells every process when rules have changed."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from tracking.choices import RuleKind
from tracking.definition import RuleDefinition
from tracking.triggers import TRIGGER_CHOICES


class Rule(models.Model):
    """Who a rule is and where it stands; what it does is in its current version.

    The columns beside `current` repeat what lists filter by and what the database must guard. A deleted rule keeps
    its row, so that log and usage still name it.
    """

    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)  # the same in every export
    name = models.CharField(max_length=200, blank=True)
    trigger = models.CharField(max_length=60, choices=TRIGGER_CHOICES)
    kind = models.CharField(max_length=20, choices=RuleKind)
    product = models.ForeignKey(
        "tracking.Product", on_delete=models.PROTECT, null=True, blank=True, related_name="rules"
    )
    campaign = models.ForeignKey(
        "tracking.Campaign", on_delete=models.PROTECT, null=True, blank=True, related_name="rules"
    )
    connection = models.ForeignKey("tracking.Connection", on_delete=models.PROTECT, related_name="rules")
    enabled = models.BooleanField(default=True)
    current = models.ForeignKey(
        "tracking.RuleVersion", on_delete=models.PROTECT, null=True, related_name="+", editable=False
    )
    preset = models.ForeignKey(
        "tracking.Preset", on_delete=models.SET_NULL, null=True, related_name="rules", editable=False
    )  # what it was started from
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, editable=False)
    created_at = models.DateTimeField(editable=False)
    deleted_at = models.DateTimeField(null=True, editable=False)
    stopped_at = models.DateTimeField(null=True, editable=False)  # what it owed then is discarded; None once enabled

    class Meta:
        ordering = ("-id",)
        constraints = [
            models.CheckConstraint(
                condition=Q(product__isnull=True) ^ Q(campaign__isnull=True), name="rule_has_exactly_one_owner"
            ),
        ]
        indexes = [
            models.Index(fields=("trigger", "product"), name="rule_adjacent_of_product"),
            models.Index(fields=("trigger", "campaign"), name="rule_adjacent_of_campaign"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.name or self.get_trigger_display()}"


class RuleVersion(models.Model):
    """One saved state of a rule, never changed afterwards. `document` is a rule definition's JSON form."""

    rule = models.ForeignKey(Rule, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    document = models.JSONField()
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ("-number",)
        constraints = [models.UniqueConstraint(fields=("rule", "number"), name="rule_version_numbers_are_unique")]

    def __str__(self) -> str:
        return f"version {self.number}"

    def definition(self) -> RuleDefinition:
        return RuleDefinition.from_json(self.document)


class RuleBook(models.Model):
    """A single row: `revision` is another one after every change of what matching reads.

    Random, not a counter: a count that was rolled back would come again with other rules behind it.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    revision = models.UUIDField(default=uuid.uuid4)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="there_is_one_rule_book")]
