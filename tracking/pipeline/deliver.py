"""claim -> render -> send -> record: one slice of one connection's work."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

import structlog

from tracking import conf, metrics
from tracking.choices import (
    DeliveryState,
    Failure,
    Reason,
    WarningCause,
)
from tracking.errors import CredentialsError, SendError
from tracking.pipeline import heartbeat, transport, verdict
from tracking.pipeline.insist import insist
from tracking.pipeline.prepare import Material, Prepared, Unsendable, gather, prepare
from tracking.policy import retry
from tracking.smtp.endpoint import Endpoint
from tracking.smtp.session import Outcome
from tracking.store import claims, connections, outcomes
from tracking.store.claims import Claim
from tracking.store.clock import Clock
from tracking.store.leased import Leased
from tracking.store.outcomes import Result, Tried

log = structlog.get_logger(__name__)

BREAKS_AT = 5  # sessions in a row that did not open, until a connection rests
_CLOSING = 421  # the server says that it closes the connection (RFC 5321 3.8)
WORKER = f"{socket.gethostname()}:{os.getpid()}"

stopping = threading.Event()  # set when the process is asked to end: the mail in flight is finished, no other begun

_INTERNAL = "The mail could not be made: {}. This is a fault of ours; the log of the worker has the details."


def drain(connection_id: int, *, clock: Clock, on_full: Callable[[], None] = lambda: None) -> bool:
    """Send what is due on one connection, at most one slice. True when more may be due now.

    `on_full` is called before anything is sent when there is more than this slice can take: others may help.
    `clock` is the database's time, carried on. A connection that does not open ends the slice: the sweeper comes back.
    """
    transport.tidy()
    if stopping.is_set() or not _fit(connection_id, clock):
        return False
    knobs = conf.drain()
    claim = claims.claim(connection_id, limit=knobs.mails, lease=knobs.lease, now=clock())
    if claim is None:  # another worker has them, the connection rests, or none is due: all are normal
        return False
    if claim.full:
        on_full()
    with heartbeat.beating(claim.token):
        try:
            done = _send_all(claim, clock, until=time.monotonic() + knobs.seconds, chunk=knobs.chunk)
        finally:
            left = claims.give_back(claim.token)
    return done and (claim.full or left > 0)


def _fit(connection_id: int, clock: Clock) -> bool:
    """Whether the connection may be used. One that has rested long enough first shakes hands; no mail is risked."""
    connection = connections.to_probe(connection_id, now=clock())
    if connection is None:
        return True
    try:
        with transport.pool().session(transport.endpoint(connection)):
            connections.opened(connection, now=clock())
    except CredentialsError as error:
        connections.failed(connection, reason=Reason.CREDENTIALS, error=str(error), now=clock(), breaks_at=BREAKS_AT)
        return False
    except SendError as error:
        reason = retry.HOLDS.get(error.failure)
        connections.failed(connection, reason=reason, error=error.message, now=clock(), breaks_at=BREAKS_AT)
        return False
    return True


def _send_all(claim: Claim, clock: Clock, *, until: float, chunk: int) -> bool:
    """Chunk by chunk until all are tried or the slice's time is over. False when the server needs a rest."""
    try:
        endpoint = transport.endpoint(claim.connection)
    except CredentialsError as error:
        _hold_all(claim, str(error), clock)
        return False
    material = gather(claim.deliveries)
    for deliveries in claim.chunks(chunk):
        try:
            if not _send_chunk(claim, deliveries, material, endpoint, clock, until=until):
                return False
        except SendError as error:
            return _not_opened(claim, error, clock)
        if _is_over(until):
            break
    return True


def _send_chunk(
    claim: Claim, deliveries: Sequence[Leased], material: Material, endpoint: Endpoint, clock: Clock, *, until: float
) -> bool:
    """Whether the server may have the next chunk now.

    Raises SendError when no session opens; then the mails that could be made are still claimed.
    """
    unsendable, prepared = _prepared(deliveries, material, clock)
    if unsendable:
        _record(claim, unsendable)
    if not prepared:
        return True
    with transport.pool().session(endpoint):  # proven before anything is marked; kept for the mails that follow
        pass
    held = claims.mark(claim.token, [one.delivery.id for one in prepared])
    results: list[Result] = []
    try:
        results.extend(_results([one for one in prepared if one.delivery.id in held], endpoint, clock, until=until))
    finally:  # whatever happens: what was sent is written down, and what is not written down stays marked
        _record(claim, results)
    if len(results) < len(held):
        insist(lambda: claims.unmark(claim.token), seconds=conf.drain().lease.total_seconds())
    return not results or _listen(claim, results, clock)


def _listen(claim: Claim, results: Sequence[Result], clock: Clock) -> bool:
    """What the last mail says of the server. False when it should be left in peace for now."""
    last = results[-1].tried
    if last.failure is Failure.LIMIT:
        seconds = (last.ended_at - results[0].tried.started_at).total_seconds()
        connections.slow_down(claim.connection.pk, seen=60 * len(results) / max(seconds, 1.0), now=clock())
    elif _troubled(last):
        if len(results) > 1:  # the mails before it went well: no failure in a row with those of earlier sessions
            connections.succeeded(claim.connection, now=clock())
        reason = retry.HOLDS.get(last.failure) if last.failure else None
        connections.failed(claim.connection, reason=reason, error=last.text, now=clock(), breaks_at=BREAKS_AT)
    elif claim.connection.fail_streak:
        connections.succeeded(claim.connection, now=clock())
    else:
        connections.worked(claim.connection, now=clock())
    return not _troubled(last)


_SERVER_AT_FAULT = {*retry.HOLDS, Failure.TIMEOUT, Failure.UNKNOWN}


def _troubled(tried: Tried) -> bool:
    """The server or the line to it is at fault, not this mail: another one would fare no better now."""
    lost = tried.failure is Failure.TEMPORARY and tried.code in (None, _CLOSING)
    return lost or tried.failure in _SERVER_AT_FAULT


def _results(prepared: Sequence[Prepared], endpoint: Endpoint, clock: Clock, *, until: float) -> Iterator[Result]:
    """Mail by mail. What is left when the server is slow or in trouble is not tried, and goes back to the queue."""
    troubles: list[Result] = []
    waiting = iter(prepared)
    started_at = clock()
    for outcome in _outcomes(prepared, endpoint, more=lambda: not troubles and not _is_over(until)):
        result = verdict.of_mail(next(waiting), outcome, started_at=started_at, ended_at=clock())
        started_at = result.tried.ended_at
        if _troubled(result.tried):
            troubles.append(result)
        yield result


def _outcomes(prepared: Sequence[Prepared], endpoint: Endpoint, *, more: Callable[[], bool]) -> Iterator[Outcome]:
    envelopes = [one.envelope for one in prepared]
    try:
        yield from transport.pool().send_many(endpoint, envelopes, more=more)
    except SendError as error:  # in the middle of a chunk: the one that it was opened for has been tried
        yield _unopened(error)


def _is_over(until: float) -> bool:
    return stopping.is_set() or time.monotonic() > until


def _unopened(error: SendError) -> Outcome:
    """A session that had to be opened anew in the middle of a chunk, and did not."""
    return Outcome(
        phase=error.phase,
        failure=error.failure,
        code=error.code,
        enhanced=error.enhanced,
        text=error.message,
        recipients=(),
    )


def _prepared(deliveries: Sequence[Leased], material: Material, clock: Clock) -> tuple[list[Result], list[Prepared]]:
    """Results of those of which there is no mail to make, and the mails of the others."""
    unsendable, prepared = [], []
    for delivery in deliveries:
        try:
            prepared.append(prepare(delivery, material, now=clock()))
        except Unsendable as error:
            unsendable.append(verdict.of_unsendable(delivery, error, now=clock()))
        except Exception as error:  # one delivery never stops the others
            log.exception("mail_not_made", delivery=str(delivery.id))
            fault = Unsendable(Reason.RENDER, WarningCause.RENDER_ERROR, _INTERNAL.format(type(error).__name__))
            unsendable.append(verdict.of_unsendable(delivery, fault, now=clock()))
    return unsendable, prepared


def _not_opened(claim: Claim, error: SendError, clock: Clock) -> bool:
    """Note it on the connection, and give each delivery of the claim its next time."""
    reason = retry.HOLDS.get(error.failure)
    connections.failed(claim.connection, reason=reason, error=error.message, now=clock(), breaks_at=BREAKS_AT)
    now = clock()
    _record(claim, [verdict.of_unopened(delivery, error, now=now) for delivery in claim.deliveries])
    return False


def _hold_all(claim: Claim, text: str, clock: Clock) -> None:
    """Without a readable password nothing can be tried; the deliveries wait for the connection to be mended."""
    now = clock()
    connections.failed(claim.connection, reason=Reason.CREDENTIALS, error=text, now=now, breaks_at=BREAKS_AT)
    _record(claim, [verdict.of_unreadable_password(delivery, text, now=now) for delivery in claim.deliveries])


def _record(claim: Claim, results: Sequence[Result]) -> None:
    insist(
        lambda: outcomes.record(claim.token, results, worker=WORKER), seconds=conf.drain().lease.total_seconds()
    )  # once the lease is over, it is no longer ours to write
    for state, number in Counter(one.fate.state.value for one in results).items():
        metrics.deliveries.labels(state).inc(number)
    for one in results:
        metrics.attempt_seconds.observe((one.tried.ended_at - one.tried.started_at).total_seconds())
        if one.cause is not None:
            metrics.warnings.labels(one.cause.value).inc()
        if one.fate.state is DeliveryState.SENT:
            metrics.delivery_seconds.observe((one.tried.ended_at - one.delivery.created_at).total_seconds())
