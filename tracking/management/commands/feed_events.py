"""Events of the demo platform, through the way in that platform code uses."""

from __future__ import annotations

import secrets
import time
from collections import Counter
from itertools import islice
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from tracking.demo.stream import stream
from tracking.emit import emit
from tracking.models import Product
from tracking.store import clock


class Command(BaseCommand):
    help = "Emits realistic events of the demo platform. The same --seed gives the same events."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--count", type=int, default=40, help="how many events (default 40)")
        parser.add_argument("--rate", type=float, default=0.0, help="events a second (default: as fast as it goes)")
        parser.add_argument("--seed", type=int, help="which stream (default: a new one each time)")

    def handle(self, *args: Any, count: int, rate: float, seed: int | None, **options: Any) -> None:
        if count < 0:
            raise CommandError("--count must be at least 0.")
        if not Product.objects.exists():
            raise CommandError("There is no product in the directory: run seed_demo first.")
        number = secrets.randbelow(10**6) if seed is None else seed
        done: Counter[str] = Counter()
        try:
            for event in islice(stream(number, now=clock.now()), count):
                receipt = emit(event)
                done.update(events=1, mails=len(receipt.matched), duplicates=int(receipt.duplicate))
                if rate > 0:
                    time.sleep(1 / rate)
        except KeyboardInterrupt:
            self.stderr.write("Interrupted.")
        self.stdout.write(
            f"{done['events']} events emitted ({done['duplicates']} known already); "
            f"the rules owe {done['mails']} mails for them."
        )
