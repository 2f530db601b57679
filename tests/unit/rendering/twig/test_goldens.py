# ruff: noqa: T201 - the table is for whoever runs it
"""The cases that PHP's Twig rendered, from the folder that TRACKING_TWIG_CASES names. A floor may only be raised."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tracking.rendering.twig.__main__ import answer

pytestmark = pytest.mark.twig

FOLDER = os.environ.get("TRACKING_TWIG_CASES", "")

# Percent of the cases of an area whose output is exact, or whose error has the right class and line.
FLOORS = {
    ("fixtures", "core"): 99.5,
    ("fixtures", "intl-extra"): 75.0,
    ("fixtures", "string-extra"): 99.0,
    ("fixtures", "html-extra"): 99.0,
    ("doc-snippets", "all"): 97.3,
    ("operators", "all"): 99.9,
    ("filters", "all"): 99.4,
    ("dates", "all"): 99.8,
    ("intl", "all"): 99.0,
}
MESSAGES = 99.0  # percent of the errors whose message is exact too

# What Twig's own test harness adds to the environment of its core fixtures.
HARNESS = {"core": {"globals": {"global": "global"}}}


def cases(file: str) -> Iterator[dict[str, Any]]:
    """The cases of one file; those whose output no JSON can hold are left out."""
    for line in (Path(FOLDER) / f"{file}.jsonl").read_text().splitlines():
        case = json.loads(line)
        if "output" in case or case.get("error"):
            yield case


def verdict(case: dict[str, Any]) -> tuple[bool, bool]:
    """Is the answer right, and is the message of its error?"""
    given = answer(json.dumps(case | HARNESS.get(case.get("suite", ""), {})))
    wanted = case.get("error")
    if not wanted:
        return given.get("output") == case["output"], True
    got = given.get("error", {})
    right = (got.get("class"), got.get("line")) == (wanted["class"], wanted["line"])
    return right, got.get("message") == wanted["message"]


def area(case: dict[str, Any]) -> str:
    """The part of a file that has a floor of its own."""
    return case.get("suite", "all")


@pytest.mark.skipif(not FOLDER, reason="TRACKING_TWIG_CASES names no folder of golden cases")
@pytest.mark.parametrize("file", sorted({file for file, _ in FLOORS}))
def test_the_golden_cases_stay_above_their_floors(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    right: Counter[str] = Counter()
    total: Counter[str] = Counter()
    folders: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    spoken = errors = 0
    for case in cases(file):
        good, message = verdict(case)
        total[area(case)] += 1
        right[area(case)] += good
        folder = case.get("folder") or case["kind"]
        folders[folder] += 1
        wrong[folder] += not good
        errors += bool(case.get("error"))
        spoken += bool(case.get("error")) and message

    with capsys.disabled():
        for name, count in sorted(total.items()):
            print(f"\n{file:14}{name:14}{right[name]:6}/{count:<6}{100 * right[name] / count:7.2f}%", end="")
        for folder, count in sorted(folders.items()):
            if wrong[folder]:
                print(f"\n{'':14}  {folder}: {wrong[folder]} of {count} differ", end="")
    for name, count in total.items():
        assert 100 * right[name] / count >= FLOORS[file, name]
    assert not errors or 100 * spoken / errors >= (MESSAGES if errors > 100 else 90.0)
