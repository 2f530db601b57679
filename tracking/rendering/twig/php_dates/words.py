"""The English words of PHP's date grammar.

Source: PHP manual, "Supported Date and Time Formats" > "Relative Formats".
"""

from __future__ import annotations

from typing import Final

MONTHS: Final[tuple[str, ...]] = (
    "January", "February", "March", "April", "May", "June", "July",
    "August", "September", "October", "November", "December",
)  # fmt: skip
DAYS: Final[tuple[str, ...]] = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")

_ROMAN = ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii")

MONTH_NUMBERS: Final[dict[str, int]] = {
    **{name.lower(): number for number, name in enumerate(MONTHS, 1)},
    **{name[:3].lower(): number for number, name in enumerate(MONTHS, 1)},
    **{name: number for number, name in enumerate(_ROMAN, 1)},
    "sept": 9,
}

# word -> (amount, weekday behaviour): "this" counts today in, the others start tomorrow.
RELATIVE_WORDS: Final[dict[str, tuple[int, int]]] = {
    "first": (1, 0), "second": (2, 0), "third": (3, 0), "fourth": (4, 0), "fifth": (5, 0), "sixth": (6, 0),
    "seventh": (7, 0), "eight": (8, 0), "eighth": (8, 0), "ninth": (9, 0), "tenth": (10, 0),
    "eleventh": (11, 0), "twelfth": (12, 0),
    "next": (1, 0), "last": (-1, 0), "previous": (-1, 0), "this": (0, 1),
}  # fmt: skip

_PLAIN_UNITS: dict[str, tuple[str, int]] = {
    "msec": ("micros", 1000), "millisecond": ("micros", 1000),
    "usec": ("micros", 1), "µsec": ("micros", 1), "microsecond": ("micros", 1),
    "sec": ("seconds", 1), "second": ("seconds", 1), "min": ("minutes", 1), "minute": ("minutes", 1),
    "hour": ("hours", 1), "day": ("days", 1), "week": ("days", 7), "fortnight": ("days", 14),
    "forthnight": ("days", 14), "month": ("months", 1), "year": ("years", 1),
}  # fmt: skip

WEEKDAY: Final = "weekday"  # a named day of the week; the number is 0 for Sunday
WORKDAY: Final = "workday"  # Monday to Friday, counted one by one

# word -> (what it moves, by how much); for WEEKDAY the second is the day's number
UNITS: Final[dict[str, tuple[str, int]]] = {
    **_PLAIN_UNITS,
    **{f"{name}s": unit for name, unit in _PLAIN_UNITS.items()},
    "ms": ("micros", 1000),
    "µs": ("micros", 1),
    **{name.lower(): (WEEKDAY, number) for number, name in enumerate(DAYS)},
    **{f"{name.lower()}s": (WEEKDAY, number) for number, name in enumerate(DAYS)},
    **{name[:3].lower(): (WEEKDAY, number) for number, name in enumerate(DAYS)},
    "tues": (WEEKDAY, 2), "wednes": (WEEKDAY, 3), "thur": (WEEKDAY, 4), "thurs": (WEEKDAY, 4),
    "weekday": (WORKDAY, 1), "weekdays": (WORKDAY, 1),
}  # fmt: skip
