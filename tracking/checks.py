"""What must be right before the product starts; Django asks these at every command."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_network
from typing import Any

from cryptography.fernet import Fernet
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import DatabaseError

from tracking.store import sealed

SETTINGS = "tracking_settings"  # the tag of those that look at settings alone: each worker asks them, too


@register(SETTINGS)
def credentials_keys(**kwargs: Any) -> Sequence[CheckMessage]:
    try:
        keys = [Fernet(key) for key in settings.CREDENTIALS_KEYS]
    except ValueError:
        keys = []
    if keys:
        return []
    return [
        Error(
            "CREDENTIALS_KEYS holds no usable key, so no connection's password could be kept.",
            hint="Make one: python -c 'from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())'",
            id="tracking.E001",
        )
    ]


@register(SETTINGS)
def system_mail(**kwargs: Any) -> Sequence[CheckMessage]:
    if settings.EMAIL_BACKEND.endswith("smtp.EmailBackend") and settings.TRACKING_SYSTEM_EMAIL["host"]:
        return []
    return [
        Error(
            "EMAIL_URL names no SMTP server, so no alert could be mailed.",
            hint="For example EMAIL_URL=smtp+tls://login:password@mail.example.org:587",
            id="tracking.E002",
        )
    ]


@register(SETTINGS)
def allowed_networks(**kwargs: Any) -> Sequence[CheckMessage]:
    wrong = []
    for network in settings.TRACKING_SMTP_ALLOWED_NETWORKS:
        try:
            ip_network(network)
        except ValueError as error:
            wrong.append(
                Error(
                    f"TRACKING_SMTP_ALLOWED_NETWORKS: {error}.",
                    hint="Write networks like 10.1.0.0/16, separated by commas.",
                    id="tracking.E003",
                )
            )
    return wrong


@register(SETTINGS)
def lease_outlives_heartbeat(**kwargs: Any) -> Sequence[CheckMessage]:
    if settings.TRACKING_LEASE_SECONDS >= 3 * settings.TRACKING_HEARTBEAT_SECONDS:
        return []
    return [
        Error(
            "TRACKING_LEASE_SECONDS is under three heartbeats: a living worker could lose its claims.",
            hint="Raise TRACKING_LEASE_SECONDS or lower TRACKING_HEARTBEAT_SECONDS.",
            id="tracking.E004",
        )
    ]


@register(Tags.database)
def stored_secrets(databases: Sequence[str] | None = None, **kwargs: Any) -> Sequence[CheckMessage]:
    """Asked by `migrate`, and by `check --database default`: a release with the wrong keys does not start quietly."""
    try:
        unreadable = sealed.unreadable() if databases else []
    except DatabaseError:  # no such table or column yet: there is nothing to read
        return []
    if not unreadable:
        return []
    return [
        Error(
            f"CREDENTIALS_KEYS opens {len(unreadable)} stored secret(s) no more: {'; '.join(unreadable[:5])}.",
            hint="Put the key that they were sealed with back into CREDENTIALS_KEYS, behind the new one.",
            id="tracking.E005",
        )
    ]
