"""Claims as large as what a connection's server takes in a slice's time."""

from __future__ import annotations

import pytest

from tracking.policy import portion


@pytest.mark.parametrize(
    ("limit", "claimed", "left", "then"),
    [
        pytest.param(200, 200, 150, 60, id="time was over after 50: a little more than that"),
        pytest.param(200, 200, 199, 20, id="never less than a chunk"),
        pytest.param(60, 60, 0, 120, id="all were tried: twice as many"),
        pytest.param(150, 150, 0, 200, id="never more than the most"),
        pytest.param(40, 3, 0, 80, id="few were due: nothing says that the server is slow"),
        pytest.param(200, 200, 1, 200, id="nearly all: the most, not more"),
    ],
)
def test_the_next_claim_is_sized_by_what_was_tried_in_time(limit, claimed, left, then):
    assert portion.after(limit, claimed=claimed, left=left, chunk=20, most=200) == then


def test_a_slow_server_is_found_at_once_and_a_faster_one_within_a_few_claims():
    limit = 200
    for pace, steps in ((20, 1), (200, 4)):
        for _ in range(steps):
            limit = portion.after(limit, claimed=limit, left=max(0, limit - pace), chunk=20, most=200)
        assert pace <= limit <= max(pace + 10, 200 if pace == 200 else 0)
