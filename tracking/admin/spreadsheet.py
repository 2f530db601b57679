"""CSV that a spreadsheet reads as data, never as formulas."""

from __future__ import annotations

import csv
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Any

_DANGEROUS = frozenset("=+-@\t\r\n")


def safe(value: Any) -> str:
    """The cell's text, quoted with ' where a spreadsheet would take it for a formula.

    Spreadsheets skip leading blanks, and read full-width signs as plain ones. Source: OWASP ASVS 1.2.10.
    """
    text = "" if value is None else str(value)
    if not isinstance(value, str):
        return text
    start = unicodedata.normalize("NFKC", text.lstrip(" \u00a0\u3000\ufeff\u200b"))[:1]
    return f"'{text}" if start in _DANGEROUS else text


class _Line:
    """What a CSV writer writes to: hands the line back."""

    def write(self, line: str) -> str:
        return line


def lines(rows: Iterable[Iterable[Any]]) -> Iterator[str]:
    """One line of CSV a row."""
    writer = csv.writer(_Line())
    for row in rows:
        yield writer.writerow([safe(cell) for cell in row])
