"""Which rules an event concerns, against a second way of finding out."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import factories
from tracking.choices import Filter
from tracking.definition import RuleDefinition
from tracking.events import Event
from tracking.matching.filters import checks
from tracking.matching.matcher import Candidate, Matcher

ENTITIES = ["publisher", "channel", "source", "buyer", "campaign", "pingtree"]


def rule(**changes: Any) -> RuleDefinition:
    if "campaign" not in changes:
        changes.setdefault("product", 1)
    return factories.definition(action__connection="ses", **changes)


def candidate(number: int = 1, **changes: Any) -> Candidate:
    return Candidate.of(rule(**changes), rule_id=number, version_id=number, connection_id=1)


def event(**changes: Any) -> Event:
    return factories.event(**{"product": 1, **changes})


@pytest.mark.parametrize("entity", ENTITIES)
@pytest.mark.parametrize(
    ("filters", "number", "admitted"),
    [
        pytest.param("include", 5, True, id="one of those included"),
        pytest.param("include", 7, False, id="none of those included"),
        pytest.param("include", None, False, id="a missing one fails an include"),
        pytest.param("exclude", 5, False, id="one of those excluded"),
        pytest.param("exclude", 7, True, id="none of those excluded"),
        pytest.param("exclude", None, True, id="a missing one passes an exclude"),
    ],
)
def test_an_entity_is_included_and_excluded(entity, filters, number, admitted):
    name = entity if filters == "include" else f"{entity}_exclude"
    one = candidate(**{f"filters__{name}": [5, 6]})

    refusal = one.refusal(event(**{entity: number}))

    assert refusal == (None if admitted else Filter(name))


def test_an_id_of_zero_is_an_id():
    assert candidate(filters__source=[0]).refusal(event(source=0)) is None
    assert candidate(filters__source_exclude=[0]).refusal(event(source=0)) is Filter.SOURCE_EXCLUDE


def test_a_pool_is_included():
    one = candidate(trigger="call.amd", filters__call_tracking_pool=[5])

    assert one.refusal(event(trigger="call.amd", call_tracking_pool=5)) is None
    assert one.refusal(event(trigger="call.amd")) is Filter.CALL_TRACKING_POOL


@pytest.mark.parametrize("name", ["method", "tracking_strategy"])
def test_a_word_is_equal_or_refused(name):
    wanted, other = {"method": ("POST", "FORM"), "tracking_strategy": ("pingback", "direct_sold")}[name]
    one = candidate(**{f"filters__{name}": wanted})

    assert one.refusal(event(**{name: wanted})) is None
    assert one.refusal(event(**{name: other})) == Filter(name)
    assert one.refusal(event()) == Filter(name)


def test_the_first_filter_in_the_seeds_order_is_the_one_to_blame():
    one = candidate(
        filters__pingtree=[1],
        filters__method="POST",
        filters__source_exclude=[9],
        filters__price_restriction="positive",
    )

    assert [check.name for check in one.checks] == ["method", "source_exclude", "pingtree", "price_restriction"]
    assert one.refusal(event(source=9)) is Filter.METHOD
    assert one.refusal(event(source=9, method="POST")) is Filter.SOURCE_EXCLUDE
    assert one.refusal(event(method="POST")) is Filter.PINGTREE
    assert one.refusal(event(method="POST", pingtree=1)) is Filter.PRICE_RESTRICTION
    assert one.refusal(event(method="POST", pingtree=1, price="1")) is None


def test_no_filter_admits_every_event():
    assert checks(rule().filters) == ()


def test_the_rules_of_product_and_campaign_both_fire():
    sold = {"trigger": "lms.campaign_sold"}
    matcher = Matcher([candidate(2, **sold, campaign=8), candidate(1, **sold), candidate(3, **sold, product=2)])

    assert [one.rule_id for one in matcher.match(event(**sold, campaign=8))] == [1, 2]
    assert [one.rule_id for one in matcher.match(event(**sold, campaign=8, product=None))] == [2]
    assert [one.rule_id for one in matcher.match(event(**sold, campaign=1, product=8))] == []


def test_another_trigger_is_no_candidate():
    matcher = Matcher([candidate()])

    assert list(matcher.candidates(event(trigger="lms.lead_rejected"))) == []


def test_an_event_without_owner_concerns_nobody():
    assert Matcher([candidate(product=0)]).match(event(product=None)) == []


few = st.none() | st.integers(0, 2)
some = st.lists(st.integers(0, 2), max_size=2)
cents = st.sampled_from(["0", "1", "1.50", "2", "3"])
triggers = st.sampled_from(["lms.lead_sold", "lms.campaign_sold", "call.lead_sold"])


@st.composite
def rules(draw: st.DrawFn) -> RuleDefinition:
    trigger = draw(triggers)
    at_campaign = trigger == "lms.campaign_sold" and draw(st.booleans())
    entities = set(ENTITIES) - ({"campaign", "buyer"} if at_campaign else set())
    filters: dict[str, Any] = {
        f"{entity}{draw(st.sampled_from(['', '_exclude']))}": draw(some)
        for entity in draw(st.sets(st.sampled_from(sorted(entities)), max_size=3))
    }
    if trigger.startswith("lms") and draw(st.booleans()):
        filters["method"] = draw(st.sampled_from(["POST", "FORM"]))
    kind = draw(st.sampled_from([None, "positive", "greater", "at_least", "lower", "at_most", "range"]))
    filters["price_restriction"] = kind
    if kind == "range":
        filters["min_price"], filters["max_price"] = sorted([draw(cents), draw(cents)], key=Decimal)
    elif kind not in {None, "positive"}:
        filters["price_restriction_value"] = draw(cents)
    owner = {"campaign": draw(st.integers(0, 2))} if at_campaign else {"product": draw(st.integers(0, 2))}
    return factories.definition(trigger=trigger, filters=filters, action__connection="ses", **owner)


events = st.builds(
    event,
    trigger=triggers,
    product=few,
    **dict.fromkeys(ENTITIES, few),
    method=st.sampled_from([None, "POST", "FORM"]),
    price=st.none() | cents,
)


def naive(document: dict[str, Any], fact: dict[str, Any]) -> bool:
    """Whether a rule fires, spelled out over the JSON of both."""
    if document["trigger"] != fact["trigger"]:
        return False
    owner = "product" if document["product"] is not None else "campaign"
    if fact.get(owner) != document[owner]:
        return False
    filters = document["filters"]
    if filters["method"] and fact.get("method") != filters["method"]:
        return False
    for entity in ENTITIES:
        if filters[entity] and fact.get(entity) not in filters[entity]:
            return False
        if fact.get(entity) in filters[f"{entity}_exclude"]:
            return False
    return _naive_price(filters, fact.get("price"))


def _naive_price(filters: dict[str, Any], price: str | None) -> bool:
    kind = filters["price_restriction"]
    if kind is None:
        return True
    if price is None:
        return False
    paid = Decimal(price)
    if kind == "range":
        return Decimal(filters["min_price"]) <= paid <= Decimal(filters["max_price"])
    bound = Decimal(filters["price_restriction_value"] or 0)
    return {
        "positive": paid > 0,
        "greater": paid > bound,
        "at_least": paid >= bound,
        "lower": paid < bound,
        "at_most": paid <= bound,
    }[kind]


@settings(max_examples=200)
@given(st.lists(rules(), max_size=6), events)
def test_the_matcher_finds_what_a_naive_filter_finds(definitions, fact):
    matcher = Matcher(
        Candidate.of(one, rule_id=number, version_id=number, connection_id=1) for number, one in enumerate(definitions)
    )

    found = [one.rule_id for one in matcher.match(fact)]

    document = fact.to_json()
    assert sorted(found) == [n for n, one in enumerate(definitions) if naive(one.to_json(), document)]
    assert set(found) <= {one.rule_id for one in matcher.candidates(fact)}
