"""PriceRestriction: a bound on an event's price."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from tracking.choices import PriceKind
from tracking.definition import Filters

_ADMITS: Mapping[PriceKind, Callable[[Decimal, Decimal, Decimal], bool]] = {
    PriceKind.POSITIVE: lambda price, low, high: price > 0,
    PriceKind.GREATER: lambda price, low, high: price > low,
    PriceKind.AT_LEAST: lambda price, low, high: price >= low,
    PriceKind.LOWER: lambda price, low, high: price < low,
    PriceKind.AT_MOST: lambda price, low, high: price <= low,
    PriceKind.RANGE: lambda price, low, high: low <= price <= high,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceRestriction:
    """A bound on a price, in the platform's currency. `low` is the one bound of a kind that has one.

    An event without a price is never admitted. Source: seed, "Price Restrictions"; the range includes both ends.
    """

    kind: PriceKind
    low: Decimal = Decimal(0)
    high: Decimal = Decimal(0)

    def __contains__(self, price: object) -> bool:
        return isinstance(price, Decimal) and _ADMITS[self.kind](price, self.low, self.high)

    @classmethod
    def of(cls, filters: Filters) -> PriceRestriction | None:
        """The restriction that the filters describe, None when they have none."""
        if filters.price_restriction is None:
            return None
        if filters.price_restriction is PriceKind.RANGE:
            return cls(kind=PriceKind.RANGE, low=filters.min_price or Decimal(0), high=filters.max_price or Decimal(0))
        return cls(kind=filters.price_restriction, low=filters.price_restriction_value or Decimal(0))
