"""A whole day of a platform: its rules, its events, and what a naive reader of the rules would mail.

The expectation is computed here from the documents alone, event by event, and shares no code with the product.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from tests.environment import ROOT  # noqa: F401 - the tests' environment comes first

Document = dict[str, Any]

PRODUCTS = {1: ("Auto Insurance", "lms", False), 2: ("Solar", "lms", True), 3: ("Legal Calls", "call_logic", False)}
BUYERS = {5: "Acme", 6: "Bolt & Sons", 7: "Cedar"}
CAMPAIGNS = {11: (1, 5), 12: (1, 6), 21: (2, 6), 31: (3, 5), 32: (3, 7)}
PUBLISHERS = {71: "Bright Leads", 72: "Ads <Direct>", 73: "Organic"}
CHANNELS = {711: (71, 1), 721: (72, 2), 731: (73, 3)}
SOURCES = {901: "google-brand", 902: "mailing"}
PINGTREES = {3: "Main tree", 4: "Night tree"}
POOLS = {41: "Pool West", 42: "Pool East"}

LMS = [
    "lead_sold",
    "lead_rejected",
    "campaign_rejected",
    "publisher_earning_received",
    "campaign_sold",
    "revenue_ping_back",
    "send_lead_to_email",
    "disposition_updated",
    "publisher_earning_adjusted",
    "lead_return",
    "lead_partial_return",
    "price_reject_sold",
    "price_reject_rejected",
]
PING_POST = ["post_reject", "lead_offer_received"]
CALLS = [
    "lead_sold",
    "lead_rejected",
    "campaign_rejected",
    "campaign_accepted",
    "campaign_sold",
    "publisher_earning_received",
    "buyer_response",
    "disposition_updated",
    "publisher_earning_adjusted",
    "lead_return",
    "lead_partial_return",
    "call_recorded",
    "duration_to_sell_reached",
    "amd",
    "revenue_postback",
]
TRIGGERS = [f"lms.{name}" for name in (*LMS, *PING_POST)] + [f"call.{name}" for name in CALLS]

CROWDED = ("lms.lead_sold", "lms.campaign_sold", "call.campaign_sold")  # several rules each

SUBJECT = "{{ rule.name }} / {{ event.id }}"
TWIG_BODY = "{% for tag in lead.tags %}[{{ tag }}]{% endfor %}{% if lead.vip %} gold{% else %} plain{% endif %}"


def twig_body(event: Document) -> str:
    return "".join(f"[{tag}]" for tag in event["lead"]["tags"]) + (" gold" if event["lead"]["vip"] else " plain")


def _rule(name: str, trigger: str, *, owner: str, number: int, **parts: Any) -> Document:
    action = {
        "kind": "smtp_esp",
        "connection": "main",
        "sender": "Leads <leads@platform.test>",
        "recipient": "{{ lead.first_name }} <{{ lead.email }}>",
        "subject": SUBJECT,
        "body": "Lead {{ lead.first_name }} from {{ publisher.name }} at {{ price }}",
        "content_type": "text",
        **parts.pop("action", {}),
    }
    return {"name": name, "trigger": trigger, owner: number, "action": action, **parts}


def rules(port: int) -> list[Document]:
    """Every trigger, every filter, each content type, both kinds and both engines."""
    every = [_rule(f"every {trigger}", trigger, owner="product", number=_product(trigger)) for trigger in TRIGGERS]
    sold, call_sold = "lms.lead_sold", "call.campaign_sold"
    product = {"owner": "product", "number": 1}
    filtered = [
        _rule("post only", sold, **product, filters={"method": "POST"}),
        _rule("pingback only", sold, **product, filters={"tracking_strategy": "pingback"}),
        _rule("some publishers", sold, **product, filters={"publisher": [71, 72]}),
        _rule("not that publisher", sold, **product, filters={"publisher_exclude": [71]}),
        _rule("a channel", sold, **product, filters={"channel": [711]}),
        _rule("not a channel", sold, **product, filters={"channel_exclude": [711]}),
        _rule("a source", sold, **product, filters={"source": [901]}),
        _rule("not a source", sold, **product, filters={"source_exclude": [901]}),
        _rule("a buyer", sold, **product, filters={"buyer": [5], "publisher_exclude": [73]}),
        _rule("not a buyer", sold, **product, filters={"buyer_exclude": [5]}),
        _rule("a campaign", sold, **product, filters={"campaign": [11]}),
        _rule("not a campaign", sold, **product, filters={"campaign_exclude": [11]}),
        _rule("a pingtree", sold, **product, filters={"pingtree": [3]}),
        _rule("not a pingtree", sold, **product, filters={"pingtree_exclude": [3]}),
        _rule("a pool", call_sold, owner="product", number=3, filters={"call_tracking_pool": [41]}),
        _rule("paid", sold, **product, filters={"price_restriction": "positive"}),
        _rule("over 10", sold, **product, filters=_bound("greater", "10")),
        _rule("from 10", sold, **product, filters=_bound("at_least", "10.00")),
        _rule("under 10", sold, **product, filters=_bound("lower", "10")),
        _rule("up to 10", sold, **product, filters=_bound("at_most", "10")),
        _rule(
            "10 to 20",
            sold,
            **product,
            filters={"price_restriction": "range", "min_price": "10", "max_price": "20.00"},
        ),
    ]
    campaign = {"owner": "campaign", "number": 11}
    server = {"host": "127.0.0.1", "port": port, "encryption": "none", "login": ""}
    paragraph = {"body": "<p>{{ lead.first_name }}</p>"}
    actions = {
        "html": {"content_type": "html", **paragraph},
        "all": {"content_type": "all", **paragraph},
        "twig": {"use_twig": True, "body": TWIG_BODY},
        "own server": {"kind": "smtp_custom", "connection": None, "server": server},
        "copies": {"cc": "cc@platform.test", "bcc": "Hidden <bcc@platform.test>", "reply_to": "help@platform.test"},
        "several": {"recipient": "{{ lead.email }}, desk@platform.test"},
        "skips": {"body": "{{ lead.middle_name }}"},
    }
    parts = {"skips": {"policy": {"missing_placeholder": "skip"}}}
    sold = "lms.campaign_sold"
    formed = [
        *(_rule(name, sold, **campaign, action=action, **parts.get(name, {})) for name, action in actions.items()),
        _rule("once", sold, **campaign, policy={"once_per_lead": True}),
        _rule("disabled", sold, **campaign) | {"enabled": False},
    ]
    return [*every, *filtered, *formed]


def _bound(kind: str, value: str) -> Document:
    return {"price_restriction": kind, "price_restriction_value": value}


def _product(trigger: str) -> int:
    platform, name = trigger.split(".")
    return 3 if platform == "call" else 2 if name in PING_POST else 1


# Odd on purpose: markup, a line break in a name, letters of many scripts.
NAMES = ["Ada", "Grace", "Zoë", "Łukasz", "O'Neil & <b>Co</b>", "Line\r\nBcc: evil@x.test", "李", ""]


def events(count: int, *, seed: int) -> Iterator[Document]:
    """Events of every trigger by turns; some recipients are refused, some taken later, some are no addresses."""
    chance = random.Random(seed)
    for number in range(count):
        trigger = TRIGGERS[number % len(TRIGGERS)]
        product = _product(trigger)
        event: Document = {
            "event_id": f"evt-{number}",
            "trigger": trigger,
            "occurred_at": f"2026-01-31T{number % 24:02}:{number % 60:02}:00+00:00",
            "product": product,
            "lead": {
                "first_name": chance.choice(NAMES),
                "email": _address(number, trigger, chance),
                "tags": chance.sample(["new", "hot", "cold"], k=chance.randrange(4)),
                "vip": chance.random() < 0.5,
            },
        }
        optional = {
            "campaign": chance.choice([number for number, (owner, _) in CAMPAIGNS.items() if owner == product]),
            "publisher": chance.choice([*PUBLISHERS, 999]),  # 999: not in the directory
            "channel": chance.choice([*CHANNELS]),
            "source": chance.choice([*SOURCES]),
            "buyer": chance.choice([*BUYERS]),
            "pingtree": chance.choice([*PINGTREES]),
            "method": chance.choice(["POST", "FORM"]),
            "tracking_strategy": chance.choice(["direct_sold", "pingback"]),
            "price": chance.choice(["0", "0.00", "5", "9.99", "10", "10.00", "15.5", "20", "20.01", "100"]),
            "lead_id": f"lead-{chance.randrange(40)}",
        }
        if product == 3:
            optional["call_tracking_pool"] = chance.choice([*POOLS])
            del optional["method"]
        event |= {name: value for name, value in optional.items() if chance.random() < 0.9}
        yield event


def _address(number: int, trigger: str, chance: random.Random) -> str:
    """Later ones only where one rule mails them: the server greylists an address at its first mail alone."""
    kind = chance.choices(["good", "refused", "later", "nonsense", "empty"], [90, 4, 2, 2, 2])[0]
    if kind == "later" and trigger in CROWDED:
        kind = "good"
    return {"nonsense": "no address, at all", "empty": ""}.get(kind, f"{kind}{number}@leads.test")


def refusal(seen: set[str]) -> Callable[[str], str | None]:
    """The mail server's opinion of recipients: some never, some not at the first try."""

    def reply(address: str) -> str | None:
        if address.startswith("refused"):
            return "550 5.1.1 No such user"
        if address.startswith("later") and address not in seen:
            seen.add(address)
            return "451 4.7.1 Greylisted, come back"
        return None

    return reply


@dataclass
class Expected:
    """What the rules say about one event."""

    mails: dict[tuple[str, str], Document] = field(default_factory=dict)  # (rule's name, event) -> what it says
    processed: dict[str, int] = field(default_factory=dict)  # rule's name -> events
    warned: dict[str, int] = field(default_factory=dict)  # rule's name -> warnings


def expected(documents: list[Document], stream: list[Document]) -> Expected:
    """Rule by rule and event by event, as somebody with a pencil would."""
    found = Expected()
    fired_for: set[tuple[str, str]] = set()
    for event in stream:
        for rule in documents:
            if not rule.get("enabled", True) or not _concerns(rule, event) or not _admitted(rule, event):
                continue
            if rule.get("policy", {}).get("once_per_lead") and "lead_id" in event:
                if (rule["name"], event["lead_id"]) in fired_for:
                    continue
                fired_for.add((rule["name"], event["lead_id"]))
            _note(found, rule, event)
    return found


def _concerns(rule: Document, event: Document) -> bool:
    if rule["trigger"] != event["trigger"]:
        return False
    return rule["product"] == event["product"] if "product" in rule else rule["campaign"] == event.get("campaign")


def _admitted(rule: Document, event: Document) -> bool:
    filters = rule.get("filters", {})
    for name, wanted in filters.items():
        if name in ("method", "tracking_strategy") and event.get(name) != wanted:
            return False
        if name.endswith("_exclude") and event.get(name.removesuffix("_exclude")) in wanted:
            return False
        if isinstance(wanted, list) and not name.endswith("_exclude") and event.get(name) not in wanted:
            return False
    return "price_restriction" not in filters or _price_fits(filters, event.get("price"))


def _price_fits(filters: Document, text: str | None) -> bool:
    if text is None:
        return False
    price, kind = Decimal(text), filters["price_restriction"]
    value = Decimal(filters.get("price_restriction_value", "0"))
    if kind == "range":
        return Decimal(filters["min_price"]) <= price <= Decimal(filters["max_price"])
    return {
        "positive": price > 0,
        "greater": price > value,
        "at_least": price >= value,
        "lower": price < value,
        "at_most": price <= value,
    }[kind]


def _note(found: Expected, rule: Document, event: Document) -> None:
    name, action = rule["name"], rule["action"]
    found.processed[name] = found.processed.get(name, 0) + 1
    missing = False

    def fill(text: str) -> str:
        nonlocal missing
        filled, lacks = _filled(text, rule, event)
        missing = missing or lacks
        return filled

    body = twig_body(event) if action.get("use_twig") else fill(action["body"])
    subject = fill(action["subject"])
    written = ", ".join(filter(None, (action["recipient"], action.get("cc"), action.get("bcc"))))
    addresses = []
    for part in written.split(","):
        in_brackets = re.search(r"<(.*)>", part)
        addresses.append(fill(in_brackets.group(1) if in_brackets else part.strip()))
    fill(action["recipient"])
    valid = [address for address in addresses if re.fullmatch(r"[\w.]+@[\w.]+", address)]
    odd_name = "\n" in event["lead"]["first_name"] and "first_name" in action["recipient"]
    reached = [address for address in valid if not address.startswith("refused")]
    greylisted = any(address.startswith("later") for address in valid)
    skipped = missing and rule.get("policy", {}).get("missing_placeholder") == "skip"
    if missing or odd_name or greylisted or len(reached) < len(addresses):
        found.warned[name] = found.warned.get(name, 0) + 1
    if reached and not skipped:
        found.mails[name, event["event_id"]] = {"recipients": set(reached), "subject": subject, "body": body}


def _filled(text: str, rule: Document, event: Document) -> tuple[str, bool]:
    """The text with its placeholders replaced one by one, and whether one of them had no value."""
    publisher = PUBLISHERS.get(event.get("publisher", 0))
    values = {
        "rule.name": rule["name"],
        "event.id": event["event_id"],
        "lead.first_name": event["lead"]["first_name"],
        "lead.email": event["lead"]["email"],
        "publisher.name": publisher,
        "price": event.get("price"),
    }
    missing = False
    for name in re.findall(r"\{\{ (\S+) \}\}", text):
        missing = missing or values.get(name) is None
        text = text.replace("{{ " + name + " }}", values.get(name) or "")
    return text, missing
