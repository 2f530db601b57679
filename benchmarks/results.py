"""Numbers on paper: tables on the terminal, and `var/bench.json` for whoever compares runs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

VAR = Path(__file__).resolve().parent.parent / "var"
FILE = VAR / "bench.json"


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


def keep(**numbers: Any) -> None:
    """Add what was measured to the file; a part measured again replaces its older self."""
    VAR.mkdir(exist_ok=True)
    before = json.loads(FILE.read_text()) if FILE.exists() else {}
    FILE.write_text(json.dumps({**before, **numbers}, indent=2) + "\n")


def skipped(what: str, why: str) -> None:
    print(f"\n{what}: skipped, {why}")
