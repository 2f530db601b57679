"""The trigger catalogue, row by row, against the tables that it was written from."""

from __future__ import annotations

import pytest

from tracking.choices import Filter, Level, Platform, Role
from tracking.triggers import TRIGGERS, known, offered_filters, withheld_filters

P, PC = {Level.PRODUCT}, {Level.PRODUCT, Level.CAMPAIGN}

# value, label, levels, price range, ping-post only; typed from the seed, not from the code
TABLE = [
    ("lms.lead_sold", "[LMS] Lead Sold", P, True, False),
    ("lms.lead_rejected", "[LMS] Lead Rejected", P, False, False),
    ("lms.post_reject", "[LMS] Post Reject", P, False, True),
    ("lms.campaign_rejected", "[LMS] Campaign Rejected", PC, False, False),
    ("lms.publisher_earning_received", "[LMS] Publisher Earning Received", P, False, False),
    ("lms.campaign_sold", "[LMS] Campaign Sold", PC, True, False),
    ("lms.revenue_ping_back", "[LMS] Revenue Ping Back", PC, False, False),
    ("lms.send_lead_to_email", "[Preset] Send Lead To Email", P, False, False),
    ("lms.lead_offer_received", "[LMS] Lead Offer Received", P, False, True),
    ("lms.disposition_updated", "[LMS] Disposition Updated", PC, False, False),
    ("lms.publisher_earning_adjusted", "[LMS] Publisher Earning Adjusted", P, False, False),
    ("lms.lead_return", "[LMS] Lead Return", PC, False, False),
    ("lms.lead_partial_return", "[LMS] Lead Partial Return", PC, False, False),
    ("lms.price_reject_sold", "[LMS] Price Reject Sold", P, False, False),
    ("lms.price_reject_rejected", "[LMS] Price Reject Rejected", P, False, False),
    ("call.lead_sold", "[Call Logic] Lead Sold", P, True, False),
    ("call.lead_rejected", "[Call Logic] Lead Rejected", P, False, False),
    ("call.campaign_rejected", "[Call Logic] Campaign Rejected", PC, False, False),
    ("call.campaign_accepted", "[Call Logic] Campaign Accepted", PC, False, False),
    ("call.campaign_sold", "[Call Logic] Campaign Sold", PC, True, False),
    ("call.publisher_earning_received", "[Call Logic] Publisher Earning Received", P, False, False),
    ("call.buyer_response", "[Call Logic] Buyer Response", PC, False, False),
    ("call.disposition_updated", "[Call Logic] Disposition Updated", PC, False, False),
    ("call.publisher_earning_adjusted", "[Call Logic] Publisher Earning Adjusted", P, False, False),
    ("call.lead_return", "[Call Logic] Lead Return", PC, False, False),
    ("call.lead_partial_return", "[Call Logic] Lead Partial Return", PC, False, False),
    ("call.call_recorded", "[Call Logic] Call Recorded", PC, False, False),
    ("call.duration_to_sell_reached", "[Call Logic] Duration to sell reached", PC, False, False),
    ("call.amd", "[Call Logic] AMD", PC, False, False),
    ("call.revenue_postback", "[Call Logic] Revenue Postback", PC, False, False),
]


def test_the_catalogue_has_these_thirty_triggers_in_this_order():
    assert list(TRIGGERS) == [row[0] for row in TABLE]
    assert len(TRIGGERS) == 30


@pytest.mark.parametrize(
    ("value", "label", "levels", "price_range", "ping_post_only"), TABLE, ids=[row[0] for row in TABLE]
)
def test_each_trigger_is_as_the_table_says(value, label, levels, price_range, ping_post_only):
    trigger = TRIGGERS[value]

    assert trigger.value == value
    assert trigger.label == label
    assert set(trigger.levels) == levels
    assert trigger.price_range is price_range
    assert trigger.ping_post_only is ping_post_only
    assert trigger.explanation.endswith((".", ")."))


@pytest.mark.parametrize("trigger", TRIGGERS.values(), ids=list(TRIGGERS))
def test_each_trigger_belongs_to_the_platform_that_its_value_names(trigger):
    wanted = Platform.LMS if trigger.value.startswith("lms.") else Platform.CALL_LOGIC

    assert trigger.platform is wanted
    assert ("call" in trigger.carries) == (wanted is Platform.CALL_LOGIC)
    assert {"product", "lead"} <= trigger.carries


@pytest.mark.parametrize("trigger", TRIGGERS.values(), ids=list(TRIGGERS))
def test_what_a_campaigns_rule_sees_names_its_campaign(trigger):
    if Level.CAMPAIGN in trigger.levels:
        assert {"campaign", "buyer"} <= trigger.carries


@pytest.mark.parametrize("trigger", TRIGGERS.values(), ids=list(TRIGGERS))
def test_a_price_range_needs_a_price(trigger):
    assert "price" in trigger.carries or not trigger.price_range


def test_an_unknown_trigger_is_refused_by_name():
    with pytest.raises(ValueError, match=r"no such trigger; the triggers are lms\.lead_sold"):
        known("lms.lead_stolen")


CALLS_ONLY = {Filter.CALL_TRACKING_POOL}
LMS_ONLY = {Filter.METHOD}
OF_CAMPAIGNS = {Filter.CAMPAIGN, Filter.CAMPAIGN_EXCLUDE, Filter.BUYER, Filter.BUYER_EXCLUDE}
OF_PUBLISHERS = {
    Filter.PUBLISHER,
    Filter.PUBLISHER_EXCLUDE,
    Filter.CHANNEL,
    Filter.CHANNEL_EXCLUDE,
    Filter.SOURCE,
    Filter.SOURCE_EXCLUDE,
}
LMS, CALL = TRIGGERS["lms.campaign_sold"], TRIGGERS["call.campaign_sold"]


@pytest.mark.parametrize(
    ("trigger", "level", "roles", "withheld"),
    [
        pytest.param(LMS, Level.PRODUCT, set(), CALLS_ONLY, id="LMS has no call tracking pool"),
        pytest.param(CALL, Level.PRODUCT, set(), LMS_ONLY, id="Call Logic has no method"),
        pytest.param(LMS, Level.CAMPAIGN, set(), CALLS_ONLY | OF_CAMPAIGNS, id="a campaign fixes campaign and buyer"),
        pytest.param(CALL, Level.CAMPAIGN, set(), LMS_ONLY | OF_CAMPAIGNS, id="a campaign of Call Logic as well"),
        pytest.param(
            LMS,
            Level.CAMPAIGN,
            {Role.BUYER_EDITOR},
            CALLS_ONLY | OF_CAMPAIGNS | OF_PUBLISHERS,
            id="publishers are hidden from buyers",
        ),
        pytest.param(
            LMS,
            Level.CAMPAIGN,
            {Role.BUYER_AGENT, Role.BUYER_EDITOR},
            CALLS_ONLY | OF_CAMPAIGNS | OF_PUBLISHERS,
            id="two buyers' roles are still buyers",
        ),
        pytest.param(
            LMS,
            Level.CAMPAIGN,
            {Role.BUYER_EDITOR, Role.SUPPORT},
            CALLS_ONLY | OF_CAMPAIGNS,
            id="any other role beside lets them see all",
        ),
        pytest.param(LMS, Level.PRODUCT, {Role.LMS_ADMIN}, CALLS_ONLY, id="an admin sees all"),
    ],
)
def test_filters_are_offered_by_platform_level_and_role(trigger, level, roles, withheld):
    refused = withheld_filters(trigger, level, roles=frozenset(roles))
    offered = offered_filters(trigger, level, roles=frozenset(roles))

    assert set(refused) == withheld
    assert set(offered) == set(Filter) - withheld
    assert list(offered) == [name for name in Filter if name in offered], "the seed's order"
    assert all(refused.values()), "each with its reason"


def test_there_are_nineteen_filters():
    assert len(Filter) == 19
