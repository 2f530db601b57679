"""Connections as rows: saved with their password sealed, rested when they fail, released when they are mended."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Case, DateTimeField, Exists, F, OuterRef, PositiveIntegerField, Q, Value, When

from tracking import conf, credentials
from tracking.choices import AuditAction, ConnectionKind, DeliveryState, Encryption, Reason
from tracking.definition import Server
from tracking.errors import RuleError
from tracking.models import Connection, Delivery, Rule, User
from tracking.models.connection import UNTIL_MENDED
from tracking.models.delivery import OPEN
from tracking.policy import rate, retry
from tracking.policy.rate import Pace
from tracking.smtp.guard import Guard, static_host_error, static_port_error
from tracking.smtp.providers import PROVIDERS
from tracking.store import audit, bulk, leases
from tracking.validation import control_characters

_SHOWN = ("key", "name", "provider", "region", "host", "port", "encryption", "login", "max_sessions", "max_rate")
_EDITED = (
    *("key", "name", "provider", "region", "host", "port", "encryption", "login", "sealed_password", "version"),
    *("max_sessions", "max_rate", "updated_at"),
)
_NEEDED = "enter the password: host, port, encryption or login are new"
_LONGEST_PASSWORD = 4_000  # characters; access tokens are long
_TARGET = ("host", "port", "encryption", "login")  # whoever changes these must know the password


def guard() -> Guard:
    """Where connections may lead: the operator's settings."""
    return Guard(conf.allowed_networks(), conf.allowed_ports())


def problems(values: Mapping[str, Any]) -> dict[str, str]:
    """Field -> sentence of what cannot be the server of a connection. `values` has host and port."""
    allowed = guard()
    found = {
        "host": static_host_error(str(values["host"]), allowed),
        "port": static_port_error(int(values["port"]), allowed),
    }
    return {field: sentence for field, sentence in found.items() if sentence}


def save(
    connection: Connection,
    *,
    password: str | None,
    now: datetime,
    password_later: bool = False,
    author: User | None = None,
) -> Connection:
    """Write a new or changed connection. `password` None or "" keeps the stored one; `password_later` does without.

    Raises RuleError: a stored password is kept only while host, port, encryption and login are unchanged, so that
    nobody can have it sent to a server of their own.
    """
    wrong: dict[str, str] = problems({name: getattr(connection, name) for name in _TARGET})
    stored = Connection.objects.filter(pk=connection.pk).first() if connection.pk else None
    if not password and (stored is None or any(getattr(stored, n) != getattr(connection, n) for n in _TARGET)):
        if connection.login and not password_later:
            wrong["password"] = _NEEDED
        connection.sealed_password = ""
    if password and (len(password) > _LONGEST_PASSWORD or control_characters(password)):
        wrong["password"] = f"must be one line of at most {_LONGEST_PASSWORD:,} characters"
    if wrong:
        raise RuleError({field: [sentence] for field, sentence in wrong.items()})
    if password:
        connection.sealed_password = credentials.seal(password, bound_to=str(connection.secret_id))
    if stored is not None:
        connection.version = stored.version + 1
    with transaction.atomic():
        # What the senders wrote meanwhile, of its health and pace, stays.
        connection.save(update_fields=None if stored is None else _EDITED)
        _release(connection.pk, now=now)
        if connection.kind == ConnectionKind.ESP:  # a rule's own server is told with the rule
            _note(connection, stored, password=bool(password), author=author, now=now)
    return connection


def _note(
    connection: Connection, stored: Connection | None, *, password: bool, author: User | None, now: datetime
) -> None:
    found = {name: [getattr(stored, name, None), getattr(connection, name)] for name in _SHOWN}
    detail = {name: values for name, values in found.items() if stored is None or values[0] != values[1]}
    if password:
        detail["password"] = [None, audit.MASK]
    action = AuditAction.CONNECTION_CREATED if stored is None else AuditAction.CONNECTION_CHANGED
    audit.note(actor=author, action=action, target=connection, detail=detail, now=now)


def delete(connection: Connection, *, now: datetime, author: User | None = None) -> None:
    """Raises ProtectedError while a rule or the log names it."""
    with transaction.atomic():
        audit.note(actor=author, action=AuditAction.CONNECTION_DELETED, target=connection, now=now)
        connection.delete()


def save_server(
    server: Server,
    *,
    connection: Connection | None,
    password: str | None,
    now: datetime,
    password_later: bool = False,
) -> Connection:
    """The custom connection of one rule: made, changed, or left as it is. Raises RuleError."""
    if connection is None or connection.kind != ConnectionKind.MANUAL:
        connection = Connection(kind=ConnectionKind.MANUAL, provider="other")
        connection.key = f"rule-{connection.secret_id}"
    wanted = {
        "host": server.host,
        "port": server.port,
        "encryption": server.encryption.value,
        "login": server.login,
    }
    if connection.pk and not password and all(getattr(connection, field) == wanted[field] for field in _TARGET):
        return connection
    for field, value in wanted.items():
        setattr(connection, field, value)
    connection.name = f"{server.host}:{server.port}"[:100]
    return save(connection, password=password, now=now, password_later=password_later)


def kept_password(server: Server, connection: Connection | None) -> str:
    """The stored password of a connection, if the server is still the one that it was entered for. Raises RuleError."""
    if not server.login:
        return ""
    same = connection is not None and all(getattr(connection, name) == getattr(server, name) for name in _TARGET)
    if connection is None or not same or not connection.sealed_password:
        raise RuleError({"password": [_NEEDED]})
    return credentials.unseal(connection.sealed_password, bound_to=str(connection.secret_id))


def from_preset(provider: str, *, region: str = "") -> dict[str, Any]:
    """Host, port, encryption and login that a provider prescribes. Raises RuleError for an unknown one."""
    preset = PROVIDERS.get(provider)
    if preset is None:
        raise RuleError({"provider": [f"must be one of {', '.join(PROVIDERS)}"]})
    if preset.regions and region not in preset.regions:
        raise RuleError({"region": [f"must be one of {', '.join(preset.regions)}"]})
    return {
        "host": preset.host_for(region),
        "port": preset.port,
        "encryption": Encryption(preset.encryption).value,
        "login": preset.fixed_login,
    }


def doubtful(connection_id: int) -> bool:
    """Whether its server fails, rests, or has never yet taken a mail: it may hang, as far as anybody knows."""
    proven = Connection.objects.filter(
        pk=connection_id, fail_streak=0, paused_until=None, last_success_at__isnull=False
    )
    return not proven.exists()


def to_probe(connection_id: int, *, now: datetime) -> Connection | None:
    """The connection, if its rest is over and this worker is the one to try it; None if it may be used as it is.

    The others keep away for as long as the try may take.
    """
    rested = Connection.objects.filter(pk=connection_id, paused_until__lte=now)
    if rested.update(paused_until=now + PROBE) == 0:
        return None
    return Connection.objects.get(pk=connection_id)


def rests(connection_id: int, *, now: datetime) -> bool:
    """Whether it has been put to rest, perhaps since it was read."""
    return bool(bulk.ask(_RESTS, [connection_id, now]))


_RESTS = "SELECT 1 FROM tracking_connection WHERE id = %s AND paused_until > %s"


def opened(connection: Connection, *, now: datetime) -> None:
    """A rested connection shook hands: let it try a mail. Its failures are forgotten when that goes well."""
    current = Connection.objects.filter(pk=connection.pk, version=connection.version)
    if current.update(paused_until=None, pause_reason="", last_success_at=now):
        keep_pace(connection, rate.eased(rate.refreshed(connection.pace(), now=now), now=now))
        _let_go(connection.pk, now=now)


def succeeded(connection: Connection, *, now: datetime) -> None:
    """The server took or refused a mail as it should: forget the failures before, let go what was held for them."""
    current = Connection.objects.filter(pk=connection.pk, version=connection.version)
    troubled = current.filter(Q(fail_streak__gt=0) | Q(paused_until__isnull=False))  # a crossing failure leaves one
    if troubled.update(fail_streak=0, paused_until=None, pause_reason="", told_at=None, last_success_at=now):
        _let_go(connection.pk, now=now)


def worked(connection: Connection, *, now: datetime) -> None:
    """Note that the server took a mail; to the minute, so that a stream of mails costs no stream of writes."""
    if connection.last_success_at is None or now - connection.last_success_at >= timedelta(minutes=1):
        Connection.objects.filter(pk=connection.pk).update(last_success_at=now)


def in_use(connection: Connection) -> bool:
    """Whether rules, deleted ones too, or deliveries name it: then it stays."""
    return connection.rules.exists() or Delivery.objects.filter(connection=connection).exists()


def forget_passwords() -> int:
    """Empty the passwords of servers whose rules are gone and whose mails are all sent; how many those are."""
    servers = Connection.objects.filter(kind=ConnectionKind.MANUAL).exclude(sealed_password="")
    alive = Rule.objects.filter(connection=OuterRef("pk"), deleted_at=None)
    unsent = Delivery.objects.filter(connection=OuterRef("pk"), state__in=OPEN)
    return servers.filter(~Exists(alive), ~Exists(unsent)).update(sealed_password="")


def failed(
    connection: Connection,
    *,
    reason: Reason | None,
    error: str,
    now: datetime,
    breaks_at: int,
    rest: timedelta = timedelta(),
) -> None:
    """The server was not there for us. A reason (a refused login, broken encryption …) rests the connection at once,
    for `rest` or longer, else the `breaks_at`-th failure in a row does.

    The third login refused in a row is the last: no account is locked by us, and somebody must mend the connection.
    Says nothing of a connection that was changed meanwhile.
    """
    current = Connection.objects.filter(pk=connection.pk, version=connection.version)
    streak = _of_one_kind(reason) if reason else F("fail_streak") + 1
    noted = {"fail_streak": streak, "last_error": error[:1000], "last_error_at": now}
    current.update(**noted | ({"pause_reason": reason} if reason else {}))  # at once: several sessions fail together
    count = current.values_list("fail_streak", flat=True).first() or 0
    over = count if reason else count - breaks_at + 1
    if over > 0:
        lasting = reason is Reason.AUTHENTICATION and count >= LOGINS
        until = UNTIL_MENDED if lasting else now + max(retry.pause(over), rest)
        sooner = current.filter(Q(paused_until=None) | Q(paused_until__lte=until))
        sooner.update(paused_until=until, pause_reason=reason or "")


def _of_one_kind(reason: Reason) -> Case:
    """Failures for the same reason add up; another one begins anew."""
    return Case(
        When(pause_reason=reason, then=F("fail_streak") + 1), default=Value(1), output_field=PositiveIntegerField()
    )


def keep_pace(connection: Connection, pace: Pace) -> None:
    """Write down how fast the connection may go. Nothing is written while there is no limit."""
    if pace == connection.pace():
        return
    Connection.objects.filter(pk=connection.pk).update(
        rate=pace.rate,
        rate_tokens=pace.tokens,
        rate_at=pace.counted_at,
        rate_lowered_at=pace.lowered_at,
        rate_lowered_from=pace.lowered_from,
    )


def slow_down(connection_id: int, *, seen: float | None, now: datetime) -> None:
    """The server said "too fast" when it saw that many mails per minute from one of our sessions; None: it let none in.

    What it saw of all of them is as much for each that is at work.
    """
    with transaction.atomic():
        row = Connection.objects.select_for_update(no_key=True).get(pk=connection_id)
        together = rate.EASED if seen is None else seen * max(1, leases.at_work(connection_id, now=now))
        keep_pace(row, rate.lowered(rate.refreshed(row.pace(), now=now), seen=together, now=now))


def release(connection: Connection, *, now: datetime, author: User | None = None) -> int:
    """Make due what is held because of the connection, and let it try at once; how many deliveries that are."""
    with transaction.atomic():
        audit.note(actor=author, action=AuditAction.CONNECTION_RELEASED, target=connection, now=now)
        return _release(connection.pk, now=now)


def _release(connection_id: int, *, now: datetime) -> int:
    """One that rests has rested: the next worker shakes hands before any mail is risked, and all go slowly at first."""
    over = Case(When(paused_until__isnull=False, then=Value(now)), output_field=DateTimeField())
    Connection.objects.filter(pk=connection_id).update(fail_streak=0, paused_until=over, pause_reason="", told_at=None)
    return _let_go(connection_id, now=now)


def _let_go(connection_id: int, *, now: datetime) -> int:
    """Make due what is held because of the connection, in one bounded write: a claim takes what is left as it stands.

    The lifetime of what waited long begins anew: it was not tried. That of a mail which rests the connection again and
    again goes on, so that it ends.
    """
    held = Delivery.objects.filter(connection_id=connection_id, state=DeliveryState.HELD, reason__in=HELD_BY_CONNECTION)
    waited = When(next_attempt_at__lt=now - _LONG_REST, then=Value(now))
    renewed_at = Case(waited, default=F("renewed_at"), output_field=DateTimeField())
    Connection.objects.filter(pk=connection_id).update(parked_to=None)
    some = Delivery.objects.filter(id__in=held.values("id")[:_LET_GO])
    return some.update(state=DeliveryState.RETRYING, reason="", next_attempt_at=now, renewed_at=renewed_at)


def park(*, now: datetime) -> int:
    """Hold what is due on connections that rest, some of it at a time; how many deliveries that are.

    A connection remembers how far that has come, so that what is held is not looked through again.
    """
    return sum(_park(connection, now=now) for connection in Connection.objects.filter(paused_until__gt=now))


def _park(connection: Connection, *, now: datetime) -> int:
    due = Delivery.objects.filter(connection=connection, state__in=_UNHELD, next_attempt_at__lte=now)
    if connection.parked_to is not None:
        due = due.filter(next_attempt_at__gte=connection.parked_to)
    with transaction.atomic():
        oldest = due.order_by("next_attempt_at").select_for_update(skip_locked=True)
        rows = list(oldest.values_list("id", "next_attempt_at")[:_PARKED])
        reason = connection.pause_reason or Reason.UNREACHABLE
        Delivery.objects.filter(id__in=[id_ for id_, _ in rows]).update(state=DeliveryState.HELD, reason=reason)
        resting = Connection.objects.filter(pk=connection.pk, paused_until__gt=now)  # not let go meanwhile
        resting.update(parked_to=rows[-1][1] if len(rows) == _PARKED else now)
    return len(rows)


PROBE = timedelta(minutes=1)
_LONG_REST = timedelta(hours=2)  # longer than a connection rests between two tries
LOGINS = 3  # refused in a row, until nobody but an operator tries again
HELD_BY_CONNECTION = (*(reason.value for reason in retry.HOLDS.values()), *(Reason.CREDENTIALS, Reason.UNREACHABLE))
_UNHELD = (DeliveryState.QUEUED, DeliveryState.RETRYING)
_PARKED = 5_000  # deliveries in one transaction: 0.2 s
_LET_GO = 20_000
