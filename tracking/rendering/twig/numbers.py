"""PHP's rounding and number_format, and Twig's round filter."""

from __future__ import annotations

import math
from typing import Final, Literal

from tracking.rendering.twig.php import float_text as format_float
from tracking.rendering.twig.printf import sprintf

__all__ = ["MAX_LENGTH", "format_float", "number_format", "round_half", "round_php", "sprintf"]

MAX_LENGTH: Final = 1_000_000  # characters that a width or a precision may ask for
_EXACT_POWERS: Final = 22  # 10.0 ** 22 is the last power of ten that a float holds exactly
_DIGITS: Final = 15  # decimal digits a float is sure of

RoundMethod = Literal["common", "ceil", "floor"]


def round_half(value: float, precision: int = 0, method: str = "common") -> float:
    """Twig's round filter. Raises ValueError for another method than common, ceil and floor."""
    if method == "common":
        return round_php(value, precision)
    if method not in {"ceil", "floor"}:
        raise ValueError('The "round" filter only supports the "common", "ceil", and "floor" methods.')
    power = _power(precision)
    scaled = value * power
    if not math.isfinite(scaled) or not power:
        return scaled / power if power else math.nan
    whole = float(math.ceil(scaled) if method == "ceil" else math.floor(scaled))
    return math.copysign(whole, scaled) / power if whole == 0 else whole / power


def round_php(value: float, places: int = 0) -> float:
    """PHP 8.2's round(): halves away from zero, after rounding to the 15 digits that a float is sure of.

    So 1.955 rounds to 1.96 although the float lies below it. Places may be negative.
    """
    if not math.isfinite(value) or value == 0.0:
        return value
    scaled = _scaled(value, places)
    if scaled is None:
        return value
    return _unscaled(_half_away(scaled), value, places)


def _scaled(value: float, places: int) -> float | None:
    """value * 10 ** places, pre-rounded; None when rounding is beyond a float's digits."""
    sure = _DIGITS - 1 - math.floor(math.log10(abs(value)))
    if places < sure < places + _DIGITS:
        sure = max(sure, -4 * _DIGITS)
        exact = _half_away(_shift(value, sure))
        return exact / _power(min(abs(places - sure), 4 * _DIGITS))
    scaled = _shift(value, places)
    return None if abs(scaled) >= 1e15 else scaled


def _unscaled(rounded: float, value: float, places: int) -> float:
    if abs(places) <= _EXACT_POWERS:
        return rounded / _power(places) if places > 0 else rounded * _power(-places)
    result = float(f"{rounded or 0.0:15f}e{-places}")
    return result if math.isfinite(result) else value


def _half_away(value: float) -> float:
    if not math.isfinite(value):
        return value
    whole = math.floor(abs(value) + 0.5)
    return math.copysign(float(whole), value)


def _shift(value: float, places: int) -> float:
    return value * _power(places) if places >= 0 else value / _power(-places)


def _power(exponent: int) -> float:
    """10 to the exponent, INF where a float ends."""
    try:
        return float(10.0**exponent)
    except OverflowError:
        return math.inf


def number_format(value: float, decimals: int = 0, point: str = ".", separator: str = ",") -> str:
    """PHP's number_format(): rounded as round() does, thousands separated; negative decimals count as none.

    Raises ValueError when the decimals ask for more than MAX_LENGTH characters.
    """
    decimals = max(decimals, 0)
    if decimals > MAX_LENGTH:
        raise ValueError(f"number_format() makes at most {MAX_LENGTH} decimals")
    rounded = round_php(float(value), decimals)
    if not math.isfinite(rounded):
        return "nan" if math.isnan(rounded) else "inf"
    whole, _, fraction = f"{abs(rounded):.{decimals}f}".partition(".")
    if len(separator) * len(whole) > MAX_LENGTH:
        raise ValueError(f"number_format() makes at most {MAX_LENGTH} characters")
    groups = f"{int(whole):,}".replace(",", separator)
    sign = "-" if rounded < 0 else ""
    return f"{sign}{groups}{point}{fraction}" if decimals else f"{sign}{groups}"
