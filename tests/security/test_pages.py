"""What stands around every page: policies for the browser, and HTTPS where the installation has it."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from cryptography.fernet import Fernet
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from tests.environment import ROOT, names
from tracking import page_policy


def policy(response: HttpResponse) -> dict[str, str]:
    """Directive -> its sources."""
    parts = (part.strip().partition(" ") for part in response.headers["Content-Security-Policy"].split(";"))
    return {name: sources for name, _, sources in parts if name}


@pytest.mark.parametrize("address", ["/healthz", "/nowhere", "/api/v1/events/"])
def test_a_page_lets_nothing_in_that_is_not_ours(client, address):
    found = policy(client.get(address))

    assert found["default-src"] == "'none'"
    assert found["script-src"] == found["style-src"] == "'self'"
    assert found["frame-ancestors"] == "'none'"
    assert found["base-uri"] == "'none'"


@pytest.mark.django_db
def test_the_admin_has_what_its_theme_needs_added_and_no_inline_script(client):
    found = policy(client.get(reverse("admin:login")))

    assert found["script-src"] == "'self' 'unsafe-eval'"
    assert found["style-src"] == "'self' 'unsafe-inline'"
    assert found["default-src"] == "'none'"


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("X-Content-Type-Options", "nosniff"),
        ("X-Frame-Options", "DENY"),
        ("Referrer-Policy", "same-origin"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
    ],
)
def test_every_answer_has_its_headers(client, header, value):
    assert client.get("/healthz").headers[header] == value


def test_no_page_may_use_camera_microphone_or_place(client):
    asked = client.get("/healthz").headers["Permissions-Policy"]

    assert {"camera=()", "microphone=()", "geolocation=()"} <= set(asked.split(", "))


@pytest.mark.parametrize("decorate", [page_policy.foreign_html, page_policy.foreign_text])
def test_a_strangers_words_run_nothing_and_load_nothing(rf, decorate):
    view = decorate(lambda request: HttpResponse("<script>"))
    response = page_policy.PagePolicyMiddleware(view)(rf.get("/admin/preview/"))

    found = policy(response)
    assert found["sandbox"] == ""
    assert found["default-src"] == "'none'"
    assert "script-src" not in found
    assert found["frame-ancestors"] == "'self'"
    assert response.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert "no-store" in response.headers["Cache-Control"]


def test_the_documentation_of_the_api_has_no_script_but_its_own(rf):
    view = page_policy.documentation(lambda request: HttpResponse("docs"))

    found = policy(page_policy.PagePolicyMiddleware(view)(rf.get("/api/docs/")))

    assert found["script-src"] == "'self'"
    assert found["frame-ancestors"] == "'none'"


def production(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A program of the product in an environment as an operator sets it."""
    clean = {name: value for name, value in os.environ.items() if name not in {*names(), "DJANGO_SETTINGS_MODULE"}}
    wanted = {
        "ENV_FILE": os.devnull,
        "SECRET_KEY": "a-long-random-one-of-this-test-0123456789-abcdefghijklmnopqrstuvwxyz",
        "CREDENTIALS_KEYS": Fernet.generate_key().decode(),
        "TRACKING_BASE_URL": "https://tracking.example.org",
        "ALLOWED_HOSTS": "tracking.example.org",
        "EMAIL_URL": "smtp+tls://me:secret@mail.example.org:587",
    }
    return subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env={**clean, **wanted, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_django_finds_nothing_to_say_about_a_production_environment():
    done = production("manage.py", "check", "--deploy", "--fail-level", "WARNING")

    assert done.returncode == 0, done.stderr
    assert "no issues (0 silenced)" in done.stdout


@pytest.mark.parametrize(
    ("environment", "told"),
    [
        pytest.param({}, ["True", "True", "31536000"], id="an address with https turns all of it on"),
        pytest.param({"HTTPS_ONLY": "false"}, ["False", "False", "0"], id="an operator turns it off"),
        pytest.param({"TRACKING_BASE_URL": "http://127.0.0.1:8000"}, ["False", "False", "0"], id="at home"),
    ],
)
def test_https(environment, told):
    code = "import config.settings as s; print(s.SECURE_SSL_REDIRECT, s.SESSION_COOKIE_SECURE, s.SECURE_HSTS_SECONDS)"

    assert production("-c", code, **environment).stdout.split() == told


def test_health_is_asked_from_inside_without_https(settings):
    settings.SECURE_SSL_REDIRECT = True

    assert Client().get("/healthz").status_code == 200
    assert Client().get("/admin/").status_code == 301
