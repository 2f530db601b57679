"""What came of a stream of events: the rows against the mails that were received, one by one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, NamedTuple

from tests.crash.town import LOSE, TWICE, Town, copies
from tests.smtp_server import ScriptedServer

_FATES = """
    SELECT d.id, e.event_id, d.product_id, d.state, count(a.id)
    FROM tracking_delivery d JOIN tracking_storedevent e ON e.id = d.event_id
    LEFT JOIN tracking_attempt a ON a.delivery_id = d.id AND a.failure = 'unknown'
    GROUP BY 1, 2, 3, 4
"""


class Fate(NamedTuple):
    """A delivery at its end."""

    event: str
    product: int
    state: str
    unknown: int  # attempts whose outcome nobody knows
    received: int  # mails


@dataclass(frozen=True, slots=True)
class Verdict:
    """The events that were accepted, and the fates of their deliveries."""

    accepted: Collection[str]
    fates: Collection[Fate]

    @classmethod
    def of(cls, town: Town, accepted: Collection[str], server: ScriptedServer) -> Verdict:
        received = {id_.strip("<").partition(".")[0]: number for id_, number in copies(server).items()}
        rows: list[Any] = town.database.ask(_FATES)
        return cls(accepted, [Fate(*fate, received.get(str(id_).replace("-", ""), 0)) for id_, *fate in rows])

    @property
    def states(self) -> dict[str, int]:
        return dict(Counter(fate.state for fate in self.fates))

    @property
    def lost(self) -> list[str]:
        """Without a row, or without a mail; not what a rule would rather lose, which is shown to an operator."""
        kept = {fate.event for fate in self.fates}
        return [event for event in self.accepted if event not in kept] + [
            fate.event for fate in self.fates if not fate.received and (fate.state, fate.product) != ("unknown", TWICE)
        ]

    @property
    def twice(self) -> list[str]:
        return [fate.event for fate in self.fates if fate.received > 1 and fate.product == TWICE]

    @property
    def needlessly(self) -> list[str]:
        """Received again although no attempt had left it unknown whether it was."""
        return [fate.event for fate in self.fates if fate.received > 1 + fate.unknown]

    @property
    def not_really_sent(self) -> list[str]:
        return [fate.event for fate in self.fates if fate.state == "sent" and not fate.received]

    def figures(self) -> dict[str, Any]:
        unknown = [bool(fate.received) for fate in self.fates if fate.state == "unknown"]
        return {
            "events": len(self.accepted),
            "states": self.states,
            "unknown_received": unknown.count(True),
            "unknown_not_received": unknown.count(False),
            "lost": len(self.lost),
            "twice": len(self.twice),
            "needlessly": len(self.needlessly),
            "sent_again_by_never_lose": sum(max(0, fate.received - 1) for fate in self.fates if fate.product == LOSE),
            "not_really_sent": len(self.not_really_sent),
        }
