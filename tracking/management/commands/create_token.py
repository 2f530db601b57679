"""A credential for platform code."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from tracking.api import tokens
from tracking.choices import Scope
from tracking.models import ApiToken, Product, User
from tracking.store import clock
from tracking.validation import control_characters

_LONGEST = ApiToken._meta.get_field("name").max_length or 0
_MOST_DAYS = 3_650


class Command(BaseCommand):
    help = "Makes an API token of a user and prints it, once: only its hash is kept."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")
        parser.add_argument("name", help="what the token is for")
        parser.add_argument(
            "--scope", action="append", default=[], choices=Scope.values, help="narrows it to this; may be repeated"
        )
        parser.add_argument(
            "--product", action="append", default=[], type=int, help="narrows it to this product; may be repeated"
        )
        parser.add_argument("--days", type=int, help="expires after so many days; without it, never")

    def handle(self, *args: Any, username: str, name: str, **options: Any) -> None:
        if not name.strip() or len(name) > _LONGEST or control_characters(name):
            raise CommandError(f"Give the token a name: one line of at most {_LONGEST} characters.")
        user = User.objects.filter(username=username).first()
        if user is None:
            raise CommandError(f"There is no user {username}; make one with createsuperuser.")
        scopes = [Scope(scope) for scope in options["scope"]]
        if (not scopes or Scope.EVENTS_WRITE in scopes) and not user.has_perm("tracking.add_storedevent"):
            self.stderr.write(f"{username} lacks the permission “Can add event”: the token cannot emit yet.")
        expires_at = _in_days(options["days"])
        products = _products(options["product"])
        self.stdout.write(tokens.issue(user, name, expires_at, scopes=scopes, products=products)[1])


def _in_days(days: int | None) -> datetime | None:
    if days is None:
        return None
    if not 1 <= days <= _MOST_DAYS:
        raise CommandError(f"--days must be from 1 to {_MOST_DAYS}.")
    return clock.now() + timedelta(days=days)


def _products(ids: list[int]) -> list[Product]:
    found = list(Product.objects.filter(pk__in=ids))
    if missing := sorted(set(ids) - {product.pk for product in found}):
        raise CommandError(f"There is no product {', '.join(map(str, missing))} in the directory.")
    return found
