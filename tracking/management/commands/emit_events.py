"""Events from JSON lines; one receipt a line comes out."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from tracking.emit import emit_many
from tracking.errors import EventError
from tracking.events import MAX_BATCH, MAX_BYTES, Event

_READ = 1 << 20  # bytes at a time, at most


class Command(BaseCommand):
    help = (
        "Reads events, one JSON object a line, from FILE or standard input, and writes a receipt a line. A bad line is "
        'answered by {"error", "line"}, the others go on; then the exit status is 1.'
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", nargs="?", default="-", metavar="FILE", help="a file of JSON lines, or - (default)")

    def handle(self, *args: Any, file: str, **options: Any) -> None:
        refused = 0
        try:
            with sys.stdin.buffer if file == "-" else Path(file).open("rb") as stream:
                for batch in _batches(stream):
                    refused += self._take(batch)
        except OSError as error:
            raise CommandError(f"{file}: {error.strerror}") from error
        if refused:
            sys.exit(1)

    def _take(self, lines: list[tuple[int, bytes]]) -> int:
        """Emit the events of some lines, answer each line in its turn; how many were refused."""
        answers: list[Any] = [_event(number, line) for number, line in lines]
        events = [answer for answer in answers if isinstance(answer, Event)]
        receipts = iter(emit_many(events))
        for answer in answers:
            document = next(receipts).to_json() if isinstance(answer, Event) else answer
            self.stdout.write(json.dumps(document, ensure_ascii=False))
        self.stdout.flush()
        return len(answers) - len(events)


def _event(number: int, line: bytes) -> Event | dict[str, Any]:
    try:
        return Event.parse(line)
    except EventError as error:
        return {"error": error.errors, "line": number}


def _batches(stream: IO[bytes]) -> Iterator[list[tuple[int, bytes]]]:
    """Numbered lines, as many at once as are there: a pipe's events do not wait for the batch to fill."""
    batch: list[tuple[int, bytes]] = []
    for number, line, more in _lines(stream):
        if line.strip():
            batch.append((number, line))
        if batch and (len(batch) == MAX_BATCH or not more):
            yield batch
            batch = []
    if batch:
        yield batch


def _lines(stream: IO[bytes]) -> Iterator[tuple[int, bytes, bool]]:
    """(number from 1, line, whether another complete one has been read already). Overlong lines are cut, not kept."""
    rest, number = b"", 0
    read = getattr(stream, "read1", stream.read)
    while piece := read(_READ):
        *complete, rest = (rest + piece).split(b"\n")
        rest = rest[: MAX_BYTES + 1] if len(rest) > _READ else rest
        for index, line in enumerate(complete):
            number += 1
            yield number, line, index + 1 < len(complete)
    if rest:
        yield number + 1, rest, False
