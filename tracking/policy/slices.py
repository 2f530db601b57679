"""How many rows one transaction may change, so that nobody waits long for its locks.

What a row costs differs with the kind, the indexes, the disk and with what else goes on, so it is learned: a
transaction that took too long halves the next one, a short one doubles it.
"""

from __future__ import annotations

FIRST = 50
FEWEST = 5
MOST = 5_000
LONGEST = 0.05  # seconds: the half of what a lock may last for, as the next one may take twice as long
SHORT = LONGEST / 4


def after(size: int, *, seconds: float) -> int:
    """Rows of the next transaction, when one of `size` took `seconds`."""
    if seconds > LONGEST:
        return max(FEWEST, size // 2)
    if seconds < SHORT:
        return min(MOST, size * 2)
    return size
