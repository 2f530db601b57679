"""What goes in, by example; each is valid against the schema that it stands in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

EVENT = {
    "event_id": "sale-341",
    "trigger": "lms.lead_sold",
    "occurred_at": "2026-01-31T12:00:00+00:00",
    "product": 101,
    "campaign": 1101,
    "price": "42.00",
    "lead_id": "lead-77",
    "lead": {"first_name": "Ada", "email": "ada@example.org"},
}
RULE = {
    "name": "Tell the buyer",
    "trigger": "lms.lead_sold",
    "product": 101,
    "filters": {"price_restriction": "at_least", "price_restriction_value": "10.00"},
    "action": {
        "kind": "smtp_esp",
        "connection": "resend",
        "sender": "Leads <leads@example.com>",
        "recipient": "{{ lead.email }}",
        "subject": "Sold: {{ lead.first_name }}",
        "body": "<p>Hello {{ lead.first_name }}</p>",
    },
}
EXAMPLES: Mapping[str, list[dict[str, Any]]] = {
    "Event": [EVENT],
    "EventReceipt": [
        {
            "event_id": "sale-341",
            "duplicate": False,
            "matched": [{"rule": 7, "delivery": "01890a5d-ac96-774b-bcce-b302099a8057"}],
        }
    ],
    "RuleDocument": [RULE],
    "OwnedRuleDocument": [{name: value for name, value in RULE.items() if name != "product"}],
    "RuleDraft": [RULE],
    "RulePatch": [{"action": {"subject": "Sold for {{ price }}"}, "enabled": True}],
    "ProductRow": [{"id": 101, "name": "Car loans", "platform": "lms", "ping_post": True}],
    "CampaignRow": [{"id": 1101, "name": "Northern buyers", "product": 101, "buyer": 501}],
    "ChannelRow": [{"id": 301, "name": "Landing page", "publisher": 201, "product": 101, "method": "POST"}],
    "EntryRow": [{"id": 201, "name": "Search traffic"}],
    "ConnectionRow": [{"name": "Resend", "provider": "resend", "password": "re_123"}],
    "CheckRequest": [{"to": "me@example.com", "sender": "Leads <leads@example.com>"}],
    "ServerCheckRequest": [{"server": {"host": "smtp.example.com", "port": 587}, "password": "secret"}],
    "ReplayRequest": [{"first": "2026-01-31T00:00:00Z", "until": "2026-02-01T00:00:00Z", "rule": 1}],
    "CloneRequest": [{"campaign": 1101, "name": "The same for the north"}],
    "PresetRequest": [{"rule": 1, "name": "Tell the buyer"}],
    "ConnectionPatch": [{"max_rate": 600}],
    "Snooze": [{"until": "2026-01-31T18:00:00+00:00"}],
    "PreviewRequest": [{"document": RULE, "values": {"lead.first_name": "Ada"}}],
    "TestRunRequest": [{"values": {"lead.email": "ada@example.org"}, "to": ["me@example.com"]}],
    "BacktestRequest": [{"days": 7}],
    "DocumentBacktestRequest": [{"days": 7, "document": RULE}],
    "Problem": [
        {
            "type": "about:blank",
            "title": "The input was refused",
            "status": 400,
            "errors": {"price": ['must be a decimal string, as in "12.50"']},
        }
    ],
}
