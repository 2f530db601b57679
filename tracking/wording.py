"""Numbers as sentences say them."""

from __future__ import annotations


def counted(number: int, one: str, several: str = "") -> str:
    """ "1 rule", "1,200 rules"; `several` where an s is not all that the noun takes."""
    return f"{number:,} {one if number == 1 else several or f'{one}s'}"
