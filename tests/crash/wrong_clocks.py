"""Processes that are told a wrong time, by Debian's faketime."""

from __future__ import annotations

from pathlib import Path

_FAKETIME = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))


def no_wrong_clocks() -> str | None:
    """Why no process can be given a wrong clock here."""
    return None if _FAKETIME else "no libfaketime: Debian's faketime has it"


def wrong_clock(seconds: int) -> dict[str, str]:
    """The environment of a process whose clock is wrong by that much; its stopwatches run as ever."""
    return {"LD_PRELOAD": str(_FAKETIME[0]), "FAKETIME": f"{seconds:+d}", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
