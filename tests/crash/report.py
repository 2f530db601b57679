"""What the last runs of chaos survived, as a table: `python -m tests.crash.report PAGE...` writes it into pages.

It stands there between the lines `<!-- survived -->` and `<!-- /survived -->`.
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from tests.environment import ROOT

RESULTS = ROOT / "var" / "soak.json"
PLACE = re.compile(r"(<!-- survived -->\n).*?(<!-- /survived -->)", re.DOTALL)
NAMES = {"redis": "PostgreSQL and Redis", "rabbitmq": "PostgreSQL and RabbitMQ"}
FIGURES = {
    "seconds": "seconds of faults",
    "events": "events taken",
    "sent": "sent",
    "unknown": "unknown, and shown as such",
    "unknown_received": "of these, received",
    "unknown_not_received": "of these, not received",
    "lost": "**lost**",
    "twice": "**received twice where the rule says never twice**",
    "needlessly": "**received more often than its outcome was unknown**",
    "not_really_sent": "**called sent and not received**",
    "sent_again_by_never_lose": "received again where the rule says never lose",
}


def table(results: dict[str, list[dict[str, Any]]]) -> str:
    """One column a broker: its seeds, the figures over all of them, then what was done how often."""
    columns = {name: results[name] for name in NAMES if name in results}
    sums = {name: total(runs) for name, runs in columns.items()}
    injuries = list(dict.fromkeys(injury for runs in columns.values() for run in runs for injury in run["survived"]))
    rows = [*FIGURES.items(), *((injury, injury) for injury in injuries)]
    lines = [
        "| | " + " | ".join(NAMES[name] for name in columns) + " |",
        "|---|" + "---:|" * len(columns),
        _line("seed", (", ".join(str(run["seed"]) for run in runs) for runs in columns.values())),
        *(_line(label, (f"{sums[name][key]:,}" for name in columns)) for key, label in rows),
    ]
    return "\n".join(lines) + "\n"


def _line(label: str, cells: Iterable[str]) -> str:
    return "| " + " | ".join([label, *cells]) + " |"


def total(runs: Sequence[dict[str, Any]]) -> Counter[str]:
    """Each figure, over all runs."""
    found: Counter[str] = Counter()
    for run in runs:
        for figures in (run, run["states"], run["survived"]):
            found.update({key: number for key, number in figures.items() if isinstance(number, int)})
    return found


def write_into(page: Path, text: str) -> None:
    whole = page.read_text()
    page.write_text(PLACE.sub(lambda found: f"{found[1]}{text}{found[2]}", whole))


if __name__ == "__main__":
    for name in sys.argv[1:]:
        write_into(Path(name), table(json.loads(RESULTS.read_text())))
