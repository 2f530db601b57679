"""Transactions as large as their locks may last."""

from __future__ import annotations

import pytest

from tracking.policy import slices


@pytest.mark.parametrize(
    ("size", "seconds", "then"),
    [
        pytest.param(100, 0.06, 50, id="too long: half as many"),
        pytest.param(100, 0.03, 100, id="right: as many again"),
        pytest.param(100, 0.01, 200, id="short: twice as many"),
        pytest.param(slices.MOST, 0.001, slices.MOST, id="never more than the most"),
        pytest.param(slices.FEWEST, 9.0, slices.FEWEST, id="never fewer than the fewest, so that it ends"),
    ],
)
def test_the_next_transaction_is_sized_by_how_long_this_one_took(size, seconds, then):
    assert slices.after(size, seconds=seconds) == then


@pytest.mark.parametrize("row", [1e-6, 1e-5, 1e-4, 1e-3, 5e-3])
def test_whatever_a_row_costs_a_tenth_of_a_second_is_kept_from_the_start(row):
    size = slices.FIRST
    for turn in range(40):
        seconds = size * row
        assert seconds <= 0.1 or turn < 3
        size = slices.after(size, seconds=seconds)
