"""What became of a try: state, attempt, recipients and warning, written in one transaction or not at all."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F

from tracking.choices import DeliveryState, Failure, Phase, Reason, RecipientRole, RecipientStatus, WarningCause
from tracking.models import Attempt, Delivery, DeliveryRecipient, SentMinute, WarningMinute
from tracking.policy.retry import SENT, Fate
from tracking.store import bulk, counters, leases
from tracking.store.counters import Key
from tracking.store.leased import Leased

FINAL = (DeliveryState.SENT, DeliveryState.FAILED, DeliveryState.UNKNOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """One try, as the log keeps it."""

    started_at: datetime
    ended_at: datetime
    phase: Phase
    failure: Failure | None = None
    code: int | None = None
    enhanced: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """Where one recipient stands after a try."""

    address: str
    role: RecipientRole
    status: RecipientStatus
    code: int | None = None
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """All that a try changes. `cause` is the warning it gives, None when it went well."""

    delivery: Leased
    fate: Fate
    cause: WarningCause | None
    tried: Tried
    recipients: Sequence[Reached] = ()


def record(token: UUID, results: Sequence[Result], *, worker: str, marking: Collection[UUID] = ()) -> bool:
    """Write the results of a claim's deliveries, and say in the same transaction of which others the DATA may begin.

    After a crash those `marking` names, and only these, are unknown. False when the lease was taken away: a worker that
    was taken for dead and comes late changes nothing, and may send nothing more.
    """
    if not results:  # one statement is a transaction of its own
        return leases.mark(token, marking)
    if went_well(results):
        return write_well(leases.marking(token, marking), results, worker=worker) is not None
    with transaction.atomic():
        if not leases.mark(token, marking):
            return False
        write(token, results, worker=worker)
    return True


def went_well(results: Collection[Result]) -> bool:
    """Whether `write_well` can write them, as it can nearly all: taken by the server when first tried, no warning."""
    return connection.vendor == "postgresql" and all(
        one.fate == SENT and one.cause is None and one.delivery.claimed_at is None and one.recipients for one in results
    )


def write_well(step: leases.Step, results: Sequence[Result], *, worker: str) -> bool | None:
    """A step of a claim's lease and all that `write` writes, in one statement where that takes seven and a commit.

    Whether somebody knocked at the lease; None when it was taken away, and nothing is written.
    """
    ended_at = _ended_at(results)
    parameters = [
        *step.parameters,
        ended_at,
        bulk.array(one.delivery.id for one in results),
        *bulk.arrays(_attempts(results, worker)),
        *bulk.arrays(_recipients(results)),
        counters.minute(ended_at),
    ]
    lease = bulk.ask(_well(step.statement), parameters)
    return bool(lease[0][0]) if lease else None


@lru_cache(maxsize=2)
def _well(step: str) -> str:
    """Its parts see the tables as they were before it, so each works with what the one before returns."""
    return f"""
        WITH lease AS ({step} RETURNING token, knocked),
        settled AS (
            UPDATE tracking_delivery
            SET state = 'sent', reason = '', next_attempt_at = NULL, tries = tries + 1, finished_at = %s,
                lease_token = NULL
            FROM lease WHERE lease_token = lease.token AND id = ANY(%s::uuid[])
            RETURNING id, rule_id, test
        ),
        attempts AS (
            INSERT INTO tracking_attempt ({", ".join(_ATTEMPT)})
            SELECT one.* FROM {bulk.unnested(Attempt, _ATTEMPT)} AS one ({", ".join(_ATTEMPT)})
            JOIN settled ON settled.id = delivery_id
        ),
        recipients AS (
            INSERT INTO tracking_deliveryrecipient ({", ".join(_RECIPIENT)})
            SELECT one.* FROM {bulk.unnested(DeliveryRecipient, _RECIPIENT)} AS one ({", ".join(_RECIPIENT)})
            JOIN settled ON settled.id = delivery_id
        ),
        counted AS (
            INSERT INTO tracking_sentminute (rule_id, minute, sent)
            SELECT rule_id, %s, count(*) FROM settled WHERE NOT test GROUP BY rule_id ORDER BY {counters.IN_ORDER}
            ON CONFLICT (rule_id, minute) DO UPDATE SET sent = tracking_sentminute.sent + EXCLUDED.sent
        )
        SELECT knocked FROM lease
    """  # noqa: S608 - names of our own


def write(token: UUID, results: Sequence[Result], *, worker: str) -> None:
    """The results of deliveries that are still the claim's. Inside a transaction that holds its lease."""
    held = _write_states(token, results)
    kept = [one for one in results if one.delivery.id in held]
    bulk.insert(Attempt, _ATTEMPT, _attempts(kept, worker))
    _write_recipients(kept)
    _warn([(one.delivery, one.cause, one.tried.ended_at) for one in kept if one.cause is not None])
    _count_sent(results, held)


_SETTLE = """
    UPDATE tracking_delivery
    SET state = %s, reason = %s, next_attempt_at = %s, tries = tries + %s, finished_at = %s, lease_token = NULL
    WHERE lease_token = %s AND id {ids}
    RETURNING id
"""
_SETTLE_EACH = """
    UPDATE tracking_delivery
    SET state = %s, reason = %s, next_attempt_at = fate.column2, tries = tries + %s, lease_token = NULL
    FROM (VALUES {rows}) AS fate
    WHERE lease_token = %s AND id = fate.column1
    RETURNING id
"""


def _write_states(token: UUID, results: Iterable[Result]) -> set[UUID]:
    """One update for each different fate, whatever the times of the next tries. The deliveries that were ours."""
    groups: dict[tuple[Any, ...], list[Result]] = defaultdict(list)
    for one in results:
        groups[one.fate.state, one.fate.reason, one.fate.spends_try].append(one)
    held: set[UUID] = set()
    for (state, reason, spends_try), group in groups.items():
        fate = [state.value, reason.value if reason else ""]
        times = {one.fate.next_attempt_at for one in group}
        if len(times) == 1:
            finished_at = _ended_at(group) if state in FINAL else None
            ids = [one.delivery.id for one in group]
            settled = bulk.ask(_SETTLE, [*fate, *times, int(spends_try), finished_at, token], ids=ids)
        else:
            each = [value for one in group for value in (one.delivery.id, one.fate.next_attempt_at)]
            statement = _SETTLE_EACH.format(rows=", ".join(["(%s, %s)"] * len(group)))
            settled = bulk.ask(statement, [*fate, int(spends_try), *each, token])
        held.update(bulk.key(id_) for (id_,) in settled)
    return held


def _ended_at(group: Iterable[Result]) -> datetime:
    """One moment for all of a group, so that one statement is enough."""
    return max(one.tried.ended_at for one in group)


def _count_sent(results: Iterable[Result], held: Collection[UUID]) -> None:
    """One statement for all of them, the last one: others count mails of the same rules, and wait for its locks."""
    sent = [one for one in results if one.fate.state is DeliveryState.SENT]
    rules = Counter(one.delivery.rule_id for one in sent if one.delivery.id in held and not one.delivery.test)
    if rules:
        minute = counters.minute(_ended_at(sent))
        counters.add(SentMinute, Counter({(rule_id, minute): number for rule_id, number in rules.items()}))


_ATTEMPT = ("delivery_id", "started_at", "ended_at", "phase", "failure", "code", "enhanced", "text", "worker")


def _attempts(results: Iterable[Result], worker: str) -> Iterator[bulk.Row]:
    for one in results:
        tried = one.tried
        yield (
            one.delivery.id,
            tried.started_at,
            tried.ended_at,
            tried.phase.value,
            tried.failure.value if tried.failure else "",
            tried.code,
            tried.enhanced,
            _kept(tried.text),
            worker,
        )


def _kept(text: str) -> str:
    """The beginning of a text, whoever wrote it, as every database takes it: without NUL and halves of pairs."""
    return text[:1000].replace("\0", " ").encode("utf-8", "replace").decode()


_RECIPIENT = ("delivery_id", "role", "address", "status", "code", "text")
_LATEST = (
    "ON CONFLICT (delivery_id, address) DO UPDATE "
    "SET status = EXCLUDED.status, code = EXCLUDED.code, text = EXCLUDED.text"
)


def _write_recipients(results: Iterable[Result]) -> None:
    """Those of a first claim have no rows yet, so that nothing can conflict."""
    for first in (True, False):
        some = (one for one in results if (one.delivery.claimed_at is None) is first)
        bulk.insert(DeliveryRecipient, _RECIPIENT, _recipients(some), tail="" if first else _LATEST)


def _recipients(results: Iterable[Result]) -> Iterator[bulk.Row]:
    for one in results:
        for to in one.recipients:
            yield one.delivery.id, to.role.value, to.address, to.status.value, to.code, _kept(to.text)


def _warn(warnings: Iterable[tuple[Leased, WarningCause, datetime]]) -> None:
    """Count each delivery's first warning, in its minute; later ones of the same delivery count no more.

    The rows are leased or locked, so what was read of them with the claim still holds.
    """
    minutes: Counter[Key] = Counter()
    groups: dict[tuple[WarningCause, datetime], list[UUID]] = defaultdict(list)
    latest: dict[tuple[WarningCause, datetime], datetime] = {}
    for delivery, cause, moment in warnings:
        if delivery.warned_at is None:
            minute = counters.minute(moment)
            groups[cause, minute].append(delivery.id)
            latest[cause, minute] = max(moment, latest.get((cause, minute), moment))
            minutes[delivery.rule_id, minute, cause.value] += not delivery.test
    for (cause, minute), ids in groups.items():
        Delivery.objects.filter(id__in=ids).update(warned_at=latest[cause, minute], warning=cause)
    counters.add(WarningMinute, +minutes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """What becomes of a delivery whose worker died with it in hand."""

    state: DeliveryState
    reason: Reason | None
    cause: WarningCause
    failure: Failure  # UNKNOWN: its DATA may have begun


def settle_lost(lost: Sequence[tuple[Leased, Lost]], *, now: datetime) -> None:
    """Give deliveries whose worker died their state, an attempt that says so, and a warning. Inside a transaction."""
    groups: dict[Lost, list[UUID]] = defaultdict(list)
    for row, fate in lost:
        groups[fate].append(row.id)
    for fate, ids in groups.items():
        Delivery.objects.filter(id__in=ids).update(
            state=fate.state,
            reason=fate.reason or "",
            next_attempt_at=None if fate.state in FINAL else now,
            tries=F("tries") + 1,
            crashes=F("crashes") + 1,
            lease_token=None,
            finished_at=now if fate.state in FINAL else None,
        )
    Attempt.objects.bulk_create(
        Attempt(
            delivery_id=row.id,
            started_at=now,
            ended_at=now,
            phase=Phase.DATA if fate.failure is Failure.UNKNOWN else Phase.CONNECT,
            failure=fate.failure,
            text="The worker died while it had this mail in hand.",
        )
        for row, fate in lost
    )
    _warn((row, fate.cause, now) for row, fate in lost)
