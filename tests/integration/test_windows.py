"""A rule's last 24 hours, counted by the hour from the minute buckets."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests import factories
from tests.factories import NOON
from tracking.emit import emit
from tracking.models import Delivery, EventMinute, SentMinute, WarningMinute
from tracking.store import windows

pytestmark = pytest.mark.django_db
UNTIL = NOON + timedelta(minutes=40)


def count(
    rule, before: timedelta, *, events: int = 0, sent: int = 0, warnings: int = 0, cause: str = "timeout"
) -> None:
    minute = UNTIL - before
    EventMinute.objects.create(rule=rule, minute=minute, events=events)
    SentMinute.objects.create(rule=rule, minute=minute, sent=sent)
    if warnings:
        WarningMinute.objects.create(rule=rule, minute=minute, cause=cause, warnings=warnings)


def test_hours_hold_what_their_minutes_held(django_assert_num_queries):
    rule, quiet = factories.saved_rule(), factories.saved_rule()
    count(rule, timedelta(minutes=1), events=5, sent=4, warnings=2)
    count(rule, timedelta(minutes=2), events=3, sent=1, warnings=1, cause="refused")
    count(rule, timedelta(hours=1), events=7, sent=6)
    count(rule, timedelta(hours=23, minutes=39), events=11, warnings=4)
    count(rule, timedelta(hours=24), events=99, sent=99, warnings=99)
    count(rule, timedelta(minutes=-5), events=99, sent=99)

    with django_assert_num_queries(3):
        found = windows.hours_of([rule.pk, quiet.pk], until=UNTIL)

    assert found[rule.pk].events == (11, *[0] * 21, 7, 8)
    assert found[rule.pk].sent == (*[0] * 22, 6, 5)
    assert found[rule.pk].warnings == (4, *[0] * 22, 3)
    assert set(found[quiet.pk].events) == {0}


def test_a_rule_last_fired_when_its_newest_mail_was_made(rung, django_assert_num_queries):
    rule, quiet = factories.saved_rule(), factories.saved_rule()
    for number in range(3):
        emit(factories.event(product=rule.product_id, event_id=f"e{number}"))
    newest = Delivery.objects.order_by("-id").first()
    Delivery.objects.filter(pk=newest.pk).update(test=True)
    second = Delivery.objects.order_by("-id")[1]

    with django_assert_num_queries(1):
        found = windows.last_fired([rule.pk, quiet.pk])

    assert found == {rule.pk: second.created_at}
