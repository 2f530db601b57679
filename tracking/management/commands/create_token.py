"""A credential for platform code."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from tracking.api import tokens
from tracking.models import ApiToken, User
from tracking.validation import control_characters

_LONGEST = ApiToken._meta.get_field("name").max_length or 0


class Command(BaseCommand):
    help = "Makes an API token of a user and prints it, once: only its hash is kept."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")
        parser.add_argument("name", help="what the token is for")

    def handle(self, *args: Any, username: str, name: str, **options: Any) -> None:
        if not name.strip() or len(name) > _LONGEST or control_characters(name):
            raise CommandError(f"Give the token a name: one line of at most {_LONGEST} characters.")
        user = User.objects.filter(username=username).first()
        if user is None:
            raise CommandError(f"There is no user {username}; make one with createsuperuser.")
        if not user.has_perm("tracking.add_storedevent"):
            self.stderr.write(f"{username} lacks the permission “Can add event”: the token cannot emit yet.")
        self.stdout.write(tokens.issue(user, name)[1])
