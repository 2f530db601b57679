"""Dates of PHP: what a text means at a fixed moment, letters, movements, intervals."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracking.rendering.twig import php_dates
from tracking.rendering.twig.php_dates import DateError, DateRangeError, Interval

NOW = datetime(2026, 3, 14, 15, 9, 26, 535_897, tzinfo=UTC)  # a Saturday
PARIS = php_dates.timezone("Europe/Paris")
ISO = "Y-m-d H:i:s P"


def parsed(text: str, zone: str = "UTC") -> str:
    return php_dates.format_date(php_dates.parse(text, now=NOW, tz=php_dates.timezone(zone)), ISO)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("2026-02-30", "2026-03-02 00:00:00 +00:00", id="a day too many runs into the next month"),
        pytest.param("3/4/2026", "2026-03-04 00:00:00 +00:00", id="slashes put the month first"),
        pytest.param("3.4.2026", "2026-04-03 00:00:00 +00:00", id="points put the day first"),
        pytest.param("69-1-1", "2069-01-01 00:00:00 +00:00", id="69 is 2069"),
        pytest.param("70-1-1", "1970-01-01 00:00:00 +00:00", id="70 is 1970"),
        pytest.param("Apr 5th, 2026 4:07pm", "2026-04-05 16:07:00 +00:00", id="an English date with a meridian"),
        pytest.param("12am", "2026-03-14 00:00:00 +00:00", id="twelve in the morning is midnight"),
        pytest.param("2026-W11-6", "2026-03-14 00:00:00 +00:00", id="a day of an ISO week"),
        pytest.param("2026.073", "2026-03-14 00:00:00 +00:00", id="a day of the year"),
        pytest.param("@0", "1970-01-01 00:00:00 +00:00", id="a timestamp"),
        pytest.param("@-1.25", "1969-12-31 23:59:58 +00:00", id="a timestamp before 1970 with a fraction"),
        pytest.param("tomorrow", "2026-03-15 00:00:00 +00:00", id="tomorrow is a midnight"),
        pytest.param("+1 week 2 days", "2026-03-23 15:09:26 +00:00", id="movements add up and keep the time"),
        pytest.param("3 days ago", "2026-03-11 15:09:26 +00:00", id="ago turns around"),
        pytest.param("next monday", "2026-03-16 00:00:00 +00:00", id="the monday to come"),
        pytest.param("saturday", "2026-03-14 00:00:00 +00:00", id="a day's own name is today"),
        pytest.param("last day of next month noon", "2026-04-30 12:00:00 +00:00", id="the last day of a month"),
        pytest.param("first monday of january 2027", "2027-01-04 00:00:00 +00:00", id="the first monday of a month"),
        pytest.param("+3 weekdays", "2026-03-18 15:09:26 +00:00", id="weekends do not count as weekdays"),
        pytest.param("sunday last week", "2026-03-08 00:00:00 +00:00", id="weeks start on monday"),
        pytest.param("2026-03-14T10:00:00+02:30", "2026-03-14 10:00:00 +02:30", id="an offset is kept"),
        pytest.param("2026-07-01 12:00 EST", "2026-07-01 12:00:00 -05:00", id="an abbreviation has one offset"),
        pytest.param("", "2026-03-14 15:09:26 +00:00", id="nothing is now"),
    ],
)
def test_a_text_means_a_moment(text: str, expected: str) -> None:
    assert parsed(text) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(
            "soonish",
            "Failed to parse time string (soonish) at position 0 (s): The timezone could not be found in the database",
            id="an unknown word could be a zone",
        ),
        pytest.param(
            "2026-13-01",
            "Failed to parse time string (2026-13-01) at position 6 (3): Unexpected character",
            id="there is no thirteenth month",
        ),
        pytest.param(
            "10:00 11:00",
            "Failed to parse time string (10:00 11:00) at position 6 (1): Double time specification",
            id="two times",
        ),
        pytest.param(
            "2026-01-01 1 may",
            "Failed to parse time string (2026-01-01 1 may) at position 11 (1): Double date specification",
            id="two dates",
        ),
        pytest.param("x" * 2000, "A date text has at most 1000 characters", id="a novel"),
    ],
)
def test_a_bad_text_is_refused_in_the_words_of_php(text: str, message: str) -> None:
    with pytest.raises(DateError) as refused:
        parsed(text)
    assert str(refused.value) == message


@pytest.mark.parametrize(
    "text", ["+9000 years", "0000-00-00", "@-99999999999999", "+9999999999999 sec", "-9999999 weekdays"]
)
def test_what_python_s_calendar_lacks_is_an_error_of_its_own(text: str) -> None:
    with pytest.raises(DateRangeError, match="not in the years 1 to 9999") as refused:
        parsed(text)
    assert not isinstance(refused.value, DateError)


def test_the_ends_of_the_calendar_can_not_be_compared_across_zones() -> None:
    first = datetime(1, 1, 1, tzinfo=php_dates.timezone("+05:00"))

    with pytest.raises(DateRangeError):
        php_dates.diff(first, NOW)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("2026-03-29 02:30", "2026-03-29 03:30:00 +02:00", id="a skipped hour moves on"),
        pytest.param("2026-10-25 02:30", "2026-10-25 02:30:00 +01:00", id="east of Greenwich the second one counts"),
        pytest.param("2026-10-25 02:30 Europe/Paris", "2026-10-25 02:30:00 +02:00", id="with its zone the first one"),
    ],
)
def test_daylight_saving_is_settled_as_php_does(text: str, expected: str) -> None:
    assert parsed(text, "Europe/Paris") == expected


@pytest.mark.parametrize(
    ("base", "text", "expected"),
    [
        ("2026-03-28 02:30", "+1 day", "2026-03-29 03:30:00 +02:00"),
        ("2026-03-29 01:30", "+90 minutes", "2026-03-29 03:00:00 +02:00"),
        ("2026-01-31 10:00", "+1 month", "2026-03-03 10:00:00 +01:00"),
        ("2026-01-31 10:00", "midnight", "2026-01-31 00:00:00 +01:00"),
        ("2026-01-31 10:00", "2027-05-05", "2027-05-05 10:00:00 +02:00"),
        ("2026-01-31 10:00", "8:15", "2026-01-31 08:15:00 +01:00"),
        ("2026-01-31 10:00", "@86400", "1970-01-02 00:00:00 +00:00"),
        ("2026-01-31 10:00", "10:30 America/New_York", "2026-01-31 10:30:00 +01:00"),
    ],
)
def test_a_moment_moves_on_the_clock_of_its_zone(base: str, text: str, expected: str) -> None:
    moment = php_dates.parse(base, now=NOW, tz=PARIS)

    assert php_dates.format_date(php_dates.modify(moment, text), ISO) == expected


@pytest.mark.parametrize(
    ("letters", "expected"),
    [
        ("D, d M Y", "Sat, 14 Mar 2026"),
        ("l jS \\o\\f F", "Saturday 14th of March"),
        ("N w z t L W o", "6 6 72 31 0 11 2026"),
        ("y n j", "26 3 14"),
        ("g G h H i s u v A a", "4 16 04 16 09 26 535897 535 PM pm"),
        ("e T P O p Z I", "Europe/Paris CET +01:00 +0100 +01:00 3600 0"),
        ("c", "2026-03-14T16:09:26+01:00"),
        ("r", "Sat, 14 Mar 2026 16:09:26 +0100"),
        ("U B", "1773500966 673"),
        ("Q \\", "Q \\"),
    ],
)
def test_each_letter_shows_its_part(letters: str, expected: str) -> None:
    assert php_dates.format_date(NOW.astimezone(PARIS), letters) == expected


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("europe/PARIS", "Europe/Paris"),
        ("utc", "UTC"),
        ("+2", "+02:00"),
        ("-0330", "-03:30"),
        ("GMT+1", "+01:00"),
        ("cest", "CEST"),
    ],
)
def test_zones_are_found_by_any_of_their_names(name: str, shown: str) -> None:
    assert php_dates.zone_name(php_dates.timezone(name)) == shown


@pytest.mark.parametrize("name", ["", "Mars/Olympus", "+25:00", "2020", "../etc/passwd", "+02:00x"])
def test_there_is_no_such_zone(name: str) -> None:
    with pytest.raises(DateError, match="Unknown or bad timezone"):
        php_dates.timezone(name)


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        ("2026-01-31", "2026-03-01", "+0 0 29 0:0 29"),
        ("2026-03-01", "2026-01-31", "-0 1 1 0:0 29"),
        ("2024-02-29 12:00", "2026-03-01 11:00", "+1 11 30 23:0 730"),
        ("2026-03-29 01:30", "2026-03-29 03:30", "+0 0 0 1:0 0"),
        ("2026-03-14", "2026-03-14", "+0 0 0 0:0 0"),
    ],
)
def test_two_moments_differ_by_an_interval(first: str, last: str, expected: str) -> None:
    a, b = (php_dates.parse(text, now=NOW, tz=PARIS) for text in (first, last))

    assert php_dates.diff(a, b).format("%R%y %m %d %h:%i %a") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("P1Y2M10DT2H30M", "01-02-10 02:30:00"),
        ("P2W", "00-00-14 00:00:00"),
        ("P0003-06-04T12:30:05", "03-06-04 12:30:05"),
    ],
)
def test_durations_are_read(text: str, expected: str) -> None:
    assert Interval.parse(text).format("%Y-%M-%D %H:%I:%S") == expected


@pytest.mark.parametrize("text", ["", "P", "PT", "1Y", "P1H", "P9999999999D"])
def test_other_durations_are_refused(text: str) -> None:
    with pytest.raises(DateError, match="Unknown or bad format"):
        Interval.parse(text)


def test_an_unknown_letter_of_an_interval_stays() -> None:
    assert Interval(d=3).format("%d%% %x %") == "3% %x %"


@settings(deadline=None)
@given(st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30)))
def test_what_is_formatted_is_read_back(moment: datetime) -> None:
    aware = moment.replace(tzinfo=UTC)
    text = php_dates.format_date(aware, "Y-m-d H:i:s.u P")

    assert php_dates.parse(text, now=NOW, tz=PARIS) == aware


@settings(deadline=None)
@given(st.text(max_size=60))
def test_any_text_is_a_moment_or_a_date_error(text: str) -> None:
    try:
        php_dates.parse(text, now=NOW, tz=PARIS)
    except (DateError, DateRangeError):
        return


@settings(deadline=None)
@given(
    st.datetimes(min_value=datetime(1990, 1, 1), max_value=datetime(2035, 1, 1)),
    st.datetimes(min_value=datetime(1990, 1, 1), max_value=datetime(2035, 1, 1)),
)
def test_a_difference_turned_around_has_the_same_days(a: datetime, b: datetime) -> None:
    forth, back = (php_dates.diff(x.replace(tzinfo=PARIS), y.replace(tzinfo=PARIS)) for x, y in ((a, b), (b, a)))

    assert forth.days == back.days
