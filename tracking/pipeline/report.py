"""How running work tells where it stands, and learns that it should stop."""

from __future__ import annotations

import time
from datetime import datetime

from tracking import conf
from tracking.errors import JobStopped
from tracking.store import jobs
from tracking.store.clock import Clock
from tracking.store.jobs import Claimed

EVERY = 1.0  # seconds between two writes, however often the work reports


class Report:
    """Handed to the function that does the work, which calls it between its steps.

    A step must be shorter than the lease. `secret` is what was sealed with the job; `author_id` who started it.
    Raises CredentialsError when that cannot be opened.
    """

    def __init__(self, claimed: Claimed, clock: Clock, *, every: float = EVERY) -> None:
        self.author_id: int | None = claimed.job.author_id
        self.job_id: int = claimed.job.pk
        self.secret = jobs.secret(claimed.job)
        self.file_name = self.file_text = ""
        self.keep_secret = False  # True: another job may go on with it
        self._token = claimed.token
        self._clock = clock
        self._every = every
        self._written = float("-inf")

    def now(self) -> datetime:
        return self._clock()

    def __call__(self, done: int, total: int | None = None, note: str = "") -> None:
        """Raises JobStopped when the job was cancelled. Costs nothing when the last write is less than `every` ago."""
        moment = time.monotonic()
        if moment - self._written < self._every:
            return
        self._written = moment
        lease = conf.job_lease()
        if not jobs.progress(self.job_id, self._token, done=done, total=total, note=note, lease=lease, now=self.now()):
            raise JobStopped("The job was cancelled.")

    def attach(self, name: str, text: str) -> None:
        """A file for whoever started the work, kept with the job."""
        self.file_name, self.file_text = name, text
