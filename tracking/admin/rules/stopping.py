"""Rules disabled at once, with all that they have waiting discarded: asked before, for one or for several."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse

from tracking.admin.confirming import confirmed
from tracking.admin.scope import person
from tracking.models import Rule
from tracking.store import clock
from tracking.store import rules as store
from tracking.wording import counted


def stopped(
    admin: Any, request: HttpRequest, rules: Sequence[Rule], *, back: str, action: str = ""
) -> HttpResponse | None:
    """The page that asks; None once it was confirmed and is done. `action` is that of a list, if one was chosen."""
    page = confirmed(
        request,
        admin,
        title="Disable and discard",
        question=f"{counted(len(rules), 'rule is', 'rules are')} disabled; the mails that wait are never sent.",
        back=back,
        action=action,
        chosen=[rule.pk for rule in rules] if action else (),
    )
    if page is None:
        discarded = store.stop(rules, now=clock.now(), author=person(request))
        for rule in rules:
            admin.log_change(request, rule, "Disabled, what waited was discarded.")
        words = f"{counted(len(rules), 'rule')} disabled, {counted(discarded, 'waiting mail')} discarded."
        admin.message_user(request, words, messages.SUCCESS)
    return page
