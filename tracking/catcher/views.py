"""The pages of the caught mails, for logged-in staff. A mail's HTML is a stranger's: it stands in a sandboxed frame."""

from __future__ import annotations

from pathlib import Path

from django.contrib.admin.views.decorators import staff_member_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from tracking import conf
from tracking.catcher.mailbox import Mailbox
from tracking.catcher.reading import CaughtMail
from tracking.page_policy import foreign_html, foreign_text

PAGE = 50


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


@require_safe
@staff_member_required
@never_cache
def inbox(request: HttpRequest) -> HttpResponse:
    """The mails, newest first; only those of the page are opened."""
    mailbox, recipient = _mailbox(), request.GET.get("to", "").strip()
    keys = list(mailbox.keys_to(recipient)) if recipient else mailbox.keys()
    page = Paginator(keys, PAGE).get_page(request.GET.get("page"))
    mails = [found for key in page.object_list if (found := mailbox.mail(key))]
    context = {"page": page, "mails": mails, "recipient": recipient}
    return render(request, "catcher/inbox.html", context)


@require_safe
@staff_member_required
@never_cache
def mail(request: HttpRequest, key: str) -> HttpResponse:
    return render(request, "catcher/mail.html", {"mail": _mail(key)})


@require_safe
@staff_member_required
@foreign_html
def html(request: HttpRequest, key: str) -> HttpResponse:
    """The HTML body alone: no script, no form, nothing loaded from anywhere."""
    body = _mail(key).html
    if body is None:
        raise Http404("This mail has no HTML.")
    return HttpResponse(body, content_type="text/html; charset=utf-8")


@require_safe
@staff_member_required
@foreign_text
def source(request: HttpRequest, key: str) -> HttpResponse:
    """The mail as it came, below our two lines."""
    raw = _mailbox().raw(key)
    if raw is None:
        raise Http404("There is no such mail.")
    return HttpResponse(raw.decode("utf-8", "replace"), content_type="text/plain; charset=utf-8")
