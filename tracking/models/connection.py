"""Where mail goes out: predefined ESP connections, and the custom server of one rule."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q

from tracking import credentials
from tracking.choices import ConnectionKind, Encryption, Reason
from tracking.policy.rate import Pace
from tracking.smtp.endpoint import Endpoint, Timeouts

UNTIL_MENDED = datetime(9999, 1, 1, tzinfo=UTC)


class Connection(models.Model):
    """`version` grows with each change, so that no session of an older one is used again.

    The password is sealed for `secret_id`; nothing but `endpoint()` opens it. The health columns are written by single
    conditional updates of the senders.
    """

    key = models.SlugField(max_length=100, unique=True, help_text="Names the connection in exported rules.")
    name = models.CharField(max_length=100)
    kind = models.CharField(max_length=10, choices=ConnectionKind, default=ConnectionKind.ESP, editable=False)
    provider = models.CharField(max_length=40, default="other")
    region = models.CharField(max_length=40, blank=True)
    host = models.CharField(max_length=253)
    port = models.PositiveIntegerField()
    encryption = models.CharField("Encryption", max_length=10, choices=Encryption, default=Encryption.TLS)
    login = models.CharField(max_length=320, blank=True)
    sealed_password = models.TextField(blank=True, editable=False)
    secret_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    max_sessions = models.PositiveSmallIntegerField(
        "sessions at once", default=4, validators=[MinValueValidator(1)], help_text="Over all workers."
    )
    max_rate = models.PositiveIntegerField(
        "mails per minute",
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="At most, over all workers. Empty: no limit but the server's own, which is learnt from its replies.",
    )
    rate = models.FloatField(null=True, editable=False)  # mails per minute allowed now; None: no limit
    rate_tokens = models.FloatField(default=0, editable=False)
    rate_at = models.DateTimeField(null=True, editable=False)  # when the tokens were last counted
    rate_lowered_at = models.DateTimeField(null=True, editable=False)
    rate_lowered_from = models.FloatField(null=True, editable=False)

    fail_streak = models.PositiveIntegerField("failed sessions in a row", default=0, editable=False)
    paused_until = models.DateTimeField(null=True, editable=False)
    pause_reason = models.CharField(max_length=30, choices=Reason, blank=True, editable=False)
    parked_to = models.DateTimeField(null=True, editable=False)  # what was due until then is held while it rests
    told_at = models.DateTimeField(null=True, editable=False)  # when an alert about this rest was raised
    last_error = models.CharField(max_length=1000, blank=True, editable=False)
    last_error_at = models.DateTimeField(null=True, editable=False)
    last_success_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ("name",)
        constraints = [
            models.UniqueConstraint(
                fields=("name",), condition=Q(kind="esp"), name="predefined_connection_names_are_unique"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def endpoint(self, *, timeouts: Timeouts, ca_file: str | None, local_hostname: str) -> Endpoint:
        """Raises CredentialsError when the stored password cannot be opened."""
        return Endpoint(
            host=self.host,
            port=self.port,
            encryption=Encryption(self.encryption),
            login=self.login,
            password=credentials.unseal(self.sealed_password, bound_to=str(self.secret_id)),
            pool_key=(self.pk, self.version),
            local_hostname=local_hostname,
            ca_file=ca_file,
            timeouts=timeouts,
        )

    def pace(self) -> Pace:
        return Pace(
            most=self.max_rate,
            rate=self.rate,
            tokens=self.rate_tokens,
            counted_at=self.rate_at,
            lowered_at=self.rate_lowered_at,
            lowered_from=self.rate_lowered_from,
        )

    @property
    def waits_for_an_operator(self) -> bool:
        """It rests for good: nothing but a change or a release by somebody lets it try again."""
        return self.paused_until is not None and self.paused_until >= UNTIL_MENDED

    def paused_at(self, now: datetime) -> bool:
        return self.paused_until is not None and now < self.paused_until
