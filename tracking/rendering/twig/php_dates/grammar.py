"""The shapes that PHP's date scanner knows, most specific name first.

At each place of a text the longest shape wins, and of equally long ones the first listed.
Source: PHP manual, "Supported Date and Time Formats" (time, date, compound and relative formats).
"""

from __future__ import annotations

from typing import Final

import regex

_DAY_NAMES = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
_MONTH_NAMES = (
    "january", "february", "march", "april", "may", "june", "july",
    "august", "september", "october", "november", "december",
)  # fmt: skip

_PIECES: dict[str, str] = {
    "space": r"[ \t]+",
    "frac": r"\.[0-9]+",
    "hour24": r"(?:[01]?[0-9]|2[0-4])",
    "hour24lz": r"(?:[01][0-9]|2[0-4])",
    "hour12": r"(?:0?[1-9]|1[0-2])",
    "minute": r"[0-5]?[0-9]",
    "minutelz": r"[0-5][0-9]",
    "second": r"(?:[0-5]?[0-9]|60)",
    "secondlz": r"(?:[0-5][0-9]|60)",
    "meridian": r"(?:[AaPp]\.?[Mm]\.?[\x00\t ])",
    "month": r"(?:0?[0-9]|1[0-2])",
    "day": r"(?:(?:[0-2]?[0-9]|3[01])(?:st|nd|rd|th)?)",
    "year": r"[0-9]{1,4}",
    "year4": r"[0-9]{4}",
    "monthlz": r"(?:0[0-9]|1[0-2])",
    "daylz": r"(?:0[0-9]|[12][0-9]|3[01])",
    "dayofyear": r"(?:00[1-9]|0[1-9][0-9]|[12][0-9][0-9]|3[0-5][0-9]|36[0-6])",
    "week": r"(?:0[1-9]|[1-4][0-9]|5[0-3])",
    "monthabbr": r"(?i:jan|feb|mar|apr|may|jun|jul|aug|sept?|oct|nov|dec)",
    "monthfull": rf"(?i:{'|'.join(_MONTH_NAMES)})",
    "roman": r"(?:I{1,3}|I[VX]|VI{0,3}|XI{0,2})",
    "dayname": rf"(?i:{'|'.join([*_DAY_NAMES, *(name[:3] for name in _DAY_NAMES)])})",
    "daynames": rf"(?i:{'|'.join(name + 's' for name in _DAY_NAMES)})",
    "ordinal": r"(?i:first|second|third|fourth|fifth|sixth|seventh|eighth?|ninth|tenth|eleventh|twelfth)",
    "direction": r"(?i:next|last|previous|this)",
    "number": r"[+-]*[ \t]*[0-9]{1,13}",
}
# µ stands as its two UTF-8 bytes, because texts are scanned byte by byte.
_PIECES["unit"] = (
    r"(?:(?i:ms|\xc2\xb5s|(?:msec|millisecond|\xc2\xb5sec|microsecond|usec|sec|second|min|minute|hour|day"
    r"|fortnight|forthnight|month|year)s?|weeks|weekdays?)|{daynames}|{dayname})"
)
_PIECES["monthtext"] = r"(?:{monthfull}|{monthabbr}|{roman})"
_PIECES["correction"] = (
    r"(?:(?:GMT)?[+-](?:{hour24}(?::?{minute})?|{hour24lz}{minutelz}{secondlz}|{hour24lz}:{minutelz}:{secondlz}))"
)
_PIECES["zone"] = r"(?:\(?[A-Za-z]{1,6}\)?|[A-Z][a-z]+(?:[_/-][A-Za-z]+)+)"
_PIECES["timeshort24"] = r"[tT]?{hour24}[:.]{minute}"
_PIECES["timelong24"] = r"[tT]?{hour24}[:.]{minute}[:.]{second}"
_PIECES["timezoned"] = r"[tT]?{hour24}[:.]{minute}[:.]{secondlz}(?:{space})?(?:{correction}|{zone})"
_PIECES["timeshort12"] = r"{hour12}[:.]{minutelz}(?:{space})?{meridian}"
_PIECES["timelong12"] = r"{hour12}[:.]{minute}[:.]{secondlz}(?:{space})?{meridian}"
_PIECES["datenoyear"] = r"{monthtext}[ .\t-]*{day}(?:[,.stndrh\t ]+|\x00)"

# (what the scanner does with it, its shapes), in the order that settles ties
_SHAPES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("yesterday", (r"(?i:yesterday)",)),
    ("now", (r"(?i:now)",)),
    ("noon", (r"(?i:noon)",)),
    ("midnight", (r"(?i:midnight|today)",)),
    ("tomorrow", (r"(?i:tomorrow)",)),
    ("timestamp", (r"@-?[0-9]+",)),
    ("timestamp_fraction", (r"@-?[0-9]+\.[0-9]{0,6}",)),
    ("edge_of_month", (r"(?i:first day of)", r"(?i:last day of)")),
    ("around_hour", (r"(?i:back of ){hour24}(?:(?:{space})?{meridian})?",
                     r"(?i:front of ){hour24}(?:(?:{space})?{meridian})?")),
    ("weekday_of", (r"(?:{ordinal}|{direction}){space}(?:{daynames}|{dayname}){space}(?i:of)",)),
    ("time12", (r"{hour12}(?:{space})?{meridian}", r"{timeshort12}", r"{timelong12}")),
    ("mssql_time", (r"{hour12}:{minutelz}:{secondlz}[:.][0-9]+{meridian}",)),
    ("time24", (r"{timeshort24}", r"{timelong24}", r"{timelong24}{frac}")),
    ("bare_time4", (r"[tT]?{hour24lz}{minutelz}",)),
    ("bare_time6", (r"[tT]?{hour24lz}{minutelz}{secondlz}",)),
    ("american", (r"{month}/{day}", r"{month}/{day}/{year}")),
    ("iso_date", (r"[+-]?{year4}-{monthlz}-{daylz}", r"{year4}/{monthlz}/{daylz}/?", r"{year4}/{month}/{day}")),
    ("iso_date_short", (r"[0-9]{2}-{monthlz}-{daylz}",)),
    ("iso_date_long", (r"[+-][0-9]{5,19}-{monthlz}-{daylz}",)),
    ("year_month", (r"{year4}-{month}",)),
    ("iso_date_short", (r"{year}-{month}-{day}",)),
    ("day_month_year", (r"{day}[ \t.-]*{monthtext}[ \t.-]*{year}",)),
    ("pointed_date", (r"{day}[.\t-]{month}[.-]{year4}",)),
    ("pointed_date_short", (r"{day}[.\t]{month}\.[0-9]{2}",)),
    ("month_year", (r"{monthtext}[ .\t-]*{year4}",)),
    ("year_named_month", (r"{year4}[ .\t-]*{monthtext}",)),
    ("month_day_year", (r"{monthtext}[ .\t-]*{day}[,.stndrh\t ]+{year}", r"{datenoyear}")),
    ("day_month", (r"{day}[ .\t-]*{monthtext}",)),
    ("bare_date", (r"{year4}{monthlz}{daylz}",)),
    ("date_time", (r"{year4}{monthlz}{daylz}T{hour24}:{minutelz}:{secondlz}",
                   r"{year4}{monthlz}{daylz}[tT]{hour24}{minutelz}{secondlz}",
                   r"{year4}-{monthlz}-{daylz}T{hour24lz}:{minutelz}:{secondlz}{frac}{correction}?",
                   r"{year4}-{month}-{day}T{hour24}:{minute}:{second}",
                   r"{year4}:{monthlz}:{daylz} {hour24lz}:{minutelz}:{secondlz}")),
    ("year_day", (r"{year4}[.-]?{dayofyear}",)),
    ("iso_week_day", (r"{year4}-?W{week}-?[0-7]",)),
    ("iso_week", (r"{year4}-?W{week}",)),
    ("month_day_year", (r"{monthabbr}-{daylz}-{year}",)),
    ("year_month_day", (r"{year}-{monthabbr}-{daylz}",)),
    ("log_format", (r"{day}/(?:{monthfull}|{monthabbr})/{year4}:{hour24lz}:{minutelz}:{secondlz}{space}{correction}",)),
    ("year_alone", (r"{year4}",)),
    ("ago", (r"(?i:ago)",)),
    ("day_name", (r"(?:{daynames}|{dayname}|(?i:weekdays?))",)),
    ("relative_week", (r"{direction}{space}(?i:week)",)),
    ("relative_word", (r"(?:{ordinal}|{direction}){space}{unit}",)),
    ("month_alone", (r"(?:{monthfull}|{monthabbr})",)),
    ("zone", (r"{correction}", r"{zone}")),
    ("month_day_time12", (r"{datenoyear}{timeshort12}", r"{datenoyear}{timelong12}")),
    ("month_day_time", (r"{datenoyear}{timeshort24}", r"{datenoyear}{timelong24}", r"{datenoyear}{timezoned}")),
    ("relative_number", (r"{number}(?:{space})?(?:{unit}|(?i:week))",)),
    ("gap", (r"[ .,\t\x00\n]",)),
)  # fmt: skip

_NAME = regex.compile(r"\{([a-z]\w*)\}")


def _expand(shape: str) -> str:
    while _NAME.search(shape):
        shape = _NAME.sub(lambda found: _PIECES[found[1]], shape)
    return shape


RULES: Final[tuple[tuple[str, regex.Pattern[str]], ...]] = tuple(
    (name, regex.compile("|".join(_expand(shape) for shape in shapes), regex.POSIX | regex.ASCII))
    for name, shapes in _SHAPES
)


def longest(text: str, start: int) -> tuple[str, int]:
    """The rule that reads furthest from `start`, and where it ends; ("", start + 1) when none fits."""
    best, best_end = "", start
    for name, pattern in RULES:
        found = pattern.match(text, start)
        if found is not None and found.end() > best_end:
            best, best_end = name, found.end()
    return best, max(best_end, start + 1)
