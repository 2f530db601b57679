"""Signs of life of what runs beside the web."""

from __future__ import annotations

from django.db import models


class Pulse(models.Model):
    """When a part last showed that it lives, by the database's clock."""

    name = models.CharField(max_length=40, primary_key=True)
    seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
