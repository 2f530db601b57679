"""CSV that a spreadsheet reads as data, never as formulas."""

from __future__ import annotations

import csv
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Any

_DANGEROUS = frozenset("=+-@")
_INVISIBLE = ("Z", "C")  # Unicode categories: spaces, line ends, controls, formats, what is not assigned


def safe(value: Any) -> str:
    """The cell's text, quoted with ' where a spreadsheet would take it for a formula.

    Spreadsheets skip leading blanks and what cannot be seen, and read full-width signs as plain ones. A control
    character at the start is quoted whatever follows. Source: OWASP ASVS 1.2.10.
    """
    text = "" if value is None else str(value)
    if not isinstance(value, str):
        return text
    first = next((char for char in text if not unicodedata.category(char).startswith(_INVISIBLE)), "")
    begins = unicodedata.normalize("NFKC", first)[:1]
    return f"'{text}" if begins in _DANGEROUS or unicodedata.category(text[:1] or "a") == "Cc" else text


class _Line:
    """What a CSV writer writes to: hands the line back."""

    def write(self, line: str) -> str:
        return line


def lines(rows: Iterable[Iterable[Any]]) -> Iterator[str]:
    """One line of CSV a row."""
    writer = csv.writer(_Line())
    for row in rows:
        yield writer.writerow([safe(cell) for cell in row])
