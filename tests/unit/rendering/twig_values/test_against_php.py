"""The same thousands of cases by PHP itself, where PHP 8.2 is installed. One PHP process serves the whole module."""

from __future__ import annotations

import json
import random
import shutil
import struct
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tracking.rendering.twig import numbers, php_dates
from tracking.rendering.twig.errors import PhpError
from tracking.rendering.twig.intl import dates as intl_dates
from tracking.rendering.twig.intl import numbers as intl_numbers

SHOWN = "Y-m-d H:i:s P T e I"
NOW = datetime.now(UTC)
UTC_ZONE = php_dates.timezone("UTC")

DATES = (
    "2020-01-31", "1/2/2020", "02.01.2020", "2.1.20", "2020/02/30", "2 January 1999", "2nd Feb 2019", "March 2021",
    "2021 March", "May-09-78", "78-Dec-22", "1814-MAY-17", "5/17/2006", "30-6-2008", "2008-06", "2008:08:07 18:11:31",
    "10/Oct/2000:13:55:36 -0700", "2008-07-01T22:35:17.02", "20080701T22:38:07", "2008.197", "2008W27", "2008-W28-3",
    "@1215282385", "15810726", "Feb 29 2021", "0001-01-01", "Sun, 06 Nov 1994 08:49:37 GMT", "2020-10-25 02:30",
    "2020-03-29 02:30", "Sunday, 06-Nov-94 08:49:37 GMT", "first monday of january 2026", "XII 2020", "July 4th, 2008",
)  # fmt: skip
TIMES = (
    "10:00", "10.30", "3pm", "3:04 PM", "3:04:05am", "12am", "12 p.m.", "noon", "midnight", "T10:00", "t1030", "103005",
    "24:00", "23:59:60", "10:00:00.5", "back of 7pm", "front of 5am", "10:00 EST", "10:00:00 Europe/London",
    "10:00+02:00", "10:00:00-0530", "10:00Z", "10:00 (PST)", "25:00",
)  # fmt: skip
MOVES = (
    "+1 day", "-1 day", "+1 week 2 days", "next month", "last year", "next monday", "last friday", "this week",
    "next week", "monday next week", "sunday last week", "+3 weekdays", "-10 weekdays", "2 days ago", "+1 fortnight",
    "1 month 2 weeks ago", "-18 months", "+90 minutes", "+1 hour 30 min", "first day of next month", "third day",
    "last day of this month", "+1.5 days", "- 1 day", "--1 day", "+-1 day", "previous year", "+100 msec", "this friday",
    "fri", "+1 mondays", "weekdays", "-1 sat ago", "eleventh hour", "second tue of", "last sun of march", "yesterday",
    "tomorrow noon", "saturday this week", "+5 sec", "twelfth month", "first sat of July 2008",
)  # fmt: skip
ZONES = ("UTC", "EST", "CEST", "Europe/Paris", "+02:00", "-0330", "Z", "Foo/Bar", "utc", "GMT-3")
JUNK = ("foo", "#", "1", "-", "2020-13-01", "+1 foo", ";", "99", "[x]", "13/13/2020", "of")
BASES = ("2020-01-31 13:14:15 Europe/Paris", "2021-02-28 UTC", "2024-02-29 23:59:59 America/New_York",
         "2020-10-25 00:30:00 UTC", "2022-06-15 08:00:00 Asia/Kolkata")  # fmt: skip
TARGETS = ("UTC", "Europe/Paris", "America/New_York", "Asia/Kolkata", "+03:30")
DURATIONS = ("P1Y2M3DT4H5M6S", "P3W", "PT36H", "P0001-02-03T04:05:06", "P", "PT", "1D", "P1S")
LETTERS = "dDjlNSwzWFmMntLoXxYyaABgGhHisuveIOPpTZcrU"
FLOATS = (0.0, -0.0, 1.5, 2.5, -2.5, 1.955, 5.055, 1.005, 1e15, 1e20, -1e22, 1e-7, 0.1, 1 / 3, 99.995, 0.285)
LOCALES = ("en", "en_GB", "de", "de_CH", "fr", "fr_CA", "es", "it", "pt_BR", "nl", "da", "sv", "nb", "fi", "pl", "cs",
           "ru", "tr", "ar", "he", "hi", "ja", "ko", "zh_CN")  # fmt: skip
PATTERNS = ("EEEE d MMMM y", "MMM yy", "h:mm a", "yyyy-MM-dd'T'HH:mm:ss", "LLLL ccc", "D QQQ w", "k K H h")
CURRENCIES = ("EUR", "USD", "CHF", "JPY", "XAF", "INR")
STYLES = {"full": 0, "long": 1, "medium": 2, "short": 3, "none": -1}


def _texts(rng: random.Random, count: int) -> list[str]:
    """Whole texts, and random runs of their pieces."""
    pools = [DATES] * 4 + [TIMES] * 2 + [MOVES] * 4 + [ZONES, JUNK]
    texts = {*DATES, *TIMES, *MOVES, *ZONES, *JUNK}
    while len(texts) < count:
        pieces = [rng.choice(rng.choice(pools)) for _ in range(rng.choice([2, 2, 2, 3, 3, 4]))]
        texts.add(rng.choice([" ", " ", ", ", "  "]).join(pieces))
    return sorted(texts)


def _moment(rng: random.Random) -> str:
    year, second = rng.randint(1990, 2035), rng.randint(0, 59)
    return (
        f"{year}-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d} "
        f"{rng.randint(0, 23):02d}:{rng.randint(0, 59):02d}:{second:02d} {rng.choice(TARGETS)}"
    )


def _float(rng: random.Random) -> float:
    kind = rng.random()
    if kind < 0.2:
        return rng.choice(FLOATS)
    if kind < 0.6:
        return round(rng.uniform(-1000, 1000), rng.randint(0, 6))
    return rng.uniform(-1, 1) * 10 ** rng.randint(-15, 18)


def _conversion(rng: random.Random) -> str:
    flags = "".join(rng.choice(["-", "+", "0", " ", "'*"]) for _ in range(rng.choice([0, 0, 1, 2])))
    width = rng.choice(["", "", "1", "5", "12"])
    precision = rng.choice(["", "", ".0", ".1", ".3", ".17", ".60"])
    return f"{rng.choice(['', 'a'])}%{flags}{width}{precision}{rng.choice('bcdeEfFgGhHosuxXsdfz')}|"


def _argument(rng: random.Random) -> Any:
    if rng.random() < 0.6:
        return _float(rng)
    return rng.choice([0, 65, -5, 300, 2**40, "abc", "12abc", "1e3", "-5", "", None, True, False])


def _cases() -> dict[str, list[list[Any]]]:
    rng = random.Random(20260301)
    texts = _texts(rng, 2500)
    moment, number = lambda: _moment(rng), lambda: _float(rng)
    return {
        "parse": [[text, rng.choice(TARGETS[:4])] for text in texts],
        "modify": [[rng.choice(BASES), text] for text in texts],
        "format": [[moment(), letter] for letter in LETTERS for _ in range(10)],
        "diff": [[moment(), moment()] for _ in range(500)],
        "interval": [[text] for text in DURATIONS],
        "sprintf": [
            [_conversion(rng) + (_conversion(rng) if rng.random() < 0.2 else ""), [_argument(rng)]] for _ in range(2500)
        ],
        "number_format": [[number(), rng.randint(-1, 8), ".", rng.choice([",", "", " "])] for _ in range(600)],
        "round": [[number(), rng.randint(-4, 12)] for _ in range(1500)],
        "icu_date": [
            [moment(), locale, style, rng.choice([style, -1]), rng.choice(["UTC", "Europe/Paris"])]
            for locale in LOCALES
            for style in range(4)
        ],
        "icu_pattern": [
            [moment(), locale, pattern, "UTC"]
            for locale in LOCALES
            for pattern in PATTERNS
        ],
        "icu_number": [[number(), locale, style] for locale in LOCALES for style in (1, 3, 4) for _ in range(4)],
        "icu_amount": [
            [number(), locale, currency] for locale in LOCALES for currency in CURRENCIES
        ],
    }  # fmt: skip


CASES = _cases()


def _tried(work: Callable[[], Any]) -> str:
    try:
        shown = str(work())
    except (ValueError, PhpError) as error:
        return f"error: {error}"
    return shown.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _parse(text: str, zone: str, now: datetime = NOW) -> str:
    return php_dates.format_date(php_dates.parse(text, now=now, tz=php_dates.timezone(zone)), SHOWN)


def _agrees(job: str, case: list[Any], theirs: str, clock: int) -> bool:
    """Texts that leave parts to the clock may meet it in the second of PHP's start or in the next."""
    if job != "parse":
        return _tried(lambda: OURS[job](*case)) == theirs
    seconds = (datetime.fromtimestamp(clock + late, UTC) for late in (0, 1))
    return any(_tried(lambda now=now: _parse(*case, now)) == theirs for now in seconds)


def _at(text: str) -> datetime:
    return php_dates.parse(text, now=NOW, tz=UTC_ZONE)


def _modify(base: str, text: str) -> str:
    try:
        return php_dates.format_date(php_dates.modify(_at(base), text), SHOWN)
    except php_dates.DateError:
        return "refused"


def _style(number: int) -> str:
    return next(name for name, value in STYLES.items() if value == number)


def _icu_date(moment: str, locale: str, date: int, time: int, zone: str) -> str:
    there = _at(moment).astimezone(php_dates.timezone(zone))
    return intl_dates.format_styles(there, _style(date), _style(time), locale, today=NOW)


OURS: dict[str, Callable[..., Any]] = {
    "parse": _parse,
    "modify": _modify,
    "format": lambda moment, letter: php_dates.format_date(_at(moment), letter),
    "diff": lambda a, b: php_dates.diff(_at(a), _at(b)).format("%R %y %m %d %h %i %s %a"),
    "interval": lambda text: php_dates.Interval.parse(text).format("%y %m %d %h %i %s %% %Y-%M-%D %H:%I:%S %R%r %a"),
    "sprintf": numbers.sprintf,
    "number_format": numbers.number_format,
    "round": lambda value, places: struct.pack(">d", numbers.round_php(value, places)).hex(),
    "icu_date": _icu_date,
    "icu_pattern": lambda moment, locale, pattern, zone: intl_dates.format_pattern(
        _at(moment).astimezone(php_dates.timezone(zone)), pattern, locale
    ),
    "icu_number": lambda value, locale, style: intl_numbers.format_styled(
        value, {1: "decimal", 3: "percent", 4: "scientific"}[style], "default", {}, locale
    ),
    "icu_amount": lambda value, locale, currency: intl_numbers.format_amount(value, currency, {}, locale),
}


@pytest.fixture(scope="module")
def php() -> dict[str, Any]:
    """PHP's answers to all CASES."""
    program = shutil.which("php")
    if program is None:
        pytest.skip("PHP is not installed")
    script = Path(__file__).with_name("oracle.php")
    done = subprocess.run(
        [program, str(script)], input=json.dumps(CASES), capture_output=True, text=True, timeout=60, check=True
    )
    answers: dict[str, Any] = json.loads(done.stdout)
    return answers


# What stays different, and why, as shares of the cases that must agree.
#   parse, modify: years beyond 9999, offsets of a day and more (PHP reads "-78" as 78 hours)
#   icu_*: zone names and a few fields follow Babel's newer CLDR
AGREEMENT = {
    "parse": 0.99, "modify": 0.99, "format": 1.0, "diff": 1.0, "interval": 1.0, "sprintf": 0.999, "number_format": 1.0,
    "round": 1.0, "icu_date": 0.97, "icu_pattern": 0.99, "icu_number": 0.99, "icu_amount": 0.99,
}  # fmt: skip


@pytest.mark.parametrize("job", AGREEMENT)
def test_php_gives_the_same(php: dict[str, Any], job: str) -> None:
    if job not in php:
        pytest.skip("PHP has no intl extension")
    if job.startswith("icu_") and not php["intl"].startswith("72."):
        pytest.skip(f"ICU {php['intl']} is not the one that is followed")
    cases = list(zip(CASES[job], php[job], strict=True))

    differing = [(case, theirs) for case, theirs in cases if not _agrees(job, case, theirs, php["now"])]

    shown = "\n".join(
        f"{case!r}: ours {_tried(lambda c=case: OURS[job](*c))!r}, PHP {theirs!r}" for case, theirs in differing[:20]
    )
    assert len(differing) <= (1 - AGREEMENT[job]) * len(cases), f"{len(differing)} of {len(cases)}\n{shown}"
