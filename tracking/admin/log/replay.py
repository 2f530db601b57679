"""The page that replays a window of the log: choose, see how many that are and what it costs, start the job."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from tracking.access import Access
from tracking.admin.choosing import ChooseOne
from tracking.admin.jobs import to_job
from tracking.admin.scope import access_of, person
from tracking.choices import AuditAction, DeliveryState, Platform
from tracking.errors import JobError, RuleError
from tracking.models import Campaign, Product, Rule
from tracking.pipeline import replay
from tracking.store import audit, clock, replays
from tracking.store.replays import CHOICES, MOST, USUAL, Window
from tracking.tasks import start_job

_LABELS = {
    DeliveryState.FAILED: "Failed",
    DeliveryState.HELD: "Held",
    DeliveryState.UNKNOWN: "Unknown: may have been received already",
    DeliveryState.SENT: "Sent: everybody gets it once more",
}
_FORMAT = "%Y-%m-%dT%H:%M"


class WindowForm(forms.Form):
    """What is chosen; the window itself checks it. Times are UTC."""

    first = forms.DateTimeField(label="From (UTC)")
    until = forms.DateTimeField(label="To (UTC)")
    states = forms.MultipleChoiceField(
        label="States",
        choices=[(state.value, _LABELS[state]) for state in CHOICES],
        widget=UnfoldAdminCheckboxSelectMultipleWidget(),
    )
    trigger = forms.ChoiceField(label="Trigger", required=False, widget=UnfoldAdminSelectWidget())
    product = forms.ModelChoiceField(Product.objects.none(), label="Product", required=False, widget=ChooseOne())
    campaign = forms.ModelChoiceField(Campaign.objects.none(), label="Campaign", required=False, widget=ChooseOne())
    rule = forms.ModelChoiceField(Rule.objects.none(), label="Rule", required=False, widget=ChooseOne())
    cap = forms.IntegerField(label="At most", initial=MOST, widget=UnfoldAdminTextInputWidget())
    today = forms.BooleanField(
        label="With today's rule instead of the version of then", required=False, widget=UnfoldBooleanSwitchWidget()
    )

    def __init__(self, seen: Access, data: Any = None, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        for name in ("first", "until"):
            self.fields[name].widget = UnfoldAdminTextInputWidget(attrs={"type": "datetime-local"})
        own = [("", "Any"), *((row.value, row.label) for row in seen.triggers())]
        self.fields["trigger"].choices = own  # type: ignore[attr-defined]
        for name, rows in (("product", seen.products()), ("campaign", seen.campaigns()), ("rule", seen.rules())):
            self.fields[name].queryset = rows  # type: ignore[attr-defined]

    def window(self, seen: Access) -> Window | None:
        """None when something of it is wrong, which the form then says."""
        if not self.is_valid():
            return None
        chosen = self.cleaned_data
        rows = {name: chosen[name].pk if chosen[name] else None for name in ("product", "campaign", "rule")}
        every = seen.platforms == frozenset(Platform)
        try:
            return Window(
                first=chosen["first"],
                until=chosen["until"],
                asked_at=clock.now(),
                states=frozenset(map(DeliveryState, chosen["states"])),
                trigger=chosen["trigger"],
                today=chosen["today"],
                cap=chosen["cap"],
                buyers=tuple(sorted(seen.buyers)) if seen.buyers is not None else None,
                triggers=None if every else tuple(row.value for row in seen.triggers()),
                **rows,
            )
        except RuleError as error:
            for field, sentences in error.errors.items():
                self.add_error(field, sentences)
            return None


def page(admin: Any, request: HttpRequest) -> HttpResponse:
    """GET shows how many deliveries the choice means; POST starts the job for it."""
    if not admin.has_resend_permission(request):
        raise PermissionDenied
    seen = access_of(request)
    asked = request.POST or (request.GET if "first" in request.GET else None)
    form = WindowForm(seen, asked, initial=_initial())
    window = form.window(seen) if asked else None
    if window is not None and request.method == "POST":
        try:
            return _started(request, window)
        except JobError as error:
            admin.message_user(request, f"{error}.", messages.ERROR)
    counts = replays.count(window) if window else {}
    untried, amount = replay.bill(window) if window else (0, Decimal())
    context = {
        **admin.admin_site.each_context(request),
        "opts": admin.opts,
        "title": "Replay a window",
        "form": form,
        "media": form.media,
        "window": window,
        "counts": [(state.label, number) for state, number in counts.items()],
        "total": sum(counts.values()),
        "untried": untried,
        "amount": amount,
        "capped": window is not None and sum(counts.values()) >= window.cap,
        "risky": [_LABELS[state] for state in counts if state not in USUAL],
    }
    return TemplateResponse(request, "admin/tracking/replay.html", context)


def _initial() -> dict[str, Any]:
    """The last hour, to the minute."""
    now = timezone.now().replace(second=0, microsecond=0)
    first, until = ((now + step).strftime(_FORMAT) for step in (timedelta(hours=-1), timedelta(minutes=1)))
    return {"first": first, "until": until, "states": sorted(USUAL), "cap": MOST}


def _started(request: HttpRequest, window: Window) -> HttpResponse:
    job = replay.start(window, author=person(request))
    audit.note(
        actor=person(request), action=AuditAction.REPLAYED, target=job, detail=window.to_json(), now=window.asked_at
    )
    start_job(job)
    return to_job(job)
