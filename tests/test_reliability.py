"""The fault matrix of docs/reliability.md is whole, and each test that it names is there."""

from __future__ import annotations

import ast
import re
from functools import cache

import pytest

from tests.environment import ROOT

PAGE = (ROOT / "docs" / "reliability.md").read_text()
ROWS = {int(number): cell for number, cell in re.findall(r"^\| (\d+) \| [^|]+ \| (.+) \|$", PAGE, re.MULTILINE)}
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


@cache
def names_in(path: str) -> set[str]:
    tree = ast.parse((ROOT / path).read_text())
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_every_fault_has_its_row():
    assert sorted(ROWS) == list(range(1, 45))


@pytest.mark.parametrize(("number", "cell"), ROWS.items(), ids=str)
def test_a_fault_has_a_test_or_a_reason(number, cell):
    found = NAMED.findall(cell)
    assert found or cell.startswith("not tested: ")
    for path, name in found:
        assert name in names_in(path)


@pytest.mark.parametrize("folder", ["faults", "crash"])
def test_a_test_that_is_named_after_a_fault_is_of_a_row(folder):
    for path in (ROOT / "tests" / folder).glob("test_*.py"):
        for name in names_in(str(path.relative_to(ROOT))):
            number = re.match(r"test_fault_(\d\d)_", name)
            assert number is None or int(number[1]) in ROWS
