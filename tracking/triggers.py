"""The trigger catalogue: one row a kind of event, and which filters a rule on it may use.

Source: seed, "Trigger" and the filter list; DOMAIN, "Triggers" and "Filters".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tracking.choices import Filter, Level, Platform, Role
from tracking.roles import BUYER_ROLES

PRODUCT_ONLY = (Level.PRODUCT,)
BOTH_LEVELS = (Level.PRODUCT, Level.CAMPAIGN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """A kind of event. `explanation` is the seed's sentence about it; `carries` the event fields that it brings."""

    value: str
    platform: Platform
    label: str
    explanation: str
    levels: tuple[Level, ...]
    price_range: bool = False
    ping_post_only: bool = False
    carries: frozenset[str]


_PLATFORM_FIELDS = {
    Platform.LMS: frozenset(
        {"product", "publisher", "channel", "source", "pingtree", "method", "tracking_strategy", "lead"}
    ),
    Platform.CALL_LOGIC: frozenset(
        {"product", "publisher", "channel", "source", "pingtree", "tracking_strategy", "lead", "call_tracking_pool"}
        | {"call"}
    ),
}
_CAMPAIGN_FIELDS = frozenset({"campaign", "buyer"})


def _rows(platform: Platform, prefix: str, *rows: tuple[str, str, str, tuple[Level, ...], str]) -> list[Trigger]:
    """`flags` of a row: c = carries campaign and buyer, p = carries a price, r = allows a range, g = ping-post only."""
    return [
        Trigger(
            value=f"{prefix}.{name}",
            platform=platform,
            label=label,
            explanation=explanation,
            levels=levels,
            price_range="r" in flags,
            ping_post_only="g" in flags,
            carries=_PLATFORM_FIELDS[platform]
            | (_CAMPAIGN_FIELDS if "c" in flags else frozenset())
            | (frozenset({"price"}) if "p" in flags else frozenset()),
        )
        for name, label, explanation, levels, flags in rows
    ]


_LMS = _rows(
    Platform.LMS,
    "lms",
    ("lead_sold", "[LMS] Lead Sold", "The lead is sold through the Campaign.", PRODUCT_ONLY, "cpr"),
    ("lead_rejected", "[LMS] Lead Rejected", "The lead is not accepted by any Campaign.", PRODUCT_ONLY, ""),
    ("post_reject", "[LMS] Post Reject", "The post after a won ping is rejected.", PRODUCT_ONLY, "cpg"),
    ("campaign_rejected", "[LMS] Campaign Rejected", "The Campaign has rejected the lead.", BOTH_LEVELS, "cp"),
    (
        "publisher_earning_received",
        "[LMS] Publisher Earning Received",
        "The Publisher has received earnings.",
        PRODUCT_ONLY,
        "cp",
    ),
    ("campaign_sold", "[LMS] Campaign Sold", "The lead was sold to the Campaign.", BOTH_LEVELS, "cpr"),
    ("revenue_ping_back", "[LMS] Revenue Ping Back", "The revenue pingback has been sent.", BOTH_LEVELS, "cp"),
    ("send_lead_to_email", "[Preset] Send Lead To Email", "The lead is to be sent by email.", PRODUCT_ONLY, "cp"),
    (
        "lead_offer_received",
        "[LMS] Lead Offer Received",
        'The lead status changed to "Offer Received" after a successful ping.',
        PRODUCT_ONLY,
        "cpg",
    ),
    ("disposition_updated", "[LMS] Disposition Updated", "Buyer Disposition has been updated.", BOTH_LEVELS, "cp"),
    (
        "publisher_earning_adjusted",
        "[LMS] Publisher Earning Adjusted",
        "The Publisher's earning has been adjusted.",
        PRODUCT_ONLY,
        "cp",
    ),
    ("lead_return", "[LMS] Lead Return", "The lead was returned.", BOTH_LEVELS, "cp"),
    ("lead_partial_return", "[LMS] Lead Partial Return", "The lead was returned in part.", BOTH_LEVELS, "cp"),
    ("price_reject_sold", "[LMS] Price Reject Sold", "A lead refused for its price was sold.", PRODUCT_ONLY, "cp"),
    (
        "price_reject_rejected",
        "[LMS] Price Reject Rejected",
        "A lead refused for its price was rejected.",
        PRODUCT_ONLY,
        "cp",
    ),
)

_CALL = _rows(
    Platform.CALL_LOGIC,
    "call",
    ("lead_sold", "[Call Logic] Lead Sold", "The lead was sold to the Publisher.", PRODUCT_ONLY, "cpr"),
    ("lead_rejected", "[Call Logic] Lead Rejected", "The lead was rejected by the Publisher.", PRODUCT_ONLY, ""),
    ("campaign_rejected", "[Call Logic] Campaign Rejected", "The Campaign has rejected the lead.", BOTH_LEVELS, "cp"),
    ("campaign_accepted", "[Call Logic] Campaign Accepted", "The Campaign has accepted the lead.", BOTH_LEVELS, "cp"),
    ("campaign_sold", "[Call Logic] Campaign Sold", "The lead was sold to the Campaign.", BOTH_LEVELS, "cpr"),
    (
        "publisher_earning_received",
        "[Call Logic] Publisher Earning Received",
        "Fires every time the Publisher gets earning (Direct Sold / Revenue Post-back).",
        PRODUCT_ONLY,
        "cp",
    ),
    ("buyer_response", "[Call Logic] Buyer Response", "The Buyer has answered the call.", BOTH_LEVELS, "cp"),
    (
        "disposition_updated",
        "[Call Logic] Disposition Updated",
        "Buyer Disposition has been updated.",
        BOTH_LEVELS,
        "cp",
    ),
    (
        "publisher_earning_adjusted",
        "[Call Logic] Publisher Earning Adjusted",
        "Lead Adjustment happens.",
        PRODUCT_ONLY,
        "cp",
    ),
    ("lead_return", "[Call Logic] Lead Return", "Lead Return happens.", BOTH_LEVELS, "cp"),
    ("lead_partial_return", "[Call Logic] Lead Partial Return", "Lead Partial Return happens.", BOTH_LEVELS, "cp"),
    ("call_recorded", "[Call Logic] Call Recorded", "The recording of the call is ready.", BOTH_LEVELS, "cp"),
    (
        "duration_to_sell_reached",
        "[Call Logic] Duration to sell reached",
        'The lead has reached the "Duration to sell" time.',
        BOTH_LEVELS,
        "cp",
    ),
    ("amd", "[Call Logic] AMD", "The answering machine is detected on the Buyer's side.", BOTH_LEVELS, "cp"),
    ("revenue_postback", "[Call Logic] Revenue Postback", "Revenue Postback sent.", BOTH_LEVELS, "cp"),
)

TRIGGERS: Mapping[str, Trigger] = {trigger.value: trigger for trigger in (*_LMS, *_CALL)}

TRIGGER_CHOICES = [(trigger.value, trigger.label) for trigger in TRIGGERS.values()]


def known(value: str) -> Trigger:
    """The trigger of that value. Raises ValueError, with the nearest ones named, when there is none."""
    if value in TRIGGERS:
        return TRIGGERS[value]
    raise ValueError(f"no such trigger; the triggers are {', '.join(TRIGGERS)}")


_CAMPAIGN_FILTERS = {Filter.CAMPAIGN, Filter.CAMPAIGN_EXCLUDE, Filter.BUYER, Filter.BUYER_EXCLUDE}
_PUBLISHER_FILTERS = {
    Filter.PUBLISHER,
    Filter.PUBLISHER_EXCLUDE,
    Filter.CHANNEL,
    Filter.CHANNEL_EXCLUDE,
    Filter.SOURCE,
    Filter.SOURCE_EXCLUDE,
}

# filter -> why it is not offered, asked in this order; the same table serves admin, API and import.
_WITHHELD: tuple[tuple[str, frozenset[Filter]], ...] = (
    ("is available for Call Logic triggers only", frozenset({Filter.CALL_TRACKING_POOL})),
    ("is available for LMS triggers only", frozenset({Filter.METHOD})),
    ("is not available at the campaign level: the rule's campaign fixes it", frozenset(_CAMPAIGN_FILTERS)),
    ("is not available to buyers", frozenset(_PUBLISHER_FILTERS)),
)


def withheld_filters(trigger: Trigger, level: Level, *, roles: frozenset[Role] = frozenset()) -> dict[Filter, str]:
    """The filters that a rule of this trigger and level may not use, each with the reason as half a sentence.

    No roles, and any role beside the buyers', see all that trigger and level allow.
    """
    applies = (
        trigger.platform is not Platform.CALL_LOGIC,
        trigger.platform is not Platform.LMS,
        level is Level.CAMPAIGN,
        bool(roles) and roles <= BUYER_ROLES,
    )
    return {
        name: reason
        for (reason, names), withheld in zip(_WITHHELD, applies, strict=True)
        if withheld
        for name in sorted(names, key=list(Filter).index)
    }


def offered_filters(trigger: Trigger, level: Level, *, roles: frozenset[Role] = frozenset()) -> tuple[Filter, ...]:
    """The filters that a rule of this trigger and level may use, in the seed's order."""
    withheld = withheld_filters(trigger, level, roles=roles)
    return tuple(name for name in Filter if name not in withheld)
