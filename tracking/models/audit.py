"""Who did what, and when: rows that are added and never changed, which the database itself holds."""

from __future__ import annotations

from django.db import models

from tracking.choices import AuditAction


def actions() -> list[tuple[str, str]]:
    """By name, so that a new word needs no migration."""
    return AuditAction.choices


class AuditEntry(models.Model):
    """One act. It names people and things in words and by id, so that it outlives both; secrets are masked.

    A trigger of the database refuses every UPDATE and DELETE, whoever asks.
    """

    at = models.DateTimeField()
    actor_id = models.PositiveBigIntegerField(null=True)  # None: the system, or a command of the machine's operator
    actor = models.CharField(max_length=150, blank=True)
    action = models.CharField(max_length=30, choices=actions)
    target_type = models.CharField(max_length=40, blank=True)
    target_id = models.CharField(max_length=64, blank=True)
    target = models.CharField(max_length=250, blank=True)
    detail = models.JSONField(default=dict)

    class Meta:
        verbose_name = "audit entry"
        verbose_name_plural = "audit log"
        ordering = ("-id",)
        indexes = [
            # the list's filters: by time, by person, by thing, by act; newest first
            models.Index(fields=("at",), name="audit_by_time"),
            models.Index(fields=("actor_id", "id"), name="audit_of_person"),
            models.Index(fields=("target_type", "target_id", "id"), name="audit_of_target"),
            models.Index(fields=("action", "id"), name="audit_by_action"),
        ]

    def __str__(self) -> str:
        return f"{self.get_action_display()}: {self.target}" if self.target else self.get_action_display()
