"""Proves that usage, outcomes and minute buckets agree."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand
from django.db import connection, transaction

from tracking.store import clock, reconcile


class Command(BaseCommand):
    help = "Compares usage, processed deliveries and minute buckets rule by rule; exit status 1 if they differ."

    def handle(self, *args: Any, **options: Any) -> None:
        with transaction.atomic():
            if connection.vendor == "postgresql":  # else each query would see its own moment
                connection.cursor().execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            accounts = list(reconcile.accounts(now=clock.now()))
        for account in accounts:
            if not account.balanced:
                self.stdout.write(
                    f"rule {account.rule_id}: usage {account.usage}, events {account.events}, "
                    f"processed {account.processed}; sent {account.sent}, delivered {account.delivered}; "
                    f"warnings {account.warnings}, warned {account.warned}"
                )
        wrong = sum(not account.balanced for account in accounts)
        events, warnings = sum(one.events for one in accounts), sum(one.warnings for one in accounts)
        self.stdout.write(f"{len(accounts)} rules, {events} events, {warnings} warnings: {wrong} out of balance")
        if wrong:
            sys.exit(1)
