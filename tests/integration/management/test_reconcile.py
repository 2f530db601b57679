"""The books are compared rule by rule, and one that does not balance is named."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.db.models import F

from tests import factories, flow
from tests.flow import Hands
from tests.smtp_server import ScriptedServer
from tracking.choices import Encryption
from tracking.models import EventMinute, SentMinute, UsageDay, WarningMinute
from tracking.store import clock

pytestmark = pytest.mark.django_db(transaction=True)  # it reads all from one moment


@pytest.fixture
def rule():
    """One that has sent two mails, each with a warning."""
    with ScriptedServer() as server:
        connection = factories.ConnectionFactory(port=server.port, encryption=Encryption.NONE)
        rule = factories.saved_rule(connection=connection, action__subject="{{ lead.unheard }}")
        now = clock.now()
        flow.owe(rule, 2, now=now)
        flow.drain(rule, Hands(now))
    assert len(server.mails) == 2
    return rule


def test_books_that_balance_say_so(rule, capsys):
    call_command("reconcile")

    assert capsys.readouterr().out == "1 rules, 2 events, 2 warnings: 0 out of balance\n"


@pytest.mark.parametrize(
    ("model", "column", "said"),
    [
        (UsageDay, "events", "usage 3, events 2"),
        (EventMinute, "events", "events 3, processed 2"),
        (SentMinute, "sent", "sent 3, delivered 2"),
        (WarningMinute, "warnings", "warnings 3, warned 2"),
    ],
)
def test_a_count_too_many_is_named(rule, capsys, model, column, said):
    model.objects.update(**{column: F(column) + 1})

    with pytest.raises(SystemExit, match="1"):
        call_command("reconcile")

    assert f"rule {rule.pk}: " in (out := capsys.readouterr().out)
    assert said in out
