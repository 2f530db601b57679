"""A mail server for trying things out: keeps every mail in a folder that the pages at /mail/ show."""

from __future__ import annotations

import logging
import signal
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from tracking import conf
from tracking.catcher.mailbox import Mailbox
from tracking.catcher.receiver import controller

_ENDS = {signal.SIGINT, signal.SIGTERM}


class Command(BaseCommand):
    help = "Catch mail: a mail server that keeps all it is sent in TRACKING_CATCHER_FOLDER and delivers nothing."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="The address to listen at.")
        parser.add_argument("--port", type=int, default=1025, help="The port to listen at.")

    def handle(self, *args: Any, host: str, port: int, **options: Any) -> None:
        folder = conf.catcher_folder()
        if folder is None:
            raise CommandError("Set TRACKING_CATCHER_FOLDER to the folder that is to keep the mails.")
        logging.getLogger("mail.log").setLevel(logging.ERROR)  # aiosmtpd tells every command, and its own worries
        signal.pthread_sigmask(signal.SIG_BLOCK, _ENDS)  # before there is a second thread, which inherits it
        server = controller(Mailbox(Path(folder)), host=host, port=port)
        server.start()
        self.stdout.write(f"Catching mail at {host}:{port} in {folder}")
        signal.sigwait(_ENDS)
        server.stop()
