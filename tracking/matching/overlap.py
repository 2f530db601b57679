"""Whether two rules' filters can both admit one event."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from tracking.choices import PriceKind
from tracking.definition import INCLUDES, Filters

_Range = tuple[Decimal, bool, Decimal, bool]  # lowest, whether it belongs, highest, whether it belongs


def may_overlap(one: Filters, other: Filters) -> bool:
    """False only where no event can pass both; the directory's relations are not asked."""
    return not any(_apart(one, other))


def _apart(one: Filters, other: Filters) -> Iterator[bool]:
    for name in ("method", "tracking_strategy"):
        values = {getattr(filters, name) for filters in (one, other)} - {None}
        yield len(values) > 1
    for include, exclude in INCLUDES.values():
        yield _no_common(one, other, include, exclude)
    yield _prices_apart(_range(one), _range(other))


def _no_common(one: Filters, other: Filters, include: str, exclude: str | None) -> bool:
    wanted = [set(getattr(filters, include)) for filters in (one, other)]
    if not any(wanted):
        return False
    common = wanted[0] & wanted[1] if all(wanted) else wanted[0] | wanted[1]
    excluded = {id_ for filters in (one, other) if exclude for id_ in getattr(filters, exclude)}
    return not common - excluded


_ENDLESS = Decimal("1e30")


def _range(filters: Filters) -> _Range | None:
    """None: any price, or none."""
    value = filters.price_restriction_value or Decimal(0)
    ranges: dict[PriceKind, _Range] = {
        PriceKind.POSITIVE: (Decimal(0), False, _ENDLESS, False),
        PriceKind.GREATER: (value, False, _ENDLESS, False),
        PriceKind.AT_LEAST: (value, True, _ENDLESS, False),
        PriceKind.LOWER: (-_ENDLESS, False, value, False),
        PriceKind.AT_MOST: (-_ENDLESS, False, value, True),
        PriceKind.RANGE: (filters.min_price or Decimal(0), True, filters.max_price or Decimal(0), True),
    }
    return None if filters.price_restriction is None else ranges[filters.price_restriction]


def _prices_apart(one: _Range | None, other: _Range | None) -> bool:
    if one is None or other is None:
        return False
    low = max(one[:2], other[:2], key=lambda end: (end[0], not end[1]))
    high = min(one[2:], other[2:], key=lambda end: (end[0], end[1]))
    return low[0] > high[0] or (low[0] == high[0] and not (low[1] and high[1]))
