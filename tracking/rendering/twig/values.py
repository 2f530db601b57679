"""What a template's values are.

null bool int float string array are Python's None bool int float str and list or dict: a list is a PHP array
with the keys 0..n-1, a dict is any other PHP array (keys int or str, in insertion order). Dates are aware
datetimes, safe strings are `Markup`. The classes below are inert records: no Python attribute is ever read by name.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

__all__ = ["INT_MAX", "INT_MIN", "Arrow", "Markup", "Thing", "Value"]

Value = Any  # one of the kinds above; checked at the boundary, see plain.py
INT_MAX = 2**63 - 1
INT_MIN = -(2**63)


@dataclass(slots=True, eq=False)
class Arrow:
    """An arrow function of a template. `cost` is what one call is charged, in steps."""

    call: Callable[..., Value]
    cost: int
    required: int


@dataclass(slots=True, eq=False)
class Thing:
    """A PHP object that is nothing but data: stdClass, ArrayObject or an iterator."""

    kind: str
    items: dict[int | str, Value]

    @property
    def listed(self) -> bool:
        """Can it be looped over?"""
        return self.kind != "stdClass"
