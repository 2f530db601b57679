"""The pages of the caught mails, for logged-in staff. A mail's HTML is a stranger's: it stands in a sandboxed frame."""

from __future__ import annotations

from pathlib import Path

from django.contrib.admin.views.decorators import staff_member_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from tracking import conf
from tracking.catcher.mailbox import Mailbox
from tracking.catcher.reading import CaughtMail

PAGE = 50

_PAGES = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; frame-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
_FOREIGN_HTML = "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'"
_FOREIGN_TEXT = "sandbox; default-src 'none'"


def _mailbox() -> Mailbox:
    folder = conf.catcher_folder()
    if folder is None:
        raise Http404
    return Mailbox(Path(folder))


def _mail(key: str) -> CaughtMail:
    found = _mailbox().mail(key)
    if found is None:
        raise Http404("There is no such mail.")
    return found


def _guarded(response: HttpResponse, policy: str) -> HttpResponse:
    response["Content-Security-Policy"] = policy
    response["Referrer-Policy"] = "no-referrer"
    add_never_cache_headers(response)
    return response


@require_safe
@staff_member_required
def inbox(request: HttpRequest) -> HttpResponse:
    """The mails, newest first; only those of the page are opened."""
    mailbox, recipient = _mailbox(), request.GET.get("to", "").strip()
    keys = list(mailbox.keys_to(recipient)) if recipient else mailbox.keys()
    page = Paginator(keys, PAGE).get_page(request.GET.get("page"))
    mails = [found for key in page.object_list if (found := mailbox.mail(key))]
    context = {"page": page, "mails": mails, "recipient": recipient}
    return _guarded(render(request, "catcher/inbox.html", context), _PAGES)


@require_safe
@staff_member_required
def mail(request: HttpRequest, key: str) -> HttpResponse:
    return _guarded(render(request, "catcher/mail.html", {"mail": _mail(key)}), _PAGES)


@require_safe
@staff_member_required
@xframe_options_sameorigin
def html(request: HttpRequest, key: str) -> HttpResponse:
    """The HTML body alone: no script, no form, nothing loaded from anywhere."""
    body = _mail(key).html
    if body is None:
        raise Http404("This mail has no HTML.")
    return _guarded(HttpResponse(body, content_type="text/html; charset=utf-8"), _FOREIGN_HTML)


@require_safe
@staff_member_required
def source(request: HttpRequest, key: str) -> HttpResponse:
    """The mail as it came, below our two lines."""
    raw = _mailbox().raw(key)
    if raw is None:
        raise Http404("There is no such mail.")
    return _guarded(
        HttpResponse(raw.decode("utf-8", "replace"), content_type="text/plain; charset=utf-8"), _FOREIGN_TEXT
    )
