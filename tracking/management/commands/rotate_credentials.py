"""Seals every stored secret anew with the first key of CREDENTIALS_KEYS."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from tracking.choices import AuditAction
from tracking.store import audit, clock, sealed


class Command(BaseCommand):
    help = (
        "Seals every stored password, what waiting jobs were given, and every key of a second factor anew with the "
        "first key of CREDENTIALS_KEYS. "
        "Afterwards the other keys can go. It may be stopped and started again. "
        "Changes that people make meanwhile are kept."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        count, unreadable = sealed.rotate()
        detail = {"sealed": count, "unreadable": len(unreadable)}
        audit.note(actor=None, action=AuditAction.KEYS_ROTATED, target=None, detail=detail, now=clock.now())
        self.stdout.write(f"{count} secrets sealed with the first key")
        if unreadable:
            raise CommandError("Not readable with any key, enter these anew: " + "; ".join(unreadable))
