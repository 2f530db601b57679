"""Who comes in: guessing is refused for a while, and a person with a second factor is nobody until it was given."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from axes.attempts import get_cool_off_threshold
from axes.handlers.database import AxesDatabaseHandler
from axes.helpers import get_failure_limit
from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db.models import Sum
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from tracking import conf


class LoginGuard(AxesDatabaseHandler):  # type: ignore[misc]
    """Axes counts the guesses at one name from one address; this also those at all names from one address."""

    def get_failures(self, request: Any, credentials: dict[str, Any] | None = None) -> int:
        """As many as lock when the address has used up its own, larger number."""
        since = get_cool_off_threshold(request)
        there = AccessAttempt.objects.filter(ip_address=request.axes_ip_address, attempt_time__gte=since)
        guesses = there.aggregate(sum=Sum("failures_since_start"))["sum"] or 0
        if guesses >= conf.login_tries_of_address():
            return int(get_failure_limit(request, credentials))
        return int(super().get_failures(request, credentials))


def refuse(request: HttpRequest, original: Any = None, credentials: Any = None) -> HttpResponse:
    """The answer to too many wrong passwords; the same for names that exist and names that do not."""
    lock = conf.login_lock()
    minutes = round(lock.total_seconds() / 60)
    response = render(request, "admin/tracking/too_many_tries.html", {"minutes": minutes}, status=429)
    response.headers["Retry-After"] = str(int(lock.total_seconds()))
    return response


class SecondFactorMiddleware:
    """Sends people to the page of the second factor that they owe; everywhere else they are nobody until then."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if settings.SESSION_COOKIE_NAME in request.COOKIES and not _is_open(request):
            page = _owed(request)
            if page and request.path_info.startswith((reverse("admin:index"), "/mail/")):
                return HttpResponseRedirect(f"{page}?{urlencode({'next': request.get_full_path()})}")
            if page:
                request.user = AnonymousUser()
        return self.get_response(request)


def _is_open(request: HttpRequest) -> bool:
    """The pages that a person reaches with the password alone; they look for themselves at who asks what."""
    return request.path_info.startswith((reverse("second_factor:overview"), reverse("admin:logout")))


def _owed(request: HttpRequest) -> str:
    """The page on which this person has something to prove; "" where nothing is owed."""
    user = request.user
    if not user.is_authenticated or user.is_verified():  # type: ignore[attr-defined]
        return ""
    if user.second_factor_since:
        return reverse("second_factor:ask")
    return reverse("second_factor:set_up") if conf.second_factor_required() else ""
