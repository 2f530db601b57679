"""Why which rules fire, or do not, for one event."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from tracking.errors import EventError
from tracking.events import Event
from tracking.pipeline.explain import explain


class Command(BaseCommand):
    help = (
        "Reads one event as JSON from FILE (or - for standard input) and writes a JSON line for every rule of its "
        "owner and trigger: matched, or the first filter that refused it. Nothing is stored or sent."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE")

    def handle(self, *args: Any, file: str, **options: Any) -> None:
        try:
            event = Event.parse(sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes())
        except OSError as error:
            raise CommandError(f"{file}: {error.strerror}") from error
        except EventError as error:
            raise CommandError(str(error)) from error
        found = list(explain(event))
        for explained in found:
            self.stdout.write(json.dumps(explained.to_json(), ensure_ascii=False))
        if not found:
            self.stderr.write(f"The event's product and campaign have no rule for {event.trigger}.")
