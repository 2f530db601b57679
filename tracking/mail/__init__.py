"""Mailboxes, and the making of a mail's bytes: RFC 5322, 2045, 2047. Pure: no ORM, no settings, no clock."""
