"""Secrets are written once, for their owner only; what the user has set goes before what `make run` chooses."""

from __future__ import annotations

import stat

import environ
import pytest
from cryptography.fernet import Fernet

from tracking.embedded import environment


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch):
    for name in ("CELERY_BROKER_URL", "EMAIL_URL", "TRACKING_CATCHER_FOLDER", environment.CHOSEN):
        monkeypatch.delenv(name, raising=False)


def read(path) -> dict[str, str]:
    return dict(line.split("=", 1) for line in path.read_text().splitlines() if not line.startswith("#"))


def test_a_new_env_file_has_secrets_that_work_and_is_its_owners_only(tmp_path):
    path = tmp_path / ".env"

    assert environment.ensure_env_file(path)

    values = read(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(values["SECRET_KEY"]) >= 50
    Fernet(values["CREDENTIALS_KEYS"])


def test_an_env_file_that_exists_is_left_alone(tmp_path):
    path = tmp_path / ".env"
    path.write_text("SECRET_KEY=mine\n")

    assert not environment.ensure_env_file(path)
    assert path.read_text() == "SECRET_KEY=mine\n"


def test_what_the_user_has_set_is_not_chosen_anew(monkeypatch):
    monkeypatch.setenv("CELERY_BROKER_URL", "redis://elsewhere")

    chosen = environment.choices(web_port=1, mail_port=2, broker_url="redis+socket:///x")

    assert "CELERY_BROKER_URL" not in chosen
    assert chosen["EMAIL_URL"] == "smtp://127.0.0.1:2"


def test_what_an_earlier_run_left_behind_is_nobodys_wish(monkeypatch):
    monkeypatch.setenv("CELERY_BROKER_URL", "redis+socket:///old")
    monkeypatch.setenv(environment.CHOSEN, "EMAIL_URL CELERY_BROKER_URL")

    chosen = environment.choices(web_port=1, mail_port=2, broker_url="redis+socket:///new")

    assert chosen["CELERY_BROKER_URL"] == "redis+socket:///new"


def test_the_way_to_the_catcher_is_added_to_the_users_networks_and_ports(monkeypatch):
    monkeypatch.setenv("TRACKING_SMTP_ALLOWED_NETWORKS", "10.1.0.0/16")
    monkeypatch.setenv("TRACKING_SMTP_ALLOWED_PORTS", "587")

    chosen = environment.choices(web_port=1, mail_port=1771, broker_url="")

    assert chosen["TRACKING_SMTP_ALLOWED_NETWORKS"] == "127.0.0.0/8,10.1.0.0/16"
    assert chosen["TRACKING_SMTP_ALLOWED_PORTS"] == "1771,587"


def test_the_run_file_is_read_back_as_it_was_written(tmp_path, monkeypatch):
    path = tmp_path / "run.env"
    environment.write_run_file(path, {"CELERY_BROKER_URL": "redis+socket:///tmp/a/b.sock", "EMAIL_URL": "smtp://h:1"})

    environ.Env.read_env(str(path))
    try:
        assert environment.wish("CELERY_BROKER_URL") == ""
        assert read(path)["EMAIL_URL"] == "smtp://h:1"
    finally:
        for name in read(path):
            monkeypatch.delenv(name)
