"""No exported cell is a formula to any spreadsheet, and every cell comes back as it was."""

from __future__ import annotations

import csv
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracking import spreadsheet

SIGNS = "=+-@＝＋－＠﹢﹣﹦﹫⁺⁼₊₌"
LEADS = [
    "",
    " ",
    "\t",
    "\r",
    "\n",
    "\0",
    "\u00a0",
    "\u3000",
    "\ufeff",
    "\u200b",
    "\u2060",
    "\u00ad",
    "\u200e",
    " \t\u200d",
]


@pytest.mark.parametrize("sign", SIGNS)
@pytest.mark.parametrize("lead", LEADS, ids=range(len(LEADS)))
def test_a_formula_is_quoted_behind_whatever_cannot_be_seen(lead, sign):
    cell = f"{lead}{sign}1+1"

    assert spreadsheet.safe(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["\tTotal", "\rTotal", "\nTotal", "\0Total", "\x1bTotal"])
def test_a_control_character_at_the_start_is_quoted_whatever_follows(cell):
    assert spreadsheet.safe(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["Total", "a=b", "1+1", "", " ", "ünï", "'quoted", '"x"', "#N/A", "10%", "5 - 3"])
def test_words_are_left_alone(cell):
    assert spreadsheet.safe(cell) == cell


@pytest.mark.parametrize(("value", "cell"), [(-5.25, "-5.25"), (0, "0"), (None, ""), (True, "True")])
def test_numbers_are_left_alone(value, cell):
    assert spreadsheet.safe(value) == cell


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20), min_size=1, max_size=5))
def test_any_row_is_read_back_with_no_formula_in_it(row):
    (line,) = spreadsheet.lines([row])

    (read,) = csv.reader([line], strict=True) if "\n" not in line[:-2] and "\r" not in line[:-2] else [None]
    for cell, found in zip(row, read or [], strict=False):
        assert found.removeprefix("'") == cell.removeprefix("'")
        assert unicodedata.normalize("NFKC", found.strip())[:1] not in set("=+-@")
