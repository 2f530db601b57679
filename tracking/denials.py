"""What was refused: kept in the audit log, of people who are logged in once the request's own transaction is over."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from ipaddress import AddressValueError, IPv4Address, IPv6Address, IPv6Network
from typing import Any, Protocol

from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from tracking import conf
from tracking.models import User
from tracking.store import audit, clock


class Seen(Protocol):
    """The rows that are there for somebody: a person's `Access`, or a caller of the API."""

    def rows(self, model: type[Model]) -> QuerySet[Any]: ...


_KEPT = "_tracking_denials"
_MOST = 20  # rows that one request can leave


@dataclass(frozen=True, slots=True)
class Denial:
    """What was refused: a row outside the scope, fields of a form, or the page itself."""

    target: Model | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)


def remember(request: HttpRequest, target: Model | None = None, **detail: Any) -> None:
    """Have this refusal noted when the request is answered, whatever is rolled back until then."""
    kept = request.__dict__.setdefault(_KEPT, [])
    if len(kept) < _MOST:
        kept.append(Denial(target, detail))


def foreign(request: HttpRequest, seen: Seen, model: type[Model], key: Any, *, field: str = "pk") -> None:
    """Remember it if there is such a row outside of what `seen` has. The answer is the same as for none."""
    row = model._default_manager.filter(**{field: key}).first()
    if row is not None and not seen.rows(model).filter(pk=row.pk).exists():
        remember(request, row)


def address_of(request: HttpRequest) -> str:
    """Where the request comes from: behind proxies of ours what the first of them saw, never what a client claims.

    Of IPv6 the network of 64 bits, all of whose addresses one client has.
    """
    hops = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",")]
    if conf.behind_proxy() and len(hops) >= conf.proxies() and (seen := _plain(hops[-conf.proxies()])):
        return seen
    return _plain(str(request.META.get("REMOTE_ADDR", "")))


def _plain(text: str) -> str:
    """ "" for what is no address."""
    try:
        return str(IPv4Address(text))
    except AddressValueError:
        pass
    try:
        address = IPv6Address(text.strip("[]").partition("%")[0])
    except AddressValueError:
        return ""
    mapped = address.ipv4_mapped
    return str(mapped or IPv6Network((address, 64), strict=False).network_address)


def login_failed(request: HttpRequest | None, user: User | None, *, by: str) -> None:
    """Keep that somebody was not let in as `user`; None: as nobody there is.

    What was typed is not kept: a name that nobody has may be a password in the wrong field.
    """
    address = address_of(request) if request is not None else ""
    audit.note_failed_login(user, detail={"by": by, "address": address}, now=clock.now())


class DenialLog:
    """Middleware: 403s, whoever is logged in and sent to log in all the same, and what was remembered."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        kept: list[Denial] = request.__dict__.get(_KEPT, [])
        if not kept and (response.status_code == 403 or _sent_to_the_login(response)):
            kept = [Denial()]
        user = getattr(request, "user", None)
        if kept and user is not None and user.is_authenticated:
            for denial in kept:
                detail = {"method": request.method, "path": request.path[:500], **denial.detail}
                audit.note_denied(user, denial.target, detail=detail, now=clock.now())
        return response


def _sent_to_the_login(response: HttpResponse) -> bool:
    """The admin's way to refuse who is not of its staff."""
    return response.status_code == 302 and response["Location"].partition("?")[0] == reverse("admin:login")
