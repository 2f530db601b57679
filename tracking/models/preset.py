"""Rules kept as templates: what is usual, to start new rules from."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from tracking.choices import RuleKind
from tracking.triggers import TRIGGER_CHOICES


class Preset(models.Model):
    """`document` is a rule definition's JSON form without owner and name. `buyer` None: the house's own."""

    name = models.CharField(max_length=100)
    trigger = models.CharField(max_length=60, choices=TRIGGER_CHOICES)
    kind = models.CharField(max_length=20, choices=RuleKind)
    buyer = models.ForeignKey("tracking.Buyer", on_delete=models.CASCADE, null=True, related_name="presets")
    document = models.JSONField()
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, editable=False)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ("name", "id")
        constraints = [
            models.UniqueConstraint(
                fields=("name",), condition=Q(buyer=None), name="preset_names_of_the_house_are_unique"
            ),
            models.UniqueConstraint(
                fields=("buyer", "name"), condition=Q(buyer__isnull=False), name="preset_names_of_a_buyer_are_unique"
            ),
        ]

    def __str__(self) -> str:
        return self.name
