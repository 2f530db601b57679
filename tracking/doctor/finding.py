"""What a look at one part of the installation found."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum


class Level(StrEnum):
    OK = "ok"
    NOTE = "note"
    UNSAFE = "UNSAFE"


Look = Callable[[], tuple[Level, str]]
