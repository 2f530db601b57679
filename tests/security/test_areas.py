"""The tables of areas and situations are true: every test that they name exists, and every area has some."""

from __future__ import annotations

import ast
import json
import os
from pathlib import Path

import pytest

from tests.environment import ROOT
from tests.security.areas import AREAS
from tests.security.situations import SITUATIONS

OF_AREAS = {row for rows in AREAS.values() for row in rows}
OF_SITUATIONS = {row for held in SITUATIONS.values() if isinstance(held, tuple) for row in held}


def names_in(path: Path) -> set[str]:
    return {
        node.name
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }


@pytest.mark.parametrize("row", sorted(OF_AREAS | OF_SITUATIONS))
def test_what_the_tables_name_exists(row):
    path, _, name = row.partition("::")
    files = sorted((ROOT / path).glob("test_*.py")) if (ROOT / path).is_dir() else [ROOT / path]

    found = set().union(*map(names_in, files))

    assert name in found if name else found


def test_the_document_has_a_row_for_every_area():
    told = (ROOT / "docs" / "security.md").read_text()

    assert [area for area in AREAS if f"| {area} |" not in told] == []


def test_every_area_of_the_given_cases_is_in_the_table():
    path = Path(os.environ.get("TRACKING_ATTACK_CASES", "")) / "attacks.jsonl"
    if not path.is_file():
        pytest.skip("TRACKING_ATTACK_CASES names no folder")

    assert {json.loads(line)["area"] for line in path.read_text().splitlines() if line.strip()} <= set(AREAS)
