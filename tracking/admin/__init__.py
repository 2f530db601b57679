"""The admin: lists, forms and pages on the default site. One file a concern."""

from tracking.admin import alerts, audit, connections, directory, events, jobs, log, presets, rules, usage, users

__all__ = ["alerts", "audit", "connections", "directory", "events", "jobs", "log", "presets", "rules", "usage", "users"]
