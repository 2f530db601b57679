"""Events a second through the matcher on one core, with 10,000 rules and with 100,000.

10,000 rules are 500 products with 5 campaigns each, spread over the triggers, three filters a rule; each event is of a
trigger, product and campaign that some rule watches. 100,000 rules are ten times the products.
"""

from __future__ import annotations

import gc
import random
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from statistics import median

from benchmarks.results import keep, table
from tracking.choices import Filter, Level, Method, TrackingStrategy
from tracking.definition import Action, Filters, RuleDefinition
from tracking.events import Event
from tracking.matching.matcher import Candidate, Matcher
from tracking.triggers import TRIGGERS, Trigger, offered_filters

CAMPAIGNS = 5  # of each product
EVENTS = 20_000
ROUNDS = 7

_NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
_ENTITIES = ("publisher", "channel", "source", "buyer", "pingtree", "call_tracking_pool")
_ACTION = Action(
    kind="smtp_esp", connection="ses", sender="a@example.com", recipient="b@example.com", subject="s", body="b"
)


def rules(number: int, chance: random.Random) -> Iterator[RuleDefinition]:
    """Every definition is checked as a saved one is."""
    products = number // 20
    triggers = list(TRIGGERS.values())
    for _ in range(number):
        trigger = chance.choice(triggers)
        level = chance.choice(trigger.levels)
        product = chance.randrange(products)
        owner = {"product": product} if level is Level.PRODUCT else {"campaign": _campaign(product, chance)}
        yield RuleDefinition(trigger=trigger.value, action=_ACTION, filters=_filters(trigger, level, chance), **owner)


def _campaign(product: int, chance: random.Random) -> int:
    return product * CAMPAIGNS + chance.randrange(CAMPAIGNS)


def _filters(trigger: Trigger, level: Level, chance: random.Random) -> Filters:
    """Three of those that the trigger offers: no entity twice, half of the ids that events have."""
    names = [name for name in offered_filters(trigger, level) if name in _VALUES]
    chosen: dict[str, Filter] = {}
    for name in chance.sample(names, len(names)):
        chosen.setdefault(name.value.removesuffix("_exclude"), name)
    values: dict[str, object] = {}
    for name in islice(chosen.values(), 3):
        values.update(_VALUES[name](chance))
    return Filters(**values)


def _ids(name: str) -> object:
    return lambda chance: {name: tuple(chance.sample(range(20), 10))}


_VALUES = {
    **{name: _ids(name.value) for name in Filter if name.value.removesuffix("_exclude") in _ENTITIES},
    Filter.METHOD: lambda chance: {"method": chance.choice(list(Method))},
    Filter.TRACKING_STRATEGY: lambda chance: {"tracking_strategy": chance.choice(list(TrackingStrategy))},
    Filter.PRICE_RESTRICTION: lambda chance: {"price_restriction": "at_least", "price_restriction_value": "10"},
}


def events(definitions: list[RuleDefinition], chance: random.Random) -> Iterator[Event]:
    for definition in chance.choices(definitions, k=EVENTS):
        campaign = definition.campaign
        product = definition.product if campaign is None else campaign // CAMPAIGNS
        assert product is not None
        yield Event(
            event_id="bench",
            trigger=definition.trigger,
            occurred_at=_NOON,
            product=product,
            campaign=_campaign(product, chance) if campaign is None else campaign,
            method=chance.choice(list(Method)),
            tracking_strategy=chance.choice(list(TrackingStrategy)),
            price=f"{chance.randrange(2_000) / 100:.2f}",
            **{entity: chance.randrange(20) for entity in _ENTITIES},
        )


def measure(number: int) -> tuple[float, float, float]:
    """Events a second, and how many rules an event meets and fires on average."""
    chance = random.Random(1)
    definitions = list(rules(number, chance))
    stream = list(events(definitions, chance))
    matcher = Matcher(
        Candidate.of(definition, rule_id=key, version_id=key, connection_id=1)
        for key, definition in enumerate(definitions, start=1)
    )
    met = sum(len(list(matcher.candidates(event))) for event in stream) / EVENTS
    fired = sum(len(matcher.match(event)) for event in stream) / EVENTS
    gc.collect()
    return median(_rate(matcher, stream) for _ in range(ROUNDS)), met, fired


def _rate(matcher: Matcher, stream: list[Event]) -> float:
    start = time.process_time()
    for event in stream:
        matcher.match(event)
    return len(stream) / (time.process_time() - start)


def main() -> None:
    found = {number: measure(number) for number in (10_000, 100_000)}
    rows = [(f"{number:,} rules", *numbers) for number, numbers in found.items()]
    table("Matching, events a second on one core", ("", "events/s", "rules met", "rules fired"), rows)
    names = ("events_per_s", "rules_met", "rules_fired")
    keep("match", rules={number: dict(zip(names, numbers, strict=True)) for number, numbers in found.items()})


if __name__ == "__main__":
    main()
