"""What a benchmark measures lands in its file, under its part and size."""

from __future__ import annotations

import json
import re

import pytest

from benchmarks import results
from benchmarks.__main__ import PARTS
from tests.environment import ROOT


@pytest.fixture
def file(monkeypatch, tmp_path):
    monkeypatch.setattr(results, "VAR", tmp_path)
    monkeypatch.setattr(results, "FILE", tmp_path / "bench.json")
    return tmp_path / "bench.json"


@pytest.mark.parametrize("part", PARTS)
def test_a_part_keeps_its_figures_under_its_own_name(part):
    assert re.search(rf'\bkeep\(\s*"{part}"', (ROOT / "benchmarks" / f"{part}.py").read_text())


def test_a_small_run_leaves_what_a_full_one_measured(monkeypatch, file):
    monkeypatch.setattr(results, "SIZE", "full")
    results.keep("emit", p50_ms=1.23456)
    monkeypatch.setattr(results, "SIZE", "small")
    results.keep("emit", p50_ms=2.0)

    kept = json.loads(file.read_text())["emit"]

    assert {size: found["p50_ms"] for size, found in kept.items()} == {"full": 1.235, "small": 2.0}


def test_a_part_that_is_measured_again_says_when_and_leaves_the_others(file):
    results.keep("emit", p50_ms=1.0, p95_ms=2.0)
    results.keep("latency", ms={"p99": 9.0})
    results.keep("emit", p50_ms=3.0)

    kept = json.loads(file.read_text())

    assert kept["latency"][results.SIZE]["ms"] == {"p99": 9.0}
    assert kept["emit"][results.SIZE].keys() == {"measured_at", "load", "p50_ms"}
