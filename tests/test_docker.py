"""The image and the compose file, as far as they can be judged without an engine."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from tests.environment import ROOT, names

DOCKER = ROOT / "docker"
DOCKERFILE = (DOCKER / "Dockerfile").read_text()
COMPOSE = YAML(typ="safe").load(DOCKER / "compose.yaml")
SERVICES = COMPOSE["services"]
OWN = {"migrate", "web", "worker", "worker-slow", "beat", "catcher"}

_BIN = Path(sys.executable).parent
_PINNED = re.compile(r"^([a-z0-9._-]+)==(\S+)", re.MULTILINE)


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)


def test_the_dockerfile_passes_its_linter():
    done = run(str(_BIN / "hadolint"), "docker/Dockerfile")

    assert done.returncode == 0, done.stdout


def test_the_compose_file_fits_its_schema():
    schema = ("--builtin-schema", "vendor.compose-spec")
    done = run(str(_BIN / "check-jsonschema"), *schema, "docker/compose.yaml")

    assert done.returncode == 0, done.stdout


def test_compose_itself_takes_the_file(tmp_path):
    if shutil.which("docker") is None or run("docker", "compose", "version").returncode:
        pytest.skip("no docker compose on this machine")
    (tmp_path / ".env").write_text("")
    shutil.copytree(DOCKER, tmp_path / "docker")
    command = ("docker", "compose", "--file", str(tmp_path / "docker" / "compose.yaml"), "config", "--quiet")

    done = run("env", "POSTGRES_PASSWORD=x", *command)

    assert done.returncode == 0, done.stderr


def test_all_parts_are_there():
    assert set(SERVICES) == OWN | {"postgres", "redis"}


@pytest.mark.parametrize("name", sorted(set(SERVICES) - {"migrate"}))
def test_a_part_has_time_to_end_and_comes_back(name):
    assert SERVICES[name]["stop_grace_period"] == "45s"
    assert SERVICES[name]["restart"] == "unless-stopped"


@pytest.mark.parametrize("name", sorted(set(SERVICES) - {"migrate", "web"}))
def test_a_part_has_a_health_check_of_its_own(name):
    assert SERVICES[name]["healthcheck"]["test"]


@pytest.mark.parametrize("name", sorted(OWN))
def test_our_parts_may_do_little(name):
    assert SERVICES[name]["read_only"]
    assert SERVICES[name]["cap_drop"] == ["ALL"]


def test_the_image_checks_the_web_and_runs_as_nobody():
    assert "HEALTHCHECK" in DOCKERFILE
    assert re.search(r"^USER 10001$", DOCKERFILE, re.MULTILINE)


def test_compose_sets_only_names_that_the_product_reads():
    assert set(SERVICES["web"]["environment"]) <= set(names())


def test_compose_has_no_secret_of_its_own():
    assert not re.search(r"(SECRET_KEY|CREDENTIALS_KEYS|PASSWORD): (?!\$\{)", (DOCKER / "compose.yaml").read_text())


def test_the_image_has_the_versions_that_were_tested_and_no_tools():
    image = dict(_PINNED.findall((DOCKER / "requirements.lock").read_text()))
    tested = dict(_PINNED.findall((ROOT / "requirements.lock").read_text()))

    assert image.items() <= tested.items()
    assert not {"pytest", "mypy", "ruff", "playwright", "hypothesis"} & set(image)


def test_the_image_is_of_a_python_that_the_product_supports():
    version = re.search(r"^ARG BASE=python:3\.(\d+)-slim$", DOCKERFILE, re.MULTILINE)

    assert int(version.group(1)) in {11, 12, 13}


def test_nothing_is_sent_to_the_engine_but_what_the_image_copies():
    allowed = set(re.findall(r"^!(\S+)$", (DOCKER / "Dockerfile.dockerignore").read_text(), re.MULTILINE))
    copied = set(re.findall(r"^COPY (?!--from)(\S+) ", DOCKERFILE, re.MULTILINE))

    assert allowed == copied
