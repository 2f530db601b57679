"""Seals every stored password anew with the first key of CREDENTIALS_KEYS."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from tracking import credentials
from tracking.errors import CredentialsError
from tracking.models import Connection


class Command(BaseCommand):
    help = (
        "Seals every stored password anew with the first key of CREDENTIALS_KEYS. Afterwards the other keys can go. "
        "Changes that people make meanwhile are kept."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        rotated, unreadable = 0, []
        for row in Connection.objects.exclude(sealed_password="").iterator():
            try:
                token = credentials.rotated(row.sealed_password)
            except CredentialsError as error:
                unreadable.append(f"{row.name} (#{row.pk}): {error}")
                continue
            same = Connection.objects.filter(pk=row.pk, sealed_password=row.sealed_password)
            rotated += same.update(sealed_password=token)
        self.stdout.write(f"{rotated} passwords sealed with the first key")
        if unreadable:
            raise CommandError("Not readable with any key, enter these passwords anew: " + "; ".join(unreadable))
