"""No template, whatever it says, takes long, takes much memory, or reaches Python."""

from __future__ import annotations

import multiprocessing
import re
import resource
from multiprocessing.connection import Connection
from time import process_time

import jinja2
import pytest

from tests.unit.rendering.twig.attacks import ATTACKS, victim
from tracking.rendering.twig import Environment, TwigError

SECONDS = 1.0
MEGABYTES = 200
ADDRESS_SPACE = 4 << 30  # a hard stop, far above what is asserted
LEAKS = re.compile(
    r"<(?:function|class|bound|built-in|module|lambda)|object at 0x|\bArrow\(|\bLoaded\b|/etc/passwd|root:x:"
)


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _attack(source: str, answer: Connection) -> None:
    """In the child: compile and render, and tell what it cost."""
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    resource.setrlimit(resource.RLIMIT_CPU, (10, 10))
    before, start = _peak(), process_time()
    try:
        environment = Environment(jinja2.DictLoader({"main": source}))
        shown = environment.get_template("main").render(victim())
        refused = False
    except TwigError as error:
        shown, refused = error.message, True
    answer.send((shown[:10_000], refused, process_time() - start, _peak() - before))


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_costs_little_and_reaches_nothing(name: str) -> None:
    ours, theirs = multiprocessing.Pipe(duplex=False)
    child = multiprocessing.get_context("fork").Process(target=_attack, args=(ATTACKS[name], theirs))

    child.start()
    theirs.close()
    child.join(timeout=20)

    assert child.exitcode == 0, f"the child ended with {child.exitcode}"
    shown, _refused, seconds, megabytes = ours.recv()
    assert seconds < SECONDS
    assert megabytes < MEGABYTES
    assert not LEAKS.search(shown) or ("passwd" in ATTACKS[name] and "root:" not in shown)


def test_there_are_more_than_a_hundred_attacks() -> None:
    assert len(ATTACKS) > 100
