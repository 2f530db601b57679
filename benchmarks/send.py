"""Mails a second into the same sink: from event and delivery in PostgreSQL to the server's 250 recorded, and others.

All send the same mail (`mail.py`) by turns; what counts is the median of each, and their ratios. Theirs is timed from a
full queue to an empty one too, where they have a queue.
"""

from __future__ import annotations

import os
import smtplib
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from statistics import median
from typing import Any

from benchmarks import drains, mail, peers, ready, scene, services
from benchmarks.results import keep, skipped, table
from benchmarks.services import Missing
from tracking.emit import emit_many
from tracking.models import Attempt, Delivery

PRODUCTS = range(1, 11)
ROUNDS = 3
BATCH = 500  # events handed to emit_many at once

Rate = Callable[[int], float]  # mails -> mails a second


class Ours:
    """The product. It remembers how fast it took events in, too."""

    def __init__(self, *, twig: bool = False) -> None:
        out = scene.connection()
        shift = 1000 if twig else 0
        self.products = range(PRODUCTS.start + shift, PRODUCTS.stop + shift)
        self.connection = int(out.pk)
        self.with_emit: list[float] = []
        for product in self.products:
            scene.rule(product, out, use_twig=twig)

    def rate(self, mails: int) -> float:
        events = list(scene.events(mails, products=self.products))
        start = time.monotonic()
        for first in range(0, mails, BATCH):
            emit_many(events[first : first + BATCH])
        emitting = time.monotonic() - start
        sending = drains.drain([self.connection])
        self._check(mails)
        self.with_emit.append(mails / (emitting + sending))
        return mails / sending

    def _check(self, mails: int) -> None:
        """Every mail is recorded as sent by one attempt; then the tables are emptied for the next round."""
        mine = Delivery.objects.filter(connection_id=self.connection)
        assert mine.filter(state="sent").count() == mails
        assert Attempt.objects.filter(delivery__connection_id=self.connection, code=250).count() == mails
        Attempt.objects.all().delete()
        mine.delete()


def smtp_source(mails: int) -> float:
    """Postfix's own load generator, in C: a session for each mail or one for all, nothing stored, no MIME made."""
    size = len(mail.filled(mail.BODY, html=True)) + len(mail.plain(mail.filled(mail.BODY, html=True))) + 600
    command = [services.program("smtp-source"), "-d", "-s", "2", "-l", str(size), "-m", str(mails)]
    start = time.monotonic()
    subprocess.run([*command, f"127.0.0.1:{ready.SINK_PORT}"], check=True, capture_output=True, timeout=120)
    return mails / (time.monotonic() - start)


def smtplib_alone(mails: int) -> float:
    """Python's own client, one session, the same ready-made bytes each time: how fast Python is on this machine."""
    html = mail.filled(mail.BODY, html=True)
    message = MIMEMultipart("alternative")
    message.attach(MIMEText(mail.plain(html)))
    message.attach(MIMEText(html, "html"))
    message["From"], message["To"], message["Subject"] = mail.SENDER, mail.LEAD["email"], "Sold"
    data = message.as_bytes()
    with smtplib.SMTP("127.0.0.1", ready.SINK_PORT, timeout=30) as session:
        start = time.monotonic()
        for _ in range(mails):
            session.sendmail(mail.SENDER, [mail.LEAD["email"]], data)
        return mails / (time.monotonic() - start)


@contextmanager
def _smtplib() -> Iterator[Rate]:
    yield smtplib_alone


@contextmanager
def _smtp_source() -> Iterator[Rate]:
    services.program("smtp-source")
    yield smtp_source


@contextmanager
def _celery_email() -> Iterator[Rate]:
    broker = {"BROKER_URL": os.environ["CELERY_BROKER_URL"]}
    with peers.python("tasks.py", EMAIL_BACKEND="djcelery_email.backends.CeleryEmailBackend", **broker) as peer:
        yield peer.rate


@contextmanager
def _post_office() -> Iterator[Rate]:
    with peers.python("queued.py", PROCESSES="2") as peer:
        yield peer.rate


@contextmanager
def _post_office_by_default() -> Iterator[Rate]:
    """As its command runs where nothing is said: one process."""
    with peers.python("queued.py", PROCESSES="1") as peer:
        yield peer.rate


@contextmanager
def _django() -> Iterator[Rate]:
    with peers.python("kept_open.py") as peer:
        yield peer.rate


@contextmanager
def _nodemailer() -> Iterator[Rate]:
    with peers.node("pool.js") as peer:
        yield peer.rate


# key in bench.json -> (what it is, mails a round, how to have it). A round takes three seconds and more: shorter ones
# would count how long processes take to find their feet.
OTHERS = {
    "django_celery_email": ("django-celery-email, 2 processes, Redis, no log", 600, _celery_email),
    "django_post_office": ("django-post_office, 2 processes x 5 threads, PostgreSQL", 2_400, _post_office),
    "django_post_office_default": (
        "django-post_office as it comes, 1 process x 5 threads",
        2_400,
        _post_office_by_default,
    ),
    "django": ("Django's backend, connection kept open, nothing stored", 3_000, _django),
    "nodemailer": ("nodemailer, pool of 5, in memory", 4_000, _nodemailer),
    "smtplib": ("smtplib, one session, ready-made bytes, nothing stored", 8_000, _smtplib),
    "smtp_source": ("smtp-source (C), 2 sessions kept open, nothing stored", 24_000, _smtp_source),
}


LABELS = {
    "ours": "this product, 2 processes x 2 threads, PostgreSQL",
    "ours_twig": "this product, templates in Twig",
    "ours_with_emit": "this product, its emit_many counted in",
    **{key: label for key, (label, _, _) in OTHERS.items()},
}


def measure(mails: int) -> dict[str, list[float]]:
    """Key -> mails a second of each round."""
    ours, twig = Ours(), Ours(twig=True)
    rates: dict[str, list[float]] = {}
    with ExitStack() as stack:
        turns: dict[str, tuple[int, Rate]] = {"ours": (mails, ours.rate), "ours_twig": (mails, twig.rate)}
        for key, (label, number, others) in OTHERS.items():
            try:
                turns[key] = (number, stack.enter_context(others()))
            except Missing as why:
                skipped(label, str(why))
        for _ in range(ROUNDS):
            for key, (number, rate) in turns.items():
                rates.setdefault(key, []).append(rate(number))
                print(f"  {key}: {rates[key][-1]:,.0f}/s", flush=True)
    return {**rates, "ours_with_emit": ours.with_emit}


def summary(rates: dict[str, list[float]]) -> dict[str, dict[str, Any]]:
    """Key -> median, least and most of its rounds, how many times as fast ours is, and the rounds."""
    ours = median(rates["ours"])
    return {
        key: {
            "median": median(rounds),
            "least": min(rounds),
            "most": max(rounds),
            "ours_is": ours / median(rounds),
            "rounds": rounds,
        }
        for key, rounds in rates.items()
    }


def main() -> None:
    mails = int(os.environ.get("MAILS") or (60_000 if ready.FULL else 24_000))
    found = summary(measure(mails))
    rows = [
        (LABELS[key], found[key]["median"], found[key]["least"], found[key]["most"], f"{found[key]['ours_is']:.1f} x")
        for key in LABELS
        if key in found
    ]
    table("Mails a second, the same 5 KB mail, the same sink", ("", "median", "least", "most", "ours is"), rows)
    keep("send", mails=mails, mails_per_s=found)


if __name__ == "__main__":
    main()
