"""Removes what is past its age."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from tracking.pipeline import retention
from tracking.store import clock


class Command(BaseCommand):
    help = (
        "Removes deliveries, events, counts and alerts past TRACKING_KEEP_SENT_DAYS and TRACKING_KEEP_FAILED_DAYS, "
        "failed logins and sessions that count no more, and where it is set the audit log past "
        "TRACKING_KEEP_AUDIT_DAYS, in small batches. Usage is kept. Beat does the same every night."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="count, and remove nothing")

    def handle(self, *args: Any, dry_run: bool, **options: Any) -> None:
        now = clock.now()
        rows = retention.preview(now=now) if dry_run else retention.prune(now=now, seconds=float("inf"))
        for kind, number in rows.items():
            self.stdout.write(f"{kind}: {number:,} {'would go' if dry_run else 'removed'}")
