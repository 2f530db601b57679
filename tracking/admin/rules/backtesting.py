"""A backtest of a saved rule, as it is: how many days, and then the job's page."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from tracking.admin.jobs import to_job
from tracking.admin.listing import is_id
from tracking.admin.scope import person
from tracking.errors import TrackingError
from tracking.models import Rule
from tracking.pipeline import backtest
from tracking.store import clock, retention
from tracking.tasks import start_job


def page(admin: Any, request: HttpRequest, rule: Rule) -> HttpResponse:
    assert rule.current is not None
    if request.method == "POST":
        try:
            job = backtest.start(
                rule.current.definition(),
                rule=rule,
                days=days(request),
                author=person(request),
                now=clock.now(),
            )
        except TrackingError as error:
            admin.message_user(request, f"{error}.", messages.ERROR)
        else:
            start_job(job)
            return to_job(job)
    context = {
        **admin.admin_site.each_context(request),
        "opts": admin.opts,
        "original": rule,
        "title": f"Backtest of rule {rule}",
        "most": backtest.MAX_DAYS,
        "whole_since": retention.kept_since(clock.now()),
    }
    return TemplateResponse(request, "admin/tracking/rule_backtest.html", context)


def days(request: HttpRequest) -> int:
    """The days typed; 0, which is refused, for anything that is no number."""
    typed = request.POST.get("days", "")
    return int(typed) if is_id(typed) else 0
