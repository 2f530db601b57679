"""Everything that is sealed at rest, wherever it is kept: opened to see whether it can be, sealed anew."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Model

from tracking import credentials
from tracking.errors import CredentialsError
from tracking.models import Authenticator, Connection, Job
from tracking.models.second_factor import authenticator_of
from tracking.store import jobs


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """One sealed column of one row. `owner` is what people know it by."""

    model: type[Model]
    column: str
    pk: Any
    token: str
    bound_to: str
    owner: str


def secrets() -> Iterator[Secret]:
    """All that are set. Without `iterator()`, whose cursor hides on PostgreSQL that a table is missing."""
    for connection in Connection.objects.exclude(sealed_password="").order_by("pk"):
        yield Secret(
            model=Connection,
            column="sealed_password",
            pk=connection.pk,
            token=connection.sealed_password,
            bound_to=str(connection.secret_id),
            owner=f"{connection.name} (#{connection.pk})",
        )
    for device in Authenticator.objects.select_related("user").order_by("pk"):
        yield Secret(
            model=Authenticator,
            column="sealed_key",
            pk=device.pk,
            token=device.sealed_key,
            bound_to=authenticator_of(device.user_id),
            owner=f"second factor of {device.user}",
        )
    for job in Job.objects.exclude(sealed="").order_by("pk"):
        yield Secret(
            model=Job, column="sealed", pk=job.pk, token=job.sealed, bound_to=jobs.owner_of(job.pk), owner=str(job)
        )


def unreadable() -> list[str]:
    """Owner and reason of each that no key opens."""
    found = []
    for secret in secrets():
        try:
            credentials.unseal(secret.token, bound_to=secret.bound_to)
        except CredentialsError as error:
            found.append(f"{secret.owner}: {error}")
    return found


def rotate() -> tuple[int, list[str]]:
    """How many were sealed anew with the first key, and owner and reason of each that no key opens.

    What is on the first key already is left alone, so that it can be stopped and started again. A change that somebody
    makes meanwhile is kept.
    """
    count, failed, current = 0, [], credentials.current_prefix()
    for secret in secrets():
        if secret.token.startswith(current):
            continue
        try:
            token = credentials.rotated(secret.token)
        except CredentialsError as error:
            failed.append(f"{secret.owner}: {error}")
            continue
        same = secret.model._default_manager.filter(pk=secret.pk, **{secret.column: secret.token})
        count += same.update(**{secret.column: token})
    return count, failed
