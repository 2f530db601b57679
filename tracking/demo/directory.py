"""Who sells and who buys on the demo platform. Ids tell the kinds apart: products 1xx, campaigns 1xxx, and so on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tracking.choices import Method, Platform
from tracking.models import (
    Buyer,
    CallTrackingPool,
    Campaign,
    Channel,
    Pingtree,
    Product,
    Publisher,
    Source,
)
from tracking.models.directory import Entry

AUTO, SOLAR, CALLS = 101, 102, 103

PRODUCTS = (
    Product(id=AUTO, name="Auto Insurance", platform=Platform.LMS),
    Product(id=SOLAR, name="Home Solar", platform=Platform.LMS, ping_post=True),
    Product(id=CALLS, name="Medicare Calls", platform=Platform.CALL_LOGIC),
)

_BUYERS = (
    "Summit Insurance",
    "Northgate Mutual",
    "Bluebird Auto Cover",
    "Helio Homes",
    "Sunline Installers",
    "Evergreen Power",
    "Golden Years Health",
    "Carepoint Advisors",
)

CAMPAIGNS = (  # id, name, product, number of the buyer
    (1101, "Summit Auto, exclusive", AUTO, 1),
    (1102, "Northgate Auto, shared", AUTO, 2),
    (1103, "Bluebird Auto, nights", AUTO, 3),
    (1104, "Summit Auto, high risk", AUTO, 1),
    (1201, "Helio Solar, California", SOLAR, 4),
    (1202, "Sunline Solar, Texas", SOLAR, 5),
    (1203, "Evergreen Solar, nationwide", SOLAR, 6),
    (1204, "Helio Solar, batteries", SOLAR, 4),
    (1301, "Golden Years, inbound", CALLS, 7),
    (1302, "Carepoint, inbound", CALLS, 8),
    (1303, "Golden Years, weekend", CALLS, 7),
    (1304, "Carepoint, transfers", CALLS, 8),
)

_PUBLISHERS = (
    "Bright Leads",
    "Clickwell Media",
    "Ninefold Traffic",
    "Harbor Digital",
    "Quote Ranger",
    "Compare Quickly",
    "Juniper Ads",
    "Sunfinder",
    "Rooftop Reach",
    "Greenpath Partners",
    "Dialmark",
    "Ringleader Network",
    "Voicebridge",
    "Paper Lantern Media",
    "Tallgrass Interactive",
)

_SOURCES = (
    "google-brand",
    "google-generic",
    "bing-search",
    "facebook-lookalike",
    "tiktok-video",
    "native-taboola",
    "email-newsletter",
    "seo-organic",
    "radio-midwest",
    "tv-late-night",
    "billboard-i95",
    "affiliate-coupon",
)

_PINGTREES = ("Auto main tree", "Auto after hours", "Solar main tree", "Solar leftovers", "Calls by duration")
_POOLS = ("Pool East", "Pool West", "Pool Spanish", "Pool Overflow")

_PRODUCTS_OF = {0: (AUTO, SOLAR), 1: (SOLAR, CALLS), 2: (CALLS, AUTO)}  # by the publisher's number, modulo 3


@dataclass(frozen=True, slots=True)
class Way:
    """How leads of a product come in: a publisher and one of its channels."""

    publisher: int
    channel: int
    product: int
    method: Method


def _ways() -> Iterable[Way]:
    for number in range(1, len(_PUBLISHERS) + 1):
        for index, product in enumerate(_PRODUCTS_OF[number % 3]):
            method = Method.FORM if (number + index) % 3 == 0 else Method.POST
            yield Way(publisher=200 + number, channel=3000 + 10 * number + index, product=product, method=method)


WAYS = tuple(_ways())
SOURCE_IDS = tuple(range(4001, 4001 + len(_SOURCES)))
POOL_IDS = tuple(range(601, 601 + len(_POOLS)))
PINGTREES_OF = {AUTO: (501, 502), SOLAR: (503, 504), CALLS: (505,)}


def buyer_of(campaign: int) -> int:
    return next(buyer for id_, _, _, buyer in CAMPAIGNS if id_ == campaign)


def campaigns_of(product: int) -> tuple[int, ...]:
    return tuple(id_ for id_, _, owner, _ in CAMPAIGNS if owner == product)


def rows() -> Iterable[Entry]:
    """All entries, those that others point to first."""
    names = dict(enumerate(_PUBLISHERS, start=201))
    kinds = {way.product: next(product.name for product in PRODUCTS if product.pk == way.product) for way in WAYS}
    yield from PRODUCTS
    yield from (Buyer(id=number, name=name) for number, name in enumerate(_BUYERS, start=1))
    yield from (Campaign(id=id_, name=name, product_id=product, buyer_id=b) for id_, name, product, b in CAMPAIGNS)
    yield from (Publisher(id=id_, name=name) for id_, name in names.items())
    for way in WAYS:
        yield Channel(
            id=way.channel,
            name=f"{names[way.publisher]} / {kinds[way.product]}",
            publisher_id=way.publisher,
            product_id=way.product,
            method=way.method,
        )
    yield from (Source(id=id_, name=name) for id_, name in zip(SOURCE_IDS, _SOURCES, strict=True))
    yield from (Pingtree(id=id_, name=name) for id_, name in enumerate(_PINGTREES, start=501))
    yield from (CallTrackingPool(id=id_, name=name) for id_, name in zip(POOL_IDS, _POOLS, strict=True))
