"""Signals of others, heard."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.dispatch import receiver
from django.http import HttpRequest

from tracking import denials
from tracking.choices import AuditAction
from tracking.emit import emit
from tracking.events import Event
from tracking.models import User
from tracking.signals import event_emitted
from tracking.store import audit, clock


@receiver(user_logged_in, dispatch_uid="tracking.logged_in")
def logged_in(sender: object, user: User, **kwargs: Any) -> None:
    audit.note(actor=user, action=AuditAction.LOGGED_IN, target=None, now=clock.now())


@receiver(user_logged_out, dispatch_uid="tracking.logged_out")
def logged_out(sender: object, user: User | None, **kwargs: Any) -> None:
    if user is not None:
        audit.note(actor=user, action=AuditAction.LOGGED_OUT, target=None, now=clock.now())


@receiver(user_login_failed, dispatch_uid="tracking.login_failed")
def login_failed(
    sender: object, credentials: dict[str, Any], request: HttpRequest | None = None, **kwargs: Any
) -> None:
    name = str(credentials.get(User.USERNAME_FIELD, "")).replace("\0", "")
    denials.login_failed(request, User.objects.filter(username=name).first(), by="password")


@receiver(event_emitted, dispatch_uid="tracking.submit")
def submit(sender: object, event: Event, **kwargs: Any) -> object:
    """The receipt is the receiver's answer: `event_emitted.send(...)` returns it."""
    return emit(event)
