"""Every closed set of words of the product, once. Compared as members, never as strings."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import TextChoices


class Platform(TextChoices):
    LMS = "lms", "LMS"
    CALL_LOGIC = "call_logic", "Call Logic"


class Level(TextChoices):
    """Where a rule lives. A product's rule sees every event of the product, a campaign's those of the campaign."""

    PRODUCT = "product", "Product"
    CAMPAIGN = "campaign", "Campaign"


class Method(TextChoices):
    POST = "POST", "POST"
    FORM = "FORM", "FORM"


class TrackingStrategy(TextChoices):
    DIRECT_SOLD = "direct_sold", "Direct Sold Only"
    PINGBACK = "pingback", "PingBack Only"


class Filter(TextChoices):
    """The nineteen filter fields, in the seed's order. The value is the field's name everywhere."""

    METHOD = "method", "Method"
    TRACKING_STRATEGY = "tracking_strategy", "Tracking Strategy"
    PUBLISHER = "publisher", "Publisher"
    PUBLISHER_EXCLUDE = "publisher_exclude", "Publisher Exclude"
    CHANNEL = "channel", "Channel"
    CHANNEL_EXCLUDE = "channel_exclude", "Channel Exclude"
    CALL_TRACKING_POOL = "call_tracking_pool", "Call Tracking Pool"
    SOURCE = "source", "Source"
    SOURCE_EXCLUDE = "source_exclude", "Source Exclude"
    BUYER = "buyer", "Buyer"
    BUYER_EXCLUDE = "buyer_exclude", "Buyer Exclude"
    CAMPAIGN = "campaign", "Campaign"
    CAMPAIGN_EXCLUDE = "campaign_exclude", "Campaign Exclude"
    PINGTREE = "pingtree", "Pingtree"
    PINGTREE_EXCLUDE = "pingtree_exclude", "Pingtree Exclude"
    PRICE_RESTRICTION = "price_restriction", "Price Restrictions"
    PRICE_RESTRICTION_VALUE = "price_restriction_value", "Price Restriction Value"
    MIN_PRICE = "min_price", "Min Price"
    MAX_PRICE = "max_price", "Max Price"


class PriceKind(TextChoices):
    POSITIVE = "positive", "Price is greater than 0"
    GREATER = "greater", "Price is greater than a certain value"
    AT_LEAST = "at_least", "Price is greater than or equal to a certain value"
    LOWER = "lower", "Price is lower than a certain value"
    AT_MOST = "at_most", "Price is lower than or equal to a certain value"
    RANGE = "range", "Price range inclusive"


class Role(TextChoices):
    """Who looks at a rule; the value is the name of the Django group. Source: DOMAIN, "Roles"."""

    GLOBAL_ADMIN = "Global Admin", "Global Admin"
    LMS_ADMIN = "LMS Admin", "LMS Admin"
    CALL_LOGIC_ADMIN = "Call Logic Admin", "Call Logic Admin"
    SUPPORT = "Support", "Support"
    BUYER_AGENT = "Buyer Agent", "Buyer Agent"
    BUYER_EDITOR = "Buyer Editor", "Buyer Editor"


class RuleKind(TextChoices):
    ESP = "smtp_esp", "SMTP ESP"
    CUSTOM = "smtp_custom", "SMTP with Custom Connection"


class ConnectionKind(TextChoices):
    """What the field "SMTP-connection" shows. Each rule kind allows one of them."""

    MANUAL = "manual", "Manual connection"
    ESP = "esp", "ESP Service"


class Encryption(TextChoices):
    NONE = "none", "No encryption"
    TLS = "tls", "Use TLS encryption"
    SSL = "ssl", "Use SSL encryption"


class ContentType(TextChoices):
    TEXT = "text", "Text"
    HTML = "html", "HTML"
    ALL = "all", "All"


class ExtraHeader(TextChoices):
    """The headers that a rule may add to its mails. None of them can add a recipient or change where a mail goes."""

    LIST_UNSUBSCRIBE = "List-Unsubscribe", "where to unsubscribe, as <https://…> or <mailto:…> (RFC 2369)"
    LIST_UNSUBSCRIBE_POST = "List-Unsubscribe-Post", "List-Unsubscribe=One-Click (RFC 8058)"
    LIST_ID = "List-Id", "which list the mail belongs to (RFC 2919)"
    FEEDBACK_ID = "Feedback-ID", "what complaints are counted by"
    PRECEDENCE = "Precedence", "bulk or list: no answers from people on leave"
    IMPORTANCE = "Importance", "high, normal or low (RFC 4021)"
    X_PRIORITY = "X-Priority", "1, the highest, to 5"
    IN_REPLY_TO = "In-Reply-To", "the Message-ID that is answered (RFC 5322)"
    REFERENCES = "References", "the Message-IDs of the thread (RFC 5322)"
    X_ENTITY_REF_ID = "X-Entity-Ref-ID", "one of its own for each mail: no threads in some readers"
    X_CAMPAIGN = "X-Campaign", "a name for reports"
    X_TAG = "X-Tag", "a tag for reports"

    @property
    def is_text(self) -> bool:
        """Whether its value is words for people, which may be encoded (RFC 2047); else it is printable ASCII."""
        return self in {ExtraHeader.X_CAMPAIGN, ExtraHeader.X_TAG}


class DeliveryPolicy(TextChoices):
    """What becomes of a mail whose fate the server left unsaid after its final dot."""

    NEVER_TWICE = "never_twice", "Never twice: keep it as unknown, an operator decides"
    NEVER_LOSE = "never_lose", "Never lose: send it again with the same Message-ID"


class MissingPlaceholder(TextChoices):
    EMPTY = "empty", "Send with an empty value"
    SKIP = "skip", "Do not send the mail"


class Timeframe(TextChoices):
    MINUTES_5 = "5m", "5 minutes"
    HOUR_1 = "1h", "1 hour"
    HOURS_3 = "3h", "3 hours"
    HOURS_6 = "6h", "6 hours"

    @property
    def length(self) -> timedelta:
        return _TIMEFRAMES[self]


_TIMEFRAMES = {
    Timeframe.MINUTES_5: timedelta(minutes=5),
    Timeframe.HOUR_1: timedelta(hours=1),
    Timeframe.HOURS_3: timedelta(hours=3),
    Timeframe.HOURS_6: timedelta(hours=6),
}


class DeliveryState(TextChoices):
    QUEUED = "queued", "Queued"
    SENDING = "sending", "Sending"
    RETRYING = "retrying", "Retrying"
    SENT = "sent", "Sent"
    FAILED = "failed", "Failed"
    UNKNOWN = "unknown", "Unknown"
    HELD = "held", "Held"
    CANCELLED = "cancelled", "Cancelled"


class Phase(TextChoices):
    """How far an attempt came. The mail may have been taken from `DATA` on, and not before."""

    RENDER = "render", "Render"
    CONNECT = "connect", "Connect"
    TLS = "tls", "TLS"
    AUTH = "auth", "Login"
    MAIL = "mail", "Sender"
    RCPT = "rcpt", "Recipients"
    DATA = "data", "Data"
    ACCEPTED = "accepted", "Accepted"


class Failure(TextChoices):
    """Why a mail server did not take a mail, as the retry policy sees it. Source: RELIABILITY 3.4."""

    TEMPORARY = "temporary", "Temporary failure"
    LIMIT = "limit", "Sending limit of the server"
    PERMANENT = "permanent", "Permanent refusal"
    AUTHENTICATION = "authentication", "Login refused"
    TLS = "tls", "Encryption failed"
    HOST = "host", "Host not allowed"
    TIMEOUT = "timeout", "Time-out"
    UNKNOWN = "unknown", "Outcome unknown"


class Reason(TextChoices):
    """Why a delivery failed, is held, or was cancelled. Empty for the other states."""

    RENDER = "render", "The template did not render"
    MISSING_PLACEHOLDER = "missing_placeholder", "A placeholder had no value"
    INVALID_SENDER = "invalid_sender", "The sender is not a valid address"
    INVALID_RECIPIENT = "invalid_recipient", "No recipient is a valid address"
    REFUSED = "refused", "Refused by the mail server"
    TOO_MANY_TRIES = "too_many_tries", "Too many tries"
    EXPIRED = "expired", "Too old"
    WORKER_LOST = "worker_lost", "The worker died each time"
    AUTHENTICATION = "authentication", "Login refused"
    TLS = "tls", "Encryption failed"
    HOST = "host", "Host not allowed"
    LIMIT = "limit", "Sending limit of the server"
    CREDENTIALS = "credentials", "The stored password cannot be read"
    UNREACHABLE = "unreachable", "The mail server could not be reached"
    DAILY_CAP = "daily_cap", "The rule's daily cap is reached"
    PRODUCT_QUOTA = "product_quota", "The product's mails of the day are used up"
    RULE_DELETED = "rule_deleted", "The rule was deleted"
    OPERATOR = "operator", "By an operator"


class WarningCause(TextChoices):
    """Why one event counted as a warning of its rule: a closed list. Source: DOMAIN, "Warnings and alerts"."""

    RENDER_ERROR = "render_error", "The template did not render"
    MISSING_PLACEHOLDER = "missing_placeholder", "A placeholder had no value"
    INVALID_SENDER = "invalid_sender", "Invalid sender address"
    INVALID_RECIPIENT = "invalid_recipient", "Invalid recipient address"
    TEMPORARY_FAILURE = "temporary_failure", "Temporary failure"
    PERMANENT_REFUSAL = "permanent_refusal", "Refused for good"
    CONTROL_CHARACTERS = "control_characters", "Control characters removed from a name or subject"
    INVALID_HEADER = "invalid_header", "A header could not be written"
    PARTIAL_REFUSAL = "partial_refusal", "Some recipients refused"
    AUTHENTICATION = "authentication", "Login refused"
    TLS = "tls", "Encryption failed"
    HOST = "host", "Host not allowed"
    TIMEOUT = "timeout", "Time-out"
    LIMIT = "limit", "Sending limit of the server"
    UNKNOWN_OUTCOME = "unknown_outcome", "Outcome unknown"
    WORKER_LOST = "worker_lost", "The worker died"
    CREDENTIALS = "credentials", "The stored password cannot be read"


class RecipientRole(TextChoices):
    TO = "to", "To"
    CC = "cc", "Cc"
    BCC = "bcc", "Bcc"


class RecipientStatus(TextChoices):
    OPEN = "open", "Open"
    ACCEPTED = "accepted", "Accepted"
    REFUSED = "refused", "Refused"
    BOUNCED = "bounced", "Bounced"


class AlertState(TextChoices):
    """The state of one alert mail."""

    QUEUED = "queued", "Queued"
    SENDING = "sending", "Sending"
    SENT = "sent", "Sent"
    FAILED = "failed", "Failed"


class WatchState(TextChoices):
    """The state of a rule's thresholds."""

    OK = "ok", "OK"
    FIRING = "firing", "Firing"
    RECOVERED = "recovered", "Recovered"


class AuditAction(TextChoices):
    """What people do that is kept for good. Source: DOMAIN, "Roles"; the audit log."""

    RULE_CREATED = "rule_created", "Rule created"
    RULE_CHANGED = "rule_changed", "Rule changed"
    RULE_ENABLED = "rule_enabled", "Rule enabled"
    RULE_DISABLED = "rule_disabled", "Rule disabled"
    RULE_STOPPED = "rule_stopped", "Rule stopped, what waited was discarded"
    RULE_DELETED = "rule_deleted", "Rule deleted"
    RULE_RESTORED = "rule_restored", "Rule restored to an earlier version"
    RULE_CLONED = "rule_cloned", "Rule cloned"
    RULES_EXPORTED = "rules_exported", "Rules exported"
    RULES_IMPORTED = "rules_imported", "Rules imported"
    PRESET_SAVED = "preset_saved", "Preset saved"
    PRESET_DELETED = "preset_deleted", "Preset deleted"
    CONNECTION_CREATED = "connection_created", "Connection created"
    CONNECTION_CHANGED = "connection_changed", "Connection changed"
    CONNECTION_DELETED = "connection_deleted", "Connection deleted"
    CONNECTION_RELEASED = "connection_released", "Connection released"
    CONNECTION_CHECKED = "connection_checked", "Connection checked"
    KEYS_ROTATED = "keys_rotated", "Stored passwords sealed anew"
    TEST_SENT = "test_sent", "Test mail or test run sent"
    CONTENT_REVEALED = "content_revealed", "Logged content revealed"
    DELIVERY_RESENT = "delivery_resent", "Delivery sent again"
    DELIVERY_RELEASED = "delivery_released", "Delivery released"
    DELIVERY_DISCARDED = "delivery_discarded", "Delivery discarded"
    REPLAYED = "replayed", "Window of events replayed"
    ALERT_ACKNOWLEDGED = "alert_acknowledged", "Alert acknowledged"
    ALERT_SNOOZED = "alert_snoozed", "Alert snoozed"
    ALERT_RESUMED = "alert_resumed", "Alert no longer snoozed or acknowledged"
    JOB_STARTED = "job_started", "Job started"
    JOB_CANCELLED = "job_cancelled", "Job cancelled"
    USAGE_EXPORTED = "usage_exported", "Usage exported"
    TOKEN_ISSUED = "token_issued", "API token issued"
    TOKEN_REVOKED = "token_revoked", "API token revoked"
    USER_CREATED = "user_created", "User created"
    USER_CHANGED = "user_changed", "User changed"
    USER_DELETED = "user_deleted", "User deleted"
    PASSWORD_CHANGED = "password_changed", "Password of a user changed"
    GROUP_CHANGED = "group_changed", "Group changed"
    ENTRY_CREATED = "entry_created", "Directory entry created"
    ENTRY_CHANGED = "entry_changed", "Directory entry changed"
    ENTRY_DELETED = "entry_deleted", "Directory entry deleted"
    LOGGED_IN = "logged_in", "Logged in"
    LOGGED_OUT = "logged_out", "Logged out"
    LOGIN_FAILED = "login_failed", "Login failed"
    AUDIT_PRUNED = "audit_pruned", "Old entries of the audit log removed"
    DENIED = "denied", "Denied"


class JobKind(TextChoices):
    """Long work that people start and come back to."""

    BACKTEST = "backtest", "Backtest"
    CHECK = "check", "Connection check"
    REPLAY = "replay", "Replay"
    IMPORT_RULES = "import_rules", "Import of rules"
    EXPORT_RULES = "export_rules", "Export of rules"
    PRUNE = "prune", "Pruning"


class JobState(TextChoices):
    QUEUED = "queued", "Queued"
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"


class Whom(TextChoices):
    """Who gets the mail of a test run."""

    OWN = "own", "Only addresses of one's choice; without any, oneself"
    RULES = "rules", "The rule's recipients, really"


class Quota(TextChoices):
    """What costs others, and is therefore limited. Windows: `store/quotas.py`; limits: TRACKING_MAX_… settings."""

    MAILS = "mails", "Mails of a product"
    TEST_MAILS = "test_mails", "Test mails"
    PREVIEWS = "previews", "Previews"
    CHECKS = "checks", "Connection checks"


class Severity(TextChoices):
    """How much a remark about a rule matters. What keeps a rule from running is no remark but an error."""

    WARNING = "warning", "Warning"
    NOTE = "note", "Note"


class Verdict(TextChoices):
    """Which of two versions of a rule fired for an event of a backtest."""

    BOTH = "both", "Both"
    LIVE = "live", "Live version only"
    EDITED = "edited", "Edited version only"


class Scope(TextChoices):
    """What an API token may be narrowed to. It never gives more than its user may do; the label says what it is for."""

    EVENTS_READ = "events:read", "Reading events"
    EVENTS_WRITE = "events:write", "Emitting events"
    DIRECTORY_READ = "directory:read", "Reading the directory"
    DIRECTORY_WRITE = "directory:write", "Writing the directory"
    RULES_READ = "rules:read", "Reading rules"
    RULES_WRITE = "rules:write", "Writing rules"
    PRESETS_READ = "presets:read", "Reading presets"
    PRESETS_WRITE = "presets:write", "Writing presets"
    CONNECTIONS_READ = "connections:read", "Reading connections"
    CONNECTIONS_WRITE = "connections:write", "Writing connections"
    DELIVERIES_READ = "deliveries:read", "Reading deliveries"
    DELIVERIES_WRITE = "deliveries:write", "Changing deliveries"
    ALERTS_READ = "alerts:read", "Reading alerts"
    ALERTS_WRITE = "alerts:write", "Changing alerts"
    USAGE_READ = "usage:read", "Reading usage"
    JOBS_READ = "jobs:read", "Reading jobs"
    JOBS_WRITE = "jobs:write", "Changing jobs"
