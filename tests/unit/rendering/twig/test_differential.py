"""Random templates, rendered here and by the Twig that Debian installs, in the syntax both versions share."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from shutil import which
from time import monotonic
from typing import Any

import jinja2
import pytest

from tests.unit.rendering.twig.generated import CONTEXT, Author
from tracking.rendering.twig import Environment, TwigError

pytestmark = pytest.mark.twig

ORACLE = Path(__file__).with_name("oracle.php")
INSTALLED = which("php") is not None and Path("/usr/share/php/Twig/autoload.php").exists()
BATCH, BATCHES, SECONDS = 400, 25, 15.0
SHARE = 0.998

# Where Twig 3.5.1 (Debian) and 3.30 differ, or a bound of ours ends what PHP goes on with.
KNOWN = (
    "filter expects a sequence",  # 3.30 refuses what 3.5 let pass
    "elements",  # our bound on arrays
    "out of range",  # dates after the year 9999
)
KNOWN_THERE = (
    "Illegal offset type",  # 3.30 makes a string of such a key
    "only works with simple variables",  # 3.30 takes calls of functions too
)


def ours(case: dict[str, Any]) -> dict[str, Any]:
    """What this engine says."""
    environment = Environment(jinja2.DictLoader(case["templates"]), strict=case["strict"])
    try:
        return {"output": environment.get_template(case["main"]).render(case["context"])}
    except TwigError as error:
        return {"error": error.twig_class, "message": error.message}


def agree(mine: dict[str, Any], theirs: dict[str, Any]) -> bool:
    """The same output, or an error on both sides, or a difference that is known."""
    if any(known in mine.get("message", "") for known in KNOWN):
        return True
    if any(known in theirs.get("message", "") for known in KNOWN_THERE):
        return True
    return mine.get("output") == theirs.get("output")


def batch(first_seed: int) -> list[dict[str, Any]]:
    """Templates by seed; every fourth under strict variables."""
    return [
        {"templates": {"main": Author(seed).template()}, "main": "main", "context": CONTEXT, "strict": seed % 4 == 0}
        for seed in range(first_seed, first_seed + BATCH)
    ]


def oracle(asked: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What PHP's Twig says."""
    done = subprocess.run(
        ["php", str(ORACLE)], input="\n".join(map(json.dumps, asked)), capture_output=True, text=True, check=True
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.skipif(not INSTALLED, reason="php-cli and php-twig are not installed")
def test_random_templates_render_as_in_php() -> None:
    until = monotonic() + SECONDS
    differing: list[str] = []
    seen = 0
    for number in range(BATCHES):
        asked = batch(number * BATCH)
        for case, theirs in zip(asked, oracle(asked), strict=True):
            mine = ours(case)
            seen += 1
            if not agree(mine, theirs):
                differing.append(f"{case['templates']['main']!r}\n  here:  {mine}\n  there: {theirs}")
        if monotonic() > until:
            break

    assert len(differing) <= seen * (1 - SHARE), "\n".join(differing[:10])
