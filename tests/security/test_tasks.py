"""Whoever writes to the broker can at most wake a worker: tasks carry ids, and rows say what is due."""

from __future__ import annotations

import inspect
import pickle

import pytest
from django.conf import settings
from kombu.serialization import loads

from config.celery import app
from tests import factories, flow
from tests.smtp_server import ScriptedServer
from tracking import tasks
from tracking.models import Delivery

OURS = sorted(name for name in app.tasks if name.startswith("tracking."))


@pytest.mark.parametrize("name", OURS)
def test_a_task_takes_ids_alone(name):
    found = inspect.signature(app.tasks[name].run).parameters.values()

    assert all(parameter.annotation in {"int", "str", int, str} for parameter in found if parameter.name != "self")


def test_nothing_but_json_is_read_from_the_broker():
    class Bomb:
        def __reduce__(self):
            return (pytest.fail, ("it went off",))

    assert app.conf.accept_content == ["json"]
    with pytest.raises(Exception, match=r"(?i)disabled|untrusted"):
        loads(pickle.dumps(Bomb()), "application/x-python-serialize", "binary", accept=app.conf.accept_content)


@pytest.mark.django_db
@pytest.mark.parametrize("state", ["sent", "failed", "cancelled", "unknown"])
def test_a_forged_wake_up_sends_nothing_that_is_not_due(state, monkeypatch):
    monkeypatch.setattr(tasks, "wake", lambda ids: None)
    with ScriptedServer() as server:
        rule = factories.saved_rule(connection=factories.ConnectionFactory(port=server.port))
        flow.owe(rule)
        Delivery.objects.update(state=state, next_attempt_at=None)

        tasks.drain_connection(rule.connection_id)

    assert server.mails == []


@pytest.mark.django_db
@pytest.mark.parametrize("forged", [0, -1, 2**62])
def test_an_id_of_nothing_does_nothing(forged, monkeypatch):
    monkeypatch.setattr(tasks, "wake", lambda ids: None)

    tasks.drain_connection(forged)
    tasks.send_alert(forged)

    assert not Delivery.objects.exists()


def test_settings_accept_json_only_and_keep_no_results():
    assert settings.CELERY_ACCEPT_CONTENT == ["json"]
    assert settings.CELERY_TASK_IGNORE_RESULT
