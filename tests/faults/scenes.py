"""A fault, what must come of it, and the one way through the product in which both are compared."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests import factories, flow
from tests.flow import Hands
from tests.smtp_server import ScriptedServer
from tracking.choices import DeliveryState, Reason, WarningCause
from tracking.models import Attempt, Connection, Delivery, Lease, Rule

SENT, FAILED, HELD = DeliveryState.SENT, DeliveryState.FAILED, DeliveryState.HELD
RETRYING, UNKNOWN, QUEUED = DeliveryState.RETRYING, DeliveryState.UNKNOWN, DeliveryState.QUEUED


@dataclass(frozen=True, kw_only=True)
class End:
    """What one drain of one delivery leaves behind.

    `attempt` is (phase, code), None where none was made. `tries` counts those that were spent, `streak` the failed
    sessions of the connection, `rests` says why it rests. `copies` is how many mails the server has;
    `slower`: the connection has a rate from now on.
    """

    state: DeliveryState
    attempt: tuple[str, int | None] | None
    warning: WarningCause | str = ""
    reason: Reason | str = ""
    tries: int = 1
    streak: int = 0
    rests: Reason | None = None
    copies: int = 0
    slower: bool = False


def refused(phase: str, code: int) -> End:
    """For good, by the server."""
    return End(
        state=FAILED, attempt=(phase, code), warning=WarningCause.PERMANENT_REFUSAL, reason=Reason.REFUSED, tries=1
    )


def later(phase: str, code: int | None, *, streak: int = 0) -> End:
    """Tried again, since the server, or the line to it, is in trouble now."""
    return End(state=RETRYING, attempt=(phase, code), warning=WarningCause.TEMPORARY_FAILURE, streak=streak)


def timed_out(phase: str) -> End:
    return End(state=RETRYING, attempt=(phase, None), warning=WarningCause.TIMEOUT, streak=1)


def unknown(*, copies: int) -> End:
    """The whole mail is out and the answer is missing; a line that is lost so often enough is not used further."""
    return End(
        state=UNKNOWN, attempt=("data", None), warning=WarningCause.UNKNOWN_OUTCOME, streak=1, copies=copies, tries=1
    )


def held(
    reason: Reason, phase: str, code: int | None, *, streak: int = 1, rests: bool = True, slower: bool | None = None
) -> End:
    """The connection is at fault: the mail waits and no try is spent. `slower` None: as limits make it."""
    return End(
        state=HELD,
        attempt=(phase, code),
        warning=WarningCause(reason.value),
        reason=reason,
        tries=0,
        streak=streak,
        rests=reason if rests else None,
        slower=reason is Reason.LIMIT if slower is None else slower,
    )


@dataclass
class Scene:
    """A rule whose mail goes to this server."""

    server: ScriptedServer
    clock: Hands
    changes: dict[str, Any] = field(default_factory=dict)
    connection: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        fields = {"port": self.server.port, **self.connection}
        self.rule: Rule = factories.saved_rule(connection=factories.ConnectionFactory(**fields), **self.changes)

    def owe(self, count: int = 1, **fields: Any) -> list[Delivery]:
        return flow.owe(self.rule, count, now=self.clock.now, **fields)

    def drain(self) -> bool:
        return flow.drain(self.rule, self.clock)

    def health(self) -> Connection:
        return Connection.objects.get(pk=self.rule.connection_id)


def play(scene: Scene, end: End) -> None:
    """Owe one mail, drain once, and compare all that is written down, and what the server has."""
    (delivery,) = scene.owe()

    scene.drain()

    delivery.refresh_from_db()
    attempt = Attempt.objects.filter(delivery=delivery).first()
    health = scene.health()
    assert (
        End(
            state=DeliveryState(delivery.state),
            attempt=None if attempt is None else (attempt.phase, attempt.code),
            warning=delivery.warning,
            reason=delivery.reason,
            tries=delivery.tries,
            streak=health.fail_streak,
            rests=Reason(health.pause_reason) if health.paused_at(scene.clock.now) else None,
            slower=health.rate is not None,
            copies=sum(bool(mail.data) for mail in scene.server.mails),  # an empty one is a mail that was called off
        )
        == end
    )
    assert attempt is None or attempt.text, "the log says what happened"
    assert delivery.lease_token is None
    assert not Lease.objects.exists()
    assert (delivery.next_attempt_at is None) == (delivery.state in {SENT, FAILED, UNKNOWN})
    flow.assert_books_balance()
