"""The folder of caught mails: a Maildir whose file names sort by the time of arrival.

Each file begins with two lines of ours, who sent it and to whom it really went (Bcc included); then comes the mail.
"""

from __future__ import annotations

import itertools
import os
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tracking.catcher.reading import CaughtMail, read

_KEY = re.compile(r"[0-9]{20}\.[0-9]+_[0-9]+")
_ENVELOPE_BYTES = 8_192  # enough for the two lines of ours

_count = itertools.count()


@dataclass(frozen=True, slots=True)
class Mailbox:
    """Any number of processes may read while one adds."""

    folder: Path

    def add(self, *, sender: str, recipients: Sequence[str], data: bytes) -> str:
        """Keep a mail; the key that names it. A reader sees all of it or nothing."""
        key = f"{time.time_ns():020d}.{next(_count)}_{os.getpid()}"
        for name in ("tmp", "new", "cur"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        draft = self.folder / "tmp" / key
        draft.write_bytes(_envelope(sender, recipients) + data)
        draft.rename(self.folder / "new" / key)
        return key

    def keys(self) -> list[str]:
        """All keys, newest first. Nothing is opened."""
        try:
            return sorted((name for name in os.listdir(self.folder / "new") if _KEY.fullmatch(name)), reverse=True)
        except FileNotFoundError:
            return []

    def raw(self, key: str) -> bytes | None:
        """The mail with our two lines; None when there is none of that key."""
        if not _KEY.fullmatch(key):
            return None
        try:
            return (self.folder / "new" / key).read_bytes()
        except FileNotFoundError:
            return None

    def mail(self, key: str) -> CaughtMail | None:
        data = self.raw(key)
        return read(key, data, caught_at=_caught_at(key)) if data is not None else None

    def keys_to(self, recipient: str) -> Iterator[str]:
        """Keys of the mails that went to an address with these letters in it, newest first."""
        wanted = recipient.strip().lower().encode()
        for key in self.keys():
            with (self.folder / "new" / key).open("rb") as file:
                if wanted in file.read(_ENVELOPE_BYTES).split(b"\n", 2)[1].lower():
                    yield key


def _envelope(sender: str, recipients: Sequence[str]) -> bytes:
    return f"X-Envelope-From: {sender}\nX-Envelope-To: {', '.join(recipients)}\n".encode("utf-8", "replace")


def _caught_at(key: str) -> datetime:
    return datetime.fromtimestamp(int(key.partition(".")[0]) / 1_000_000_000, tz=UTC)
