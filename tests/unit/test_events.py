"""What an event is, and every way in which something is not one."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracking.choices import Method, TrackingStrategy
from tracking.errors import EventError
from tracking.events import ENTITIES, MAX_BYTES, Event
from tracking.triggers import TRIGGERS

NOON = "2026-01-31T12:00:00+00:00"


def fields(**changes: Any) -> dict[str, Any]:
    return {"event_id": "evt-1", "trigger": "lms.lead_sold", "occurred_at": NOON, **changes}


def nested(depth: int, inmost: Any = None) -> Any:
    value = inmost
    for _ in range(depth):
        value = {"a": value}
    return value


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        pytest.param({"trigger": "lms.lead_stolen"}, "trigger", "no such trigger", id="an unknown trigger"),
        pytest.param({"trigger": None}, "trigger", "must be a string", id="no trigger"),
        pytest.param({"colour": "red"}, "colour", "is not a known field", id="an unknown key"),
        pytest.param({"self": 1}, "self", "is not a known field", id="a key that Python uses itself"),
        pytest.param({"cls": 1}, "cls", "is not a known field", id="another one"),
        pytest.param({"": 1}, "event", "is not a known field", id="a key without letters"),
        pytest.param({"price": "12,50"}, "price", "must be a decimal", id="a price with a comma"),
        pytest.param({"price": 12.5}, "price", "must be a decimal string", id="a price as a float"),
        pytest.param({"price": True}, "price", "must be a decimal string", id="a price as a bool"),
        pytest.param({"price": "NaN"}, "price", "must be a decimal", id="a price that is no number"),
        pytest.param({"price": "1e3"}, "price", "must be a decimal", id="a price with an exponent"),
        pytest.param({"price": "١٢"}, "price", "must be a decimal", id="a price in Arabic digits"),
        pytest.param({"price": "12.50\n"}, "price", "must be a decimal", id="a price with a line end"),
        pytest.param({"price": "1" * 13}, "price", "12 digits", id="a price with 13 digits"),
        pytest.param({"price": "0.1234567"}, "price", "6 after", id="a price with 7 decimals"),
        pytest.param({"price": Decimal("Infinity")}, "price", "must be a decimal", id="an endless price"),
        pytest.param({"price": Decimal("1E+30")}, "price", "12 digits", id="a price as a huge Decimal"),
        pytest.param({"price": Decimal("1E+999999999")}, "price", "12 digits", id="one that would fill memory"),
        pytest.param({"price": Decimal("1E-999999999")}, "price", "6 after", id="one with endless decimals"),
        pytest.param({"occurred_at": "yesterday"}, "occurred_at", "ISO 8601 with offset", id="a date in words"),
        pytest.param({"occurred_at": "2026-02-30T00:00:00Z"}, "occurred_at", "ISO 8601", id="the 30th of February"),
        pytest.param({"occurred_at": "2026-01-31T12:00:00"}, "occurred_at", "UTC offset", id="a naive date"),
        pytest.param({"occurred_at": "2026-01-31"}, "occurred_at", "offset", id="a day"),
        pytest.param({"occurred_at": 1_700_000_000}, "occurred_at", "ISO 8601", id="seconds of the epoch"),
        pytest.param({"occurred_at": "1700000000"}, "occurred_at", "ISO 8601", id="seconds of the epoch as a string"),
        pytest.param({"occurred_at": "-1.5"}, "occurred_at", "ISO 8601", id="a number as a string"),
        pytest.param({"occurred_at": "0001-01-01T00:00:00+14:00"}, "occurred_at", "year", id="before all years in UTC"),
        pytest.param({"occurred_at": "9999-12-31T23:59:59-05:00"}, "occurred_at", "year", id="after all years in UTC"),
        pytest.param({"product": True}, "product", "must be an integer", id="a bool as an id"),
        pytest.param({"product": "7"}, "product", "must be an integer", id="a string as an id"),
        pytest.param({"product": 7.0}, "product", "must be an integer", id="a float as an id"),
        pytest.param({"product": -1}, "product", "must be at least", id="a negative id"),
        pytest.param({"product": 2**63}, "product", "must be at most", id="an id over a bigint"),
        pytest.param({"product": 10**400}, "product", "", id="a huge id"),
        pytest.param({"event_id": ""}, "event_id", "must not be empty", id="an empty event_id"),
        pytest.param({"event_id": "x" * 201}, "event_id", "at most 200 characters", id="an event_id of 201"),
        pytest.param({"event_id": 7}, "event_id", "must be a string", id="a number as event_id"),
        pytest.param({"event_id": "a\nb"}, "event_id", "one line", id="a line end in event_id"),
        pytest.param({"event_id": "a\0b"}, "event_id", "one line", id="NUL in event_id"),
        pytest.param({"event_id": "\ud800"}, "event_id", "", id="half a pair in event_id"),
        pytest.param({"lead_id": ""}, "lead_id", "must not be empty", id="an empty lead_id"),
        pytest.param({"lead_id": 5}, "lead_id", "must be a string", id="a number as lead_id"),
        pytest.param({"method": "GET"}, "method", "must be 'POST' or 'FORM'", id="another method"),
        pytest.param({"tracking_strategy": "x"}, "tracking_strategy", "'direct_sold' or 'pingback'", id="no strategy"),
        pytest.param({"test": 1}, "test", "must be true or false", id="a number for test"),
        pytest.param({"lead": []}, "lead", "must be an object", id="a list as lead"),
        pytest.param({"lead": "x"}, "lead", "must be an object", id="a string as lead"),
        pytest.param({"lead": {"a": float("nan")}}, "lead", "finite", id="NaN"),
        pytest.param({"call": {"a": [float("inf")]}}, "call", "finite", id="infinity"),
        pytest.param({"lead": {"a": "\0"}}, "lead", "control characters", id="NUL in a value"),
        pytest.param({"lead": {"\0": 1}}, "lead", "control characters", id="NUL in a key"),
        pytest.param({"lead": {"a": "\ud83d"}}, "lead", "control characters", id="half a pair in a value"),
        pytest.param({"lead": {"a": (1, 2)}}, "lead", "plain JSON", id="a tuple"),
        pytest.param({"lead": {"a": Decimal(1)}}, "lead", "plain JSON", id="a Decimal"),
        pytest.param({"lead": {1: 2}}, "lead.1.[key]", "must be a string", id="a number as key"),
        pytest.param({"lead": nested(6)}, "lead", "at most 5 deep", id="a lead 6 deep"),
        pytest.param({"lead": {"a": [[[[[]]]]]}}, "lead", "at most 5 deep", id="lists 6 deep"),
        pytest.param({"lead": nested(400)}, "lead", "at most 5 deep", id="a lead 400 deep"),
        pytest.param({"lead": {"a": "x" * MAX_BYTES}}, "event", "65,536 bytes", id="a lead of 64 KiB and some"),
        pytest.param({"lead": {"a": "é" * 32_768}}, "event", "65,536 bytes", id="64 KiB in two-byte characters"),
    ],
)
def test_a_wrong_field_is_refused_by_name(changes, field, sentence):
    with pytest.raises(EventError) as refused:
        Event.from_json(fields(**changes))

    assert list(refused.value.errors) == [field]
    assert sentence in refused.value.errors[field][0]


@pytest.mark.parametrize("name", ["event_id", "trigger", "occurred_at"])
def test_a_missing_field_is_refused_by_name(name):
    whole = fields()
    del whole[name]

    with pytest.raises(EventError) as refused:
        Event.from_json(whole)

    assert refused.value.errors == {name: ["is required"]}


def test_all_wrong_fields_are_named_at_once():
    with pytest.raises(EventError) as refused:
        Event.from_json({"event_id": "", "price": "x", "colour": "red"})

    assert set(refused.value.errors) == {"event_id", "price", "colour", "trigger", "occurred_at"}


@pytest.mark.parametrize(
    "value", [None, [], "x", 7, True, {1: 2}], ids=["null", "a list", "a string", "a number", "a bool", "number keys"]
)
def test_what_is_no_object_is_refused(value):
    with pytest.raises(EventError) as refused:
        Event.from_json(value)

    assert list(refused.value.errors) == ["event"]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("{", id="half an object"),
        pytest.param("{'a': 1}", id="single quotes"),
        pytest.param('{"lead": {"a": NaN}}', id="NaN"),
        pytest.param('{"lead": {"a": -Infinity}}', id="infinity"),
        pytest.param('{"price": "1", "price": "2"}', id="a key twice"),
        pytest.param("[" * 60_000, id="60,000 lists deep"),
        pytest.param('{"a":' * 5_000 + "1" + "}" * 5_000, id="5,000 objects deep"),
        pytest.param(b"\xff\xfe\xfa", id="no text at all"),
        pytest.param(b'{"event_id": "\xff"}', id="broken UTF-8"),
        pytest.param('{"product": ' + "9" * 5_000 + "}", id="a number of 5,000 digits"),
        pytest.param(json.dumps(fields(lead={"a": "x" * (65 * 1024)})), id="65 KiB"),
    ],
)
def test_text_that_is_no_event_is_refused(text):
    with pytest.raises(EventError) as refused:
        Event.parse(text)

    assert list(refused.value.errors) == ["event"]


def test_a_refusal_can_be_written_whatever_the_field_was_called():
    with pytest.raises(EventError) as refused:
        Event.parse(json.dumps(fields(**{"\ud800x": 1})))

    str(refused.value).encode()


def test_a_lead_of_five_levels_is_taken():
    assert Event.from_json(fields(lead=nested(5))).lead == nested(5)


def test_the_largest_ids_are_taken():
    event = Event.from_json(fields(**dict.fromkeys(ENTITIES, 2**63 - 1), event_id="x" * 200))

    assert event.product == 2**63 - 1


def test_null_stands_for_absent():
    event = Event.from_json(fields(product=None, price=None, method=None, lead=None, call=None, lead_id=None))

    assert event == Event.from_json(fields())
    assert event.lead == {}


def test_an_event_made_in_python_takes_the_values_of_python():
    event = Event(
        event_id="1",
        trigger="lms.lead_sold",
        occurred_at=datetime(2026, 1, 31, 12, tzinfo=timezone(timedelta(hours=2))),
        price=Decimal("1.50"),
        method=Method.FORM,
        tracking_strategy=TrackingStrategy.PINGBACK,
    )

    assert event.to_json() == {
        "event_id": "1",
        "trigger": "lms.lead_sold",
        "occurred_at": "2026-01-31T12:00:00+02:00",
        "price": "1.50",
        "method": "FORM",
        "tracking_strategy": "pingback",
    }


def test_an_event_cannot_be_changed():
    event = Event.from_json(fields())

    with pytest.raises(ValueError, match="frozen"):
        event.price = Decimal(1)


texts = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=8)
leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts
shallow = st.recursive(leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3))
lines = st.text(st.sampled_from("abz09-_é漢 "), min_size=1, max_size=200)
ids = st.none() | st.integers(0, 2**63 - 1)
prices = st.none() | st.decimals(
    min_value=-(10**12) + 1, max_value=10**12 - 1, places=6, allow_nan=False, allow_infinity=False
)
whole_events = st.fixed_dictionaries(
    {
        "event_id": lines,
        "trigger": st.sampled_from(list(TRIGGERS)),
        "occurred_at": st.datetimes(
            min_value=datetime(1900, 1, 1), max_value=datetime(2200, 1, 1), timezones=st.just(UTC)
        ),
    },
    optional={
        **dict.fromkeys(ENTITIES, ids),
        "method": st.none() | st.sampled_from(Method),
        "tracking_strategy": st.none() | st.sampled_from(TrackingStrategy),
        "price": prices,
        "lead_id": st.none() | lines,
        "lead": st.dictionaries(texts, leaves | st.lists(leaves, max_size=3), max_size=4),
        "call": st.dictionaries(texts, leaves, max_size=2),
        "test": st.booleans(),
    },
)


@given(whole_events)
def test_an_event_comes_back_from_its_json_as_it_was(values):
    event = Event(**values)

    assert Event.parse(json.dumps(event.to_json())) == event
    assert Event.restored(json.loads(json.dumps(event.to_json()))) == event


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"colour": "red"}, id="an unknown key"),
        pytest.param({"trigger": "lms.lead_stolen"}, id="an unknown trigger"),
        pytest.param({"product": "12"}, id="an id in words"),
        pytest.param({"occurred_at": "2026-01-31T12:00:00"}, id="a naive date"),
        pytest.param({"method": "PUT"}, id="an unknown method"),
        pytest.param({"price": "much"}, id="a price in words"),
    ],
)
def test_a_stored_event_that_this_release_does_not_know_is_refused(changes):
    with pytest.raises(EventError):
        Event.restored(fields(**changes))


@given(st.binary(max_size=200) | st.text(st.characters(), max_size=200))
def test_parse_raises_nothing_but_event_error(text):
    _only_event_errors(text)


@given(
    st.dictionaries(
        st.sampled_from([*Event.model_fields, "self", "cls", "x"]) | st.text(st.characters(), max_size=3), shallow
    ).map(lambda changes: json.dumps(fields(**changes)))
)
def test_parse_raises_nothing_but_event_error_for_an_object_with_anything_in_it(text):
    _only_event_errors(text)


def _only_event_errors(text: str | bytes) -> None:
    with suppress(EventError):
        event = Event.parse(text)
        assert Event.from_json(event.to_json()) == event
