"""Who may look and who may write: people, and the tokens of platform code."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.models import AbstractUser
from django.db import models


class User(AbstractUser):
    """A person. `buyers` is the row scope of the buyer roles: they see campaigns of these buyers only.

    `second_factor_since` says on every request, without a query more, whether a code is asked at login.
    """

    buyers = models.ManyToManyField("tracking.Buyer", blank=True, related_name="users")
    second_factor_since = models.DateTimeField("second factor since", null=True, editable=False)


class ApiToken(models.Model):
    """A credential of platform code. Only a hash is kept; the token itself is shown once, when it is made.

    It opens what its user may do, narrowed to `scopes` where there are any, and to `products` where it was made for
    some.
    """

    name = models.CharField(max_length=100)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_tokens")
    digest = models.CharField(max_length=64, unique=True, editable=False)
    hint = models.CharField(max_length=12, editable=False, help_text="The token's first characters, to tell it apart.")
    scopes = models.JSONField(default=list, blank=True, help_text="Of choices.Scope. Empty: all that its user may do.")
    products = models.ManyToManyField(
        "tracking.Product", blank=True, related_name="+", help_text="Empty: all that its user sees."
    )
    narrowed = models.BooleanField(
        default=False, db_default=False, editable=False, help_text="To its products, though none of them be left."
    )
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True, help_text="Empty: never.")
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False, help_text="To the minute.")

    class Meta:
        verbose_name = "API token"

    def __str__(self) -> str:
        return f"{self.name} ({self.hint}…)"

    def valid_at(self, now: datetime) -> bool:
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)
