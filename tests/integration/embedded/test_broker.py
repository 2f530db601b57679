"""The bundled broker, as Celery sees it."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest
from kombu import Connection

from tracking.embedded import broker
from tracking.embedded.supervisor import Part, Supervisor
from tracking.errors import RunError


@contextmanager
def running(folder: Path):
    sockets = Path(tempfile.mkdtemp(prefix="tt-", dir="/tmp"))
    path = sockets / "broker.sock"
    command = broker.command(server=broker.program(), socket_path=path, folder=folder)
    supervisor = Supervisor(logs=folder / "log", folder=folder, environment=os.environ)
    try:
        supervisor.start(Part(name="broker", command=command))
        supervisor.until(lambda: broker.answers(path), seconds=30, what="broker")
        yield broker.url(path)
    finally:
        supervisor.stop()
        shutil.rmtree(sockets)


def put(url: str, word: str) -> None:
    with Connection(url) as connection, connection.SimpleQueue("words") as queue:
        queue.put(word)


def take(url: str) -> str:
    with Connection(url) as connection, connection.SimpleQueue("words") as queue:
        message = queue.get(timeout=10)
        message.ack()
        return message.payload


def test_a_message_outlives_a_restart_of_the_broker(tmp_path):
    with running(tmp_path) as url:
        put(url, "kept")

    with running(tmp_path) as url:
        assert take(url) == "kept"


def test_without_any_server_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr(broker, "find_spec", lambda name: None)
    monkeypatch.setenv("PATH", "")

    with pytest.raises(RunError, match="set CELERY_BROKER_URL"):
        broker.program()


def test_without_the_wheel_a_server_on_the_path_is_taken(monkeypatch, tmp_path):
    server = tmp_path / "redis-server"
    server.touch(mode=0o755)
    monkeypatch.setattr(broker, "find_spec", lambda name: None)
    monkeypatch.setenv("PATH", str(tmp_path))

    assert broker.program() == str(server)


def test_nothing_answers_where_there_is_no_socket(tmp_path):
    assert not broker.answers(tmp_path / "none.sock")
