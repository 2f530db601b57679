"""The rules and connections of the demo platform: every kind, content type, engine and family of filters once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

from tracking.demo.directory import AUTO, CALLS, SOLAR

_NAMESPACE = UUID("1b0f6f0e-7a55-4f62-9a3d-2f6a3a0c5e11")

SES, BREVO = "ses-demo", "brevo-demo"
CONNECTIONS = {SES: "Amazon SES (demo)", BREVO: "Brevo (demo)"}
CUSTOM_LOGIN = "relay@leadhouse.example.com"

LEADHOUSE = "Leadhouse <leads@leadhouse.example.com>"
DESK = "Sales desk <desk@leadhouse.example.com>"
THE_LEAD = "{{ lead.first_name }} {{ lead.last_name }} <{{ lead.email }}>"

_HTML = """\
<!doctype html>
<html><body style="font-family: Helvetica, Arial, sans-serif; color: #1f2937; margin: 0; background: #f3f4f6">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0"><tr><td align="center" style="padding: 24px">
<table role="presentation" width="560" cellpadding="0" cellspacing="0" style="background: #ffffff; border-radius: 8px">
<tr><td style="padding: 20px 28px; border-bottom: 3px solid COLOUR; font-size: 18px"><strong>TITLE</strong></td></tr>
<tr><td style="padding: 20px 28px; line-height: 1.6">
CONTENT
</td></tr>
<tr><td style="padding: 14px 28px; font-size: 12px; color: #6b7280">Leadhouse, 12 Harbor Street, Portland</td></tr>
</table></td></tr></table></body></html>
"""


def _page(title: str, content: str, colour: str = "#7c3aed") -> str:
    return _HTML.replace("COLOUR", colour).replace("TITLE", title).replace("CONTENT", content)


_LEAD_TABLE = """\
<table cellpadding="6" style="border-collapse: collapse">
{% for name in ["first_name", "last_name", "email", "phone", "zip", "city", "state"] %}
<tr><td style="color: #6b7280">{{ name }}</td><td>{{ lead[name] }}</td></tr>
{% endfor %}</table>"""


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoRule:
    """`document` lacks `server`, where the rule has a custom one: it is the catcher, wherever that listens."""

    slug: str
    document: Mapping[str, Any]
    enabled: bool = True

    @property
    def key(self) -> UUID:
        return uuid5(_NAMESPACE, self.slug)

    @property
    def custom(self) -> bool:
        return bool(self.document["action"]["kind"] == "smtp_custom")


def _rule(
    slug: str,
    name: str,
    trigger: str,
    action: Mapping[str, Any],
    *,
    enabled: bool = True,
    connection: str | None = SES,
    **rest: Any,
) -> DemoRule:
    kind = {"kind": "smtp_esp", "connection": connection} if connection else {"kind": "smtp_custom"}
    document = {"name": name, "trigger": trigger, "action": {"sender": LEADHOUSE, **kind, **action}, **rest}
    return DemoRule(slug=slug, document=document, enabled=enabled)


def _alarm(**thresholds: Any) -> dict[str, Any]:
    return {
        "enable_notifications": True,
        "timeframe": "5m",
        "notify_users": ["admin"],
        "notify_emails": ["ops@leadhouse.example.com"],
        "notification_frequency": 10,
        **thresholds,
    }


_LMS = (
    _rule(
        "welcome",
        "Thank the lead",
        "lms.lead_sold",
        {
            "recipient": THE_LEAD,
            "reply_to": "Leadhouse help <help@leadhouse.example.com>",
            "subject": "{{ lead.first_name }}, your auto insurance quotes are on their way",
            "body": _page(
                "Your quotes are on their way",
                "<p>Hello {{ lead.first_name }},</p>\n<p>thank you for your request for {{ lead.city }}. "
                "<strong>{{ buyer.name }}</strong> will call you at {{ lead.phone }} within the day.</p>",
            ),
            "content_type": "all",
        },
        product=AUTO,
        policy={"once_per_lead": True},
        notifications=_alarm(warnings_percent="5", warnings_number=3),
    ),
    _rule(
        "summit-range",
        "Lead data for Summit Insurance",
        "lms.campaign_sold",
        {
            "recipient": "Summit intake <intake@summit.example.com>",
            "cc": "Account team <accounts@leadhouse.example.com>",
            "use_twig": True,
            "subject": "New lead {{ lead.last_name|upper }} from {{ lead.state }} at ${{ price }}",
            "body": _page(
                "New exclusive lead",
                "<p>{{ campaign.name }}, through {{ publisher.name|default('an unknown publisher') }}.</p>\n"
                "{% if lead.homeowner %}<p><em>Owns a home: offer the bundle.</em></p>{% endif %}\n"
                '<p><a href="tel:{{ lead.phone }}">{{ lead.phone }}</a>, {{ lead.email }}</p>',
                "#0d9488",
            ),
        },
        campaign=1101,
        filters={"price_restriction": "range", "min_price": "15", "max_price": "80"},
    ),
    _rule(
        "big-sale",
        "Ring the bell for a big sale",
        "lms.lead_sold",
        {
            "recipient": DESK,
            "subject": "Sold for ${{ price }}: {{ lead.first_name }} {{ lead.last_name }}",
            "body": "{{ campaign.name }} paid ${{ price }}.\n\nPublisher: {{ publisher.name }}\n"
            "Source: {{ source.name }}\n",
            "content_type": "text",
        },
        connection=None,
        product=AUTO,
        filters={"price_restriction": "greater", "price_restriction_value": "60", "source_exclude": [4012]},
    ),
    _rule(
        "nobody",
        "Form leads that nobody bought",
        "lms.lead_rejected",
        {
            "recipient": "Traffic team <traffic@leadhouse.example.com>",
            "subject": "Unsold form lead from {{ publisher.name }}",
            "body": "{{ lead.first_name }} {{ lead.last_name }}, {{ lead.zip }} {{ lead.city }}\n"
            "Channel: {{ channel.name }}\n",
            "content_type": "text",
        },
        product=AUTO,
        filters={"method": "FORM"},
    ),
    _rule(
        "refusals",
        "Tell the publisher's inbox of refusals",
        "lms.campaign_rejected",
        {
            "recipient": "Publisher desk <publishers@leadhouse.example.com>, bounce-archive@leadhouse.example.com",
            "subject": "{{ campaign.name }} refused a lead",
            "body": _page(
                "A lead was refused",
                "<p>{{ campaign.name }} refused the lead of {{ publisher.name }} ({{ source.name }}).</p>",
                "#dc2626",
            ),
        },
        product=AUTO,
        filters={"campaign_exclude": [1104]},
        notifications=_alarm(warnings_number=2, notification_frequency=60),
    ),
    _rule(
        "send-lead",
        "Send the whole lead by email",
        "lms.send_lead_to_email",
        {
            "recipient": "CRM import <import@northgate.example.com>",
            "bcc": "archive@leadhouse.example.com",
            "use_twig": True,
            "subject": "Lead {{ event.id }}",
            "body": _page("Lead data", _LEAD_TABLE),
            "content_type": "all",
        },
        connection=None,
        product=AUTO,
    ),
    _rule(
        "post-reject",
        "Post refused after a won ping",
        "lms.post_reject",
        {
            "recipient": "Integrations <integrations@leadhouse.example.com>",
            "use_twig": True,
            "subject": "{{ buyer.name }} refused a post it had bid ${{ price }} for",
            "body": "{{ campaign.name }}\n{% if pingtree.name %}Pingtree: {{ pingtree.name }}\n{% endif %}"
            "{% if lead.state == 'CA' %}California: mind the privacy notice.{% else %}No special rules.{% endif %}\n",
            "content_type": "text",
        },
        connection=BREVO,
        product=SOLAR,
    ),
    _rule(
        "offers",
        "Offers of ten dollars and more",
        "lms.lead_offer_received",
        {
            "recipient": DESK,
            "subject": "{{ buyer.name }} offers ${{ price }}",
            "body": "<p>{{ campaign.name }} offers ${{ price }} for a lead in {{ lead.state }}.</p>",
        },
        enabled=False,
        product=SOLAR,
        filters={"price_restriction": "at_least", "price_restriction_value": "10"},
    ),
    _rule(
        "earning",
        "Good news for publishers",
        "lms.publisher_earning_received",
        {
            "recipient": "{{ publisher.name }} <earnings+{{ publisher.id }}@leadhouse.example.com>",
            "subject": "You earned ${{ price }} with {{ product.name }}",
            "body": _page(
                "You earned ${{ price }}", "<p>Your {{ channel.name }} channel sold a lead. Keep them coming.</p>"
            ),
            "content_type": "all",
        },
        connection=BREVO,
        product=SOLAR,
        filters={"tracking_strategy": "direct_sold", "pingtree_exclude": [504]},
    ),
    _rule(
        "ping-back",
        "Revenue ping backs of Helio",
        "lms.revenue_ping_back",
        {
            "recipient": "Helio finance <finance@helio.example.com>",
            "subject": "Ping back of ${{ price }} for {{ campaign.name }}",
            "body": "<p>Lead {{ lead.id }} brought ${{ price }} through {{ publisher.name }}.</p>",
        },
        campaign=1201,
        filters={"method": "POST", "publisher": [201, 203, 204, 206, 207, 209, 210, 212]},
    ),
    _rule(
        "disposition",
        "Dispositions with their campaign tag",
        "lms.disposition_updated",
        {
            "recipient": "Quality <quality@leadhouse.example.com>",
            "subject": "{{ lead.disposition }}: {{ lead.first_name }} {{ lead.last_name }}",
            "body": "<p>{{ buyer.name }} says <strong>{{ lead.disposition }}</strong>.</p>\n"
            "<p>Tag: {{ lead.utm_campaign }}</p>",
        },
        product=SOLAR,
        policy={"missing_placeholder": "empty"},
    ),
    _rule(
        "returns",
        "Returned leads",
        "lms.lead_return",
        {
            "recipient": "Accounting <accounting@leadhouse.example.com>",
            "bcc": "audit@leadhouse.example.com",
            "subject": "Return: {{ campaign.name }}, ${{ price }}",
            "body": "<p>{{ buyer.name }} returned lead {{ lead.id }}: {{ lead.return_reason }}.</p>",
        },
        campaign=1102,
        policy={"delivery_policy": "never_lose", "missing_placeholder": "skip"},
    ),
)

_CALL = (
    _rule(
        "call-sold",
        "Calls sold through the main pools",
        "call.lead_sold",
        {
            "recipient": "Call desk <calls@leadhouse.example.com>",
            "subject": "Call sold for ${{ price }} ({{ call.duration }} s)",
            "body": _page(
                "Call sold",
                "<p>{{ call.caller_id }} talked {{ call.duration }} seconds to {{ buyer.name }} "
                "through {{ call_tracking_pool.name }}.</p>",
                "#2563eb",
            ),
        },
        connection=BREVO,
        product=CALLS,
        filters={"price_restriction": "positive", "call_tracking_pool": [601, 602]},
    ),
    _rule(
        "recording",
        "Recording for Golden Years",
        "call.call_recorded",
        {
            "recipient": "Golden Years training <training@goldenyears.example.com>",
            "use_twig": True,
            "subject": "Recording of a {% if call.duration > 90 %}long{% else %}short{% endif %} call",
            "body": _page(
                "A recording is ready",
                '<p>Call of {{ lead.state }}, {{ call.duration }} seconds.</p>\n<p><a href="{{ call.recording_url }}">'
                "Listen</a></p>",
                "#2563eb",
            ),
            "content_type": "all",
        },
        connection=BREVO,
        campaign=1301,
    ),
    _rule(
        "machine",
        "Answering machines",
        "call.amd",
        {
            "recipient": "Call desk <calls@leadhouse.example.com>",
            "subject": "{{ buyer.name }} answers by machine",
            "body": "A call from {{ source.name }} reached a machine of {{ campaign.name }}.\n",
            "content_type": "text",
        },
        connection=BREVO,
        product=CALLS,
        filters={"source_exclude": [4009, 4010]},
    ),
    _rule(
        "answer",
        "Carepoint has answered",
        "call.buyer_response",
        {
            "recipient": "Carepoint floor <busy-floor@carepoint.example.com>",
            "subject": "Call {{ call.id }}: {{ call.response }}",
            "body": "<p>{{ call.caller_id }}: {{ call.response }}</p>",
        },
        connection=None,
        campaign=1302,
    ),
    _rule(
        "duration",
        "Cheap calls that ran long enough",
        "call.duration_to_sell_reached",
        {
            "recipient": DESK,
            "subject": "Duration to sell reached for ${{ price }}",
            "body": "{{ campaign.name }}: {{ call.duration }} seconds, ${{ price }}.\n",
            "content_type": "text",
        },
        connection=BREVO,
        product=CALLS,
        filters={"price_restriction": "lower", "price_restriction_value": "30", "buyer": [7, 8]},
    ),
)

RULES = _LMS + _CALL
