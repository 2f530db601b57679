"""The rule form: what is typed becomes a rule definition, and what the definition refuses stands at its field."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, ClassVar

from django import forms
from django.db import models

from tracking import conf
from tracking.access import Access
from tracking.admin.listing import is_id
from tracking.admin.rules import fields, visible
from tracking.admin.rules.fields import MASK
from tracking.choices import ConnectionKind, Filter, RuleKind
from tracking.definition import RuleDefinition
from tracking.errors import RuleError
from tracking.models import Campaign, Connection, Preset, Product, Rule, User
from tracking.store import rules

SERVER = ("host", "port", "encryption", "login")
MAILBOXES = ("sender", "recipient", "cc", "bcc", "reply_to", "subject")
YES = {True: "yes", False: "no"}
_ROWS: dict[str, type[models.Model]] = {"product": Product, "owner_campaign": Campaign, "connection": Connection}
_WHOLE = re.compile(r"-?[0-9]{1,100}")

FIELD_OF = {  # where an error stands whose path's last part is not the field's name
    "campaign": "owner_campaign",
    "action.server": "host",
}
DEFAULTS: dict[str, Any] = {
    "enabled": True,
    "kind": RuleKind.ESP,
    "encryption": "tls",
    "use_twig": "no",
    "content_type": "html",
    "missing_placeholder": "empty",
    "delivery_policy": "never_twice",
    "enable_notifications": "no",
    "timeframe": "1h",
    "notification_frequency": 60,
}


class RuleForm(forms.ModelForm):  # type: ignore[type-arg]
    """Checks nothing itself: the definition and the store do, as for every other way of saving a rule.

    Validating therefore is saving, inside the transaction of the request; an invalid form has written nothing.
    """

    author: ClassVar[User | None] = None
    now: ClassVar[datetime]
    seen: ClassVar[Access]  # by who fills it in
    denied: ClassVar[Callable[..., None]]  # told what was tried that may not be
    foreign: ClassVar[Callable[..., None]]  # told a model and a key that are not offered
    preset: ClassVar[Preset | None] = None  # what a new rule starts from
    saved: rules.Saved

    class Meta:
        model = Rule
        fields: tuple[str, ...] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        rule: Rule | None = kwargs.get("instance")
        new = {**DEFAULTS, "daily_cap": conf.daily_cap()}
        stored = initial(rule) if rule is not None and rule.current else new
        kwargs["initial"] = visible.values({**stored, **(kwargs.get("initial") or {})}, self.seen)
        super().__init__(*args, **kwargs)
        visible.narrow(self.fields, self.seen)
        self._show_connection(rule)

    def _show_connection(self, rule: Rule | None) -> None:
        shown = self.fields["smtp_connection"]
        shown.disabled = True  # it follows from the kind
        esp = self["kind"].value() != RuleKind.CUSTOM
        self.initial["smtp_connection"] = ConnectionKind.ESP if esp else ConnectionKind.MANUAL
        if rule is not None and rule.pk and _has_own_password(rule):
            self.fields["password"].widget.attrs["placeholder"] = MASK
            self.fields["password"].help_text = "Leave it blank to keep the stored one."

    def _post_clean(self) -> None:
        if self.errors:
            self._note_foreign()
        else:
            self._save_typed()
        self._ask_again()

    def _save_typed(self) -> None:
        stored = self.instance if self.instance.pk else None
        before = visible.definition_of(stored)
        typed = visible.completed(self.cleaned_data, self.data, before, self.seen)
        try:
            wanted = RuleDefinition.from_json(_document(typed, stored, self.seen))
            self._allow(wanted, before)
            self._take(wanted, stored)
        except RuleError as error:
            self._place(error)

    def _ask_again(self) -> None:
        ask_again(self)

    def _note_foreign(self) -> None:
        """A row of others is refused as one that does not exist; that somebody named it is noted."""
        for name in _ROWS.keys() & self.errors.keys():
            if is_id(typed := self.data.get(self.add_prefix(name), "")):
                self.foreign(_ROWS[name], typed)

    def _take(self, wanted: RuleDefinition, stored: Rule | None) -> None:
        """Save it. Raises RuleError."""
        self.saved = rules.save(
            wanted,
            author=self.author,
            now=self.now,
            rule=stored,
            password=self.cleaned_data["password"] or None,
            enabled=self.cleaned_data["enabled"],
            preset=self.preset,
        )

    def _allow(self, wanted: RuleDefinition, before: RuleDefinition | None) -> None:
        try:
            self.seen.check(wanted, before)
        except RuleError as error:
            self.denied(self.instance if self.instance.pk else None, fields=error.errors)
            raise

    def _place(self, error: RuleError) -> None:
        for path, sentences in error.errors.items():
            field = field_of(path)
            for sentence in sentences:
                if field in self.fields:
                    self.add_error(field, _begun(sentence))
                else:
                    self.add_error(None, f"{path}: {sentence}")

    def save(self, commit: bool = True) -> Rule:
        return self.saved.rule

    def save_m2m(self) -> None:
        """There is nothing left to save."""


# The admin takes only fields that are declared on the class.
RuleForm.base_fields.update(fields.all_fields())
RuleForm.declared_fields.update(RuleForm.base_fields)


def field_of(path: str) -> str:
    """The field where an error belongs: the last part of its path that is a name."""
    names = [part for part in path.split(".") if not part.isdecimal()]
    whole = ".".join(names)
    return FIELD_OF.get(whole, names[-1] if names else path)


def ask_again(form: forms.BaseForm) -> None:
    """No page gives a password back: with a form that is refused it would be lost unseen."""
    if form.errors and "password" not in form.errors and form.data.get(form.add_prefix("password")):
        form.add_error("password", "Enter it again: a password is not kept with a form that is refused.")


def _has_own_password(rule: Rule) -> bool:
    return rule.connection.kind == ConnectionKind.MANUAL and bool(rule.connection.sealed_password)


def initial(rule: Rule) -> dict[str, Any]:
    """The fields' values of a stored rule."""
    assert rule.current is not None
    esp = rule.connection.kind == ConnectionKind.ESP
    own = {"enabled": rule.enabled, "connection": rule.connection_id if esp else None}
    return {**values_of(rule.current.document), **own}


def started(preset: Preset) -> dict[str, Any]:
    """The first values of a new rule that starts from a preset."""
    found = values_of(preset.document)
    key = preset.document["action"]["connection"]
    found["connection"] = Connection.objects.filter(key=key).values_list("pk", flat=True).first() if key else None
    return found


def values_of(document: Mapping[str, Any]) -> dict[str, Any]:
    """The fields' values of a rule definition's JSON form; its connection is the rule's to say."""
    action, notifications = dict(document["action"]), dict(document["notifications"])
    server = action.pop("server") or {"encryption": "tls"}
    users = User.objects.filter(username__in=notifications["notify_users"]).values_list("pk", flat=True)
    esp = action["kind"] == RuleKind.ESP
    headers = action.pop("headers", {})  # versions of earlier releases have none
    return {
        **action,
        "headers": "\n".join(f"{name}: {value}" for name, value in headers.items()),
        **server,
        **notifications,
        **document["policy"],
        **document["filters"],
        "name": document.get("name", ""),
        "trigger": document["trigger"],
        "product": document.get("product"),
        "owner_campaign": document.get("campaign"),
        "smtp_connection": ConnectionKind.ESP if esp else ConnectionKind.MANUAL,
        "use_twig": YES[action["use_twig"]],
        "enable_notifications": YES[notifications["enable_notifications"]],
        "notify_users": list(users),
        "notify_emails": ", ".join(notifications["notify_emails"]),
    }


def _document(typed: Mapping[str, Any], stored: Rule | None, seen: Access) -> dict[str, Any]:
    """A rule definition's JSON form, of what was typed; nothing is dropped that the definition should see."""
    return _without_blanks(
        {
            "name": typed["name"],
            "trigger": typed["trigger"],
            "product": _pk(typed["product"]),
            "campaign": _pk(typed["owner_campaign"]),
            "filters": {name.value: _blank_as_none(typed[name]) for name in Filter},
            "action": _action(typed, stored),
            "notifications": _notifications(typed, stored, seen),
            "policy": _policy(typed),
        }
    )


def _action(typed: Mapping[str, Any], stored: Rule | None) -> dict[str, Any]:
    connection: Connection | None = typed["connection"]
    return _without_blanks(
        {
            "kind": typed["kind"],
            "connection": connection.key if connection else None,
            "server": _server(typed),
            **{name: typed[name] for name in MAILBOXES},
            "use_twig": typed["use_twig"] == "yes",
            "body": _body(typed["body"], stored),
            "content_type": typed["content_type"],
            "headers": typed["headers"],
        },
        but=(*MAILBOXES, "body"),
    )


def _server(typed: Mapping[str, Any]) -> dict[str, Any] | None:
    """None when nothing of a server was typed; its encryption alone is no server."""
    if typed["kind"] != RuleKind.CUSTOM and not any(typed[name] for name in ("host", "port", "login")):
        return None
    return _without_blanks(
        {
            "host": typed["host"].strip(),
            "port": _whole(typed["port"]),
            "encryption": typed["encryption"],
            "login": typed["login"],
        }
    )


def _policy(typed: Mapping[str, Any]) -> dict[str, Any]:
    chosen = {name: typed[name] for name in ("once_per_lead", "missing_placeholder", "delivery_policy")}
    return _without_blanks({**chosen, "daily_cap": _whole(typed["daily_cap"])})


def _notifications(typed: Mapping[str, Any], stored: Rule | None, seen: Access) -> dict[str, Any]:
    enabled = typed["enable_notifications"] == "yes"
    return _without_blanks(
        {
            "enable_notifications": enabled,
            "timeframe": typed["timeframe"],
            "warnings_percent": _blank_as_none(typed["warnings_percent"].removesuffix("%").strip()),
            "warnings_number": _whole(typed["warnings_number"]),
            "minimum_events": _whole(typed["minimum_events"]),
            "notify_users": _user_names(typed["notify_users"], stored, seen),
            "notify_emails": typed["notify_emails"],
            "notification_frequency": _whole(typed["notification_frequency"]),
            "notify_recovery": typed["notify_recovery"],
        },
        but=("notification_frequency",) if enabled else (),
    )


def _user_names(chosen: list[int | str], stored: Rule | None, seen: Access) -> list[str]:
    """Names of the chosen users: those that are stored in their order there, then the new ones by name.

    One that is not there is "#" and its id, which no name can be, for the store to refuse. Whom this person cannot
    see stays.
    """
    ids = [str(key) for key in chosen]
    known = seen.users().filter(pk__in=[key for key in ids if is_id(key)]).values_list("pk", "username")
    found = {str(pk): name for pk, name in known}
    names = {found.get(key, f"#{key}") for key in ids}
    kept = stored.current.document["notifications"]["notify_users"] if stored and stored.current else []
    return seen.all_users(sorted(names), kept)


def _body(typed: str, stored: Rule | None) -> str:
    """Browsers send every line end as CRLF: the stored text stays as it is where only that differs."""
    plain = typed.replace("\r\n", "\n")
    kept = stored.current.document["action"]["body"] if stored and stored.current else None
    return kept if kept is not None and kept.replace("\r\n", "\n") == plain else plain


def _without_blanks(values: dict[str, Any], *, but: tuple[str, ...] = ()) -> dict[str, Any]:
    """What is left blank takes the definition's default, or is refused as missing."""
    return {name: value for name, value in values.items() if value not in ("", None) or name in but}


def _blank_as_none(value: Any) -> Any:
    return None if value == "" else value


def _whole(typed: str) -> int | str | None:
    """The number typed, or the text itself for the definition to refuse; None for a blank."""
    return int(typed) if _WHOLE.fullmatch(typed) else typed or None


def _pk(row: models.Model | None) -> Any:
    return row.pk if row is not None else None


def _begun(sentence: str) -> str:
    """With a capital, unless it begins with what somebody typed: an address, a placeholder."""
    return sentence[:1].upper() + sentence[1:] if re.match(r"[a-z]+ ", sentence) else sentence
