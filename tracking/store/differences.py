"""Two JSON forms of a rule: what differs between them, leaf by leaf, and in words."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import ndiff
from typing import Any

from tracking.choices import (
    ContentType,
    DeliveryPolicy,
    Encryption,
    Filter,
    MissingPlaceholder,
    PriceKind,
    RuleKind,
    Timeframe,
    TrackingStrategy,
)
from tracking.triggers import TRIGGERS

Changes = dict[str, list[Any]]  # path -> [old, new]


def changes(before: Any, after: Any, path: str = "") -> Changes:
    """Path -> [old, new] of every leaf that differs."""
    if isinstance(before, dict) and isinstance(after, dict):
        found: Changes = {}
        for name in {**before, **after}:
            found |= changes(before.get(name), after.get(name), f"{path}.{name}".lstrip("."))
        return found
    return {} if before == after else {path: [before, after]}


Names = Mapping[tuple[str, int], str]  # (entity, id) -> the directory's name

SHOWN = 60  # characters of a value
SHOWN_IDS = 5
_LABELS = {
    "name": "Name",
    "trigger": "Trigger",
    "product": "Product",
    "campaign": "Campaign",
    "enabled": "Active",
    "action.kind": "Action",
    "action.connection": "ESP connection",
    "action.server": "Mail server",
    "action.server.host": "Host",
    "action.server.port": "Port",
    "action.server.encryption": "Encryption",
    "action.server.login": "Login",
    "action.sender": "Sender Name",
    "action.reply_to": "Reply-To",
    "action.use_twig": "Use Twig Engine",
    "action.content_type": "Content Type",
    "action.headers": "Headers",
    "notifications.enable_notifications": "Enable notifications",
    "notifications.warnings_percent": "% of Warnings",
    "notifications.warnings_number": "Number of Warnings",
    "notifications.notify_users": "Users to Notify",
    "notifications.notify_emails": "Emails to Notify",
    "notifications.notification_frequency": "Notification frequency (every X minutes)",
    "policy.once_per_lead": "Fire once per lead",
    "policy.delivery_policy": "Delivery policy",
    **{f"filters.{name.value}": name.label for name in Filter},
}
_WORDS: Mapping[str, Mapping[str, str]] = {
    "trigger": {trigger.value: trigger.label for trigger in TRIGGERS.values()},
    "action.kind": dict(RuleKind.choices),
    "action.server.encryption": dict(Encryption.choices),
    "action.content_type": dict(ContentType.choices),
    "filters.tracking_strategy": dict(TrackingStrategy.choices),
    "filters.price_restriction": dict(PriceKind.choices),
    "policy.delivery_policy": dict(DeliveryPolicy.choices),
    "policy.missing_placeholder": dict(MissingPlaceholder.choices),
    "notifications.timeframe": dict(Timeframe.choices),
}


def sentences(before: Mapping[str, Any], after: Mapping[str, Any], names: Names) -> list[str]:
    """One sentence a field that differs, in the words of the form; of a body, how many lines."""
    return [_sentence(path, old, new, names) for path, (old, new) in changes(before, after).items()]


def _sentence(path: str, old: Any, new: Any, names: Names) -> str:
    label = _LABELS.get(path) or path.rpartition(".")[2].replace("_", " ").capitalize()
    if path == "action.body":
        return f"{label}: {_lines(old or '', new or '')}."
    if isinstance(new, bool) and isinstance(old, bool | None):
        return f"{label}: {'on' if new else 'off'}."
    was, now = _value(path, old, names), _value(path, new, names)
    if not was:
        return f"{label} set to {now}."
    return f"{label} changed from {was} to {now}." if now else f"{label} cleared; it was {was}."


def _lines(old: str, new: str) -> str:
    marks = [line[:1] for line in ndiff(old.splitlines(), new.splitlines())]
    counted = ((marks.count("+"), "added"), (marks.count("-"), "removed"))
    return ", ".join(f"{number} line{'s' if number != 1 else ''} {word}" for number, word in counted if number) or (
        "line ends changed"
    )


def _value(path: str, value: Any, names: Names) -> str:
    """Empty for what is not set."""
    if value in (None, "", [], {}):
        return ""
    entity = path.removeprefix("filters.").removesuffix("_exclude")
    if isinstance(value, list):
        shown = [names.get((entity, part)) or _quoted(part) for part in value[:SHOWN_IDS]]
        return ", ".join(shown) + (f" and {len(value) - SHOWN_IDS} more" if len(value) > SHOWN_IDS else "")
    if path in ("product", "campaign"):
        return f"{names.get((entity, value), '')} (#{value})".strip()
    if isinstance(value, dict):
        return ", ".join(f"{name}: {part}" for name, part in value.items() if part not in (None, ""))
    return _quoted(_WORDS.get(path, {}).get(str(value), value))


def _quoted(value: Any) -> str:
    text = " ".join(str(value).split())
    return f"“{text if len(text) <= SHOWN else text[: SHOWN - 1] + '…'}”" if isinstance(value, str) else text
