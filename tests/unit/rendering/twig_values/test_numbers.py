"""PHP's rounding, number_format and sprintf."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracking.rendering.twig import numbers
from tracking.rendering.twig.errors import PhpError


@pytest.mark.parametrize(
    ("value", "places", "expected"),
    [
        pytest.param(1.955, 2, 1.96, id="a half that binary can't hold still rounds up"),
        pytest.param(-1.5, 0, -2.0, id="halves go away from zero"),
        pytest.param(1234567.0, -3, 1235000.0, id="places may be negative"),
        pytest.param(1e22, 2, 1e22, id="too large to have decimals"),
        pytest.param(5e-324, 2, 0.0, id="the smallest number"),
    ],
)
def test_rounding_is_that_of_php_8_2(value: float, places: int, expected: float) -> None:
    assert numbers.round_php(value, places) == expected


@pytest.mark.parametrize(
    ("value", "method", "expected"), [(2.61, "common", 2.6), (2.61, "ceil", 2.7), (2.69, "floor", 2.6)]
)
def test_the_round_filter_has_three_methods(value: float, method: str, expected: float) -> None:
    assert numbers.round_half(value, 1, method) == expected


def test_another_method_is_refused() -> None:
    with pytest.raises(ValueError, match='only supports the "common", "ceil", and "floor" methods'):
        numbers.round_half(1.5, 0, "up")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((1234567.891,), "1,234,568"),
        ((1234567.891, 2, ",", "."), "1.234.567,89"),
        ((0.125, 2), "0.13"),
        ((-0.4,), "0"),
        ((-1234.5, 1, "", ""), "-12345"),
        ((1e20, 1, ".", " "), "100 000 000 000 000 000 000.0"),
        ((math.inf,), "inf"),
        ((math.nan,), "nan"),
        ((5, -3), "5"),
    ],
)
def test_numbers_are_grouped(arguments: tuple[Any, ...], expected: str) -> None:
    assert numbers.number_format(*arguments) == expected


@pytest.mark.parametrize(
    ("format", "arguments", "expected"),
    [
        ("%05d|%-5d|%+d", [42, 42, 42], "00042|42   |+42"),
        ("%'*8s|%-8s|%.2s", ["ab", "ab", "abc"], "******ab|ab      |ab"),
        ("%s %s %s", [True, None, 1.0], "1  1"),
        ("%2$s %1$s", ["a", "b"], "b a"),
        ("%1$s %s", ["a", "b"], "a a"),
        ("%b %o %x %X %c", [5, 8, 255, 255, 65], "101 10 ff FF A"),
        ("%u", [-1], "18446744073709551615"),
        ("%e|%.2E", [1234.5678, 0], "1.234568e+3|0.00E+0"),
        ("%g|%G|%g", [0.00001234, 1e20, 1234567], "1.234e-5|1.0E+20|1.23457e+6"),
        ("%010.3f|%.0f", [-3.14159, 0.5], "-00003.142|0"),
        ("%*d|%.*f", [4, 7, 1, 2.25], "   7|2.2"),
        ("%.*g", [-1, 0.1 + 0.2], "0.30000000000000004"),
        ("100%%", [], "100%"),
        ("%5s|", ["é"], "   é|"),
    ],
)
def test_sprintf_fills_in(format: str, arguments: list[Any], expected: str) -> None:
    assert numbers.sprintf(format, arguments) == expected


@pytest.mark.parametrize(
    ("format", "arguments", "message"),
    [
        ("%s %s", ["a"], "3 arguments are required, 2 given"),
        ("%y", [1], 'Unknown format specifier "y"'),
        ("%5", [1], "Missing format specifier at end of string"),
        ("%'", [1], "Missing padding character"),
        ("%.*f", [-5, 1], "Precision must be between -1 and 2147483647"),
        ("%.*f", [-1, 1], "Precision -1 is only supported for %g, %G, %h and %H"),
        ("%*d", [1.5, 1], "Width must be an integer"),
        ("%0$s", [1], "Argument number specifier must be greater than zero and less than 2147483647"),
        ("%99999999999d", [1], "Width must be greater than zero and less than 2147483647"),
    ],
)
def test_sprintf_refuses_in_the_words_of_php(format: str, arguments: list[Any], message: str) -> None:
    with pytest.raises(PhpError) as refused:
        numbers.sprintf(format, arguments)
    assert str(refused.value) == message


@pytest.mark.parametrize("format", ["%2000000d", "%1$2000000s", "%*s", "%.2000000f"])
def test_a_field_has_a_bound(format: str) -> None:
    with pytest.raises(ValueError, match="at most 1000000"):
        numbers.sprintf(format, [2_000_000, "x"])


def test_decimals_have_a_bound() -> None:
    with pytest.raises(ValueError, match="at most 1000000 decimals"):
        numbers.number_format(1.0, 2_000_000)


@settings(deadline=None)
@given(st.floats(allow_nan=False, allow_infinity=False), st.integers(-30, 30))
def test_rounding_twice_changes_nothing(value: float, places: int) -> None:
    once = numbers.round_php(value, places)

    assert numbers.round_php(once, places) == pytest.approx(once, rel=1e-14, abs=1e-300)


@settings(deadline=None)
@given(st.text(alphabet="%1$'*.-+0 5dsefgxl", max_size=12), st.lists(st.one_of(st.integers(), st.floats(), st.text())))
def test_any_format_gives_text_or_a_known_error(format: str, arguments: list[Any]) -> None:
    try:
        assert isinstance(numbers.sprintf(format, arguments), str)
    except (PhpError, ValueError):
        return
