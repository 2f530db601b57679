"""A demo platform in an empty database."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from tracking import conf
from tracking.demo.seed import Catcher, seed, show_login
from tracking.errors import RuleError
from tracking.store import clock


class Command(BaseCommand):
    help = (
        "Writes a demo platform: directory, connections, rules and an administrator, into a database that has no "
        "product yet; in one that it has written, points the demo's connections to the mail catcher."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--catcher", default=_catcher(), metavar="HOST:PORT", help="where mails are caught (default: %(default)s)"
        )

        parser.add_argument("--migrate", action="store_true", help="bring the database up to date first")

    def handle(self, *args: Any, catcher: str, migrate: bool, **options: Any) -> None:
        host, _, port = catcher.rpartition(":")
        if not host or not port.isdigit():
            raise CommandError("--catcher must be HOST:PORT, for example 127.0.0.1:1025")
        if migrate:
            call_command("migrate", interactive=False, stdout=self.stdout)
        folder, now = settings.BASE_DIR / "var", clock.now()
        try:
            new = seed(Catcher(host, int(port)), folder=folder, now=now)
        except RuleError as error:
            raise CommandError(
                f"{error}. Let connections lead to the catcher: TRACKING_SMTP_ALLOWED_NETWORKS, "
                "TRACKING_SMTP_ALLOWED_PORTS."
            ) from None
        self.stdout.write(
            "The demo platform was written."
            if new
            else f"There are products already: kept as they are. The demo's connections lead to {catcher}."
        )
        show_login(folder, now=now)


def _catcher() -> str:
    """That of a `make run` in this tree, or where it is by default."""
    if conf.catcher_folder() is None:
        return "127.0.0.1:1025"
    system = conf.system_email()
    return f"{system['host']}:{system['port']}"
