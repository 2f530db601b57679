"""Rules in the admin: the list, the form in two steps, its preview, and what can be done with a rule."""

from tracking.admin.rules import pages

__all__ = ["pages"]
