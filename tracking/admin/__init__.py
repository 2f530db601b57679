"""The admin: lists, forms and pages on the default site. One file a concern."""

from tracking.admin import alerts, connections, directory, events, log, rules, usage, users

__all__ = ["alerts", "connections", "directory", "events", "log", "rules", "usage", "users"]
