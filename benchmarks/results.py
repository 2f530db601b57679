"""Numbers on paper: tables on the terminal, and `var/bench.json` for whoever compares runs."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

VAR = Path(__file__).resolve().parent.parent / "var"
FILE = VAR / "bench.json"
SIZE = "full" if os.environ.get("SIZE") == "full" else "small"  # full: millions of rows, and minutes to fill them in


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print rows under their columns; numbers stand to the right, large ones without decimals."""
    cells = [[_shown(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(columns, *cells, strict=True)]
    print(f"\n{title}")
    for line in (list(columns), *cells):
        first, *others = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        print("  ".join([f"  {first}", *(other.strip().rjust(len(other)) for other in others)]))


def _shown(cell: object) -> str:
    if not isinstance(cell, float):
        return f"{cell:,}" if isinstance(cell, int) else str(cell)
    return f"{cell:,.0f}" if abs(cell) >= 100 else f"{cell:,.2f}"


def keep(part: str, **figures: Any) -> None:
    """Put what a part measured into the file, in place of what it measured at this size before.

    Beside it stand when that was, and the machine's load then.
    """
    VAR.mkdir(exist_ok=True)
    kept = json.loads(FILE.read_text()) if FILE.exists() else {}
    then = {"measured_at": datetime.now(UTC).isoformat(timespec="seconds"), "load": os.getloadavg()[0]}
    kept.setdefault(part, {})[SIZE] = _rounded({**then, **figures})
    FILE.write_text(json.dumps(kept, indent=2) + "\n")


def _rounded(figures: Any) -> Any:
    if isinstance(figures, dict):
        return {key: _rounded(each) for key, each in figures.items()}
    if isinstance(figures, list):
        return [_rounded(each) for each in figures]
    return round(figures, 3) if isinstance(figures, float) else figures


def skipped(what: str, why: str) -> None:
    print(f"\n{what}: skipped, {why}")
