"""What an author may ask for: nothing grows or takes long without bound."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from tracking.rendering.twig import intl, numbers, php_dates, strings
from tracking.rendering.twig import unicode_string as unicode

NOW = datetime(2026, 3, 14, tzinfo=UTC)
LONG = 1_000_000


def called(text: str, method: str, *arguments: Any) -> Any:
    return unicode.call(strings.u(text), method, arguments)


@pytest.mark.parametrize(
    "work",
    [
        pytest.param(lambda: numbers.sprintf("%900000d" * 50, [1] * 50), id="many wide fields"),
        pytest.param(lambda: numbers.number_format(1e300, 0, ".", "x" * LONG), id="a long separator"),
        pytest.param(lambda: intl.format_date(NOW, pattern="'x'" * LONG, now=NOW), id="a long date pattern"),
        pytest.param(lambda: intl.format_number(1, {"min_integer_digit": LONG}), id="many digits"),
        pytest.param(lambda: php_dates.parse("+" * LONG, now=NOW, tz=UTC), id="a long date text"),
        pytest.param(lambda: php_dates.timezone("z" * LONG), id="a long zone"),
        pytest.param(lambda: strings.plural("s" * LONG), id="a long word"),
        pytest.param(lambda: strings.slug("- " * LONG, "x" * 10), id="a long slug"),
        pytest.param(lambda: strings.u("x" * (LONG + 1)), id="a long text"),
        pytest.param(lambda: called("ab", "padBoth", 10 * LONG, "xy"), id="wide padding"),
    ],
)
def test_too_much_is_refused(work: Callable[[], Any]) -> None:
    with pytest.raises(ValueError, match=r"at most|Unknown or bad timezone"):
        work()


@pytest.mark.parametrize(
    "work",
    [
        pytest.param(lambda: called("A" * LONG, "snake"), id="capitals alone"),
        pytest.param(lambda: called("ab" * (LONG // 2), "ensureEnd", "ab"), id="one ending again and again"),
        pytest.param(lambda: called("a" * LONG, "ensureStart", "a"), id="one beginning again and again"),
        pytest.param(lambda: called(" " * (LONG - 1) + "x", "collapseWhitespace"), id="spaces alone"),
        pytest.param(lambda: called("\x1b[" * (LONG // 2), "width"), id="escapes alone"),
        pytest.param(lambda: called("a" * LONG, "wordwrap", 1, "\n", False), id="one word"),
        pytest.param(lambda: intl.format_number(1, locale="_" * LONG), id="a locale of underscores"),
        pytest.param(lambda: intl.format_number(1e308, {"max_fraction_digit": 900}), id="a large number"),
        pytest.param(lambda: php_dates.parse("1 " * 499, now=NOW, tz=UTC), id="numbers without end"),
    ],
)
def test_the_longest_still_comes_to_an_end(work: Callable[[], Any]) -> None:
    try:
        work()
    except php_dates.DateError:
        return
