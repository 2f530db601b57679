"""What a person proves beside the password: codes of an authenticator app, and recovery codes for the day it is lost.

django-otp asks its devices itself, with the process's clock; so these rows, unlike all others, act.
"""

from __future__ import annotations

import time
from hashlib import sha256
from typing import ClassVar

from django.conf import settings
from django.db import models
from django_otp.models import Device, DeviceManager, ThrottlingMixin
from django_otp.oath import TOTP

from tracking import credentials

DIGITS = 6
STEP_SECONDS = 30


class Authenticator(ThrottlingMixin, Device):  # type: ignore[misc]
    """An app that shares a key with us (RFC 6238). The key is sealed; a code opens once."""

    sealed_key = models.CharField(max_length=300, editable=False)
    last_step = models.BigIntegerField(
        default=-1, editable=False, help_text="The step of the last code that was taken."
    )

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")

    objects: ClassVar[models.Manager[Authenticator]] = DeviceManager()

    def key(self) -> bytes:
        """Raises CredentialsError."""
        return bytes.fromhex(credentials.unseal(self.sealed_key, bound_to=authenticator_of(self.user_id)))

    def verify_token(self, token: str) -> bool:
        if not self.verify_is_allowed()[0]:
            return False
        totp = TOTP(self.key(), step=STEP_SECONDS, digits=DIGITS)
        totp.time = time.time()
        taken = _is_code(token) and totp.verify(int(token), tolerance=1, min_t=self.last_step + 1)
        if taken:
            self.last_step = totp.t()
            self.throttle_reset(commit=False)
            self.save()
        else:
            self.throttle_increment()
        return bool(taken)

    def get_throttle_factor(self) -> float:
        return 1.0  # seconds after the first wrong code, doubling


class RecoveryCodes(ThrottlingMixin, Device):  # type: ignore[misc]
    """Codes on paper, each good for one login. Only hashes are kept; the codes have 64 random bits."""

    digests = models.JSONField(default=list, editable=False)

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")

    objects: ClassVar[models.Manager[RecoveryCodes]] = DeviceManager()

    def verify_token(self, token: str) -> bool:
        if not self.verify_is_allowed()[0]:
            return False
        taken = digest_of(token) in self.digests
        if taken:
            self.digests = [digest for digest in self.digests if digest != digest_of(token)]
            self.throttle_reset(commit=False)
            self.save()
        elif not _is_code(token):  # a code of the app is no try at one of these
            self.throttle_increment()
        return taken

    def get_throttle_factor(self) -> float:
        return 1.0


def authenticator_of(user_id: int) -> str:
    """What the key of a person's authenticator is sealed for."""
    return f"authenticator:{user_id}"


def digest_of(code: str) -> str:
    """Of a recovery code, however it was typed."""
    return sha256("".join(code.split()).replace("-", "").lower().encode()).hexdigest()


def _is_code(token: str) -> bool:
    return len(token) == DIGITS and token.isascii() and token.isdigit()
