"""Parts are started in order, ended in the reverse order, and none is left, however we end."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.integration.embedded import toy
from tracking.errors import RunError

PARTS = ("first", "second", "third")


@contextmanager
def running(folder: Path, *arguments: str, stdin: int = subprocess.DEVNULL) -> Iterator[subprocess.Popen[str]]:
    command = (sys.executable, "-m", "tests.integration.embedded.toy", str(folder), *arguments)
    process = subprocess.Popen(
        command, cwd=toy.ROOT, stdin=stdin, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def pidfd(folder: Path, name: str) -> int:
    return os.pidfd_open(int((folder / f"{name}.pid").read_text()))


def ended(file: int) -> bool:
    """Whether the process has gone, or goes within ten seconds."""
    try:
        return bool(select.select([file], [], [], 10)[0])
    finally:
        os.close(file)


def order(folder: Path) -> list[str]:
    return (folder / "order").read_text().split()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
def test_a_signal_ends_the_parts_the_last_one_first(tmp_path, number):
    with running(tmp_path) as process:
        assert process.stdout.readline() == "ready\n"

        process.send_signal(number)

        assert process.stdout.readline() == "interrupted\n"
        assert process.wait(timeout=30) == 0
    assert order(tmp_path) == ["third", "second", "first"]


def test_a_closed_terminal_ends_the_parts_even_if_nobody_signals(tmp_path):
    ours, theirs = os.openpty()
    with running(tmp_path, stdin=theirs) as process:
        os.close(theirs)
        assert process.stdout.readline() == "ready\n"

        os.close(ours)

        assert process.stdout.readline() == "interrupted\n"
        assert process.wait(timeout=30) == 0
    assert order(tmp_path) == ["third", "second", "first"]


def test_a_part_that_dies_is_named_with_its_last_lines_and_the_others_end(tmp_path):
    with running(tmp_path, "third") as process:
        said = process.stdout.read()

        assert process.wait(timeout=30) == 1
    assert "The part third ended with status 3" in said
    assert "I cannot go on" in said
    assert "Feed it." in said
    assert order(tmp_path) == ["second", "first"]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends children with their parent")
def test_killed_outright_it_leaves_nothing_behind(tmp_path):
    with running(tmp_path) as process:
        assert process.stdout.readline() == "ready\n"
        children = [pidfd(tmp_path, name) for name in PARTS]

        process.kill()

        assert [ended(child) for child in children] == [True, True, True]


def test_a_part_that_does_not_end_by_itself_is_killed(tmp_path):
    parts = toy.supervisor(tmp_path)
    parts.start(toy.part(tmp_path, "stubborn", "stubborn", grace=0.2))
    parts.until((tmp_path / "stubborn.ready").exists, seconds=30, what="stubborn")
    child = pidfd(tmp_path, "stubborn")

    parts.stop()

    assert ended(child)
    assert order(tmp_path) == ["stubborn"]


def test_a_step_that_fails_says_why(tmp_path):
    parts = toy.supervisor(tmp_path)

    with pytest.raises(RunError, match=r"The part migrate ended with status 3[\s\S]*I cannot go on"):
        parts.run(toy.part(tmp_path, "migrate", "dies"), seconds=30)


def test_what_never_answers_is_given_up(tmp_path):
    with pytest.raises(RunError, match="web did not answer within 0 seconds"):
        toy.supervisor(tmp_path).until(lambda: False, seconds=0.01, what="web")
