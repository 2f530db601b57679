"""Rows written many at once: every value comes back as it was, whichever way this database is written to."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import DataError, IntegrityError, transaction

from tests import factories, flow
from tests.factories import NOON
from tracking.models import Attempt, DeliveryRecipient, UsageDay
from tracking.store import bulk

pytestmark = pytest.mark.django_db

TEXTS = ["", "NULL", "\\N", "\\", "a\tb\nc\rd", '"{,}"', "'; --", "%s", "é\u2028\U0001f600", " x "]
COLUMNS = ("delivery_id", "started_at", "ended_at", "phase", "failure", "code", "enhanced", "text", "worker")
CONFLICT = "ON CONFLICT (delivery_id, address) DO UPDATE SET text = EXCLUDED.text RETURNING text"


@pytest.mark.parametrize("tail", ["", "ON CONFLICT DO NOTHING"], ids=["plain", "with a tail"])
def test_texts_and_absent_values_come_back_as_they_were(tail):
    (delivery,) = flow.owe(factories.saved_rule())

    bulk.insert(
        Attempt, COLUMNS, [(delivery.pk, NOON, NOON, "data", "", None, "", text, "w") for text in TEXTS], tail=tail
    )

    rows = Attempt.objects.order_by("id")
    assert list(rows.values_list("text", flat=True)) == TEXTS
    assert set(rows.values_list("delivery_id", "started_at", "code")) == {(delivery.pk, NOON, None)}


def test_a_conflict_is_settled_by_the_tail_which_may_return():
    (delivery,) = flow.owe(factories.saved_rule())
    columns = ("delivery_id", "role", "address", "status", "code", "text")

    for text in ("first", "second"):
        rows = [(delivery.pk, "to", "ada@example.org", "open", 250, text)]
        assert [tuple(row) for row in bulk.insert(DeliveryRecipient, columns, rows, tail=CONFLICT)] == [(text,)]

    assert DeliveryRecipient.objects.get().text == "second"


@pytest.mark.parametrize("tail", ["", "ON CONFLICT DO NOTHING"], ids=["plain", "with a tail"])
def test_numbers_and_days_come_back_as_they_were(tail):
    rule = factories.saved_rule()
    columns = ("rule_id", "day", "unit_price", "events")

    bulk.insert(UsageDay, columns, [(rule.pk, NOON.date(), Decimal("0.0021"), 3)], tail=tail)

    day = UsageDay.objects.get()
    assert (day.day, day.unit_price, day.events) == (NOON.date(), Decimal("0.0021"), 3)


@pytest.mark.parametrize("tail", ["", "ON CONFLICT (id) DO NOTHING"], ids=["plain", "with a tail"])
def test_what_the_table_refuses_is_an_error_of_djangos(tail):
    (delivery,) = flow.owe(factories.saved_rule())
    wrong = [(delivery.pk, NOON, NOON, None, "", None, "", "", "w")]

    with pytest.raises((IntegrityError, DataError)), transaction.atomic():
        bulk.insert(Attempt, COLUMNS, wrong, tail=tail)


def test_nothing_to_write_is_nothing_written():
    for tail in ("", "ON CONFLICT DO NOTHING"):
        assert bulk.insert(Attempt, COLUMNS, [], tail=tail) == []
