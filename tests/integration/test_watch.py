"""Too many warnings within a timeframe raise one alert, however many look; its mail says why."""

from __future__ import annotations

from datetime import datetime, timedelta
from email import message_from_bytes, policy
from typing import Any

import pytest
from django.db import connections as database

from tests import factories, flow
from tests.factories import NOON
from tests.flow import Hands
from tests.integration.test_intake import at_once
from tests.smtp_server import Close, Say, ScriptedServer, Step
from tracking.choices import AlertState, Timeframe, WarningCause, WatchState
from tracking.models import Alert, Connection, EventMinute, Rule, RuleVersion, RuleWatch, WarningMinute
from tracking.models.connection import UNTIL_MENDED
from tracking.pipeline import alert, sweep, watch
from tracking.store import connections, rules, windows

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


def watched(*, connection: Connection | None = None, **wanted: Any) -> Rule:
    told = {
        "enable_notifications": True,
        "timeframe": "1h",
        "warnings_number": 3,
        "notify_emails": ["ops@example.com"],
        "notification_frequency": 30,
        **wanted,
    }
    return factories.saved_rule(connection=connection, notifications=told)


def count(rule: Rule, minute: datetime, *, events: int = 0, warnings: int = 0, cause: str = "timeout") -> None:
    if events:
        EventMinute.objects.create(rule=rule, minute=minute, events=events)
    if warnings:
        WarningMinute.objects.create(rule=rule, minute=minute, cause=cause, warnings=warnings)


@pytest.fixture
def system(settings):
    """The system's own mail server."""
    with ScriptedServer() as server:
        settings.TRACKING_SYSTEM_EMAIL = {
            "host": "127.0.0.1",
            "port": server.port,
            "encryption": "none",
            "login": "",
            "password": "",
        }
        settings.DEFAULT_FROM_EMAIL = "Tracking <tracking@example.com>"
        settings.TRACKING_BASE_URL = "https://tracking.example.com/"
        yield server


@pytest.mark.parametrize(
    ("percent", "number", "events", "warnings", "exceeded"),
    [
        pytest.param(None, 3, 100, 3, None, id="three do not exceed 3"),
        pytest.param(None, 3, 100, 4, (False, True), id="four do"),
        pytest.param("10", None, 100, 10, None, id="ten of a hundred do not exceed 10 %"),
        pytest.param("10", None, 100, 11, (True, False), id="eleven do"),
        pytest.param("10", 100, 100, 11, (True, False), id="one threshold is enough"),
        pytest.param("50", 10, 100, 11, (False, True), id="the other is enough"),
        pytest.param("10", 10, 100, 11, (True, True), id="both"),
        pytest.param("99", None, 0, 1, (True, False), id="warnings without events are 100 %"),
    ],
)
def test_thresholds_are_strict_and_joined_by_or(percent, number, events, warnings, exceeded):
    rule = watched(warnings_percent=percent, warnings_number=number)
    count(rule, NOON - MINUTE, events=events, warnings=warnings)

    raised = watch.watch(now=NOON)

    alerts = [(row.percent_exceeded, row.number_exceeded) for row in Alert.objects.filter(pk__in=raised)]
    assert alerts == ([exceeded] if exceeded else [])
    assert RuleWatch.objects.filter(state=WatchState.FIRING).exists() is bool(exceeded)


@pytest.mark.parametrize("timeframe", Timeframe)
@pytest.mark.parametrize("second", [0, 1, 29], ids=["at the full minute", "a second later", "half a minute later"])
def test_a_timeframe_reaches_back_as_far_as_it_says(timeframe, second):
    """Beat looks just after a full minute: a whole timeframe's minutes lie behind it, not one fewer."""
    rule = watched(timeframe=timeframe.value)
    now = NOON + timedelta(seconds=second)
    count(rule, NOON - timeframe.length, warnings=2, events=2)
    count(rule, NOON - timeframe.length - MINUTE, warnings=100, events=100)
    count(rule, NOON - MINUTE, warnings=2, events=2)

    assert windows.counts(rule.pk, until=now, timeframe=timeframe.length).warnings == 4
    assert len(watch.watch(now=now)) == 1


@pytest.mark.parametrize("timeframe", Timeframe)
def test_late_in_a_minute_the_first_one_of_the_timeframe_is_over(timeframe):
    rule = watched(timeframe=timeframe.value)
    count(rule, NOON - timeframe.length, warnings=9, events=9)
    count(rule, NOON, warnings=1, events=1)

    now = NOON + timedelta(seconds=45)

    assert windows.counts(rule.pk, until=now, timeframe=timeframe.length).warnings == 1


def test_warnings_are_summed_over_minutes_and_causes():
    rule, other = watched(), watched()
    count(rule, NOON - 2 * MINUTE, warnings=2, events=10)
    count(rule, NOON - MINUTE, warnings=1, events=10)
    count(rule, NOON - MINUTE, warnings=1, cause="tls")
    count(other, NOON - MINUTE, warnings=3)

    (raised,) = watch.watch(now=NOON)

    row = Alert.objects.get(pk=raised)
    assert (row.rule, row.events, row.warnings, row.causes) == (rule, 20, 4, {"timeout": 3, "tls": 1})


def test_an_alert_comes_at_most_every_so_many_minutes():
    rule = watched(notification_frequency=30)
    count(rule, NOON, warnings=9)

    raised = [len(watch.watch(now=NOON + minutes * MINUTE)) for minutes in range(59)]

    assert [minute for minute, number in enumerate(raised) if number] == [0, 30]
    assert Alert.objects.order_by("id").first().next_allowed_at == NOON + 30 * MINUTE


def test_a_rule_recovers_and_fires_again_no_sooner_than_allowed():
    rule = watched(timeframe="5m", notification_frequency=60)
    count(rule, NOON, warnings=9)
    watch.watch(now=NOON)
    watch.watch(now=NOON + 10 * MINUTE)
    watch.watch(now=NOON + 15 * MINUTE)
    state = RuleWatch.objects.get()
    assert (state.state, state.since) == (WatchState.RECOVERED, NOON + 15 * MINUTE)

    count(rule, NOON + 20 * MINUTE, warnings=9)

    assert watch.watch(now=NOON + 20 * MINUTE) == []
    state.refresh_from_db()
    assert (state.state, state.since) == (WatchState.FIRING, NOON + 20 * MINUTE)
    count(rule, NOON + 60 * MINUTE, warnings=9)
    assert len(watch.watch(now=NOON + 60 * MINUTE)) == 1


@pytest.mark.parametrize("how", ["off", "deleted"])
def test_a_rule_without_notifications_or_deleted_tells_nothing(how):
    rule = watched()
    count(rule, NOON, warnings=9)
    if how == "off":
        factories.save_again(rule, notifications__enable_notifications=False)
    else:
        rules.delete([rule], now=NOON)

    assert watch.watch(now=NOON) == []


def test_one_unreadable_rule_does_not_silence_the_others():
    bad, good = watched(), watched()
    for rule in (bad, good):
        count(rule, NOON, warnings=9)
    document = {**bad.current.document, "trigger": "lms.abolished"}
    RuleVersion.objects.filter(rule=bad).update(document=document)

    (raised,) = watch.watch(now=NOON)

    assert Alert.objects.get(pk=raised).rule == good


def test_users_without_address_and_deactivated_ones_are_skipped_and_named():
    factories.UserFactory(username="ann", email="ann@example.com")
    factories.UserFactory(username="bob", email="")
    factories.UserFactory(username="eve", email="eve@example.com", is_active=False)
    rule = watched(notify_users=["ann", "bob", "eve"], notify_emails=["ops@example.com", "ann@example.com"])
    count(rule, NOON, warnings=9)

    watch.watch(now=NOON)

    row = Alert.objects.get()
    assert row.recipients == ["ann@example.com", "ops@example.com"]
    assert row.skipped == ["bob", "eve"]


@pytest.mark.parametrize("number", [1, 5, 50])
def test_looking_costs_by_the_rules_that_warned_not_by_all(django_assert_max_num_queries, number):
    for _ in range(number):
        watched()
    rule = watched(warnings_number=100)
    count(rule, NOON, warnings=9)

    with django_assert_max_num_queries(4):
        watch.watch(now=NOON)


def send(alert_id: int, clock: Hands) -> Alert:
    alert.send(alert_id, clock=clock)
    return Alert.objects.get(pk=alert_id)


def test_the_mail_says_what_fired_why_when_next_and_where(system):
    factories.UserFactory(username="bob", email="")
    rule = watched(warnings_percent="10.50", warnings_number=1000, notify_users=["bob"], timeframe="3h")
    count(rule, NOON - MINUTE, events=10_000, warnings=1_200)
    count(rule, NOON - MINUTE, warnings=34, cause=WarningCause.TLS.value)
    (raised,) = watch.watch(now=NOON)

    row = send(raised, Hands())

    assert (row.state, row.sent_at, row.tries) == (AlertState.SENT, NOON, 1)
    (mail,) = system.mails
    parsed = message_from_bytes(mail.data, policy=policy.default)
    assert mail.recipients == ("ops@example.com",)
    assert (parsed["From"], parsed["To"]) == ("Tracking <tracking@example.com>", "ops@example.com")
    assert parsed["Subject"] == f"Too many warnings: rule #{rule.pk} Tell the buyer"
    text = parsed.get_content().replace("\r\n", "\n")
    for wanted in (
        "([LMS] Lead Sold) had 1,234 warnings in 10,000 events\nwithin 3 hours until 2026-01-31 12:00 UTC.",
        "- % of Warnings: 12.34 % (1,234 of 10,000 events) is over the limit of 10.5 %.",
        "- Number of Warnings: 1,234 is over the limit of 1,000.",
        "- Time-out: 1,200\n- Encryption failed: 34\n",
        "The next alert of this rule comes at 2026-01-31 12:30 UTC at the earliest.",
        "Not told, for want of an address or because deactivated: bob.",
        f"https://tracking.example.com/admin/tracking/rule/{rule.pk}/change/",
    ):
        assert wanted in text


def test_only_the_threshold_that_fired_is_told(system):
    rule = watched(warnings_percent="50", warnings_number=3)
    count(rule, NOON, events=100, warnings=4)
    (raised,) = watch.watch(now=NOON)

    text = alert.text(Alert.objects.get(pk=raised))

    assert "Number of Warnings: 4 is over the limit of 3" in text
    assert "% of Warnings" not in text


def test_an_alert_is_sent_once(system):
    rule = watched()
    count(rule, NOON, warnings=9)
    (raised,) = watch.watch(now=NOON)

    for _ in range(3):
        send(raised, Hands())

    assert len(system.mails) == 1
    assert sweep.sweep(now=NOON + timedelta(days=1)).alerts == []


@pytest.mark.faults
@pytest.mark.parametrize("step", [Step.GREETING, Step.MAIL, Step.RCPT, Step.FINAL])
def test_a_server_that_is_down_delays_an_alert_and_never_loses_it(system, step):
    system.script = {step: [Say("421 4.3.2 closed")] * 2}
    rule = watched()
    count(rule, NOON, warnings=9)
    (raised,) = watch.watch(now=NOON)
    clock = Hands()

    for tries in (1, 2):
        row = send(raised, clock)
        assert (row.state, row.tries) == (AlertState.QUEUED, tries)
        assert "closed" in row.last_error
        assert send(raised, clock).tries == tries, "not before it is due again"
        assert sweep.sweep(now=clock.move(minutes=1)).alerts == [raised]

    assert send(raised, clock).state == AlertState.SENT
    assert len(system.mails) == 1
    assert system.mails[0].message_id


@pytest.mark.faults
def test_an_alert_whose_answer_is_lost_is_not_sent_again(system):
    system.script = {Step.FINAL: Close()}
    rule = watched()
    count(rule, NOON, warnings=9)
    (raised,) = watch.watch(now=NOON)

    assert send(raised, Hands()).state == AlertState.SENT
    assert sweep.sweep(now=NOON + timedelta(days=1)).alerts == []


@pytest.mark.faults
def test_an_alert_that_is_refused_for_good_ends(system):
    system.script = {Step.MAIL: Say("550 5.7.1 never")}
    rule = watched()
    count(rule, NOON, warnings=9)
    (raised,) = watch.watch(now=NOON)

    assert send(raised, Hands()).state == AlertState.FAILED


def test_recipients_that_come_later_are_tried_again_and_the_others_are_not(system):
    busy = {"ops@example.com"}
    system.refuse = lambda address: "451 4.7.1 Later" if address in busy else None
    rule = watched(notify_emails=["ops@example.com", "desk@example.com"])
    count(rule, NOON, warnings=9)
    (raised,) = watch.watch(now=NOON)
    clock = Hands()

    first = send(raised, clock)
    busy.clear()
    clock.move(minutes=5)
    second = send(raised, clock)

    assert (first.state, first.told) == (AlertState.QUEUED, ["desk@example.com"])
    assert second.state == AlertState.SENT
    assert [mail.recipients for mail in system.mails] == [("desk@example.com",), ("ops@example.com",)]


def test_a_sender_that_is_no_mailbox_delays_an_alert_and_says_so(system, settings):
    settings.DEFAULT_FROM_EMAIL = "nobody"
    rule = watched()
    count(rule, NOON, warnings=9)
    (raised,) = watch.watch(now=NOON)

    row = send(raised, Hands())

    assert (row.state, row.tries) == (AlertState.QUEUED, 1)
    assert "nobody" in row.last_error or "a@b.com" in row.last_error


def test_an_alert_of_a_dead_worker_is_sent_by_another(system):
    rule = watched()
    count(rule, NOON, warnings=9)
    (raised,) = watch.watch(now=NOON)
    Alert.objects.update(state=AlertState.SENDING, lease_until=NOON + 2 * MINUTE, tries=1)
    clock = Hands()

    assert send(raised, clock).state == AlertState.SENDING
    clock.move(minutes=3)
    assert sweep.sweep(now=clock()).alerts == [raised]
    assert send(raised, clock).state == AlertState.SENT


def test_an_alert_without_anybody_to_tell_ends_and_says_so(system):
    factories.UserFactory(username="bob", email="")
    rule = watched(notify_users=["bob"], notify_emails=[])
    count(rule, NOON, warnings=9)
    (raised,) = watch.watch(now=NOON)

    row = send(raised, Hands())

    assert (row.state, system.mails) == (AlertState.FAILED, [])
    assert "nobody" in row.last_error


def test_warnings_of_real_deliveries_raise_an_alert():
    rule = watched(warnings_number=2)
    flow.owe(rule, 3, lead={"email": "nonsense"})
    flow.drain(rule, Hands())

    (raised,) = watch.watch(now=NOON + MINUTE)

    assert Alert.objects.get(pk=raised).causes == {"invalid_recipient": 3}
    flow.assert_books_balance()


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("two_at_once")
def test_eight_that_look_at_the_same_time_raise_one_alert():
    rule = watched()
    count(rule, NOON, warnings=9)

    answers = at_once(*[lambda: watch.watch(now=NOON)] * 8)

    assert all(isinstance(answer, list) for answer in answers), answers
    assert sorted(map(len, answers)) == [0, 0, 0, 0, 0, 0, 0, 1]
    assert Alert.objects.count() == 1
    assert database["default"].vendor == "postgresql"


def resting(**changes: Any) -> Connection:
    """A connection that a refused login has put to rest."""
    return factories.ConnectionFactory(
        **{"paused_until": NOON + timedelta(minutes=1), "fail_streak": 1, "last_error": "535 wrong password", **changes}
    )


def raised_about(connection: Connection) -> list[Alert]:
    return list(Alert.objects.filter(connection=connection))


def test_whom_a_connections_rules_notify_is_told_when_it_is_left_alone(system):
    connection = resting(name="Main server")
    watched(connection=connection, notify_emails=["ops@example.com"])
    factories.saved_rule(connection=connection)

    (raised,) = sweep.sweep(now=NOON).alerts
    send(raised, Hands())

    (mail,) = system.mails
    text = message_from_bytes(mail.data, policy=policy.default).get_content()
    assert mail.recipients == ("ops@example.com",)
    assert "The connection Main server" in text
    assert "The last error: 535 wrong password" in text
    assert "tried again by itself" in text
    assert f"https://tracking.example.com/admin/tracking/connection/{connection.pk}/change/" in text


def test_superusers_are_told_where_no_rule_notifies_anybody():
    factories.UserFactory(is_superuser=True, email="root@example.com")
    factories.UserFactory(is_superuser=True, email="")
    connection = resting()

    sweep.sweep(now=NOON)

    assert [alert.recipients for alert in raised_about(connection)] == [["root@example.com"]]


def test_one_rest_is_told_once_and_the_next_one_again():
    connection = resting()
    for second in range(3):
        sweep.sweep(now=NOON + timedelta(seconds=second))
    assert len(raised_about(connection)) == 1

    connections.release(connection, now=NOON)
    Connection.objects.update(paused_until=NOON + timedelta(hours=1))
    sweep.sweep(now=NOON)

    assert len(raised_about(connection)) == 2


def test_a_connection_that_waits_for_an_operator_says_so(system):
    connection = resting(paused_until=UNTIL_MENDED)
    watched(connection=connection)

    (raised,) = sweep.sweep(now=NOON).alerts
    send(raised, Hands())

    assert b"until somebody mends it" in system.mails[0].data
