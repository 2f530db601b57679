"""Rules from JSON documents, by the same validation as the admin's."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from tracking.store import clock, exchange
from tracking.validation import parse_json


class Command(BaseCommand):
    help = (
        "Reads rules as export_rules writes them (a list or one object; - is standard input), writes a line a "
        "rule: created, changed, unchanged or refused with the fields at fault. A refused rule does not stop the "
        "others; then the exit status is 1."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE")
        parser.add_argument("--dry-run", action="store_true", help="say what would change, and change nothing")

    def handle(self, *args: Any, file: str, dry_run: bool, **options: Any) -> None:
        documents = _documents(file)
        results = exchange.import_all(documents, author=None, now=clock.now(), dry_run=dry_run)
        for result in results:
            self.stdout.write(json.dumps(result.to_json(), ensure_ascii=False))
        if any(result.action == "refused" for result in results):
            sys.exit(1)


def _documents(file: str) -> list[Any]:
    try:
        value = parse_json(sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes())
    except OSError as error:
        raise CommandError(f"{file}: {error.strerror}") from error
    except ValueError as error:
        raise CommandError(f"{file} is not valid JSON: {error}") from error
    return value if isinstance(value, list) else [value]
