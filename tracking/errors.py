"""Every exception of the product.

    TrackingError
    ├── EventError            the platform handed us something that is not an event
    ├── EntryError            rows that cannot stand in the directory
    ├── RuleError             a rule, or a connection, that could not run
    ├── TemplateError         a subject or body that does not compile or render
    ├── AddressError          text that is not one mailbox
    ├── CredentialsError      a stored secret that no key of ours opens
    ├── SendError             a mail server did not let us in
    ├── QuotaError            more than is allowed in this minute, hour or day
    ├── JobError              long work that may not be started, or cannot go on
    │   └── JobStopped        somebody cancelled it, or another worker has taken it over
    └── RunError              `make run` cannot start or go on

Foreign exceptions become one of these at the edge where they arise, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import timedelta

    from tracking.choices import Failure, Phase


class TrackingError(Exception):
    """Base of all errors that the product raises on purpose."""


class FieldErrors(TrackingError):
    """What is wrong, field by field.

    `errors` maps a field's path (`lead.a.b`, `filters.min_price`) to sentences that say what would be right.
    """

    def __init__(self, errors: Mapping[str, Sequence[str]]) -> None:
        self.errors: dict[str, list[str]] = {field: list(messages) for field, messages in errors.items()}
        super().__init__("; ".join(f"{field}: {' '.join(found)}" for field, found in self.errors.items()))


class EventError(FieldErrors):
    """The platform handed us something that is not an event."""


class EntryError(FieldErrors):
    """Rows that cannot stand in the directory; a field's path begins with the row's place, from 0: `3.product`."""


class RuleError(FieldErrors):
    """A rule or a connection that could not run as it stands."""


class TemplateError(TrackingError):
    """A template that does not compile or render. `line` and `column` count from 1, None where unknown."""

    def __init__(self, message: str, *, line: int | None = None, column: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.column = column

    def __str__(self) -> str:
        if self.line is None:
            return self.message
        place = f"line {self.line}" if self.column is None else f"line {self.line}, column {self.column}"
        return f"{self.message} ({place})"


class AddressError(TrackingError):
    """Text that is not exactly one mailbox."""


class CredentialsError(TrackingError):
    """A stored secret that none of CREDENTIALS_KEYS opens, or that belongs to another row."""


class SendError(TrackingError):
    """A session could not be opened. What the retry policy asks is `failure`, nothing else.

    `code` is the server's SMTP reply, None when it never spoke; `phase` how far the session came; `retry_after` when
    the server asks us to come back.
    """

    def __init__(
        self,
        message: str,
        *,
        failure: Failure,
        phase: Phase,
        code: int | None = None,
        enhanced: str = "",
        retry_after: timedelta | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.failure = failure
        self.phase = phase
        self.code = code
        self.enhanced = enhanced
        self.retry_after = retry_after


class QuotaError(TrackingError):
    """More of something than is allowed in a while. `retry_after`: seconds until there is more."""

    def __init__(self, message: str, *, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class JobError(TrackingError):
    """Long work that may not be started, or cannot go on. The text is for whoever started it."""


class JobStopped(JobError):
    """The job is no longer this worker's: it was cancelled, or was taken for dead and started again."""


class RunError(TrackingError):
    """`make run` cannot start or go on. The text says why and what to do."""
