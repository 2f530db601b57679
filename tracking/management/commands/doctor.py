"""Says whether this installation is safe to run."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand

from tracking.doctor import Level, examine


class Command(BaseCommand):
    help = "Examines settings, database, broker, clock, beat, credentials; a line each; exit status 1 if one is unsafe."
    requires_system_checks: list[str] = []  # they are one of the findings

    def handle(self, *args: Any, **options: Any) -> None:
        unsafe = False
        for finding in examine():
            unsafe = unsafe or finding.level is Level.UNSAFE
            self.stdout.write(str(finding))
        if unsafe:
            sys.exit(1)
