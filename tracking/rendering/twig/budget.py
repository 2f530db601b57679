"""The rendering that is going on in this thread, for work that is too deep inside to be handed it."""

from __future__ import annotations

import threading
from typing import Protocol


class Budget(Protocol):
    """What can be charged."""

    def charge(self, steps: int) -> None:
        """Take steps, or raise."""

    def grow(self, size: int) -> None:
        """Take bytes, or raise."""


class _Active(threading.local):
    budget: Budget | None = None


_active = _Active()


def spend(budget: Budget | None) -> Budget | None:
    """From now on this thread's work is charged to `budget`; gives the one before, to be put back."""
    before, _active.budget = _active.budget, budget
    return before


def charge(steps: int) -> None:
    """Charge the rendering of this thread, if there is one."""
    if _active.budget is not None:
        _active.budget.charge(steps)


def read(text: str) -> None:
    """Charge it for going through a text; short ones are free."""
    if len(text) > 256 and _active.budget is not None:
        _active.budget.charge(len(text) >> 5)


def grow(size: int) -> None:
    """Charge it for a value of this many bytes."""
    if _active.budget is not None:
        _active.budget.grow(size)
