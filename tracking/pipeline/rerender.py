"""A logged mail once more: from the version and the event of its delivery, byte for byte, or with the rule of today."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from difflib import ndiff
from uuid import UUID

from tracking.models import Delivery
from tracking.pipeline.prepare import gather, prepare
from tracking.pipeline.trial import Preview, previewed
from tracking.store import leased

CONTEXT = 2  # unchanged lines around a change
MAX_LINES = 2_000  # of one mail that are compared


def again(delivery_id: UUID, *, version_id: int | None = None, now: datetime) -> Preview:
    """The mail of a delivery, with another version of its rule where one is given. Raises Unsendable.

    `now` dates a mail that was never claimed. Nothing is written, and nobody is asked for what was sent before.
    """
    (row,) = leased.read(Delivery.objects.filter(pk=delivery_id))
    wanted = row if version_id is None else row._replace(version_id=version_id)
    return previewed(prepare(wanted, replace(gather([wanted]), reached={}), now=now))


def changes(before: Preview, after: Preview) -> list[tuple[str, str]]:
    """Lines of both mails, each with "-", "+" or " " before it; long stretches without a change are left out."""
    lines = [
        (line[0], line[2:].rstrip("\n"))
        for line in ndiff(list(_lines(before)), list(_lines(after)))
        if line[0] in "-+ "
    ]
    if all(sign == " " for sign, _ in lines):
        return []
    near = {
        index + step for index, (sign, _) in enumerate(lines) if sign != " " for step in range(-CONTEXT, CONTEXT + 1)
    }
    return [line for index, line in enumerate(lines) if index in near]


def _lines(mail: Preview) -> Iterator[str]:
    yield f"From: {mail.sender}"
    for role, address in mail.recipients:
        yield f"{role}: {address}"
    yield f"Subject: {mail.subject}"
    for name, body in (("text", mail.text), ("HTML", mail.html)):
        if body is not None:
            yield f"--- {name} ---"
            yield from body.splitlines()[:MAX_LINES]
