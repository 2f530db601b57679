"""The rule form: what is typed becomes a rule definition, and what the definition refuses stands at its field."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from django import forms
from django.db import models

from tracking.admin import rule_fields
from tracking.admin.listing import is_id
from tracking.admin.rule_fields import MASK
from tracking.choices import ConnectionKind, Filter, RuleKind
from tracking.definition import RuleDefinition
from tracking.errors import RuleError
from tracking.models import Connection, Rule, User
from tracking.store import rules

SERVER = ("host", "port", "encryption", "login")
MAILBOXES = ("sender", "recipient", "cc", "bcc", "reply_to", "subject")
YES = {True: "yes", False: "no"}
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
    saved: rules.Saved

    class Meta:
        model = Rule
        fields: tuple[str, ...] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        rule: Rule | None = kwargs.get("instance")
        stored = _initial(rule) if rule is not None and rule.current else DEFAULTS
        kwargs["initial"] = {**stored, **(kwargs.get("initial") or {})}
        super().__init__(*args, **kwargs)
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
            return
        stored = self.instance if self.instance.pk else None
        try:
            self.saved = rules.save(
                RuleDefinition.from_json(_document(self.cleaned_data, stored)),
                author=self.author,
                now=self.now,
                rule=stored,
                password=self.cleaned_data["password"] or None,
                enabled=self.cleaned_data["enabled"],
            )
        except RuleError as error:
            self._place(error)

    def _place(self, error: RuleError) -> None:
        for path, sentences in error.errors.items():
            field = _field_of(path)
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
RuleForm.base_fields.update(rule_fields.all_fields())
RuleForm.declared_fields.update(RuleForm.base_fields)


def _field_of(path: str) -> str:
    """The field where an error belongs: the last part of its path that is a name."""
    names = [part for part in path.split(".") if not part.isdecimal()]
    whole = ".".join(names)
    return FIELD_OF.get(whole, names[-1] if names else path)


def _has_own_password(rule: Rule) -> bool:
    return rule.connection.kind == ConnectionKind.MANUAL and bool(rule.connection.sealed_password)


def _initial(rule: Rule) -> dict[str, Any]:
    """The fields' values of a stored rule."""
    assert rule.current is not None
    document: Mapping[str, Any] = rule.current.document
    action, notifications = dict(document["action"]), dict(document["notifications"])
    server = action.pop("server") or {"encryption": "tls"}
    users = User.objects.filter(username__in=notifications["notify_users"]).values_list("pk", flat=True)
    esp = action["kind"] == RuleKind.ESP
    return {
        **action,
        **server,
        **notifications,
        **document["policy"],
        **document["filters"],
        "name": document["name"],
        "trigger": document["trigger"],
        "product": document["product"],
        "owner_campaign": document["campaign"],
        "enabled": rule.enabled,
        "connection": rule.connection_id if esp else None,
        "use_twig": YES[action["use_twig"]],
        "enable_notifications": YES[notifications["enable_notifications"]],
        "notify_users": list(users),
        "notify_emails": ", ".join(notifications["notify_emails"]),
    }


def _document(typed: Mapping[str, Any], stored: Rule | None) -> dict[str, Any]:
    """A rule definition's JSON form, of what was typed; nothing is dropped that the definition should see."""
    return _without_blanks(
        {
            "name": typed["name"],
            "trigger": typed["trigger"],
            "product": _pk(typed["product"]),
            "campaign": _pk(typed["owner_campaign"]),
            "filters": {name.value: _blank_as_none(typed[name]) for name in Filter},
            "action": _action(typed, stored),
            "notifications": _notifications(typed, stored),
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


def _notifications(typed: Mapping[str, Any], stored: Rule | None) -> dict[str, Any]:
    enabled = typed["enable_notifications"] == "yes"
    return _without_blanks(
        {
            "enable_notifications": enabled,
            "timeframe": typed["timeframe"],
            "warnings_percent": _blank_as_none(typed["warnings_percent"].removesuffix("%").strip()),
            "warnings_number": _whole(typed["warnings_number"]),
            "notify_users": _user_names(typed["notify_users"], stored),
            "notify_emails": typed["notify_emails"],
            "notification_frequency": _whole(typed["notification_frequency"]),
        },
        but=("notification_frequency",) if enabled else (),
    )


def _user_names(chosen: list[int | str], stored: Rule | None) -> list[str]:
    """Names of the chosen users: those that are stored in their order there, then the new ones by name.

    One that is not there is "#" and its id, which no name can be, for the store to refuse.
    """
    ids = [str(key) for key in chosen]
    known = User.objects.filter(pk__in=[key for key in ids if is_id(key)]).values_list("pk", "username")
    found = {str(pk): name for pk, name in known}
    names = {found.get(key, f"#{key}") for key in ids}
    kept = stored.current.document["notifications"]["notify_users"] if stored and stored.current else []
    return [*(name for name in kept if name in names), *sorted(names - set(kept))]


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
