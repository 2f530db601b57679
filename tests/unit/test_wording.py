"""A number and its noun agree."""

from __future__ import annotations

import pytest

from tracking.wording import counted


@pytest.mark.parametrize(
    ("number", "nouns", "said"),
    [
        pytest.param(0, ("rule",), "0 rules", id="none"),
        pytest.param(1, ("rule",), "1 rule", id="one"),
        pytest.param(1_200, ("rule",), "1,200 rules", id="many, in groups of three digits"),
        pytest.param(1, ("delivery", "deliveries"), "1 delivery", id="one of an odd noun"),
        pytest.param(2, ("delivery", "deliveries"), "2 deliveries", id="two of an odd noun"),
        pytest.param(1, ("delivery is", "deliveries are"), "1 delivery is", id="with its verb"),
    ],
)
def test_a_number_and_its_noun(number, nouns, said):
    assert counted(number, *nouns) == said
