"""Whatever comes in from outside is taken, or refused with an error of ours. Bounded runs; `FUZZ` raises the number."""

from __future__ import annotations

import json
import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import factories
from tracking.definition import RuleDefinition
from tracking.errors import AddressError, EventError, RuleError
from tracking.events import Event
from tracking.mail.addresses import check_address, parse_mailbox, split_mailboxes
from tracking.smtp.replies import MAX_REPLY, MAX_TEXT, ProtocolError, ReplyReader
from tracking.store import exchange
from tracking.validation import parse_json

RUNS = int(os.environ.get("FUZZ", "300"))
bounded = settings(max_examples=RUNS, deadline=None, suppress_health_check=list(HealthCheck), derandomize=RUNS <= 300)

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(), max_size=30)
    | st.sampled_from(["", "1e400", "NaN", "\0", "\ud800", "2026-02-30T25:00:00Z", "lms.lead_sold", "=1+1", "{{ x }}"])
)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=12), inner, max_size=5),
    max_leaves=20,
)


def bent(document: dict[str, object]) -> st.SearchStrategy[dict[str, object]]:
    """The document with some of its fields made anything, left out, or joined by others."""
    names = st.sampled_from(sorted(document)) | st.text(max_size=10)
    changes = st.dictionaries(names, ANYTHING, max_size=3)
    away = st.sets(st.sampled_from(sorted(document)), max_size=2)
    return st.builds(
        lambda changed, gone: {name: value for name, value in {**document, **changed}.items() if name not in gone},
        changes,
        away,
    )


EVENT = json.loads(json.dumps(factories.event(product=1, price="12.50").to_json()))
RULE = factories.definition(product=1, action__connection="relay").to_json()


@bounded
@given(st.binary(max_size=300) | st.text(max_size=300))
def test_any_bytes_are_json_or_a_value_error(text):
    try:
        value = parse_json(text)
    except ValueError:
        return
    json.dumps(value, allow_nan=False)


@bounded
@given(ANYTHING | bent(EVENT))
def test_anything_is_an_event_or_an_event_error(value):
    try:
        event = Event.from_json(value)
    except EventError:
        return
    assert Event.from_json(json.loads(json.dumps(event.to_json()))) == event


@bounded
@given(
    st.text(st.characters(), max_size=80) | st.from_regex(r'["<]?[a-z."@\\ ]{0,20}@[a-z.-]{0,20}[>, ]?[a-z@."<]{0,9}')
)
def test_any_text_is_one_address_or_a_refusal(text):
    try:
        box = parse_mailbox(text)
    except AddressError:
        return
    local, _, domain = box.address.rpartition("@")
    assert check_address(box.address) == box.address
    assert domain.isascii()
    assert "@" not in local
    assert not set(box.address) & set(' <>",;:\\()[]\r\n\0')


@bounded
@given(st.text(st.characters(), max_size=120))
def test_any_text_is_a_list_of_mailboxes_or_a_refusal(text):
    try:
        parts = split_mailboxes(text)
    except AddressError:
        return
    assert all(part and part in text for part in parts)


PIECES = st.binary(max_size=60) | st.sampled_from(
    [b"250 ok\r\n", b"250-", b"354 go\r\n", b"2", b"999 x\r\n", b"\r", b"\n", b"\0", b"250 \xff\xfe\r\n", b"5.7.1 "]
)


@bounded
@given(st.lists(PIECES, max_size=12))
def test_any_bytes_are_replies_or_a_protocol_error(pieces):
    reader, given_bytes = ReplyReader(), 0
    try:
        for piece in pieces:
            reader.feed(piece)
            given_bytes += len(piece)
            while (reply := reader.next()) is not None:
                assert 200 <= reply.code <= 599
                assert len(reply.text) <= MAX_TEXT
                assert reply.text.isprintable() or not any(char in reply.text for char in "\r\n\0\x1b\u202e")
    except ProtocolError:
        return
    assert given_bytes <= MAX_REPLY


@bounded
@given(ANYTHING | bent(RULE) | bent(RULE["action"]).map(lambda action: {**RULE, "action": action}))
def test_anything_is_a_rule_or_a_rule_error(value):
    try:
        rule = RuleDefinition.from_json(value)
    except RuleError:
        return
    assert RuleDefinition.from_json(json.loads(json.dumps(rule.to_json()))) == rule


@pytest.mark.django_db
@settings(bounded, max_examples=RUNS // 3)
@given(ANYTHING | bent(RULE) | st.builds(lambda rule, key: {**rule, "key": key}, bent(RULE), ANYTHING))
def test_an_import_takes_a_rule_or_says_what_is_wrong(value):
    factories.ProductFactory._meta.model.objects.get_or_create(pk=1, defaults={"name": "P", "platform": "lms"})
    try:
        exchange.import_one(value, author=None, now=factories.NOON)
    except RuleError:
        return
