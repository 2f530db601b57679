"""django-post_office on PostgreSQL with its logs, PROCESSES of five threads each."""

import os

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from mails import MAIL, serve  # noqa: E402
from post_office import mail  # noqa: E402

call_command("migrate", verbosity=0)


def fill(count):
    one = {
        "sender": MAIL["from"],
        "recipients": [MAIL["to"]],
        "subject": MAIL["subject"],
        "message": MAIL["text"],
        "html_message": MAIL["html"],
    }
    mail.send_many([one] * count)


def send(count):
    mail.send_queued_mail_until_done(processes=int(os.environ["PROCESSES"]), log_level=2)


serve(fill, send)
