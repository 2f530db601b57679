"""A credential for platform code."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from tracking.api import tokens
from tracking.models import User


class Command(BaseCommand):
    help = "Makes an API token of a user and prints it, once: only its hash is kept."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")
        parser.add_argument("name", help="what the token is for")

    def handle(self, *args: Any, username: str, name: str, **options: Any) -> None:
        user = User.objects.filter(username=username).first()
        if user is None:
            raise CommandError(f"There is no user {username}; make one with createsuperuser.")
        if not user.has_perm("tracking.add_storedevent"):
            self.stderr.write(f"{username} lacks the permission “Can add event”: the token cannot emit yet.")
        self.stdout.write(tokens.issue(user, name)[1])
