"""What PHP refuses about dates, in PHP's words."""

from __future__ import annotations


class DateError(ValueError):
    """A text, zone or interval that PHP's date extension refuses; the message is PHP's own."""


class DateRangeError(ValueError):
    """A moment that PHP reaches and Python's datetime (years 1 to 9999) does not.

    No DateError on purpose: what PHP answers with false must not be answered for what PHP can do.
    """


def parse_failure(text: str, position: int, character: str, reason: str) -> DateError:
    """PHP's message for a text it can't read; `position` counts bytes from 0."""
    return DateError(f"Failed to parse time string ({text}) at position {position} ({character}): {reason}")


def out_of_range(what: str) -> DateRangeError:
    """The error for a year, spelled out."""
    return DateRangeError(f"The date is out of range: {what} is not in the years 1 to 9999")


class Refusal(Exception):
    """One piece of a text can't be taken; the scanner reports the first."""
