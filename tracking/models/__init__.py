"""Rows. They turn themselves into values and never act: others send, count and enqueue."""

from tracking.models.alert import Alert, RuleWatch
from tracking.models.connection import Connection
from tracking.models.delivery import Attempt, Delivery, DeliveryRecipient, StoredEvent
from tracking.models.directory import (
    Buyer,
    CallTrackingPool,
    Campaign,
    Channel,
    Pingtree,
    Product,
    Publisher,
    Source,
)
from tracking.models.pulse import Pulse
from tracking.models.rule import Rule, RuleBook, RuleVersion
from tracking.models.usage import EventMinute, UsageDay, WarningMinute
from tracking.models.user import ApiToken, User

__all__ = [
    "Alert",
    "ApiToken",
    "Attempt",
    "Buyer",
    "CallTrackingPool",
    "Campaign",
    "Channel",
    "Connection",
    "Delivery",
    "DeliveryRecipient",
    "EventMinute",
    "Pingtree",
    "Product",
    "Publisher",
    "Pulse",
    "Rule",
    "RuleBook",
    "RuleVersion",
    "RuleWatch",
    "Source",
    "StoredEvent",
    "UsageDay",
    "User",
    "WarningMinute",
]
