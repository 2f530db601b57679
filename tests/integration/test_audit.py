"""The audit log: what it says, what it masks, and that nothing takes it back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from tests import factories
from tests.factories import NOON
from tracking.choices import AuditAction
from tracking.models import AuditEntry
from tracking.store import audit

pytestmark = pytest.mark.django_db


def entry(**detail):
    user, rule = factories.UserFactory.create(username="zoe"), factories.saved_rule()
    return audit.note(actor=user, action=AuditAction.RULE_CHANGED, target=rule, detail=detail, now=NOON)


def test_a_row_says_who_did_what_to_what_and_when():
    row = entry(subject=["Old", "New"])

    row.refresh_from_db()
    assert (row.actor, row.at, row.target_type, row.detail) == ("zoe", NOON, "rule", {"subject": ["Old", "New"]})
    assert str(row).startswith("Rule changed: #")


def test_a_row_outlives_its_person_and_needs_none():
    row = audit.note(actor=None, action=AuditAction.KEYS_ROTATED, target=None, now=NOON)

    assert (row.actor, row.target, str(row)) == ("", "", "Stored passwords sealed anew")


def test_secrets_are_masked_wherever_they_stand():
    row = entry(password=["old", "new"], server={"api_token": "evt_x", "host": "a"}, body="x" * 5_000)

    assert row.detail["password"] == ["********", "********"]
    assert row.detail["server"] == {"api_token": "********", "host": "a"}
    assert len(row.detail["body"]) == 2_000


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE tracking_auditentry SET actor = 'nobody'",
        "DELETE FROM tracking_auditentry",
        "DELETE FROM tracking_auditentry WHERE id > 0",
    ],
)
def test_the_database_refuses_to_change_or_forget(statement):
    entry()

    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)

    assert AuditEntry.objects.filter(actor="zoe").count() == 1


def test_the_orm_is_refused_too():
    row = entry()

    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        row.save()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        row.delete()


def test_tries_at_the_same_thing_leave_five_rows_a_minute():
    person, (rule, another) = factories.UserFactory.create(), (factories.saved_rule(), factories.saved_rule())

    for second in (*range(7), 60):
        audit.note_denied(person, rule, detail={}, now=NOON + timedelta(seconds=second))
    audit.note_denied(person, another, detail={}, now=NOON)
    audit.note_denied(factories.UserFactory.create(), rule, detail={}, now=NOON)

    kept = AuditEntry.objects.filter(action=AuditAction.DENIED, actor_id=person.pk)
    assert kept.filter(target_id=str(rule.pk)).count() == 5 + 1
    assert AuditEntry.objects.filter(action=AuditAction.DENIED).count() == 5 + 1 + 2
