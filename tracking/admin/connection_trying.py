"""A predefined connection tried out as it stands in its form: the handshake, and a real mail."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, JsonResponse
from django.urls import URLPattern, path
from django.views.decorators.http import require_POST

from tracking.admin.listing import is_id
from tracking.admin.rules.trying import typed_server
from tracking.admin.scope import person
from tracking.admin.starting import started
from tracking.errors import RuleError
from tracking.models import Connection, Job
from tracking.pipeline import check
from tracking.store import clock
from tracking.store import connections as store

_PRESCRIBED = ("host", "port", "encryption", "login")


def urls(admin: Any) -> list[URLPattern]:
    def answer(request: HttpRequest, *, mailed: bool) -> JsonResponse:
        saved = _saved(admin, request)
        if not (admin.has_change_permission(request, saved) if saved else admin.has_add_permission(request)):
            raise PermissionDenied
        return started(lambda: _open(request, saved, mailed=mailed))

    wrap = admin.admin_site.admin_view
    return [
        path(f"try/{name}/", wrap(require_POST(answer)), {"mailed": mailed}, name=f"tracking_connection_try_{name}")
        for name, mailed in (("check", False), ("mail", True))
    ]


def _saved(admin: Any, request: HttpRequest) -> Connection | None:
    key = request.POST.get("edited", "")
    found: Connection | None = admin.get_queryset(request).filter(pk=int(key)).first() if is_id(key) else None
    return found


def _open(request: HttpRequest, saved: Connection | None, *, mailed: bool) -> Job:
    sender = request.POST.get("sender", "").strip()
    return check.start(
        typed_server(_prescribed(request.POST.dict())),
        connection=saved,
        password=request.POST.get("password", ""),
        mail=check.mail_to(request.POST.get("try_to", ""), sender=sender) if mailed else None,
        sender=sender,
        author=person(request),
        now=clock.now(),
    )


def _prescribed(typed: dict[str, Any]) -> dict[str, Any]:
    """With the blanks filled by the provider's preset, as saving does."""
    filled = dict(typed)
    try:
        preset = store.from_preset(typed.get("provider", ""), region=typed.get("region", ""))
    except RuleError:
        return filled
    for name in _PRESCRIBED:
        if not str(filled.get(name, "")).strip() and preset[name] not in ("", None):
            filled[name] = str(preset[name])
    return filled
