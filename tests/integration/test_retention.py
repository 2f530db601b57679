"""What is past its age goes, what is not stays."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from axes.models import AccessAttempt
from django.contrib.sessions.models import Session
from django.db import DatabaseError, connection, transaction

from tests import factories, flow
from tracking.choices import AuditAction, DeliveryState
from tracking.models import AuditEntry, Delivery, StoredEvent
from tracking.pipeline import retention
from tracking.policy import slices
from tracking.store import audit, clock, deliveries
from tracking.store import retention as store

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("days", "left"),
    [
        pytest.param(13, {"sent", "failed", "queued"}, id="all stay for two weeks"),
        pytest.param(15, {"failed", "queued"}, id="then those that were sent go"),
        pytest.param(91, {"queued"}, id="the failed ones after ninety days, what waits never"),
    ],
)
def test_mails_and_their_events_go_by_age_and_state(days, left):
    for state in (DeliveryState.SENT, DeliveryState.FAILED, DeliveryState.QUEUED):
        (row,) = flow.owe(factories.saved_rule())
        Delivery.objects.filter(pk=row.pk).update(state=state)
    now = clock.now() + timedelta(days=days)

    preview = retention.preview(now=now)
    removed = retention.prune(now=now, seconds=60)

    assert flow.states().keys() == left
    assert StoredEvent.objects.count() == len(left)
    assert sum(preview[kind] for kind in preview if kind.startswith("deliveries")) == 3 - len(left)
    assert removed["events"] == 3 - len(left)


def test_a_mail_that_an_operator_sends_again_meanwhile_stays():
    (row,) = flow.owe(factories.saved_rule())
    Delivery.objects.filter(pk=row.pk).update(state=DeliveryState.FAILED)
    now = clock.now() + timedelta(days=91)
    Delivery.objects.filter(pk=row.pk).update(state=DeliveryState.RETRYING)

    store.remove("deliveries failed or unknown", [row.pk], now=now)

    assert Delivery.objects.filter(pk=row.pk).exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("two_at_once")
def test_a_mail_that_an_operator_sends_again_in_the_same_moment_stays():
    (row,) = flow.owe(factories.saved_rule())
    Delivery.objects.filter(pk=row.pk).update(state=DeliveryState.FAILED)
    now = clock.now() + timedelta(days=91)
    sent_again, removed = threading.Event(), threading.Event()

    def send_again() -> None:
        with transaction.atomic():
            deliveries.resend(Delivery.objects.all(), now=now)
            sent_again.set()
            removed.wait(1)
        connection.close()

    operator = threading.Thread(target=send_again)
    operator.start()
    assert sent_again.wait(10)
    store.remove("deliveries failed or unknown", [row.pk], now=now)
    removed.set()
    operator.join()

    assert flow.states() == {DeliveryState.RETRYING: 1}


def test_a_mail_that_was_sent_again_of_late_is_as_old_as_that():
    (row,) = flow.owe(factories.saved_rule())
    now = clock.now() + timedelta(days=15)
    Delivery.objects.filter(pk=row.pk).update(state=DeliveryState.SENT, finished_at=now - timedelta(days=2))

    retention.prune(now=now, seconds=60)

    assert Delivery.objects.filter(pk=row.pk).exists()


def test_more_than_one_transaction_takes_are_all_removed(monkeypatch):
    monkeypatch.setattr(slices, "FIRST", 2)
    monkeypatch.setattr(slices, "MOST", 2)
    rule = factories.saved_rule()
    flow.owe(rule, 5)
    Delivery.objects.update(state=DeliveryState.SENT)

    removed = retention.prune(now=clock.now() + timedelta(days=15), seconds=60)

    assert removed["deliveries sent or cancelled"] == removed["events"] == 5
    assert not Delivery.objects.exists()


def test_what_logins_leave_goes_when_it_counts_no_more(settings):
    now = clock.now()
    for age in (timedelta(minutes=5), timedelta(minutes=20)):
        row = AccessAttempt.objects.create(username=str(age), ip_address="192.0.2.1", failures_since_start=5)
        AccessAttempt.objects.filter(pk=row.pk).update(attempt_time=now - age)  # its own clock sets it on creation
    for key, ends in (("live", timedelta(hours=1)), ("over", -timedelta(hours=1))):
        Session.objects.create(session_key=key, session_data="x", expire_date=now + ends)

    preview = retention.preview(now=now)
    retention.prune(now=now, seconds=60)

    assert (preview["login attempts"], preview["sessions"]) == (1, 1)
    assert AccessAttempt.objects.get().username == str(timedelta(minutes=5))
    assert Session.objects.get().session_key == "live"


def entries(now):
    """The audit log as an entry of today, one of last year, and one of three years ago leave it."""
    for name, days in (("today", 0), ("last year", 300), ("long ago", 1_100)):
        audit.note(
            actor=None, action=AuditAction.LOGGED_IN, target=None, detail={"of": name}, now=now - timedelta(days=days)
        )


def kept():
    return [row.detail["of"] for row in AuditEntry.objects.filter(action=AuditAction.LOGGED_IN).order_by("pk")]


def test_the_audit_log_is_kept_for_ever_where_nobody_says_otherwise():
    now = clock.now()
    entries(now)

    assert retention.preview(now=now)["audit entries"] == 0
    retention.prune(now=now, seconds=60)

    assert kept() == ["today", "last year", "long ago"]


def test_the_audit_log_forgets_what_is_past_its_age_says_so_and_is_guarded_again(settings):
    settings.TRACKING_KEEP_AUDIT_DAYS = 730.0
    now = clock.now()
    entries(now)

    assert retention.preview(now=now)["audit entries"] == 1
    assert kept() == ["today", "last year", "long ago"]
    retention.prune(now=now, seconds=60)

    assert kept() == ["today", "last year"]
    assert AuditEntry.objects.get(action=AuditAction.AUDIT_PRUNED).detail == {"entries": 1}
    for statement in ("UPDATE tracking_auditentry SET actor = 'x'", "DELETE FROM tracking_auditentry"):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


def test_a_removal_that_fails_leaves_the_guards_standing(settings, monkeypatch):
    settings.TRACKING_KEEP_AUDIT_DAYS = 730.0
    now = clock.now()
    entries(now)
    monkeypatch.setattr(audit, "note", lambda **_: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        store.remove(store.AUDIT, list(AuditEntry.objects.values_list("pk", flat=True)), now=now)

    assert kept() == ["today", "last year", "long ago"]
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        AuditEntry.objects.all()._raw_delete("default")
