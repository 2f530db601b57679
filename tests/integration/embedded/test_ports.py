"""A busy default port gives way, a busy chosen one is an error that names it."""

from __future__ import annotations

import socket

import pytest

from tracking.embedded import ports
from tracking.errors import RunError


@pytest.fixture
def busy():
    with socket.create_server((ports.HOST, 0)) as server:
        yield server.getsockname()[1]


def test_a_free_default_is_taken():
    default = ports.any_free()

    assert ports.choose("PORT", "", default=default) == default


def test_a_busy_default_gives_way_to_a_free_port(busy):
    port = ports.choose("PORT", "", default=busy)

    assert port != busy
    assert ports.is_free(port)


def test_a_default_that_another_part_has_gives_way():
    default = ports.any_free()

    assert ports.choose("MAIL_PORT", "", default=default, taken=[default]) != default


def test_a_chosen_port_is_taken():
    chosen = ports.any_free()

    assert ports.choose("PORT", str(chosen), default=8000) == chosen


def test_a_busy_chosen_port_is_an_error_that_names_it(busy):
    with pytest.raises(RunError, match=f"PORT={busy} is in use"):
        ports.choose("PORT", str(busy), default=8000)


def test_one_port_cannot_be_chosen_twice():
    chosen = ports.any_free()

    with pytest.raises(RunError, match=f"MAIL_PORT={chosen} is already given"):
        ports.choose("MAIL_PORT", str(chosen), default=1025, taken=[chosen])


@pytest.mark.parametrize("text", ["eight", "0", "65536", "-1", "80 80", "²"])
def test_what_is_no_port_is_refused(text):
    with pytest.raises(RunError, match="is no port"):
        ports.choose("PORT", text, default=8000)


def test_a_port_answers_while_somebody_listens(busy):
    assert ports.answers(busy)
    assert not ports.answers(ports.any_free())
