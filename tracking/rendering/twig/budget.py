"""The rendering that is going on in this thread, for work that is too deep inside to be handed it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol


class Budget(Protocol):
    """What can be charged."""

    def charge(self, steps: int) -> None:
        """Take steps, or raise."""


class _Active(threading.local):
    budget: Budget | None = None


_active = _Active()


@contextmanager
def spending(budget: Budget) -> Iterator[None]:
    """Everything in this block is charged to `budget`."""
    before, _active.budget = _active.budget, budget
    try:
        yield
    finally:
        _active.budget = before


def charge(steps: int) -> None:
    """Charge the rendering of this thread, if there is one."""
    if _active.budget is not None:
        _active.budget.charge(steps)
