"""Strict JSON, and sentences a newcomer understands."""

from __future__ import annotations

from typing import Any

import pytest

from tests import factories
from tracking.errors import EventError, RuleError
from tracking.events import Event
from tracking.validation import MAX_DIGITS, parse_json


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        pytest.param("NaN", "NaN is not JSON", id="not a number"),
        pytest.param('{"a": -Infinity}', "-Infinity is not JSON", id="an endless number"),
        pytest.param('{"a": 1, "a": 2}', "a key stands twice in one object", id="a key twice"),
        pytest.param("[" * 100_000, "nested too deeply", id="a hundred thousand lists"),
        pytest.param("9" * (MAX_DIGITS + 1), "a number has more than 1,000 digits", id="a number too long"),
        pytest.param('"é"'.encode("latin-1"), "byte 2 is not UTF-8", id="another encoding"),
        pytest.param("{}".encode("utf-16"), "byte 1 is not UTF-8", id="two bytes a character"),
        pytest.param("", "Expecting value", id="nothing"),
        pytest.param("{} {}", "Extra data", id="something behind it"),
    ],
)
def test_what_is_not_json_is_refused_in_words(text, complaint):
    with pytest.raises(ValueError, match=complaint):
        parse_json(text)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('{"a": [1, 2.5, null, "é"]}', id="text"),
        pytest.param('{"a": [1, 2.5, null, "é"]}'.encode(), id="bytes"),
        pytest.param('\ufeff{"a": [1, 2.5, null, "é"]}', id="text with a byte order mark"),
        pytest.param('\ufeff{"a": [1, 2.5, null, "é"]}'.encode(), id="bytes with a byte order mark"),
    ],
)
def test_json_is_read(text):
    assert parse_json(text) == {"a": [1, 2.5, None, "é"]}


def test_the_longest_number_is_read():
    assert parse_json("9" * MAX_DIGITS) == int("9" * MAX_DIGITS)


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        pytest.param({"product": -1}, {"product": ["must be at least 0"]}, id="an id below zero"),
        pytest.param({"product": 10**30}, {"product": ["must be at most 9223372036854775807"]}, id="a huge id"),
        pytest.param(
            {"event_id": "\ud800"}, {"event_id": ["must not hold halves of surrogate pairs"]}, id="half a character"
        ),
        pytest.param(
            {"\ud800": 1}, {"event": ["must not hold halves of surrogate pairs"]}, id="half a character as key"
        ),
    ],
)
def test_an_events_faults_are_told_in_our_words(changes: dict[str, Any], errors):
    with pytest.raises(EventError) as refused:
        Event.from_json({**factories.event().to_json(), **changes})

    assert refused.value.errors == errors


def test_a_flood_of_unknown_fields_is_counted_not_listed():
    with pytest.raises(EventError) as refused:
        Event.from_json({f"field_{number}": 1 for number in range(10_000)})

    assert refused.value.errors == {"event": ["has 10,000 fields that are not known"]}


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        pytest.param(
            {"notifications__warnings_percent": "100"},
            {"notifications.warnings_percent": ["must be lower than 100"]},
            id="a percentage that can never be exceeded",
        ),
        pytest.param(
            {"notifications__notification_frequency": 0},
            {"notifications.notification_frequency": ["must be at least 1"]},
            id="alerts without a pause",
        ),
        pytest.param({"policy__daily_cap": 0}, {"policy.daily_cap": ["must be at least 1"]}, id="a cap of nothing"),
    ],
)
def test_a_rules_faults_are_told_in_our_words(changes, errors):
    with pytest.raises(RuleError) as refused:
        factories.definition(product=1, action__connection="esp", **changes)

    assert refused.value.errors == errors
