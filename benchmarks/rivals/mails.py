"""The mail that all peers send, and how they are asked to: a number a line in, mails a second a line out."""

import json
import os
import sys
import time

from django.core.mail import EmailMultiAlternatives

with open(os.environ["MAIL_FILE"]) as file:
    MAIL = json.load(file)


def messages(count):
    for _ in range(count):
        message = EmailMultiAlternatives(MAIL["subject"], MAIL["text"], MAIL["from"], [MAIL["to"]])
        message.attach_alternative(MAIL["html"], "text/html")
        yield message


def serve(fill, send):
    """`fill(count)` queues mails, `send(count)` sends them and is timed."""
    print("ready", flush=True)
    for line in sys.stdin:
        count = int(line)
        fill(count)
        start = time.monotonic()
        send(count)
        print(count / (time.monotonic() - start), flush=True)
