"""What the last runs of chaos survived, as a table: `python -m tests.crash.report PAGE...` writes it into pages.

It stands there between the lines `<!-- survived -->` and `<!-- /survived -->`.
"""

from __future__ import annotations

import json
import re
import sys
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
    "lost": "**lost**",
    "twice": "**received twice where the rule says never twice**",
    "not_really_sent": "**called sent and not received**",
    "sent_again_by_never_lose": "received again where the rule says never lose",
}


def table(results: dict[str, dict[str, Any]]) -> str:
    """One column a broker: the figures, then what was done how often."""
    columns = [name for name in NAMES if name in results]
    flat = {name: {**results[name], **results[name]["states"], **results[name]["survived"]} for name in columns}
    injuries = list(dict.fromkeys(injury for name in columns for injury in results[name]["survived"]))
    rows = [*FIGURES.items(), *((injury, injury) for injury in injuries)]
    lines = [
        "| | " + " | ".join(NAMES[name] for name in columns) + " |",
        "|---|" + "---:|" * len(columns),
        *(
            f"| {label} | " + " | ".join(f"{flat[name].get(key, 0):,}" for name in columns) + " |"
            for key, label in rows
        ),
    ]
    return "\n".join(lines) + "\n"


def write_into(page: Path, text: str) -> None:
    whole = page.read_text()
    page.write_text(PLACE.sub(lambda found: f"{found[1]}{text}{found[2]}", whole))


if __name__ == "__main__":
    for name in sys.argv[1:]:
        write_into(Path(name), table(json.loads(RESULTS.read_text())))
