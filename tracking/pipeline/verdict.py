"""What a try means for its delivery: the state that follows, the warning it gives, what the log keeps of it."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime

from tracking import conf
from tracking.choices import DeliveryPolicy, DeliveryState, Failure, Phase, Reason, RecipientStatus, WarningCause
from tracking.errors import SendError
from tracking.pipeline.letter import Unsendable
from tracking.pipeline.prepare import Prepared
from tracking.policy import retry
from tracking.policy.retry import Fate, Limits, Try
from tracking.policy.warning import CAUSES
from tracking.smtp.session import Outcome
from tracking.store.leased import Leased
from tracking.store.outcomes import Reached, Result, Tried


def of_mail(one: Prepared, outcome: Outcome, *, started_at: datetime, ended_at: datetime) -> Result:
    """A mail that was handed to a server, whatever came of it."""
    recipients = _merged(one.recipients, outcome)
    return Result(
        delivery=one.delivery,
        fate=_fate(one, outcome, recipients, now=ended_at),
        cause=_cause(one, outcome, recipients),
        tried=Tried(
            started_at=started_at,
            ended_at=ended_at,
            phase=outcome.phase,
            failure=outcome.failure,
            code=outcome.code,
            enhanced=outcome.enhanced,
            text=". ".join(filter(None, (outcome.text, one.remark))),
        ),
        recipients=recipients,
    )


def _fate(one: Prepared, outcome: Outcome, recipients: Sequence[Reached], *, now: datetime) -> Fate:
    statuses = {reached.status for reached in recipients}
    if outcome.failure is None and statuses == {RecipientStatus.ACCEPTED}:  # nearly every mail
        return retry.SENT
    return retry.settle(
        outcome.failure,
        statuses,
        Try(number=one.delivery.tries + 1, begun_at=one.delivery.begun_at, now=now, hint=outcome.retry_after),
        policy=one.version.definition.policy.delivery_policy,
        limits=_limits(),
        jitter=random.random,
    )


def of_unsendable(delivery: Leased, error: Unsendable, *, now: datetime) -> Result:
    """There was no mail to make."""
    return Result(
        delivery=delivery,
        fate=Fate(state=DeliveryState.FAILED, reason=error.reason),
        cause=error.cause,
        tried=Tried(started_at=now, ended_at=now, phase=Phase.RENDER, failure=Failure.PERMANENT, text=str(error)),
    )


def of_unopened(delivery: Leased, error: SendError, *, now: datetime) -> Result:
    """The server did not let us in."""
    fate = retry.fate(
        error.failure,
        Try(number=delivery.tries + 1, begun_at=delivery.begun_at, now=now, hint=error.retry_after),
        policy=DeliveryPolicy.NEVER_TWICE,  # asked of unknown outcomes only, and no mail was on its way
        limits=_limits(),
        jitter=random.random,
    )
    tried = Tried(
        started_at=now,
        ended_at=now,
        phase=error.phase,
        failure=error.failure,
        code=error.code,
        enhanced=error.enhanced,
        text=error.message,
    )
    return Result(delivery=delivery, fate=fate, cause=CAUSES[error.failure], tried=tried)


def of_unreadable_password(delivery: Leased, text: str, *, now: datetime) -> Result:
    """Without a password nothing could be tried: the delivery waits for the connection to be mended."""
    return Result(
        delivery=delivery,
        fate=Fate(state=DeliveryState.HELD, reason=Reason.CREDENTIALS, next_attempt_at=now + conf.first_retry()),
        cause=WarningCause.CREDENTIALS,
        tried=Tried(started_at=now, ended_at=now, phase=Phase.AUTH, failure=Failure.AUTHENTICATION, text=text),
    )


def _merged(before: Sequence[Reached], outcome: Outcome) -> tuple[Reached, ...]:
    """The recipients after a try: those it named have a new status, the others keep theirs."""
    told = {reply.address: reply for reply in outcome.recipients}
    return tuple(
        Reached(address=one.address, role=one.role, status=reply.status, code=reply.code, text=reply.text)
        if (reply := told.get(one.address))
        else one
        for one in before
    )


def _cause(one: Prepared, outcome: Outcome, recipients: Sequence[Reached]) -> WarningCause | None:
    if outcome.failure is not None:
        return CAUSES[outcome.failure]
    statuses = {reached.status for reached in recipients}
    if RecipientStatus.REFUSED in statuses:
        return WarningCause.PARTIAL_REFUSAL
    return WarningCause.TEMPORARY_FAILURE if RecipientStatus.OPEN in statuses else one.cause


def _limits() -> Limits:
    return Limits(tries=conf.max_tries(), lifetime=conf.lifetime(), floor=conf.first_retry())
