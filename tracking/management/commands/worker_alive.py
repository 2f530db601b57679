"""Says whether workers still take what is sent to their queues: the health check of a worker's container."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from tracking import canary, conf

PATIENCE = 5.0  # seconds for a broker that does not answer


class Command(BaseCommand):
    help = "Ends with 1 when messages wait in one of these queues and no worker has taken any for ten minutes."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("queue", nargs="+", choices=conf.queues())

    def handle(self, *args: Any, **options: Any) -> None:
        stuck = [queue for queue in options["queue"] if canary.stuck(queue, patience=PATIENCE)]
        for queue in stuck:
            self.stdout.write(f"{queue}: messages wait and nobody takes them")
        if stuck:
            sys.exit(1)
