"""A trouble ends once, after it has been quiet; until then people may acknowledge or snooze it, from its mail too."""

from __future__ import annotations

import re
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest

from tests import factories, flow
from tests.factories import NOON
from tests.flow import Hands
from tests.integration.test_intake import at_once
from tests.integration.test_watch import MINUTE, count, send, system, watched
from tracking.choices import AuditAction, WatchState
from tracking.errors import RuleError
from tracking.models import Alert, AuditEntry, RuleWatch
from tracking.pipeline import watch
from tracking.store import alerts

pytestmark = pytest.mark.django_db
__all__ = ["system"]  # the fixture


def mails(server: object) -> list[EmailMessage]:
    return [message_from_bytes(mail.data, policy=policy.default) for mail in server.mails]


def look(*minutes: float) -> list[int]:
    """How many mails each look raised."""
    return [len(watch.watch(now=NOON + minute * MINUTE)) for minute in minutes]


def test_the_end_of_a_trouble_is_told_once_below_its_first_mail(system):
    rule = watched(timeframe="5m", notification_frequency=2, notify_recovery=True)
    count(rule, NOON, events=20, warnings=9)

    assert look(0, 1, 2, 6, 7, 10.9) == [1, 0, 1, 0, 0, 0], "quiet from the sixth minute on, and not yet for long"
    assert look(11, 12) == [1, 0]

    for row in Alert.objects.order_by("id"):
        send(row.pk, Hands(NOON + timedelta(hours=1)))
    first, again, over = mails(system)
    assert [mail["Subject"].split(":")[0] for mail in (first, again, over)] == [
        "Too many warnings",
        "Too many warnings",
        "Recovered",
    ]
    assert first["References"] is None
    for mail in (again, over):
        assert mail["References"] == mail["In-Reply-To"] == first["Message-ID"]
    assert "below its limits again: 0 warnings in 0 events" in over.get_content()
    assert "The first alert about this trouble came at 2026-01-31 12:00 UTC." in over.get_content()


def test_a_rule_that_warns_again_before_it_was_quiet_for_long_is_in_the_same_trouble():
    rule = watched(timeframe="5m", notification_frequency=1, notify_recovery=True)
    count(rule, NOON, warnings=9)
    count(rule, NOON + 9 * MINUTE, warnings=9)

    assert look(0, 6, 9, 15, 19) == [1, 0, 1, 0, 0]

    assert RuleWatch.objects.get().state == WatchState.FIRING
    first, again = Alert.objects.order_by("id")
    assert (again.thread, again.recovered) == (first, False)


@pytest.mark.parametrize("why", ["not wished", "snoozed", "nobody was told"])
def test_no_mail_tells_of_a_recovery_that(why):
    rule = watched(timeframe="5m", notification_frequency=1_000, notify_recovery=why != "not wished")
    if why == "nobody was told":
        alerts.snooze(rule, until=NOON + MINUTE, by=None, now=NOON)
    count(rule, NOON, warnings=9)
    look(0)
    if why == "snoozed":
        alerts.snooze(rule, until=NOON + timedelta(hours=1), by=None, now=NOON)

    assert look(6, 11) == [0, 0]

    assert RuleWatch.objects.get().state == WatchState.RECOVERED


def test_notifications_that_are_switched_off_end_the_trouble_silently():
    rule = watched(notify_recovery=True)
    count(rule, NOON, warnings=9)
    look(0)
    factories.save_again(rule, notifications__enable_notifications=False)

    assert look(1) == [0]

    assert RuleWatch.objects.get().state == WatchState.RECOVERED


def test_an_acknowledged_trouble_is_not_told_again_and_the_next_one_is():
    rule = watched(timeframe="5m", notification_frequency=1)
    user = factories.UserFactory()
    count(rule, NOON, warnings=9)
    look(0)

    assert alerts.acknowledge(rule, by=user, now=NOON)
    assert not alerts.acknowledge(rule, by=None, now=NOON), "it was acknowledged before"
    assert RuleWatch.objects.get().acknowledged_by == user
    assert look(1, 2, 6, 11) == [0, 0, 0, 0]
    assert not alerts.acknowledge(rule, by=user, now=NOON), "it is over"

    count(rule, NOON + 20 * MINUTE, warnings=9)
    assert look(20) == [1]


def test_a_snoozed_rule_tells_again_when_its_time_is_over_or_somebody_wishes():
    rule = watched(notification_frequency=1)
    count(rule, NOON, warnings=9)
    alerts.snooze(rule, until=NOON + 10 * MINUTE, by=None, now=NOON)

    assert look(0, 5, 9) == [0, 0, 0]
    assert look(10) == [1]

    alerts.snooze(rule, until=NOON + 30 * MINUTE, by=None, now=NOON + 11 * MINUTE)
    assert look(12) == [0]
    assert alerts.resume(rule, now=NOON + 12 * MINUTE)
    assert look(13) == [1]
    assert not alerts.resume(rule, now=NOON + 13 * MINUTE)


@pytest.mark.parametrize("until", [NOON, NOON + timedelta(days=7, seconds=1)], ids=["now", "in more than a week"])
def test_nobody_snoozes_until(until):
    with pytest.raises(RuleError, match="within the next 7 days"):
        alerts.snooze(watched(), until=until, by=None, now=NOON)


def test_an_alert_shows_an_event_of_each_cause_without_peoples_addresses(system):
    rule = watched(warnings_number=1)
    flow.owe(rule, 2, lead={"email": "ada@exam ple.org"}, lead_id="lead-7")
    flow.drain(rule, Hands())

    (raised,) = watch.watch(now=NOON + MINUTE)

    send(raised, Hands(NOON + MINUTE))
    (mail,) = mails(system)
    assert re.search(r"- Invalid recipient address: 2\s+Such as event evt-\d+ of lead lead-7: \S", mail.get_content())
    assert "ada@" not in mail.get_content()


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("two_at_once")
def test_two_that_look_when_a_trouble_ends_tell_so_once():
    rule = watched(timeframe="5m", notify_recovery=True)
    count(rule, NOON, warnings=9)
    look(0, 6)

    answers = at_once(*[lambda: watch.watch(now=NOON + 11 * MINUTE)] * 4)

    assert sorted(map(len, answers)) == [0, 0, 0, 1]
    assert Alert.objects.filter(recovered=True).count() == 1


# --- The link in the mail ---------------------------------------------------------------------------------------------


@pytest.fixture
def link(system) -> str:
    rule = watched()
    count(rule, NOON, warnings=9)
    (raised,) = watch.watch(now=NOON)
    send(raised, Hands())
    (mail,) = mails(system)
    found = re.search(r"https://tracking\.example\.com(/alerts/\S+)", mail.get_content())
    return found[1]


def test_the_link_of_a_mail_asks_and_does_what_was_chosen_by_post(client, link):
    page = client.get(link)

    assert page.status_code == 200
    assert b"Acknowledge: no more mails" in page.content
    assert "default-src 'none'" in page["Content-Security-Policy"]
    assert RuleWatch.objects.get().acknowledged_at is None, "looking does nothing"

    assert b"Acknowledged" in client.post(link, {"do": "acknowledge"}).content
    assert RuleWatch.objects.get().acknowledged_at is not None
    assert b"acknowledged before" in client.post(link, {"do": "acknowledge"}).content
    assert b"Snoozed for 4 hours" in client.post(link, {"do": "4"}).content
    assert RuleWatch.objects.get().snoozed_until is not None
    rows = AuditEntry.objects.filter(detail__by__startswith="the link in the mail of alert").order_by("pk")
    assert [row.action for row in rows] == [AuditAction.ALERT_ACKNOWLEDGED, AuditAction.ALERT_SNOOZED]


@pytest.mark.parametrize("wish", ["", "99", "delete"])
def test_nothing_else_can_be_wished_by_a_link(client, link, wish):
    assert client.post(link, {"do": wish}).status_code == 200

    row = RuleWatch.objects.get()
    assert (row.acknowledged_at, row.snoozed_until) == (None, None)


def test_a_link_that_is_not_ours_leads_nowhere(client, link):
    assert client.get(link[:-2] + "x/").status_code == 404
    assert client.post("/alerts/1/", {"do": "acknowledge"}).status_code == 404
    Alert.objects.all().delete()
    assert client.get(link).status_code == 404
