"""A rule's warnings page: the numbers, the charts with their limits, the state, and what may be said to it."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from tests.factories import NOON
from tests.integration.test_watch import count, watched
from tracking.admin.charts import Chart, Series
from tracking.models import Alert, AuditEntry, RuleWatch
from tracking.pipeline import watch
from tracking.store import clock

pytestmark = pytest.mark.django_db


@pytest.fixture
def troubled():
    """A rule that fires now."""
    now = clock.now()
    rule = watched(warnings_percent="10", warnings_number=5, timeframe="1h", minimum_events=50, notify_recovery=True)
    minute = now.replace(second=0, microsecond=0)
    count(rule, minute - timedelta(minutes=90), events=40, warnings=4)
    count(rule, minute - timedelta(minutes=3), events=60, warnings=9)
    count(rule, minute - timedelta(minutes=2), warnings=3, cause="tls")
    watch.watch(now=now)
    return rule


def url(rule) -> str:
    return f"/admin/tracking/rule/{rule.pk}/warnings/"


def test_it_says_how_the_rule_stands_and_why_what_was_mailed(admin_client, troubled):
    page = admin_client.get(url(troubled))

    text = page.content.decode()
    for wanted in (
        "12 warnings in 60 events: 20.00 %",
        "more than 10 % of Warnings, from 50 events on",
        "more than 5 warnings",
        "Firing",
        "Time-out",
        "Encryption failed",
        "limit 10 %",
        "limit 5",
        "% of Warnings, Number of Warnings",
        "ops@example.com",
        "the next one not before",
    ):
        assert wanted in text, wanted


def test_the_percentage_is_drawn_only_where_there_are_enough_events(admin_client, troubled):
    bars, share, number = admin_client.get(url(troubled)).context["charts"]

    assert bars.count("<rect") == 3, "two minutes with warnings, one with events"
    assert re.search(r' d="M942\.62 ', share), "from the minute that has enough on"
    assert "at last % 20 %" in share
    assert "at last warnings 12; limit 5" in number


@pytest.mark.parametrize("timeframe", ["5m", "1h", "3h", "6h"])
def test_every_timeframe_is_drawn_in_few_steps(admin_client, timeframe):
    rule = watched(timeframe=timeframe)

    charts = admin_client.get(url(rule)).context["charts"]

    assert len(charts) == 3
    assert "No event in this timeframe." in charts[0]


def test_acknowledge_snooze_and_take_it_back(admin_client, troubled):
    def say(wish: str) -> str:
        return admin_client.post(url(troubled), {"do": wish}, follow=True).content.decode()

    assert "no more mails until the trouble is over" in say("acknowledge")
    assert "Nothing to do." in say("acknowledge")
    assert "Snoozed for 4 hours." in say("4")
    row = RuleWatch.objects.get()
    assert row.acknowledged_at is not None
    assert row.snoozed_until is not None
    assert "It tells again." in say("resume")
    row.refresh_from_db()
    assert (row.acknowledged_at, row.snoozed_until) == (None, None)
    assert [entry.action for entry in AuditEntry.objects.order_by("pk") if "alert" in entry.action] == [
        "alert_acknowledged",
        "alert_snoozed",
        "alert_snoozed",
    ]


def test_who_may_only_look_sees_no_buttons_and_is_refused(person, troubled):
    client = person("view_rule", "view_alert")

    assert b'name="do"' not in client.get(url(troubled)).content
    assert client.post(url(troubled), {"do": "acknowledge"}).status_code == 403
    assert RuleWatch.objects.get().acknowledged_at is None


def test_an_alerts_page_leads_to_the_rules_warnings_and_its_controls(admin_client, troubled):
    page = admin_client.get(f"/admin/tracking/alert/{Alert.objects.get().pk}/change/").content.decode()

    assert f'action="{url(troubled)}"' in page
    assert "Acknowledge until it is over" in page


# --- The drawing ------------------------------------------------------------------------------------------------------


def chart(*values: float | None, limit: float | None = None) -> Chart:
    times = [NOON + timedelta(minutes=number) for number in range(len(values))]
    return Chart(title="t", times=times, lines=[Series(name="n", kind="warned", values=values)], limit=limit)


@pytest.mark.parametrize(
    ("values", "limit", "top"),
    [
        pytest.param([0, 0], None, 1, id="nothing"),
        pytest.param([3, 7], None, 10, id="above the highest"),
        pytest.param([3], 100, 200, id="above the limit"),
        pytest.param([1_000_001], None, 2_000_000, id="round"),
    ],
)
def test_the_upper_edge_is_round_and_above_all_that_is_drawn(values, limit, top):
    assert chart(*values, limit=limit).top == top


def test_a_line_is_broken_where_there_is_no_number():
    (path,) = chart(1, None, 1, 1).paths()

    assert [step[0] for step in path["points"].split() if step[0] in "ML"] == ["M", "M", "L"]


def test_piles_stand_on_each_other():
    times = [NOON]
    bars = [Series(name="a", kind="sent", values=[3]), Series(name="b", kind="again", values=[5])]
    drawing = Chart(title="t", times=times, bars=bars, stacked=True)

    low, high = drawing.rectangles()

    assert drawing.top == 10
    assert (low["y"], low["height"], high["y"], high["height"]) == ("70.00", "30.00", "20.00", "50.00")
