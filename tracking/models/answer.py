"""Answers that are given again to whoever asks again with the same Idempotency-Key."""

from __future__ import annotations

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models


class KeptAnswer(models.Model):
    """What one request with an Idempotency-Key was answered. Written in the transaction of what the request did.

    `caller` is the token or the user; `fingerprint` a hash of method, path and body.
    """

    caller = models.CharField(max_length=40)
    key = models.CharField(max_length=200)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(default=0)
    headers = models.JSONField(default=dict)
    body = models.JSONField(null=True, encoder=DjangoJSONEncoder)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=("caller", "key"), name="one_answer_a_key")]
        indexes = [models.Index(fields=("created_at",), name="answer_by_age")]  # retention

    def __str__(self) -> str:
        return f"{self.caller} {self.key}"
