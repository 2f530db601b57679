"""What can be done with one rule: a table, shown as a menu in lists and as buttons on the rule's page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import URLPattern, path, reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.safestring import SafeString

from tracking.admin.rules import backtesting, copying, history, stopping, testing, warnings
from tracking.admin.scope import person
from tracking.models import Rule
from tracking.store import clock
from tracking.store import rules as store

View = Callable[[Any, HttpRequest, Rule], HttpResponse]  # the rules' admin, the request, the rule


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleAction:
    """One thing to do with a rule, at `admin:tracking_rule_PAGE`.

    `view` answers there; None where Django's admin has the page already. `permission` is one of the admin's: view,
    add, change, delete. What is `posted` is done at once and leads back, what `asks` does so after its question; all
    else is a page of its own.
    """

    page: str
    title: str
    icon: str
    permission: str
    view: View | None = None
    posted: bool = False
    asks: bool = False
    applies: Callable[[Rule], bool] = bool


def _enable(admin: Any, request: HttpRequest, rule: Rule) -> HttpResponse:
    return _switch(admin, request, rule, enabled=True)


def _disable(admin: Any, request: HttpRequest, rule: Rule) -> HttpResponse:
    return _switch(admin, request, rule, enabled=False)


def _switch(admin: Any, request: HttpRequest, rule: Rule, *, enabled: bool) -> HttpResponse:
    store.set_enabled([rule], enabled=enabled, now=clock.now(), author=person(request))
    word = "enabled" if enabled else "disabled"
    admin.log_change(request, rule, f"{word.capitalize()}.")
    admin.message_user(request, f"Rule {rule} {word}.", messages.SUCCESS)
    return back(request)


def _stop(admin: Any, request: HttpRequest, rule: Rule) -> HttpResponse:
    here = back(request)
    return stopping.stopped(admin, request, [rule], back=here.url) or here


ACTIONS: tuple[RuleAction, ...] = (
    RuleAction(page="change", title="Edit", icon="edit", permission="change"),
    RuleAction(
        page="enable",
        title="Enable",
        icon="play_arrow",
        permission="change",
        view=_enable,
        posted=True,
        applies=lambda rule: not rule.enabled,
    ),
    RuleAction(
        page="disable",
        title="Disable",
        icon="pause",
        permission="change",
        view=_disable,
        posted=True,
        applies=lambda rule: rule.enabled,
    ),
    RuleAction(
        page="stop", title="Disable and discard", icon="stop_circle", permission="change", view=_stop, asks=True
    ),
    RuleAction(page="test", title="Test run", icon="science", permission="change", view=testing.page),
    RuleAction(page="backtest", title="Backtest", icon="history_toggle_off", permission="view", view=backtesting.page),
    RuleAction(page="clone", title="Clone", icon="content_copy", permission="add", view=copying.clone),
    RuleAction(page="preset", title="Save as preset", icon="bookmark", permission="add", view=copying.preset),
    RuleAction(page="versions", title="History", icon="history", permission="view", view=history.page),
    RuleAction(page="warnings", title="Warnings", icon="monitoring", permission="view", view=warnings.page),
    RuleAction(page="delete", title="Delete", icon="delete", permission="delete"),
)


def urls(admin: Any) -> list[URLPattern]:
    """The addresses of the actions that have a view."""
    return [
        path(
            f"<path:object_id>/{action.page}/",
            admin.admin_site.admin_view(partial(_answer, admin, action)),
            name=f"tracking_rule_{action.page}",
        )
        for action in ACTIONS
        if action.view is not None
    ]


def _answer(admin: Any, action: RuleAction, request: HttpRequest, object_id: str) -> HttpResponse:
    """The action's own answer, for a rule that this person may do it with."""
    if action.posted and request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    rule = admin.get_object(request, object_id)
    if rule is None:
        raise Http404
    if action.view is None or not _allowed(admin, request, action, rule):
        raise PermissionDenied
    return action.view(admin, request, rule)


def _allowed(admin: Any, request: HttpRequest, action: RuleAction, rule: Rule) -> bool:
    return bool(getattr(admin, f"has_{action.permission}_permission")(request, *_about(action, rule)))


def _about(action: RuleAction, rule: Rule) -> tuple[Rule, ...]:
    return () if action.permission == "add" else (rule,)


def offered(admin: Any, request: HttpRequest, rule: Rule) -> Iterator[dict[str, Any]]:
    """What this person can do with the rule now, with the address of each."""
    for action in ACTIONS:
        if action.applies(rule) and _allowed(admin, request, action, rule):
            url = reverse(f"admin:tracking_rule_{action.page}", args=(rule.pk,))
            if action.posted or action.asks:
                url += f"?{urlencode({'next': request.get_full_path() + admin.anchor})}"
            yield {"title": action.title, "icon": action.icon, "posted": action.posted, "url": url}


def menu(admin: Any, request: HttpRequest, rule: Rule) -> SafeString:
    """The menu of one row of a list, which must stand inside a form."""
    return render_to_string(
        "admin/tracking/rule_menu.html", {"rule": rule, "actions": list(offered(admin, request, rule))}
    )


def back(request: HttpRequest) -> HttpResponseRedirect:
    """To the page where the action was chosen, or to the list of rules."""
    wanted = request.GET.get("next", "")
    if url_has_allowed_host_and_scheme(wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()):
        return HttpResponseRedirect(wanted)
    return HttpResponseRedirect(reverse("admin:tracking_rule_changelist"))
