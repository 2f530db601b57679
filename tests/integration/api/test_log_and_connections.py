"""Deliveries, connections, alerts, usage and jobs over HTTP: read by rows, changed by what the admin calls too."""

from __future__ import annotations

from datetime import date, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest

from tests import factories, flow
from tests.factories import NOON
from tests.integration.api.conftest import told
from tracking.choices import (
    AuditAction,
    ConnectionKind,
    DeliveryState,
    JobKind,
    JobState,
    Reason,
    RecipientRole,
    Role,
    Scope,
    WatchState,
)
from tracking.models import (
    Alert,
    Attempt,
    AuditEntry,
    Connection,
    Delivery,
    DeliveryRecipient,
    Job,
    Rule,
    RuleWatch,
    UsageDay,
)
from tracking.store import clock, jobs, rules

pytestmark = pytest.mark.django_db


def owed(rule: Rule, *, state: DeliveryState = DeliveryState.FAILED, **changes: Any) -> Delivery:
    (delivery,) = flow.owe(rule, 1)
    Delivery.objects.filter(pk=delivery.pk).update(state=state, **changes)
    delivery.refresh_from_db()
    return delivery


def tried(delivery: Delivery, **changes: Any) -> Attempt:
    times = {"started_at": NOON, "ended_at": NOON + timedelta(seconds=1)}
    return Attempt.objects.create(delivery=delivery, **{**times, "phase": "data", "code": 550, "text": "no", **changes})


# --- deliveries -------------------------------------------------------------------------------------------------------


def test_a_delivery_is_read_with_its_recipients_and_tries(admin):
    delivery = owed(factories.saved_rule(), reason=Reason.REFUSED)
    DeliveryRecipient.objects.create(delivery=delivery, role=RecipientRole.TO, address="ada@example.org", code=550)
    tried(delivery)

    told = admin.get(f"deliveries/{delivery.pk}/").json()

    assert (told["id"], told["state"], told["reason"], told["version"]) == (str(delivery.pk), "failed", "refused", 1)
    assert [row["address"] for row in told["recipients"]] == ["ada@example.org"]
    assert [(row["code"], row["text"]) for row in told["attempts"]] == [(550, "no")]


@pytest.mark.parametrize(
    "query",
    [
        "state=failed",
        "state=failed&state=unknown",
        "rule={rule}",
        "product={product}",
        "connection={connection}",
        "event_id={event}",
        "lead_id=lead-1",
        "warned=true",
        "warning=timeout",
        "trigger=lms.lead_rejected",
        "created_since=2020-01-01T00:00:00Z&state=failed",
    ],
)
def test_deliveries_are_found(admin, query):
    product = factories.ProductFactory.create().pk
    rule = factories.saved_rule(product=product, trigger="lms.lead_rejected")
    delivery = owed(rule, product_id=product, warned_at=NOON, warning="timeout")
    delivery.event.lead_id = "lead-1"
    delivery.event.save()
    owed(factories.saved_rule(), state=DeliveryState.SENT)
    names = {"rule": rule.pk, "product": product, "connection": rule.connection.key, "event": delivery.event.event_id}

    rows = admin.get(f"deliveries/?{query.format(**names)}").json()["results"]

    assert [row["id"] for row in rows] == [str(delivery.pk)]


def test_the_tries_of_a_delivery_are_in_pages(admin):
    delivery = owed(factories.saved_rule())
    tries = [tried(delivery).pk for _ in range(3)]

    page = admin.get(f"deliveries/{delivery.pk}/attempts/?limit=2").json()

    assert [row["id"] for row in page["results"]] == tries[:0:-1]
    assert [row["id"] for row in admin.get(page["next"]).json()["results"]] == tries[:1]


def test_what_failed_is_sent_again_and_what_waits_discarded(admin, rung):
    rule = factories.saved_rule()
    failed, waiting = owed(rule), owed(rule, state=DeliveryState.QUEUED)

    resent = admin.post(path=f"deliveries/{failed.pk}/resend/")
    discarded = admin.post(path=f"deliveries/{waiting.pk}/discard/")

    assert (resent.json()["state"], discarded.json()["state"]) == ("retrying", "cancelled")
    assert list(AuditEntry.objects.exclude(actor="").order_by("pk").values_list("action", flat=True)) == [
        AuditAction.DELIVERY_RESENT,
        AuditAction.DELIVERY_DISCARDED,
    ]


def test_what_is_held_is_released(admin):
    held = owed(factories.saved_rule(), state=DeliveryState.HELD, reason=Reason.DAILY_CAP)

    assert admin.post(path=f"deliveries/{held.pk}/release/").json()["state"] == "retrying"
    assert AuditEntry.objects.latest("pk").action == AuditAction.DELIVERY_RELEASED


@pytest.mark.parametrize("act", ["resend", "release", "discard"])
def test_what_was_sent_is_neither(admin, act):
    delivery = owed(factories.saved_rule(), state=DeliveryState.SENT)

    assert told(admin.post(path=f"deliveries/{delivery.pk}/{act}/"))["status"] == 409
    assert not AuditEntry.objects.exclude(actor="").exists()


def test_nothing_of_a_deleted_rule_is_sent_again(admin):
    rule = factories.saved_rule()
    delivery = owed(rule)
    rules.delete([rule], now=clock.now())

    refused = told(admin.post(path=f"deliveries/{delivery.pk}/resend/"))

    assert (refused["status"], refused["detail"]) == (
        409,
        "The rule of this delivery is deleted: nothing of it is sent again.",
    )


def test_a_foreign_delivery_is_as_one_that_is_not_there(calls):
    campaign, foreign = factories.CampaignFactory.create_batch(2)
    mine = owed(factories.saved_rule(campaign=campaign.pk, trigger="lms.campaign_sold"))
    other = owed(factories.saved_rule(campaign=foreign.pk, trigger="lms.campaign_sold"))
    caller = calls(role=Role.BUYER_EDITOR, buyers=[campaign.buyer])
    nobodys = UUID("01890a5d-ac96-774b-bcce-b302099a8057")

    assert [row["id"] for row in caller.get("deliveries/").json()["results"]] == [str(mine.pk)]
    assert caller.get(f"deliveries/?rule={other.rule_id}").json()["results"] == []
    for act in ("", "attempts/"):
        assert caller.get(f"deliveries/{other.pk}/{act}").content == caller.get(f"deliveries/{nobodys}/{act}").content
    assert caller.post(path=f"deliveries/{other.pk}/resend/").status_code == 404
    other.refresh_from_db()
    assert other.state == DeliveryState.FAILED


def window(**changes: Any) -> dict[str, Any]:
    today = clock.now()
    return {
        "first": (today - timedelta(days=1)).isoformat(),
        "until": (today + timedelta(days=1)).isoformat(),
        **changes,
    }


def test_a_replay_is_counted_priced_and_then_a_job(admin, settings):
    settings.TRACKING_REGULAR_PRICE = "0.0020"
    rule = factories.saved_rule()
    owed(rule)
    owed(rule, claimed_at=NOON)
    owed(rule, state=DeliveryState.SENT)

    counted = admin.post(window(), path="deliveries/replay/preview/")
    started = admin.post(window(), path="deliveries/replay/")

    assert counted.json() == {"counts": {"failed": 2, "held": 0}, "untried": 1, "amount": "0.0020"}
    assert (started.status_code, admin.get(started["Location"]).json()["kind"]) == (202, JobKind.REPLAY)


def test_a_replay_takes_nothing_of_others(calls):
    campaign, foreign = factories.CampaignFactory.create_batch(2)
    owed(factories.saved_rule(campaign=campaign.pk, trigger="lms.campaign_sold"))
    other = owed(factories.saved_rule(campaign=foreign.pk, trigger="lms.campaign_sold"))
    buyer = calls(role=Role.BUYER_EDITOR, buyers=[campaign.buyer])
    narrowed = calls(role=Role.GLOBAL_ADMIN, products=[campaign.product])

    assert buyer.post(window(), path="deliveries/replay/preview/").json()["counts"]["failed"] == 1
    for caller in (buyer, narrowed):
        refused = caller.post(window(rule=other.rule_id), path="deliveries/replay/")
        assert told(refused)["errors"] == {"rule": [f"there is no rule {other.rule_id}"]}
    assert list(told(narrowed.post(window(), path="deliveries/replay/"))["errors"]) == ["rule"]


# --- connections ------------------------------------------------------------------------------------------------------


def relay(**changes: Any) -> dict[str, Any]:
    return {"name": "Relay", "host": "127.0.0.1", "port": 25, "encryption": "none", **changes}


def test_a_connection_is_made_and_its_password_never_read(admin):
    response = admin.post(relay(login="me", password="s3cret-of-ours"), path="connections/")

    row = Connection.objects.get()
    read = admin.get(f"connections/{row.pk}/")
    assert (response.status_code, row.key, row.kind) == (201, "relay", ConnectionKind.ESP)
    assert (read.json()["has_password"], read.json()["login"]) == (True, "me")
    assert b"s3cret" not in response.content + read.content
    assert row.sealed_password.encode() not in read.content


def test_a_provider_prescribes_what_is_left_out(admin):
    response = admin.post({"name": "Resend", "provider": "resend", "password": "k"}, path="connections/")

    row = response.json()
    assert (row["host"], row["port"], row["encryption"], row["login"]) == ("smtp.resend.com", 465, "ssl", "resend")
    assert {one["provider"] for one in admin.get("connections/providers/").json()["providers"]} >= {"resend", "other"}


def test_another_host_asks_for_the_password_anew(admin):
    pk = admin.post(relay(login="me", password="s3cret"), path="connections/").json()["id"]

    kept = admin.send("PATCH", f"connections/{pk}/", {"max_sessions": 2})
    moved = admin.send("PATCH", f"connections/{pk}/", {"host": "127.0.0.2"})

    assert (kept.status_code, kept.json()["has_password"], kept.json()["max_sessions"]) == (200, True, 2)
    assert list(told(moved)["errors"]) == ["password"]
    assert Connection.objects.get().host == "127.0.0.1"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        pytest.param({"host": "169.254.169.254"}, "host", id="an address that is none of theirs"),
        pytest.param({"host": "a\r\nb"}, "host", id="a host of two lines"),
        pytest.param({"port": 0}, "port", id="a port that is none"),
        pytest.param({"port": "25"}, "port", id="a port in quotes"),
        pytest.param({"key": "a b"}, "key", id="a key with a blank"),
        pytest.param({"name": "Taken", "key": "other"}, "name", id="a name that is taken"),
        pytest.param({"key": "taken"}, "key", id="a key that is taken"),
        pytest.param({"provider": "aol"}, "provider", id="an unknown provider"),
        pytest.param({"provider": "amazon-ses", "region": "moon"}, "region", id="an unknown region"),
        pytest.param({"sealed_password": "x"}, "sealed_password", id="a column that is not theirs"),
        pytest.param({"paused_until": None}, "paused_until", id="a state that is not theirs"),
    ],
)
def test_a_refused_connection_names_the_field(admin, changes, field):
    factories.ConnectionFactory.create(name="Taken", key="taken")

    response = admin.post(relay(**changes), path="connections/")

    assert list(told(response)["errors"]) == [field]
    assert Connection.objects.count() == 1


def test_a_connection_in_use_stays(admin):
    used = factories.saved_rule().connection
    free = factories.ConnectionFactory.create()

    assert told(admin.send("DELETE", f"connections/{used.pk}/", None))["status"] == 409
    assert admin.send("DELETE", f"connections/{free.pk}/", None).status_code == 204


def test_a_resting_connection_is_released(admin):
    rule = factories.saved_rule()
    Connection.objects.update(paused_until=clock.now() + timedelta(hours=1))
    owed(rule, state=DeliveryState.HELD, reason=Reason.AUTHENTICATION)

    response = admin.post(path=f"connections/{rule.connection_id}/release/")

    assert response.json() == {"due": 1}
    assert not Connection.objects.get().paused_at(clock.now())


def test_the_server_of_one_rule_is_no_connection_of_the_list(admin):
    rule = factories.saved_rule(action__kind="smtp_custom", action__server={"host": "127.0.0.1", "port": 25})

    assert admin.get("connections/").json()["results"] == []
    assert admin.get(f"connections/{rule.connection_id}/").status_code == 404


def test_a_check_of_unsaved_values_is_a_job_that_keeps_their_secret(admin):
    asked = {"server": {"host": "127.0.0.1", "port": 2525, "encryption": "none", "login": "me"}, "password": "s3cret"}

    response = admin.post(asked, path="connections/check/")

    job = admin.get(response["Location"])
    assert (response.status_code, job.json()["kind"]) == (202, JobKind.CHECK)
    assert b"s3cret" not in response.content + job.content


def test_a_saved_connection_is_checked_and_a_mail_asked_for(admin):
    saved = factories.ConnectionFactory.create()

    response = admin.post({"to": "me@example.com", "sender": "a@example.com"}, path=f"connections/{saved.pk}/check/")

    assert response.status_code == 202
    assert AuditEntry.objects.filter(action=AuditAction.CONNECTION_CHECKED).count() == 1


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        pytest.param({"server": {"host": "169.254.169.254", "port": 25}}, "host", id="an address of nobody's"),
        pytest.param({"server": {"host": "127.0.0.1"}}, "port", id="no port"),
        pytest.param(
            {"server": {"host": "127.0.0.1", "port": 25}, "to": "x", "sender": "a@b.de"}, "to", id="no address"
        ),
        pytest.param({}, "server", id="no server"),
    ],
)
def test_a_refused_check_names_the_field(admin, asked, field):
    assert list(told(admin.post(asked, path="connections/check/"))["errors"]) == [field]


# --- alerts -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def alert() -> Alert:
    rule = factories.saved_rule()
    RuleWatch.objects.create(rule=rule, state=WatchState.FIRING, since=NOON)
    return Alert.objects.create(rule=rule, version=rule.current, raised_at=NOON, events=10, warnings=5)


def test_an_alert_is_acknowledged_once(admin, alert):
    first = admin.post(path=f"alerts/{alert.pk}/acknowledge/")
    again = admin.post(path=f"alerts/{alert.pk}/acknowledge/")

    assert first.json()["trouble"]["acknowledged_by"] == admin.user.username
    assert again.status_code == 409
    assert AuditEntry.objects.exclude(actor="").get().action == AuditAction.ALERT_ACKNOWLEDGED


def test_an_alert_is_snoozed_and_told_again(admin, alert):
    until = clock.now() + timedelta(hours=1)

    snoozed = admin.post({"until": until.isoformat()}, path=f"alerts/{alert.pk}/snooze/")
    resumed = admin.post(path=f"alerts/{alert.pk}/resume/")

    assert snoozed.json()["trouble"]["snoozed_until"]
    assert resumed.json()["trouble"]["snoozed_until"] is None
    assert admin.get(f"alerts/?rule={alert.rule_id}").json()["results"] == [resumed.json()]


def test_moments_are_of_any_offset(admin, alert):
    """PostgreSQL itself takes none of 16 hours or more."""
    until = (clock.now() + timedelta(hours=1)).astimezone(timezone(timedelta(hours=19)))

    assert admin.get("alerts/?raised_since=1994-08-28T08:54:49%2B17:57").status_code == 200
    assert list(told(admin.get("alerts/?raised_since=0001-01-01T00:00:00%2B14:00"))["errors"]) == ["raised_since"]
    assert admin.post({"until": until.isoformat()}, path=f"alerts/{alert.pk}/snooze/").status_code == 200


@pytest.mark.parametrize("until", ["2020-01-01T00:00:00Z", "2999-01-01T00:00:00Z", "tomorrow", None, "2026-01-01"])
def test_a_snooze_ends_within_reason(admin, alert, until):
    assert list(told(admin.post({"until": until}, path=f"alerts/{alert.pk}/snooze/"))["errors"]) == ["until"]


def test_an_alert_about_a_connection_is_not_acknowledged(admin):
    alert = Alert.objects.create(connection=factories.ConnectionFactory.create(), raised_at=NOON)

    assert admin.get(f"alerts/{alert.pk}/").json()["trouble"] is None
    assert told(admin.post(path=f"alerts/{alert.pk}/acknowledge/"))["status"] == 409


# --- usage and jobs ---------------------------------------------------------------------------------------------------


def test_usage_is_told_by_row_by_day_and_as_csv(admin):
    rule = factories.saved_rule(name="=cmd()")
    for day, price, events in [(1, "0.0001", 3), (1, "0.0000", 5), (2, "0.0001", 7)]:
        UsageDay.objects.create(rule=rule, day=date(2026, 1, day), unit_price=price, events=events)

    rows = admin.get(f"usage/?rule={rule.pk}&day_until=2026-01-02").json()["results"]
    days = admin.get("usage/days/").json()["days"]
    csv = admin.get("usage/csv/?day_since=2026-01-02", accept="text/csv")

    assert sorted((row["events"], row["amount"]) for row in rows) == [(3, "0.0003"), (5, "0.0000")]
    assert [(day["day"], day["events"], day["amount"]) for day in days] == [
        ("2026-01-02", 7, "0.0007"),
        ("2026-01-01", 8, "0.0003"),
    ]
    lines = b"".join(csv.streaming_content).decode().splitlines()
    assert lines[1:] == [f"2026-01-02,{rule.pk},'=cmd(),0.0001,7,0.0007"]


def test_a_job_is_watched_and_cancelled(admin):
    job = jobs.open_job(JobKind.PRUNE, {}, author=admin.user, now=NOON)

    assert admin.get("jobs/?mine=true").json()["results"][0]["id"] == job.pk
    assert admin.post(path=f"jobs/{job.pk}/cancel/").json()["state"] == JobState.CANCELLED
    assert admin.post(path=f"jobs/{job.pk}/cancel/").status_code == 409
    assert admin.get(f"jobs/{job.pk}/file/").status_code == 404


def test_a_file_of_rules_is_for_who_reads_rules(admin, calls):
    job = jobs.open_job(JobKind.EXPORT_RULES, {}, author=admin.user, now=NOON)
    Job.objects.filter(pk=job.pk).update(file_name="rules.json", file_text="[]")

    reader = calls(role=Role.GLOBAL_ADMIN, scopes=[Scope.JOBS_READ])
    both = calls(role=Role.GLOBAL_ADMIN, scopes=[Scope.JOBS_READ, Scope.RULES_READ])

    assert (reader.get(f"jobs/{job.pk}/").status_code, reader.get(f"jobs/{job.pk}/file/").status_code) == (200, 403)
    assert both.get(f"jobs/{job.pk}/file/", accept="application/octet-stream").content == b"[]"
    refused = reader.get(f"jobs/{job.pk}/file/", accept="application/octet-stream")
    assert "rules:read" in told(refused)["detail"]


def test_a_buyer_sees_his_own_jobs(calls, admin):
    campaign = factories.CampaignFactory.create()
    caller = calls("view_job", role=Role.BUYER_EDITOR, buyers=[campaign.buyer])
    mine = jobs.open_job(JobKind.BACKTEST, {}, author=caller.user, now=NOON)
    other = jobs.open_job(JobKind.BACKTEST, {}, author=admin.user, now=NOON)

    assert [row["id"] for row in caller.get("jobs/").json()["results"]] == [mine.pk]
    assert caller.post(path=f"jobs/{other.pk}/cancel/").status_code == 404
