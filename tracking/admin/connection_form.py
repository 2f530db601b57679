"""The form of a predefined connection: blanks are filled by the provider's preset, the store decides about the rest."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.utils.text import capfirst, slugify
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from tracking.admin.rules.fields import MASK
from tracking.admin.rules.form import ask_again
from tracking.choices import ConnectionKind, Encryption
from tracking.errors import RuleError
from tracking.models import Connection, User
from tracking.smtp.providers import PROVIDERS, Provider
from tracking.store import clock
from tracking.store import connections as store

PACE = ("max_sessions", "max_rate")
PRESCRIBED = ("host", "port", "encryption", "login")

_REGIONS = [(region, region) for preset in PROVIDERS.values() for region in preset.regions]


class ConnectionForm(forms.ModelForm):  # type: ignore[type-arg]
    """Blank fields take what the provider prescribes; the store decides whether the rest can stand."""

    author: ClassVar[User | None] = None

    key = forms.SlugField(
        required=False,
        max_length=100,
        help_text="Names the connection in exported rules. Blank: made from the name.",
        widget=UnfoldAdminTextInputWidget(),
    )
    provider = forms.ChoiceField(
        choices=[(preset.value.value, preset.label) for preset in PROVIDERS.values()],
        initial=Provider.OTHER.value,
        widget=UnfoldAdminSelectWidget(),
    )
    region = forms.ChoiceField(
        choices=[("", "None"), *_REGIONS],
        required=False,
        widget=UnfoldAdminSelectWidget(),
        help_text="Amazon SES only.",
    )
    host = forms.CharField(required=False, max_length=253, widget=UnfoldAdminTextInputWidget())
    port = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=65535,
        localize=False,
        widget=UnfoldAdminTextInputWidget(attrs={"inputmode": "numeric"}),
    )
    encryption = forms.ChoiceField(
        choices=[("", "As the provider prescribes"), *Encryption.choices],
        required=False,
        widget=UnfoldAdminSelectWidget(),
    )
    password = forms.CharField(
        required=False,
        strip=False,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}, render_value=False),
    )

    class Meta:
        model = Connection
        fields = ("name", "key", "provider", "region", *PRESCRIBED, *PACE)
        widgets = dict.fromkeys(PACE, UnfoldAdminTextInputWidget(attrs={"inputmode": "numeric"}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.sealed_password:
            self.fields["password"].widget.attrs["placeholder"] = MASK
            self.fields["password"].help_text = "Leave it blank to keep the stored one."

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or self.cleaned_data
        if self._name_is_taken(typed.get("name", "")):
            self.add_error("name", "Another connection has this name.")
        typed["key"] = typed.get("key") or slugify(typed.get("name", ""))
        preset = PROVIDERS.get(typed.get("provider", ""))
        if preset is None or not preset.regions:
            typed["region"] = ""
        self._prescribe(typed)
        for name in ("host", "port", "key"):
            if not typed.get(name) and name not in self.errors:
                self.add_error(name, "Is required.")
        return typed

    def _name_is_taken(self, name: str) -> bool:
        """Model forms skip the constraint, as the kind is no field of the form."""
        others = Connection.objects.filter(kind=ConnectionKind.ESP, name=name)
        return others.exclude(pk=self.instance.pk or 0).exists()

    def _prescribe(self, typed: dict[str, Any]) -> None:
        """Fill what is blank, and what stands as it was for another provider."""
        try:
            preset = store.from_preset(typed.get("provider", ""), region=typed.get("region", ""))
        except RuleError as error:
            self._place(error)
            return
        moved = self.instance.pk and {"provider", "region"} & set(self.changed_data)
        for name in PRESCRIBED:
            left = typed.get(name) in ("", None) or (moved and name not in self.changed_data)
            if left and name not in self.errors and preset[name] not in ("", None):
                typed[name] = preset[name]

    def _post_clean(self) -> None:
        """Validating is saving: see the rule form."""
        super()._post_clean()  # type: ignore[misc]
        if not self.errors and (not self.instance.pk or self.has_changed()):
            self._save_typed()
        ask_again(self)

    def _save_typed(self) -> None:
        self.instance.kind = ConnectionKind.ESP
        try:
            store.save(
                self.instance,
                password=self.cleaned_data["password"] or None,
                now=clock.now(),
                author=self.author,
            )
        except RuleError as error:
            self._place(error)

    def _place(self, error: RuleError) -> None:
        for field, sentences in error.errors.items():
            for sentence in sentences:
                self.add_error(field if field in self.fields else None, capfirst(sentence))

    def save(self, commit: bool = True) -> Connection:
        saved: Connection = self.instance
        return saved

    def save_m2m(self) -> None:
        """There is nothing left to save."""
