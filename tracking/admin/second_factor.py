"""The pages of the second factor: asked at login, set up with an app, recovery codes shown once."""

from __future__ import annotations

from typing import Any

import segno
from django import forms
from django.contrib import admin, messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_otp import login as mark_verified
from unfold.widgets import UnfoldAdminTextInputWidget

from tracking import conf, denials
from tracking.store import clock, second_factor

_TEXT = {"autocomplete": "one-time-code", "autofocus": True, "spellcheck": "false"}


class CodeForm(forms.Form):
    code = forms.CharField(max_length=64, label="Code", widget=UnfoldAdminTextInputWidget(attrs=_TEXT))


def _person(request: HttpRequest) -> Any:
    """Who has logged in, with what django-otp knows of the session."""
    return request.user


def _page(request: HttpRequest, template: str, title: str, **context: Any) -> TemplateResponse:
    return TemplateResponse(
        request,
        f"admin/tracking/second_factor/{template}.html",
        {**admin.site.each_context(request), "title": title, **context},
    )


def _goal(request: HttpRequest) -> str:
    """Where the person wanted to go, if that is ours."""
    wanted = request.GET.get("next", "")
    if url_has_allowed_host_and_scheme(wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()):
        return wanted
    return "admin:index"


def _let_in(request: HttpRequest, device: Any) -> None:
    request.session.cycle_key()
    mark_verified(request, device)


def _owes_a_code(request: HttpRequest) -> bool:
    return _person(request).second_factor_since is not None and not _person(request).is_verified()


def _wrong(request: HttpRequest, form: CodeForm) -> None:
    wait = second_factor.patience(_person(request))
    form.add_error(
        "code", "This code is wrong, was used before, or has expired." + (f" Wait {wait} seconds." if wait else "")
    )


@never_cache
@login_required
@sensitive_post_parameters("code")
@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest) -> HttpResponse:
    """The code at login, of the app or of the recovery codes."""
    if not _owes_a_code(request):
        return redirect(_goal(request))
    form = CodeForm(request.POST or None)
    if form.is_valid():
        device = second_factor.matched(_person(request), form.cleaned_data["code"])
        if device:
            _let_in(request, device)
            return redirect(_goal(request))
        _wrong(request, form)
        denials.login_failed(request, _person(request), by="second factor")
    return _page(request, "ask", "Your second factor", form=form)


@never_cache
@login_required
@sensitive_post_parameters("code")
@require_http_methods(["GET", "HEAD", "POST"])
def set_up(request: HttpRequest) -> HttpResponse:
    """The key as QR code and text; a code proves that the app has it."""
    if _person(request).second_factor_since:
        return redirect("second_factor:overview")
    form = CodeForm(request.POST or None)
    if form.is_valid():
        device = second_factor.confirm(_person(request), form.cleaned_data["code"], now=clock.now())
        if device:
            _let_in(request, device)
            return _codes(request)
        _wrong(request, form)
    begun = second_factor.begin(_person(request))
    image = segno.make(begun.uri, micro=False).svg_data_uri(scale=5)
    return _page(request, "set_up", "Set up a second factor", form=form, key=begun.key, image=image)


@never_cache
@login_required
@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    if _owes_a_code(request):
        return redirect("second_factor:ask")
    if not _person(request).second_factor_since:
        return redirect("second_factor:set_up")
    left = second_factor.codes_left(_person(request))
    return _page(request, "overview", "Second factor", left=left, required=conf.second_factor_required())


@never_cache
@login_required
@require_POST
def new_codes(request: HttpRequest) -> HttpResponse:
    if not _person(request).is_verified():
        return redirect("second_factor:overview")
    return _codes(request)


def _codes(request: HttpRequest) -> HttpResponse:
    codes = second_factor.new_codes(_person(request))
    return _page(request, "codes", "Your recovery codes", codes=codes)


@never_cache
@login_required
@require_POST
def remove(request: HttpRequest) -> HttpResponse:
    if _person(request).is_verified() and second_factor.forget(_person(request), by=_person(request), now=clock.now()):
        messages.success(request, "Your second factor was removed.")
        return redirect("admin:index")
    return redirect("second_factor:overview")


app_name = "second_factor"
urlpatterns = [
    path("", overview, name="overview"),
    path("ask/", ask, name="ask"),
    path("set-up/", set_up, name="set_up"),
    path("codes/", new_codes, name="new_codes"),
    path("remove/", remove, name="remove"),
]
