"""The fault matrix of docs/reliability.md is whole, and each test that it names is there."""

from __future__ import annotations

import ast
import re
from functools import cache

import pytest

from tests.crash import report
from tests.crash.town import LOSE, TWICE
from tests.crash.verdict import Fate, Verdict
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


def test_the_table_of_what_was_survived_is_made_of_results():
    uncertain = {"seed": 1, "events": 1200, "states": {"sent": 1199, "unknown": 1}, "survived": {"beat killed": 2}}
    results = {
        "rabbitmq": [uncertain, {"seed": 2, "events": 100, "states": {"sent": 100}, "survived": {"broker emptied": 1}}],
        "redis": [{"seed": 1, "events": 900, "states": {"sent": 900}, "lost": 0, "survived": {"beat killed": 3}}],
    }

    lines = report.table(results).splitlines()

    assert lines[0] == "| | PostgreSQL and Redis | PostgreSQL and RabbitMQ |"
    assert "| seed | 1 | 1, 2 |" in lines
    assert "| events taken | 900 | 1,300 |" in lines
    assert "| unknown, and shown as such | 0 | 1 |" in lines
    assert lines[-2:] == ["| beat killed | 3 | 2 |", "| broker emptied | 0 | 1 |"]


def test_a_mail_may_be_received_again_as_often_as_its_outcome_was_unknown():
    fates = [
        Fate("known", LOSE, "sent", unknown=0, received=2),
        Fate("unknown", LOSE, "sent", unknown=1, received=2),
        Fate("left", TWICE, "unknown", unknown=1, received=0),
    ]

    verdict = Verdict([fate.event for fate in fates], fates)

    assert verdict.needlessly == ["known"]
    assert (verdict.lost, verdict.twice, verdict.not_really_sent) == ([], [], [])
    assert (verdict.figures()["unknown_received"], verdict.figures()["unknown_not_received"]) == (0, 1)
