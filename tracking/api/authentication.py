"""Who calls: `Authorization: Bearer evt_…`."""

from __future__ import annotations

from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from tracking import denials
from tracking.api import tokens
from tracking.models import ApiToken, User


class TokenAuthentication(BaseAuthentication):
    """Own hashed tokens. No header: the next way of authenticating is asked."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        scheme, _, text = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() not in {"bearer", "token"}:
            return None
        token = tokens.find(text.strip(" "), now=timezone.now())
        if token is None:
            denials.login_failed(request, tokens.owner(text.strip(" ")), by="API token")
            raise AuthenticationFailed("The token is unknown, expired or revoked.")
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"
