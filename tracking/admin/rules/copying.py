"""A rule once more: as a rule of another product or campaign, and as a preset."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.widgets import UnfoldAdminTextInputWidget, UnfoldBooleanSwitchWidget

from tracking import denials
from tracking.access import Access
from tracking.admin.choosing import ChooseOne
from tracking.admin.scope import access_of, person
from tracking.choices import Level
from tracking.errors import CredentialsError, RuleError
from tracking.models import Campaign, Product, Rule
from tracking.store import clock, presets, rules


class CloneForm(forms.Form):
    """Where the copy belongs, and what it is called."""

    name = forms.CharField(required=False, max_length=200, widget=UnfoldAdminTextInputWidget())
    product = forms.ModelChoiceField(Product.objects.none(), required=False, widget=ChooseOne())
    owner_campaign = forms.ModelChoiceField(
        Campaign.objects.none(),
        required=False,
        label="or Campaign",
        help_text="Filters that the new level does not have are left out.",
        widget=ChooseOne(),
    )
    enabled = forms.BooleanField(
        required=False,
        label="Active at once",
        help_text="Otherwise the copy is disabled until you enable it.",
        widget=UnfoldBooleanSwitchWidget(),
    )

    def __init__(self, *args: Any, seen: Access, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices: dict[str, Any] = self.fields
        choices["product"].queryset = seen.products()
        choices["owner_campaign"].queryset = seen.campaigns()
        if Level.PRODUCT not in seen.levels:
            del choices["product"]
            choices["owner_campaign"].label = "Campaign"

    def owner(self) -> Product | Campaign | None:
        """The one that was chosen; None for none or both."""
        chosen = [self.cleaned_data.get(name) for name in ("product", "owner_campaign")]
        return chosen[0] or chosen[1] if not all(chosen) else None


def clone(admin: Any, request: HttpRequest, rule: Rule) -> HttpResponse:
    seen = access_of(request)
    first = {"name": f"{rule.name} (copy)"[:200] if rule.name else "", "product": rule.product_id}
    first["owner_campaign"] = rule.campaign_id
    form = CloneForm(request.POST or None, seen=seen, initial=first)
    if form.is_valid() and (made := _cloned(request, rule, form, seen)) is not None:
        admin.log_addition(request, made, f"Copied from rule {rule}.")
        admin.message_user(request, f"Rule {made} is a copy of rule {rule}.", messages.SUCCESS)
        return redirect("admin:tracking_rule_change", made.pk)
    return _asked(admin, request, rule, form, title=f"Clone rule {rule}", button="Clone")


def _cloned(request: HttpRequest, rule: Rule, form: CloneForm, seen: Access) -> Rule | None:
    owner = form.owner()
    if owner is None:
        form.add_error("owner_campaign", "Choose a product or a campaign: one of the two.")
        return None
    assert rule.current is not None
    try:
        before = rule.current.definition()
        wanted = rules.copied(before, owner, name=form.cleaned_data["name"])
        seen.check(wanted, before)
        return rules.clone(rule, wanted, author=person(request), now=clock.now(), enabled=form.cleaned_data["enabled"])
    except RuleError as error:
        denials.remember(request, rule, fields=error.errors)
        for path, sentences in error.errors.items():
            for sentence in sentences:
                form.add_error(None, f"{path}: {sentence}")
    except CredentialsError:
        form.add_error(None, "The password of its mail server cannot be read: enter it in the rule first.")
    return None


class PresetForm(forms.Form):
    name = forms.CharField(
        max_length=100,
        help_text="All that the rule does is kept, but for its product or campaign, its name and its password.",
        widget=UnfoldAdminTextInputWidget(),
    )


def preset(admin: Any, request: HttpRequest, rule: Rule) -> HttpResponse:
    if not request.user.has_perm("tracking.add_preset"):
        raise PermissionDenied
    form = PresetForm(request.POST or None, initial={"name": rule.name[:100]})
    if form.is_valid():
        buyer = rule.campaign.buyer if access_of(request).scoped and rule.campaign else None
        try:
            kept = presets.save(
                rule, name=form.cleaned_data["name"], buyer=buyer, author=person(request), now=clock.now()
            )
        except RuleError as error:
            form.add_error("name", " ".join(error.errors["name"]).capitalize() + ".")
        else:
            admin.message_user(request, f"Preset {kept} is kept: new rules can start from it.", messages.SUCCESS)
            return redirect("admin:tracking_preset_change", kept.pk)
    return _asked(admin, request, rule, form, title=f"Save rule {rule} as preset", button="Save as preset")


def _asked(admin: Any, request: HttpRequest, rule: Rule, form: forms.Form, *, title: str, button: str) -> HttpResponse:
    context = {
        **admin.admin_site.each_context(request),
        "opts": admin.opts,
        "original": rule,
        "title": title,
        "button": button,
        "form": form,
        "media": admin.media + form.media,
        "back": reverse("admin:tracking_rule_change", args=(rule.pk,)),
    }
    return TemplateResponse(request, "admin/tracking/form_page.html", context)
