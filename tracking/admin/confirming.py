"""A page that asks before something is done. What is done, is done by POST."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.admin import helpers
from django.http import HttpRequest
from django.template.response import TemplateResponse


def confirmed(
    request: HttpRequest,
    model_admin: Any,
    *,
    title: str,
    question: str,
    back: str,
    action: str = "",
    chosen: Iterable[Any] = (),
) -> TemplateResponse | None:
    """None once the person has said yes, the page that asks until then.

    `action` and `chosen` are those of a list's action, which the page sends again.
    """
    if request.method == "POST" and request.POST.get("confirmed") == "yes":
        return None
    context = {
        **model_admin.admin_site.each_context(request),
        "opts": model_admin.opts,
        "title": title,
        "question": question,
        "back": back,
        "action": action,
        "chosen": [str(key) for key in chosen],
        "checkbox_name": helpers.ACTION_CHECKBOX_NAME,
    }
    return TemplateResponse(request, "admin/tracking/confirm.html", context)
