"""What a rule is, and what keeps one from being saved: each refusal names its field and says what would be right."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import factories
from tracking.choices import ConnectionKind, Filter, Level
from tracking.definition import MAX_BODY, RuleDefinition
from tracking.errors import RuleError
from tracking.triggers import TRIGGERS, offered_filters

CUSTOM = {
    "action__kind": "smtp_custom",
    "action__connection": None,
    "action__server": {"host": "smtp.example.com", "port": 587},
}
TOLD = {
    "notifications__enable_notifications": True,
    "notifications__warnings_number": 3,
    "notifications__notify_emails": "ops@example.com",
}


def rule(**changes: Any) -> RuleDefinition:
    return factories.definition(**{"product": 1, "action__connection": "ses", **changes})


REFUSED = [
    ({"trigger": "lms.nothing"}, "trigger", "no such trigger", "an unknown trigger"),
    ({"colour": "red"}, "colour", "not a known field", "an unknown field"),
    ({"self": 1}, "self", "not a known field", "a field that Python uses itself"),
    ({"action__colour": "red"}, "action.colour", "not a known field", "an unknown field of a section"),
    ({"name": "a\nb"}, "name", "one line", "a name of two lines"),
    ({"name": "x" * 201}, "name", "at most 200", "a name of 201"),
    ({"product": None}, "product", "name one of the two", "a rule of nobody"),
    ({"campaign": 2}, "product", "name one of the two", "a rule of two owners"),
    ({"product": True}, "product", "integer", "a bool as an owner"),
    ({"product": None, "campaign": 2}, "trigger", "product level only", "Lead Sold at a campaign"),
    ({"filters__call_tracking_pool": [1]}, "filters.call_tracking_pool", "Call Logic", "a pool on LMS"),
    ({"trigger": "call.amd", "filters__method": "POST"}, "filters.method", "LMS", "a method on Call Logic"),
    (
        {"trigger": "lms.campaign_sold", "product": None, "campaign": 2, "filters__campaign": [2]},
        "filters.campaign",
        "the rule's campaign fixes it",
        "a campaign filter on a campaign's rule",
    ),
    (
        {"trigger": "lms.campaign_sold", "product": None, "campaign": 2, "filters__buyer_exclude": [2]},
        "filters.buyer_exclude",
        "the rule's campaign fixes it",
        "a buyer filter on a campaign's rule",
    ),
    (
        {"filters__source": [1, 2], "filters__source_exclude": [2, 3]},
        "filters.source_exclude",
        "source 2 is included and excluded",
        "a source in and out",
    ),
    ({"filters__publisher": [True]}, "filters.publisher.0", "integer", "a bool as a publisher"),
    ({"filters__publisher": list(range(1001))}, "filters.publisher", "at most 1000", "1,001 publishers"),
    ({"filters__method": "GET"}, "filters.method", "'POST' or 'FORM'", "another method"),
    ({"filters__price_restriction": "dear"}, "filters.price_restriction", "must be", "no kind of restriction"),
    (
        {
            "trigger": "lms.lead_return",
            "filters__price_restriction": "range",
            "filters__min_price": "1",
            "filters__max_price": "2",
        },
        "filters.price_restriction",
        "Lead Sold and Campaign Sold",
        "a range on a trigger that has none",
    ),
    (
        {"filters__price_restriction": "greater"},
        "filters.price_restriction_value",
        "is required",
        "greater than nothing",
    ),
    (
        {"filters__price_restriction": "positive", "filters__price_restriction_value": "1"},
        "filters.price_restriction_value",
        "has no meaning",
        "a value for greater than 0",
    ),
    ({"filters__min_price": "1"}, "filters.min_price", "has no meaning", "a lowest price without a range"),
    (
        {"filters__price_restriction": "range", "filters__min_price": "1"},
        "filters.max_price",
        "is required",
        "half a range",
    ),
    (
        {"filters__price_restriction": "range", "filters__min_price": "2", "filters__max_price": "1.99"},
        "filters.max_price",
        "must not be lower",
        "a range upside down",
    ),
    (
        {"filters__price_restriction": "at_least", "filters__price_restriction_value": "-1"},
        "filters.price_restriction_value",
        "must not be negative",
        "a negative bound",
    ),
    (
        {"filters__price_restriction": "at_least", "filters__price_restriction_value": 1.5},
        "filters.price_restriction_value",
        "decimal string",
        "a float as a bound",
    ),
    ({"action__kind": "pigeon"}, "action.kind", "'smtp_esp' or 'smtp_custom'", "an unknown kind"),
    ({"action__connection": None}, "action.connection", "choose a predefined", "an ESP rule without connection"),
    ({"action__connection": "a\0b"}, "action.connection", "one line", "NUL in a connection's key"),
    ({"action__connection": "\ud800"}, "action.connection", "", "half a pair in a connection's key"),
    ({"action__server": CUSTOM["action__server"]}, "action.server", "Custom Connection", "a server on an ESP rule"),
    ({**CUSTOM, "action__connection": "ses"}, "action.connection", "SMTP ESP", "a connection on a custom rule"),
    ({**CUSTOM, "action__server": {"port": 25}}, "action.server.host", "enter the name", "a custom rule without host"),
    ({**CUSTOM, "action__server": {"host": "a.b"}}, "action.server.port", "enter the port", "one without port"),
    ({**CUSTOM, "action__server": {"host": "a.b", "port": 0}}, "action.server.port", "at least", "port 0"),
    ({**CUSTOM, "action__server": {"host": "a.b", "port": 65536}}, "action.server.port", "at most", "port 65536"),
    (
        {**CUSTOM, "action__server": {"host": "a.b", "port": 25, "encryption": "rot13"}},
        "action.server.encryption",
        "must be",
        "an unknown encryption",
    ),
    (
        {**CUSTOM, "action__server": {"host": "a.b", "port": 25, "password": "x"}},
        "action.server.password",
        "not a known field",
        "a password in a definition",
    ),
    ({"action__sender": " "}, "action.sender", "is required", "a sender of spaces"),
    ({"action__recipient": ""}, "action.recipient", "is required", "no recipient"),
    ({"action__recipient": "a@b.com\nBcc: x@y.com"}, "action.recipient", "one line", "a header in a recipient"),
    ({"action__subject": ""}, "action.subject", "is required", "no subject"),
    ({"action__subject": "a\u202eb"}, "action.subject", "one line", "a subject that turns around"),
    ({"action__body": "\n"}, "action.body", "is required", "an empty body"),
    ({"action__body": "a\0"}, "action.body", "control characters", "NUL in a body"),
    ({"action__body": "é" * (MAX_BODY // 2 + 1)}, "action.body", "262,144 bytes", "a body of 256 KiB and some"),
    ({"action__content_type": "pdf"}, "action.content_type", "must be", "an unknown content type"),
    ({"action__use_twig": "yes"}, "action.use_twig", "true or false", "a word for a switch"),
    (
        {**TOLD, "notifications__warnings_number": None},
        "notifications.warnings_number",
        "% of Warnings, Number of Warnings, or both",
        "no threshold",
    ),
    ({**TOLD, "notifications__notify_emails": []}, "notifications.notify_emails", "choose a user", "nobody to notify"),
    (
        {**TOLD, "notifications__warnings_percent": "100"},
        "notifications.warnings_percent",
        "lower than 100",
        "over 100 %",
    ),
    ({**TOLD, "notifications__warnings_percent": "-1"}, "notifications.warnings_percent", "at least", "under 0 %"),
    ({**TOLD, "notifications__warnings_number": -1}, "notifications.warnings_number", "at least", "-1 warnings"),
    ({**TOLD, "notifications__minimum_events": 0}, "notifications.minimum_events", "at least", "no minimum at all"),
    ({**TOLD, "notifications__warnings_number": "3"}, "notifications.warnings_number", "integer", "a string as number"),
    ({**TOLD, "notifications__timeframe": "2h"}, "notifications.timeframe", "must be", "an unknown timeframe"),
    ({**TOLD, "notifications__notification_frequency": 0}, "notifications.notification_frequency", "at least", "0 min"),
    (
        {**TOLD, "notifications__notify_emails": ["a@b.com"] * 51},
        "notifications.notify_emails",
        "at most 50",
        "51 addresses",
    ),
    ({"policy__delivery_policy": "hope"}, "policy.delivery_policy", "must be", "an unknown delivery policy"),
    ({"policy__once_per_lead": 1}, "policy.once_per_lead", "true or false", "a number for a switch"),
    ({"policy__missing_placeholder": "guess"}, "policy.missing_placeholder", "must be", "an unknown policy"),
]


@pytest.mark.parametrize(
    ("changes", "field", "sentence"), [row[:3] for row in REFUSED], ids=[row[3] for row in REFUSED]
)
def test_a_wrong_field_is_refused_by_name(changes, field, sentence):
    with pytest.raises(RuleError) as refused:
        rule(**changes)

    assert list(refused.value.errors) == [field]
    assert sentence in refused.value.errors[field][0]


@pytest.mark.parametrize("section", ["filters", "action", "notifications", "policy"])
@pytest.mark.parametrize("value", [None, [], "x", 5], ids=["null", "a list", "a string", "a number"])
def test_a_section_is_an_object(section, value):
    with pytest.raises(RuleError) as refused:
        RuleDefinition.from_json({**rule().to_json(), section: value})

    assert refused.value.errors == {section: ["must be an object"]}


@pytest.mark.parametrize("value", [None, [], "x", {1: 2}], ids=["null", "a list", "a string", "number keys"])
def test_what_is_no_object_is_no_rule(value):
    with pytest.raises(RuleError) as refused:
        RuleDefinition.from_json(value)

    assert refused.value.errors == {"rule": ["must be an object"]}


def test_all_contradictions_are_named_at_once():
    with pytest.raises(RuleError) as refused:
        rule(
            product=None,
            action__connection=None,
            filters__min_price="1",
            **{**TOLD, "notifications__notify_emails": []},
        )

    assert set(refused.value.errors) == {
        "product",
        "action.connection",
        "filters.min_price",
        "notifications.notify_emails",
    }


def test_addresses_to_notify_may_stand_in_one_text():
    wanted = rule(**{**TOLD, "notifications__notify_emails": "a@b.com, ,c@d.com,"}).notifications

    assert wanted.notify_emails == ("a@b.com", "c@d.com")


def test_ids_are_kept_in_order_and_once():
    assert rule(filters__source=[3, 1, 3]).filters.source == (1, 3)


def test_a_rule_knows_its_level_and_its_kind_of_connection():
    product, campaign = rule(), rule(trigger="lms.campaign_sold", product=None, campaign=2, **CUSTOM)

    assert (product.level, product.connection_kind) == (Level.PRODUCT, ConnectionKind.ESP)
    assert (campaign.level, campaign.connection_kind) == (Level.CAMPAIGN, ConnectionKind.MANUAL)


def test_a_definition_cannot_be_changed():
    with pytest.raises(ValueError, match="frozen"):
        rule().name = "x"


words = st.text(st.sampled_from("abcXYZ 0123é漢"), min_size=1, max_size=20).filter(str.strip)
ids = st.lists(st.integers(0, 2**63 - 1), max_size=4)
money = st.decimals(min_value=0, max_value=99, places=2).map(str)
_PRICES = {Filter.PRICE_RESTRICTION, Filter.PRICE_RESTRICTION_VALUE, Filter.MIN_PRICE, Filter.MAX_PRICE}


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    trigger = draw(st.sampled_from(list(TRIGGERS.values())))
    level = draw(st.sampled_from(trigger.levels))
    filters: dict[str, Any] = {}
    for name in draw(st.sets(st.sampled_from(offered_filters(trigger, level)))) - _PRICES:
        if name in {Filter.METHOD, Filter.TRACKING_STRATEGY}:
            filters[name.value] = draw(st.sampled_from(["POST", "FORM"] if name is Filter.METHOD else ["pingback"]))
        elif name.removesuffix("_exclude") not in filters and f"{name.value}_exclude" not in filters:
            filters[name.value] = draw(ids)
    if draw(st.booleans()):
        filters |= {"price_restriction": "at_most", "price_restriction_value": draw(money)}
    return {
        "name": draw(words),
        "trigger": trigger.value,
        level.value: draw(st.integers(0, 2**63 - 1)),
        "filters": filters,
        "action": {
            **draw(
                st.sampled_from(
                    [
                        {"kind": "smtp_esp", "connection": "ses"},
                        {"kind": "smtp_custom", "server": {"host": "a.b", "port": 25, "encryption": "none"}},
                    ]
                )
            ),
            "sender": draw(words),
            "recipient": draw(words),
            "subject": draw(words),
            "body": draw(words),
            "content_type": draw(st.sampled_from(["text", "html", "all"])),
            "use_twig": draw(st.booleans()),
        },
        "notifications": {
            "enable_notifications": draw(st.booleans()),
            "warnings_percent": draw(st.none() | money),
            "warnings_number": draw(st.integers(0, 10**9)),
            "notify_emails": ["a@b.com"],
        },
        "policy": {"once_per_lead": draw(st.booleans()), "delivery_policy": "never_lose"},
    }


@given(documents())
def test_a_definition_comes_back_from_its_json_as_it_was(document):
    definition = RuleDefinition.from_json(document)
    text = json.dumps(definition.to_json())

    again = RuleDefinition.from_json(json.loads(text))

    assert again == definition
    assert again.to_json() == definition.to_json()


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
)


@given(
    st.sampled_from(["filters", "action", "notifications", "policy"]),
    st.dictionaries(
        st.sampled_from([*Filter, "kind", "server", "connection", "sender", "notify_emails", "timeframe", "self"]),
        anything,
    ),
    st.dictionaries(st.sampled_from([*RuleDefinition.model_fields, "self", "x"]), anything, max_size=2),
)
def test_from_json_raises_nothing_but_rule_error(section, fields, others):
    document = rule().to_json()

    with suppress(RuleError):
        RuleDefinition.from_json({**document, section: {**document[section], **fields}, **others})


def test_headers_have_one_form_however_they_were_written():
    typed = rule(action__headers="x-priority: 1\nList-Id: a: b\n\n")
    given_as_object = rule(action__headers={"X-Priority": "1", "LIST-ID": "a: b"})

    assert typed == given_as_object
    assert typed.to_json()["action"]["headers"] == {"List-Id": "a: b", "X-Priority": "1"}


@pytest.mark.parametrize(
    ("headers", "sentence"),
    [
        pytest.param({"Bcc": "eve@example.org"}, "not among", id="a header that is not allowed"),
        pytest.param({"X-SMTPAPI": "{}"}, "not among", id="one that may add recipients at a provider"),
        pytest.param({"X-Priority\r\nBcc": "1"}, "not among", id="a line end in a name"),
        pytest.param({"X-Priority": "1\r\nBcc: eve@example.org"}, "one line", id="a line end in a value"),
        pytest.param({"X-Priority": ""}, "one line", id="no value"),
        pytest.param({"X-Priority": 1}, "one line", id="a number"),
        pytest.param({"List-Id": "x" * 901}, "900", id="a long value"),
        pytest.param({"List-Id": "a", "list-id": "b"}, "only once", id="the same twice"),
        pytest.param([["List-Id", "a"]], "object", id="a list"),
        pytest.param("List-Id", "Name: value", id="a line without a value"),
    ],
)
def test_a_header_that_may_not_be_added_is_refused(headers, sentence):
    with pytest.raises(RuleError) as refused:
        rule(action__headers=headers)

    assert list(refused.value.errors) == ["action.headers"]
    assert sentence in refused.value.errors["action.headers"][0]
