"""All rules as JSON documents, without passwords."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from tracking.store import exchange


class Command(BaseCommand):
    help = "Writes all rules as a JSON list to FILE or standard output; import_rules reads it. Passwords are left out."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", nargs="?", default="-", metavar="FILE")

    def handle(self, *args: Any, file: str, **options: Any) -> None:
        text = json.dumps(list(exchange.export()), indent=2, ensure_ascii=False) + "\n"
        if file == "-":
            self.stdout.write(text, ending="")
            return
        try:
            Path(file).write_text(text, encoding="utf-8")
        except OSError as error:
            raise CommandError(f"{file}: {error.strerror}") from error
