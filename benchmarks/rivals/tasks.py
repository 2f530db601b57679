"""django-celery-email: a Celery task a mail, two worker processes, nothing logged."""

import os
import subprocess
import sys
import time

import django
from celery import Celery

django.setup()

from django.core.mail import get_connection  # noqa: E402
from mails import messages, serve  # noqa: E402

app = Celery("bench")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


def fill(count):
    connection = get_connection()
    for message in messages(count):
        connection.send_messages([message])


def send(count):
    """From the moment at which the workers see the queue until it is empty and nothing is in their hands."""
    app.control.add_consumer("bench")
    with app.connection_for_read() as connection:
        redis = connection.default_channel.client
        while redis.llen("bench") or redis.hlen("unacked"):
            time.sleep(0.01)
    app.control.cancel_consumer("bench", reply=True)


def main():
    command = [sys.executable, "-m", "celery", "-A", "tasks", "worker", "-c", "2", "-Q", "idle", "-l", "ERROR"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    worker = subprocess.Popen(command, cwd=os.path.dirname(__file__), **quiet)
    try:
        while not app.control.ping(timeout=0.5):
            pass
        serve(fill, send)
    finally:
        worker.terminate()
        worker.wait(timeout=30)


if __name__ == "__main__":
    main()
