"""`.env.example` has every name that is read, and no other; its defaults are those of the settings."""

from __future__ import annotations

import re

import pytest

from tests.environment import EXAMPLE, ROOT, names

SETTINGS = (ROOT / "config" / "settings.py").read_text()
_READ_BY_SETTINGS = re.compile(r"\benv\.[a-z_]+\(\s*\"([A-Z_]+)\"")
_READ_BY_RUN = re.compile(r"\bwish\(\"([A-Z_]+)\"\)")
_LITERAL_DEFAULT = re.compile(r"\benv\.(?:str|int|float)\(\"([A-Z_]+)\", default=\"?([^\"()]*?)\"?\)")


def read_names() -> set[str]:
    run = (ROOT / "tracking" / "management" / "commands" / "run.py").read_text()
    return set(_READ_BY_SETTINGS.findall(SETTINGS)) | set(_READ_BY_RUN.findall(run))


def test_every_name_that_is_read_is_in_the_example():
    assert sorted(read_names() - set(names())) == []


def test_every_name_in_the_example_is_read():
    assert sorted(set(names()) - read_names()) == []


def test_no_name_stands_in_the_example_twice():
    assert len(names()) == len(set(names()))


@pytest.mark.parametrize(("name", "default"), _LITERAL_DEFAULT.findall(SETTINGS))
def test_the_default_in_the_example_is_that_of_the_settings(name, default):
    assert f"\n#{name}={default}\n" in EXAMPLE.read_text()


@pytest.mark.parametrize("name", ["SECRET_KEY", "CREDENTIALS_KEYS"])
def test_what_has_no_default_stands_without_a_mark(name):
    assert f"\n{name}=\n" in EXAMPLE.read_text()
