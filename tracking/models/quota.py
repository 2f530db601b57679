"""How often a thing that costs others was done, in the window of time that it is counted in."""

from __future__ import annotations

from django.db import models

from tracking.choices import Quota


class QuotaUse(models.Model):
    """One counter: of a quota, for one product or person, in the window that began then."""

    quota = models.CharField(max_length=20, choices=Quota)
    subject = models.CharField(max_length=40, help_text="Id of the product or person.")
    began_at = models.DateTimeField()
    used = models.PositiveBigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=("quota", "subject", "began_at"), name="one_counter_a_quota_and_window")
        ]
        indexes = [models.Index(fields=("began_at",), name="quota_use_old")]  # what is pruned
