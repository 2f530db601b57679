"""Who sends what now: a row for each claim, as long as its worker has it in hand."""

from __future__ import annotations

from django.db import models


class Lease(models.Model):
    """A worker's right to send the deliveries that carry its token, until `until` unless it is renewed.

    `marked` are the keys of those whose DATA may have begun: if the worker dies now, nobody knows. They stand here and
    not in their rows, because a row that is written changes all of its indexes, and each chunk is marked.
    `knocked`: somebody came for the same connection meanwhile and was sent away; whoever ends the lease looks again.
    """

    token = models.UUIDField(primary_key=True, editable=False)
    connection = models.ForeignKey("tracking.Connection", on_delete=models.CASCADE, related_name="leases")
    until = models.DateTimeField()
    marked = models.JSONField(default=list)
    knocked = models.BooleanField(default=False)

    def __str__(self) -> str:
        return str(self.token)
