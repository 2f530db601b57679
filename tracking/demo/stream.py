"""A stream of events as a lead platform emits them: leads come in, are refused, sold, earned on, disputed.

The same seed gives the same stream. About one lead in six has an address that goes wrong.
"""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from tracking.choices import TrackingStrategy
from tracking.demo.directory import (
    AUTO,
    CALLS,
    PINGTREES_OF,
    POOL_IDS,
    PRODUCTS,
    SOLAR,
    SOURCE_IDS,
    WAYS,
    buyer_of,
    campaigns_of,
)
from tracking.events import Event
from tracking.triggers import known

# What becomes of one lead: (how often, triggers in their order). Every trigger stands in one of the stories.
_STORIES: dict[int, tuple[tuple[int, tuple[str, ...]], ...]] = {
    AUTO: (
        (5, ("lms.campaign_sold", "lms.lead_sold", "lms.publisher_earning_received")),
        (3, ("lms.campaign_rejected", "lms.campaign_sold", "lms.lead_sold", "lms.send_lead_to_email")),
        (3, ("lms.campaign_rejected", "lms.campaign_rejected", "lms.lead_rejected")),
        (1, ("lms.price_reject_sold", "lms.campaign_sold", "lms.lead_sold")),
        (1, ("lms.price_reject_rejected", "lms.lead_rejected")),
        (1, ("lms.lead_return", "lms.publisher_earning_adjusted")),
        (1, ("lms.lead_partial_return",)),
    ),
    SOLAR: (
        (4, ("lms.lead_offer_received", "lms.campaign_sold", "lms.lead_sold", "lms.publisher_earning_received")),
        (2, ("lms.lead_offer_received", "lms.post_reject", "lms.lead_rejected")),
        (2, ("lms.revenue_ping_back", "lms.disposition_updated")),
        (1, ("lms.disposition_updated",)),
    ),
    CALLS: (
        (4, ("call.campaign_accepted", "call.duration_to_sell_reached", "call.campaign_sold", "call.lead_sold")),
        (2, ("call.buyer_response", "call.call_recorded", "call.publisher_earning_received")),
        (2, ("call.campaign_rejected", "call.lead_rejected")),
        (1, ("call.amd", "call.lead_rejected")),
        (1, ("call.revenue_postback", "call.disposition_updated")),
        (1, ("call.lead_return", "call.publisher_earning_adjusted")),
        (1, ("call.lead_partial_return",)),
    ),
}

_NAMES = (
    ("Maria", "Alvarez"),
    ("James", "O'Neill"),
    ("Zoë", "Lindqvist"),
    ("Wei", "Zhang"),
    ("Aisha", "Bello"),
    ("Björn", "Müller"),
    ("Grace", "Kowalski"),
    ("Noah", "Fischer"),
    ("Priya", "Raman"),
    ("Luca", "De Santis"),
    ("Hannah", "Stein"),
    ("Samuel", "Okafor"),
)
_PLACES = (
    ("97201", "Portland", "OR"),
    ("94110", "San Francisco", "CA"),
    ("78704", "Austin", "TX"),
    ("33101", "Miami", "FL"),
    ("60614", "Chicago", "IL"),
    ("30303", "Atlanta", "GA"),
)
_TROUBLE = ("bounce.{}", "", "not an address", "full.{}", "bounce.{}", "busy.{}")
_TROUBLE_EVERY = 6  # leads
_PRICES = {AUTO: (6, 95), SOLAR: (12, 140), CALLS: (9, 75)}


def stream(seed: int, *, now: datetime) -> Iterator[Event]:
    """Events without end. Ids hold the seed, so that another seed's events are no duplicates."""
    dice = random.Random(seed)  # noqa: S311 - a story, not a secret
    number = 0
    for lead_number, fields in enumerate(_leads(dice), start=1):
        story = _told(dice, fields["product"])
        for trigger in story:
            number += 1
            carried = known(trigger).carries | {"lead_id"}
            yield Event(
                event_id=f"demo-{seed}-{number}",
                trigger=trigger,
                occurred_at=now,
                **{
                    name: value
                    for name, value in _all_fields(dice, seed, lead_number, fields).items()
                    if name in carried
                },
            )


def _told(dice: random.Random, product: int) -> tuple[str, ...]:
    stories = _STORIES[product]
    return dice.choices([triggers for _, triggers in stories], weights=[weight for weight, _ in stories])[0]


def _leads(dice: random.Random) -> Iterator[dict[str, Any]]:
    """What stays the same over all events of a lead."""
    count = 0
    while True:
        count += 1
        product = dice.choices([product.pk for product in PRODUCTS], weights=[5, 3, 3])[0]
        way = dice.choice([way for way in WAYS if way.product == product])
        campaign = dice.choice(campaigns_of(product))
        low, high = _PRICES[product]
        yield {
            "product": product,
            "campaign": campaign,
            "buyer": buyer_of(campaign),
            "publisher": way.publisher,
            "channel": way.channel,
            "method": way.method,
            "source": dice.choice(SOURCE_IDS),
            "pingtree": dice.choice(PINGTREES_OF[product]),
            "call_tracking_pool": dice.choice(POOL_IDS),
            "tracking_strategy": dice.choice(list(TrackingStrategy)),
            "price": f"{dice.randint(low * 100, high * 100) / 100:.2f}",
            "lead": _person(dice, trouble=count // _TROUBLE_EVERY if count % _TROUBLE_EVERY == 0 else 0),
        }


def _person(dice: random.Random, *, trouble: int) -> dict[str, Any]:
    """`trouble` picks what is wrong with the address, counted from 1; 0: nothing."""
    (first, last), (zip_code, city, state) = dice.choice(_NAMES), dice.choice(_PLACES)
    box = "".join(c for c in unicodedata.normalize("NFKD", f"{first}.{last}".lower()) if c.isascii() and c not in "' ")
    person: dict[str, Any] = {
        "first_name": first,
        "last_name": last,
        "email": f"{box}{dice.randint(10, 99)}@mail.example.net",
        "phone": f"+1 555 01{dice.randint(10, 99)}",
        "zip": zip_code,
        "city": city,
        "state": state,
        "homeowner": dice.random() < 0.5,
    }
    return _with_trouble(person, box, trouble) if trouble else person


def _with_trouble(person: dict[str, Any], box: str, trouble: int) -> dict[str, Any]:
    local = _TROUBLE[(trouble - 1) % len(_TROUBLE)].format(box)
    if not local:
        return {name: value for name, value in person.items() if name != "email"}
    return {**person, "email": f"{local}@mail.example.net"}


def _all_fields(dice: random.Random, seed: int, lead_number: int, fields: dict[str, Any]) -> dict[str, Any]:
    lead_id = f"lead-{seed}-{lead_number}"
    lead = {**fields["lead"], "id": lead_id, "disposition": dice.choice(("Contacted", "No answer", "Wrong number"))}
    if dice.random() < 0.6:
        lead["utm_campaign"] = dice.choice(("spring-quotes", "retarget-7d", "brand"))
    if dice.random() < 0.7:
        lead["return_reason"] = dice.choice(("disconnected number", "asked not to be called", "outside the area"))
    return {**fields, "lead_id": lead_id, "lead": lead, "call": _call(dice, lead_number)}


def _call(dice: random.Random, number: int) -> dict[str, Any]:
    return {
        "id": f"call-{number}",
        "caller_id": f"+1 555 01{dice.randint(10, 99)}",
        "duration": dice.randint(8, 900),
        "response": dice.choice(("answered", "busy", "voicemail")),
        "recording_url": f"https://recordings.leadhouse.example.com/call-{number}.mp3",
    }
