"""Rows. They turn themselves into values and never act: others send, count and enqueue."""

from tracking.models.alert import Alert, RuleWatch
from tracking.models.answer import KeptAnswer
from tracking.models.audit import AuditEntry
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
from tracking.models.job import BacktestMatch, Job
from tracking.models.lease import Lease
from tracking.models.preset import Preset
from tracking.models.pulse import Pulse
from tracking.models.quota import QuotaUse
from tracking.models.rule import Rule, RuleBook, RuleVersion
from tracking.models.second_factor import Authenticator, RecoveryCodes
from tracking.models.usage import EventMinute, SentMinute, UsageDay, WarningMinute
from tracking.models.user import ApiToken, User

__all__ = [
    "Alert",
    "ApiToken",
    "Attempt",
    "AuditEntry",
    "Authenticator",
    "BacktestMatch",
    "Buyer",
    "CallTrackingPool",
    "Campaign",
    "Channel",
    "Connection",
    "Delivery",
    "DeliveryRecipient",
    "EventMinute",
    "Job",
    "KeptAnswer",
    "Lease",
    "Pingtree",
    "Preset",
    "Product",
    "Publisher",
    "Pulse",
    "QuotaUse",
    "RecoveryCodes",
    "Rule",
    "RuleBook",
    "RuleVersion",
    "RuleWatch",
    "SentMinute",
    "Source",
    "StoredEvent",
    "UsageDay",
    "User",
    "WarningMinute",
]
