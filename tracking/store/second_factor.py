"""A person's second factor: set up, confirmed, asked, forgotten."""

from __future__ import annotations

import base64
import secrets
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote, urlencode

from django.db import transaction
from django.utils import timezone
from django_otp import match_token
from django_otp.models import Device

from tracking import credentials
from tracking.choices import AuditAction
from tracking.models import Authenticator, RecoveryCodes, User
from tracking.models.second_factor import DIGITS, STEP_SECONDS, authenticator_of, digest_of
from tracking.store import audit

ISSUER = "Event Tracking"
KEY_BYTES = 20
CODES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class SetUp:
    """What an app needs to know: the key in base32, and the address that a QR code holds."""

    key: str
    uri: str


def begin(user: User) -> SetUp:
    """A new key, or the one already begun; it counts once a code of it was given."""
    row = Authenticator.objects.filter(user=user).first()
    if row is None:
        sealed = credentials.seal(secrets.token_hex(KEY_BYTES), bound_to=authenticator_of(user.pk))
        row, _ = Authenticator.objects.get_or_create(
            user=user, defaults={"name": "Authenticator app", "confirmed": False, "sealed_key": sealed}
        )
    key = base64.b32encode(row.key()).decode()
    query = urlencode({"secret": key, "issuer": ISSUER, "digits": DIGITS, "period": STEP_SECONDS}, quote_via=quote)
    return SetUp(key=key, uri=f"otpauth://totp/{quote(f'{ISSUER}:{user.get_username()}')}?{query}")


def confirm(user: User, code: str, *, now: datetime) -> Device | None:
    """The authenticator, set up from now on, when the code is one of its; else None."""
    with transaction.atomic():
        row = Authenticator.objects.select_for_update().filter(user=user, confirmed=False).first()
        if row is None or not row.verify_token(_bare(code)):
            return None
        row.confirmed = True
        row.save(update_fields=["confirmed"])
        _remember(user, since=now)
        _note(user, user, "set up", now)
        return row


def matched(user: User, code: str) -> Device | None:
    """The device whose code this is, which is used up by it; None for a wrong one, or one given too soon."""
    return match_token(user, _bare(code))


def patience(user: User) -> int:
    """Seconds until the next code is looked at."""
    waits = [0.0]
    for model in (Authenticator, RecoveryCodes):
        for device in model.objects.filter(user=user):
            allowed, why = device.verify_is_allowed()
            if not allowed:
                waits.append((why["locked_until"] - timezone.now()).total_seconds())
    return max(0, round(max(waits)))


def new_codes(user: User) -> list[str]:
    """Recovery codes, to be shown once; earlier ones are void."""
    codes = [secrets.token_hex(8) for _ in range(CODES)]
    RecoveryCodes.objects.update_or_create(
        user=user, defaults={"name": "Recovery codes", "digests": [digest_of(code) for code in codes]}
    )
    return ["-".join(code[start : start + 4] for start in range(0, 16, 4)) for code in codes]


def codes_left(user: User) -> int:
    row = RecoveryCodes.objects.filter(user=user).first()
    return len(row.digests) if row else 0


@transaction.atomic
def forget(user: User, *, by: User, now: datetime) -> bool:
    """Away with all of it; the password alone lets in then. False when there was nothing."""
    _remember(user, since=None)
    removed = [model.objects.filter(user=user).delete()[0] for model in (Authenticator, RecoveryCodes)]
    if any(removed):
        _note(user, by, "removed", now)
    return any(removed)


def _note(user: User, by: User, what: str, now: datetime) -> None:
    audit.note(actor=by, action=AuditAction.USER_CHANGED, target=user, detail={"second factor": what}, now=now)


def _remember(user: User, *, since: datetime | None) -> None:
    user.second_factor_since = since
    user.save(update_fields=["second_factor_since"])


def _bare(code: str) -> str:
    return "".join(code.split())[:64]
