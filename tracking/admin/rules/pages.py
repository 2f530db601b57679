"""Rules: the list with the columns people compare rules by, and the page that writes them."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.options import IS_POPUP_VAR
from django.forms import Script
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from tracking import denials
from tracking.access import Access
from tracking.admin.choosing import ChoicesMixin, RowFilter, TriggerFilter
from tracking.admin.listing import is_id
from tracking.admin.log.filters import SHOWN_PRESETS
from tracking.admin.rules import exchange, fields, menu, owner, preview, trying, visible
from tracking.admin.rules.actions import RuleActions
from tracking.admin.rules.facts import facts
from tracking.admin.rules.filters import AdjacentFilter, ProductFilter, StatusFilter
from tracking.admin.rules.form import RuleForm, started
from tracking.admin.rules.reading import KEPT, Shown
from tracking.admin.scope import access_of, names_for, person
from tracking.choices import Level, Severity
from tracking.models import Preset, Rule
from tracking.page_policy import own_dialog
from tracking.store import adjacent, clock

SHOWN_VERSIONS = 50
OWNER_FIELDS = {Level.PRODUCT: "product", Level.CAMPAIGN: "owner_campaign"}


@admin.register(Rule)
class RuleAdmin(ChoicesMixin, RuleActions):
    form = RuleForm
    change_form_outer_before_template = "admin/tracking/rule_above.html"
    change_form_before_template = "admin/tracking/rule_errors.html"
    change_form_after_template = "admin/tracking/rule_below.html"
    list_before_template = "admin/tracking/rules_above.html"
    list_filter = (
        ("trigger", TriggerFilter),
        ("kind", ChoicesDropdownFilter),
        StatusFilter,
        ("product", ProductFilter),
        ("campaign", RowFilter),
        AdjacentFilter,
    )
    search_fields = ("id__exact", "name", "product__name", "campaign__name")
    search_help_text = "Id, or a part of the name of the rule, its product or campaign"

    class Media:
        js = (
            "admin/js/jquery.init.js",
            "tracking/menu.js",
            "tracking/dialog.js",
            "tracking/vendor/editor.js",
            "tracking/try.js",
            Script("tracking/rule/form.js", type="module"),
        )

    def get_urls(self) -> list[URLPattern]:
        import_view = self.admin_site.admin_view(partial(exchange.page, self))
        own = path("import/", import_view, name="tracking_rule_import")
        return [own, *trying.urls(self), *menu.urls(self), *preview.urls(self), *owner.urls(self), *super().get_urls()]

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        preset = _preset(request)
        return {**(started(preset) if preset else {}), **super().get_changeform_initial_data(request)}

    def get_fieldsets(self, request: HttpRequest, obj: Rule | None = None) -> list[Any]:
        reading = obj is not None and not self.has_change_permission(request, obj)
        seen = access_of(request)
        found = []
        for title, make in fields.SECTIONS.items():
            rows: list[Any] = []
            for name, field in make().items():
                if visible.kept(name, obj, seen):
                    rows.append(KEPT[name])
                elif not visible.absent(name, seen):
                    rows.append(Shown(name, field, seen) if reading else name)
            found.append((title, {"fields": fields.paired(rows)}))
        return found

    def get_readonly_fields(self, request: HttpRequest, obj: Rule | None = None) -> tuple[Any, ...]:
        seen = access_of(request)
        return tuple(row for name, row in KEPT.items() if visible.kept(name, obj, seen))

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """A class of this request's own: who saves, and when."""
        form = super().get_form(request, obj, change, **kwargs)
        form.author, form.now = person(request), clock.now()
        form.seen, form.denied = access_of(request), partial(denials.remember, request)
        form.foreign = partial(denials.foreign, request, form.seen)
        form.preset = _preset(request) if obj is None else None
        return form

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response: HttpResponse = super().changeform_view(request, *args, **kwargs)
        return own_dialog(response) if _in_dialog(request) else response

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """A rule's history is that of its versions."""
        rule = self.get_object(request, object_id)
        if rule is None or not self.has_view_or_change_permission(request, rule):
            refused: HttpResponse = super().history_view(request, object_id, extra_context)
            return refused
        return redirect("admin:tracking_rule_versions", object_id)

    def around(self, request: HttpRequest, obj: Rule | None) -> dict[str, Any]:
        seen = access_of(request)
        found: dict[str, Any] = {"rule_form": facts(seen, steps=obj is None)}
        if obj is None:
            found |= _presets(request, seen)
        else:
            found["findings"] = trying.findings_of(request, obj) if request.method == "GET" else None
            found |= _around(obj, seen) | {"rule_actions": list(menu.offered(self, request, obj))[1:]}
        return found

    def response_add(self, request: HttpRequest, obj: Rule, post_url_continue: str | None = None) -> HttpResponse:
        if not _in_dialog(request):
            added: HttpResponse = super().response_add(request, obj, post_url_continue)
            return added
        self.message_user(request, f"Rule {obj} was added.", messages.SUCCESS)
        return TemplateResponse(request, "admin/tracking/rule_saved.html")

    def save_model(self, request: HttpRequest, obj: Rule, form: Any, change: bool) -> None:
        """The form has saved it; what is odd about it is said."""
        for one in trying.findings_of(request, obj) or ():
            if one.severity is Severity.WARNING:
                self.message_user(request, one.sentence, messages.WARNING)


def _preset(request: HttpRequest) -> Preset | None:
    """The preset that a new rule is to start from, of those that this person may see."""
    key = request.GET.get("preset", "")
    return access_of(request).presets().filter(pk=key).first() if is_id(key) else None


def _presets(request: HttpRequest, seen: Access) -> dict[str, Any]:
    """What a new rule of the owner that is asked for can start from, and all else that is asked for."""
    level = next((level for level, name in OWNER_FIELDS.items() if request.GET.get(name)), None)
    allowed = [row.value for row in seen.triggers(level)]
    return {
        "presets": seen.presets().filter(trigger__in=allowed).order_by("name")[:SHOWN_PRESETS],
        "started_from": _preset(request),
        "asked": {name: value for name, value in request.GET.items() if name != "preset"},
    }


def _in_dialog(request: HttpRequest) -> bool:
    return IS_POPUP_VAR in request.GET or IS_POPUP_VAR in request.POST


def _around(rule: Rule, seen: Access) -> dict[str, Any]:
    """What stands below a rule's form: its versions, its thresholds, its connection."""
    versions = list(rule.versions.select_related("author").defer("document")[:SHOWN_VERSIONS])
    authors = names_for(seen, [version.author for version in versions])
    return {
        "versions": [(version, authors.get(version.author_id, "-")) for version in versions],
        "watch": getattr(rule, "watch", None),
        "connection": visible.connection_of(rule, seen),
        "adjacent_count": adjacent.of(rule, among=seen.rules()).count(),
        "now": clock.now(),
    }
