"""The tracking log in the admin: its list, the page of one delivery, what its mail says, and what can be done."""

from tracking.admin.log import deliveries

__all__ = ["deliveries"]
