"""Django's own backend, its connection kept open: one process, nothing stored."""

import django

django.setup()

from django.core.mail import get_connection  # noqa: E402
from mails import messages, serve  # noqa: E402


def send(count):
    with get_connection() as connection:
        for message in messages(count):
            connection.send_messages([message])


serve(lambda count: None, send)
