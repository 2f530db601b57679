"""What the README says can be done can be done."""

from __future__ import annotations

import ast
import json
import re

import pytest
from django.core.management import get_commands

from tests.environment import ROOT, names
from tracking.events import Event

README = (ROOT / "README.md").read_text()
MAKEFILE = (ROOT / "Makefile").read_text()


def block(language: str) -> str:
    return re.search(rf"```{language}\n(.*?)```", README, re.DOTALL).group(1)


@pytest.mark.parametrize("target", sorted(set(re.findall(r"^ +make ([a-z-]+)", README, re.MULTILINE))))
def test_a_target_exists(target):
    assert re.search(rf"^{target}:", MAKEFILE, re.MULTILINE)


@pytest.mark.parametrize("command", sorted(set(re.findall(r"manage\.py ([a-z_]+)", README))))
def test_a_command_exists(command):
    assert command in get_commands()


@pytest.mark.parametrize("path", sorted(set(re.findall(r"\]\(([^)#]+)\)|`(docker/\S+?)`", README))))
def test_a_file_exists(path):
    assert (ROOT / "".join(path)).exists()


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`((?:TRACKING_|[A-Z]+_)[A-Z_]+)`", README))))
def test_a_name_of_the_environment_is_known(name):
    tests_own = {"TRACKING_REQUIRE_SERVICES"}
    assert name in names() or name in tests_own or name.startswith("TEST_")


def test_the_event_in_json_is_one():
    assert Event.from_json(json.loads(block("json"))).trigger == "lms.lead_sold"


@pytest.mark.django_db
def test_the_python_example_runs(rung):
    namespace: dict[str, object] = {}

    exec(compile(ast.parse(block("python")), "README.md", "exec"), namespace)

    assert namespace["receipt"].event_id == "sale-341"


@pytest.mark.parametrize(
    "room", sorted(set(re.findall(r"`([a-z_]+(?:\.py|/))`", README.split("| room")[1].split("\n\n")[0])))
)
def test_a_room_exists(room):
    assert room == "tracking/" or (ROOT / "tracking" / room).exists()
