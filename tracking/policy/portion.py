"""How many mails a worker claims of a connection at once: about what it sends there in a slice's time.

What is claimed, read and given back unsent costs the database as much as what is sent. A server that takes twenty mails
a second is not asked for two hundred.
"""

from __future__ import annotations


def after(limit: int, *, claimed: int, left: int, chunk: int, most: int) -> int:
    """The limit of the next claim, `chunk` to `most`, when of `claimed` mails `left` were not tried in time."""
    if left:
        return min(most, max(chunk, claimed - left + chunk // 2))
    return min(most, max(chunk, 2 * limit))
