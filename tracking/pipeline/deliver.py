"""claim -> render -> send -> record: one slice of one connection's work."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import timedelta
from uuid import UUID

import structlog

from tracking import conf, metrics
from tracking.choices import (
    DeliveryState,
    Failure,
    Phase,
    Reason,
    WarningCause,
)
from tracking.errors import CredentialsError, SendError
from tracking.models import Connection
from tracking.pipeline import heartbeat, stopping, transport, verdict
from tracking.pipeline.insist import T, insist
from tracking.pipeline.letter import Unsendable
from tracking.pipeline.prepare import NOT_ITS_FAULT, Material, Prepared, gather, prepare
from tracking.policy import portion, retry
from tracking.smtp import replies
from tracking.smtp.endpoint import Endpoint
from tracking.smtp.session import Outcome
from tracking.store import claims, connections, outcomes
from tracking.store.claims import Claim, GivenBack
from tracking.store.clock import Clock
from tracking.store.leased import Leased
from tracking.store.outcomes import Result, Tried

log = structlog.get_logger(__name__)

BREAKS_AT = 5  # sessions in a row that did not open, until a connection rests
_LATER = {450, 451, 452}  # what servers say that want less, and of single mails too
_FEW = 3  # of them say nothing of the server
_CLOSING = 421  # the server says that it closes the connection (RFC 5321 3.8)
WORKER = f"{socket.gethostname()}:{os.getpid()}"

portions: dict[int, int] = {}  # connection -> mails of the next claim, as this process has learned

_doors: dict[int, threading.Semaphore] = {}  # connection -> sessions that this process opens at once

_INTERNAL = "The mail could not be made: {}. This is a fault of ours; the log of the worker has the details."


def drain(
    connection_id: int,
    *,
    clock: Clock,
    proven: bool = False,
    on_full: Callable[[], None] = lambda: None,
    on_end: Callable[[Sequence[Result]], None] = lambda results: None,
) -> bool:
    """Send what is due on one connection, at most one slice. True when more may be due now.

    `clock` is the database's time, carried on. `proven`: the connection does not rest, so that nobody need ask whether
    its rest is over. `on_full` is called before anything is sent when there is more than this slice can take: others
    may help. `on_end` is told what was written down. A connection that does not open ends the slice: the sweeper comes
    back.
    """
    transport.tidy()
    if stopping.asked.is_set() or not conf.sending() or not (proven or _fit(connection_id, clock)):
        return False
    knobs = conf.drain()
    limit = min(portions.get(connection_id, knobs.mails), knobs.mails)
    claim = claims.claim(connection_id, limit=limit, lease=knobs.lease, clock=clock)
    if claim is None:  # another worker has them, the connection rests, or none is due: all are normal
        return False
    if claim.full:
        on_full()
    last: list[Result] = []  # what was tried, and is not yet written down
    with heartbeat.beating(claim.token):
        try:
            done = _send_all(claim, last, clock, until=time.monotonic() + knobs.seconds, chunk=knobs.chunk)
        finally:
            back = _end(claim, last)
            on_end(claim.written)
    if done:
        portions[connection_id] = portion.after(
            limit, claimed=len(claim.deliveries), left=back.number, chunk=knobs.chunk, most=knobs.mails
        )
    return done and (claim.full or back.number > 0 or back.knocked)


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
        _blame(connection, error, clock)
        return False
    return True


def _blame(connection: Connection, error: SendError, clock: Clock) -> None:
    """No session opened. A server that has had too much of us lets the others send less, too."""
    now = clock()
    reason = retry.HOLDS.get(error.failure)
    rest = max(_rest(error.failure, error.enhanced, error.message), error.retry_after or timedelta())
    connections.failed(connection, reason=reason, error=error.message, now=now, breaks_at=BREAKS_AT, rest=rest)
    if error.failure is Failure.LIMIT:
        connections.slow_down(connection.pk, seen=None, now=now)


def _rest(failure: Failure | None, enhanced: str, text: str) -> timedelta:
    """For how long a connection rests at least."""
    return retry.QUOTA if failure is Failure.LIMIT and replies.used_up(enhanced, text) else timedelta()


def _send_all(claim: Claim, done: list[Result], clock: Clock, *, until: float, chunk: int) -> bool:
    """Chunk by chunk until all are tried or the slice's time is over. False when the server needs a rest.

    What was tried of a chunk is left in `done`: it is written down in one transaction with the mark of the next chunk,
    or with the end of the claim.
    """
    try:
        endpoint = transport.endpoint(claim.connection)
    except CredentialsError as error:
        _hold_all(claim, str(error), clock)
        return False
    material = _insisted(lambda: gather(claim.deliveries))
    for start in range(0, len(claim.deliveries), chunk):
        unsendable, prepared = _prepared(claim.deliveries[start : start + chunk], material, clock)
        done += unsendable
        if prepared and not transport.pool().is_ready(endpoint, mails=len(prepared)):
            _record(claim, done)  # the server may take long to let us in: a crash meanwhile makes nothing unknown
            done.clear()
            if not _opens(claim, endpoint, [one.delivery for one in prepared], clock):
                return False
        if not _record(claim, done, marking=[one.delivery.id for one in prepared]):
            return False  # we were taken for dead: others may be sending the rest
        done.clear()
        done += _send_chunk(claim, prepared, endpoint, clock, until=until)
        if done and not _listen(claim, done, clock):
            return False
        if _is_over(until):
            break
    return True


def _end(claim: Claim, last: Sequence[Result]) -> GivenBack:
    all_told = len(claim.written) + len(last) == len(claim.deliveries)
    back = _insisted(lambda: claims.give_back(claim.token, last, all_told=all_told, worker=WORKER))
    if back.lost:  # or it was ended, and the database died before it could say so
        metrics.lost_claims.inc()
        log.warning("claim_lost", connection=claim.connection.pk, written=len(claim.written), unwritten=len(last))
    else:
        claim.written.extend(last)
    _count(claim.written)
    return back


def _opens(claim: Claim, endpoint: Endpoint, wanting: Sequence[Leased], clock: Clock) -> bool:
    """Whether a session opens, proven before anything is marked; it is kept for the mails that follow.

    If not, the chunk that wanted it counts as tried; those after it do not. No more open at the same time than may be
    refused, so that a wrong password costs no more tries than that, however many sessions a burst begins.
    """
    with _doors.setdefault(claim.connection.pk, threading.Semaphore(connections.LOGINS)):
        if connections.rests(claim.connection.pk, now=clock()):
            return False
        try:
            with transport.pool().session(endpoint):
                return True
        except SendError as error:
            _not_opened(claim, wanting, error, clock)
            return False


def _send_chunk(
    claim: Claim, prepared: Sequence[Prepared], endpoint: Endpoint, clock: Clock, *, until: float
) -> list[Result]:
    """The results of those that were tried, to be written down."""
    results: list[Result] = []
    try:
        results.extend(_results(prepared, endpoint, clock, until=until))
    except BaseException:  # whatever happens: what was sent is written down, and what is not stays marked
        told = {one.delivery.id for one in results}
        _record(claim, results, marking=[one.delivery.id for one in prepared if one.delivery.id not in told])
        raise
    return results


def _listen(claim: Claim, results: Sequence[Result], clock: Clock) -> bool:
    """What the last mail says of the server. False when it should be left in peace for now.

    The last in trouble, if there is one: the mail whose commands went ahead of its answer may have gone well.
    """
    last = next((one.tried for one in reversed(results) if _troubled(one.tried)), results[-1].tried)
    if not _troubled(last):
        _go_on(claim, results, clock)
        return True
    rest = _rest(last.failure, last.enhanced, last.text)
    if last.failure is Failure.LIMIT and not rest:
        _slow_down(claim, results, clock)
        return False
    if len(results) > 1:  # the mails before it went well: no failure in a row with those of earlier sessions
        connections.succeeded(claim.connection, now=clock())
    reason = retry.HOLDS.get(last.failure) if last.failure else None
    connections.failed(claim.connection, reason=reason, error=last.text, now=clock(), breaks_at=BREAKS_AT, rest=rest)
    return False


def _go_on(claim: Claim, results: Sequence[Result], clock: Clock) -> None:
    """The server is there for us; perhaps it wants less."""
    if _puts_off(results):
        _slow_down(claim, results, clock)
    if claim.connection.fail_streak:
        connections.succeeded(claim.connection, now=clock())
    else:
        connections.worked(claim.connection, now=clock())


def _slow_down(claim: Claim, results: Sequence[Result], clock: Clock) -> None:
    seconds = (results[-1].tried.ended_at - results[0].tried.started_at).total_seconds()
    connections.slow_down(claim.connection.pk, seen=60 * len(results) / max(seconds, 1.0), now=clock())


_SERVER_AT_FAULT = {*retry.HOLDS, Failure.TIMEOUT, Failure.UNKNOWN}


def _troubled(tried: Tried) -> bool:
    """The server or the line to it is at fault, not this mail: another one would fare no better now."""
    lost = tried.failure is Failure.TEMPORARY and tried.code in (None, _CLOSING)
    return lost or (tried.failure in _SERVER_AT_FAULT and not _of_one_mailbox(tried))


def _of_one_mailbox(tried: Tried) -> bool:
    """It gets more than it takes now (RFC 3463 3.3); that says nothing of other recipients, unless several do."""
    return tried.phase is Phase.RCPT and tried.failure is Failure.LIMIT and tried.enhanced == "4.2.1"


def _puts_off(results: Sequence[Result]) -> bool:
    """Whether the server says "later" to so many mails that it means all of them: half, or two full mailboxes."""
    later = sum(one.tried.failure is not None and one.tried.code in _LATER for one in results)
    busy = sum(_of_one_mailbox(one.tried) for one in results)
    return busy > 1 or (later >= _FEW and 2 * later >= len(results))


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
    return stopping.asked.is_set() or time.monotonic() > until


def _unopened(error: SendError) -> Outcome:
    """A session that had to be opened anew in the middle of a chunk, and did not."""
    return Outcome(
        phase=error.phase,
        failure=error.failure,
        code=error.code,
        enhanced=error.enhanced,
        text=error.message,
        recipients=(),
        retry_after=error.retry_after,
    )


def _prepared(deliveries: Sequence[Leased], material: Material, clock: Clock) -> tuple[list[Result], list[Prepared]]:
    """Results of those of which there is no mail to make, and the mails of the others."""
    unsendable, prepared = [], []
    for delivery in deliveries:
        try:
            prepared.append(prepare(delivery, material, now=clock()))
        except Unsendable as error:
            unsendable.append(verdict.of_unsendable(delivery, error, now=clock()))
        except NOT_ITS_FAULT:
            raise
        except Exception as error:  # one delivery never stops the others
            log.exception("mail_not_made", delivery=str(delivery.id))
            fault = Unsendable(Reason.RENDER, WarningCause.RENDER_ERROR, _INTERNAL.format(type(error).__name__))
            unsendable.append(verdict.of_unsendable(delivery, fault, now=clock()))
    return unsendable, prepared


def _not_opened(claim: Claim, wanting: Sequence[Leased], error: SendError, clock: Clock) -> None:
    """Note it on the connection, and give each delivery that wanted the session its next time."""
    _blame(claim.connection, error, clock)
    now = clock()
    _record(claim, [verdict.of_unopened(delivery, error, now=now) for delivery in wanting])


def _hold_all(claim: Claim, text: str, clock: Clock) -> None:
    """Without a readable password nothing can be tried; the deliveries wait for the connection to be mended."""
    now = clock()
    connections.failed(claim.connection, reason=Reason.CREDENTIALS, error=text, now=now, breaks_at=BREAKS_AT)
    _record(claim, [verdict.of_unreadable_password(delivery, text, now=now) for delivery in claim.deliveries])


def _record(claim: Claim, results: Sequence[Result], *, marking: Collection[UUID] = ()) -> bool:
    """Write down what was tried, and mark what will be. False when the claim is ours no more."""
    if not results and not marking:
        return True
    held = _insisted(lambda: outcomes.record(claim.token, results, worker=WORKER, marking=marking))
    if held:
        claim.written.extend(results)
    return held


def _insisted(work: Callable[[], T]) -> T:
    """Until the lease is over: from then on it is no longer ours to write, and others will do the work."""
    return insist(work, seconds=conf.drain().lease.total_seconds())


def _count(results: Sequence[Result]) -> None:
    for state, number in Counter(one.fate.state.value for one in results).items():
        metrics.deliveries.labels(state).inc(number)
    for cause, number in Counter(one.cause.value for one in results if one.cause).items():
        metrics.warnings.labels(cause).inc(number)
    metrics.attempt_seconds.observe_all(
        [(one.tried.ended_at - one.tried.started_at).total_seconds() for one in results]
    )
    sent = [one for one in results if one.fate.state is DeliveryState.SENT]
    metrics.delivery_seconds.observe_all(
        [(one.tried.ended_at - one.delivery.created_at).total_seconds() for one in sent]
    )
