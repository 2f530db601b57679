"""The fields of the rule form: the seed's labels, its order, and where each value stands in a rule definition."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.widgets import (
    UnfoldAdminPasswordWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from tracking.admin.choosing import ChooseOne, ChooseSeveral
from tracking.choices import (
    ConnectionKind,
    ContentType,
    DeliveryPolicy,
    Encryption,
    ExtraHeader,
    Filter,
    Method,
    MissingPlaceholder,
    Platform,
    PriceKind,
    RuleKind,
    Timeframe,
    TrackingStrategy,
)
from tracking.models import (
    Buyer,
    CallTrackingPool,
    Campaign,
    Channel,
    Connection,
    Pingtree,
    Product,
    Publisher,
    Source,
    User,
)
from tracking.models.directory import Entry
from tracking.rendering.context import PLACEHOLDERS, Placeholder
from tracking.triggers import TRIGGERS

MASK = "********"  # of constant length: it says that a password is stored, nothing about it

ENTITIES: dict[str, type[Entry]] = {
    "publisher": Publisher,
    "channel": Channel,
    "call_tracking_pool": CallTrackingPool,
    "source": Source,
    "buyer": Buyer,
    "campaign": Campaign,
    "pingtree": Pingtree,
}

TRIGGER_GROUPS = [
    ("", "Select the trigger"),
    *(
        (platform.label, [(row.value, row.label) for row in TRIGGERS.values() if row.platform is platform])
        for platform in Platform
    ),
]
KINDS = [("[TPS] SMTP", RuleKind.choices)]
KIND_EXPLANATIONS = {
    RuleKind.ESP: "Send an email using a predefined ESP connection.",
    RuleKind.CUSTOM: "Send an email via a custom SMTP server.",
}
YES_NO = [("no", "No"), ("yes", "Yes")]

SURCHARGE = (
    "Receive automatic email alerts when too many warnings are detected within the timeframe. "
    "Enabling notifications incurs an additional charge of $0.0001 on top of the regular price."
)
EXAMPLES = ("Acme Leads <leads@example.com>", "leads@example.com", "{{ lead.first_name }} <{{ lead.email }}>")


def example() -> SafeString:
    rows = format_html_join("", "<li><code>{}</code></li>", ((text,) for text in EXAMPLES))
    return format_html('<details class="tracking-more"><summary>Show example</summary><ul>{}</ul></details>', rows)


def placeholders(rows: Iterable[Placeholder] = PLACEHOLDERS) -> SafeString:
    """These placeholders; the page's script hides those that the trigger does not have, and puts in the clicked."""
    found = format_html_join(
        "",
        '<tr data-placeholder="{}"><td><button type="button" class="tracking-insert">{{{{ {} }}}}</button></td>'
        "<td>{}</td><td>{}</td></tr>",
        ((row.name, row.name, row.explanation, row.sample) for row in rows),
    )
    return format_html(
        '<details class="tracking-more tracking-placeholders"><summary>Show available placeholders</summary>'
        '<input type="search" class="tracking-search" placeholder="Search placeholders" '
        'aria-label="Search placeholders" hidden>'
        '<div class="tracking-scroll" tabindex="0" role="region" aria-label="Available placeholders">'
        "<table><thead><tr><th>Placeholder</th><th>What it is</th><th>Example</th></tr></thead><tbody>{}</tbody>"
        "</table></div></details>",
        found,
    )


def alert_example() -> SafeString:
    return format_html(
        '{} <details class="tracking-more"><summary>Show example</summary><p>{}</p></details>',
        SURCHARGE,
        "Set the Timeframe to “1 hour”, % of Warnings to “10” and Number of Warnings to “100”. If, within one hour, "
        "more than 10% of the events or over 100 total warnings occur, an alert goes to those to notify.",
    )


def extra_headers() -> SafeString:
    rows = format_html_join("", "<li><code>{}</code>: {}</li>", ExtraHeader.choices)
    return format_html(
        "One a line, as <code>Name: value</code>; placeholders as in the subject. "
        '<details class="tracking-more"><summary>Show allowed headers</summary><ul>{}</ul></details>',
        rows,
    )


def text(label: str, help_text: str = "", **attrs: str) -> forms.CharField:
    """Kept as typed: what the definition refuses must stand there again, and what it takes must not change."""
    widget = UnfoldAdminTextInputWidget(attrs=attrs)
    return forms.CharField(label=label, required=False, strip=False, help_text=help_text, widget=widget)


def lines(label: str, help_text: str = "", rows: int = 3) -> forms.CharField:
    widget = UnfoldAdminTextareaWidget(attrs={"rows": rows, "spellcheck": "false"})
    return forms.CharField(label=label, required=False, help_text=help_text, widget=widget)


def number(label: str, help_text: str = "") -> forms.CharField:
    field = text(label, help_text, inputmode="decimal")
    field.strip = True
    return field


def select(label: str, choices: Iterable[Any], help_text: str = "", *, blank: str | None = None) -> forms.ChoiceField:
    options = ([("", blank)] if blank is not None else []) + list(choices)
    return forms.ChoiceField(
        label=label, choices=options, required=False, help_text=help_text, widget=UnfoldAdminSelectWidget()
    )


def switch(label: str, help_text: str = "") -> forms.BooleanField:
    return forms.BooleanField(label=label, required=False, help_text=help_text, widget=UnfoldBooleanSwitchWidget())


def one(label: str, queryset: Any, help_text: str = "") -> forms.Field:
    return forms.ModelChoiceField(queryset, label=label, required=False, help_text=help_text, widget=ChooseOne())


class Ids(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]
    """Ids as they were chosen. Whether the directory knows them is the store's question."""

    def clean(self, value: Any) -> list[int | str]:  # type: ignore[override]
        return [int(key) if str(key).isdecimal() else str(key) for key in value or ()]


def several(label: str, queryset: Any, help_text: str = "") -> Ids:
    return Ids(queryset, label=label, required=False, help_text=help_text, widget=ChooseSeveral())


class BodyWidget(UnfoldAdminTextareaWidget):  # type: ignore[misc]
    """Django's own template: it keeps a first line that is empty."""

    template_name = "django/forms/widgets/textarea.html"


def filter_fields() -> dict[str, forms.Field]:
    """The nineteen filters in the seed's order."""
    made: dict[str, forms.Field] = {
        Filter.METHOD: select(Filter.METHOD.label, Method.choices, blank="Any"),
        Filter.TRACKING_STRATEGY: select(Filter.TRACKING_STRATEGY.label, TrackingStrategy.choices, blank="Any"),
        Filter.PRICE_RESTRICTION: select(Filter.PRICE_RESTRICTION.label, PriceKind.choices, blank="None"),
        Filter.PRICE_RESTRICTION_VALUE: number(Filter.PRICE_RESTRICTION_VALUE.label),
        Filter.MIN_PRICE: number(Filter.MIN_PRICE.label),
        Filter.MAX_PRICE: number(Filter.MAX_PRICE.label),
    }
    for name in Filter:
        if name not in made:
            model = ENTITIES[name.value.removesuffix("_exclude")]
            made[name] = several(name.label, model._default_manager.all())
    return {name.value: made[name] for name in Filter}


def owner_fields() -> dict[str, forms.Field]:
    return {
        "product": one("Product", Product.objects.all(), "The rule sees every event of this product."),
        "owner_campaign": one(
            "or Campaign", Campaign.objects.all(), "The rule sees every event of this campaign. Choose one of the two."
        ),
        "trigger": select("Trigger", TRIGGER_GROUPS, "The event that triggers the action."),
        "kind": select("Action", KINDS, "By a predefined ESP connection, or by a mail server of the rule's own."),
        "name": text("Name", "For people; mails can show it as {{ rule.name }}."),
        "enabled": switch("Active"),
    }


def action_fields() -> dict[str, forms.Field]:
    connections = Connection.objects.filter(kind=ConnectionKind.ESP)
    password = UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}, render_value=False)
    return {
        "smtp_connection": select("SMTP-connection", ConnectionKind.choices),
        "connection": one("ESP connection", connections, "A predefined connection."),
        "host": text("Host", autocomplete="off"),
        "login": text("Login", autocomplete="off"),
        "password": forms.CharField(label="Password", required=False, strip=False, widget=password),
        "port": number("Port"),
        "encryption": select("Encryption", Encryption.choices),
        "sender": text("Sender Name", example()),
        "recipient": text("Recipient", format_html("Several are separated by commas. {}", example())),
        "cc": text("Cc"),
        "bcc": text("Bcc"),
        "reply_to": text("Reply-To"),
        "use_twig": select("Use Twig Engine", YES_NO),
        "subject": text("Subject", placeholders()),
        "body": forms.CharField(
            label="Body",
            required=False,
            strip=False,
            help_text=placeholders(),
            widget=BodyWidget(attrs={"rows": 14, "spellcheck": "false"}),
        ),
        "content_type": select("Content Type", ContentType.choices),
        "headers": lines("Extra headers", extra_headers()),
    }


def policy_fields() -> dict[str, forms.Field]:
    return {
        "once_per_lead": switch("Fire once per lead", "Later events of the same lead send nothing."),
        "daily_cap": number("Daily cap", "Events a day (UTC) at most; what is beyond waits. Empty: no cap."),
        "missing_placeholder": select("Missing placeholder", MissingPlaceholder.choices, "It is a warning either way."),
        "delivery_policy": select("Delivery policy", DeliveryPolicy.choices, "When the server's last answer was lost."),
    }


def notification_fields() -> dict[str, forms.Field]:
    return {
        "enable_notifications": select("Enable notifications", YES_NO, alert_example()),
        "timeframe": select("Timeframe", Timeframe.choices),
        "warnings_percent": number("% of Warnings", "Alert when more than this part of the events met a warning."),
        "warnings_number": number("Number of Warnings", "Alert when more warnings than this arose in the timeframe."),
        "minimum_events": number(
            "Minimum events for the percentage", "With fewer events in the timeframe, % of Warnings is not looked at."
        ),
        "notify_users": several("Users to Notify", User.objects.filter(is_active=True)),
        "notify_emails": text("Emails to Notify", "Separated by commas."),
        "notification_frequency": number("Notification frequency (every X minutes)"),
        "notify_recovery": switch("Tell of recovery", "One mail more, once the warnings have stayed below the limits."),
    }


SECTIONS = {
    "Rule": owner_fields,
    "Trigger Settings": filter_fields,
    "Action Settings / [TPS] SMTP": action_fields,
    "Sending": policy_fields,
    "Warning Notifications": notification_fields,
}


PAIRED = {
    "product": "owner_campaign",
    **{name.value: f"{name.value}_exclude" for name in Filter if f"{name.value}_exclude" in set(Filter)},
}


def paired(rows: Iterable[Any]) -> list[Any]:
    """The two owners, and what is included and excluded of one entity, stand on one line.

    A row is a field's name, or has it.
    """
    by_name = {row if isinstance(row, str) else row.__name__: row for row in rows}
    seconds = {PAIRED[name]: name for name in PAIRED if name in by_name and PAIRED[name] in by_name}
    firsts = {first: by_name[second] for second, first in seconds.items()}
    return [(row, firsts[name]) if name in firsts else row for name, row in by_name.items() if name not in seconds]


def all_fields() -> dict[str, forms.Field]:
    return {name: field for make in SECTIONS.values() for name, field in make().items()}
