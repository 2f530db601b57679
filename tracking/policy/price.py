"""What one processed event costs."""

from __future__ import annotations

from decimal import Decimal

NOTIFICATION_SURCHARGE = Decimal("0.0001")  # seed, "Enable notifications": on top of the regular price


def unit_price(regular: Decimal, *, notifications: bool) -> Decimal:
    """The price of one event of a rule, by the version of the rule that processes it."""
    return regular + NOTIFICATION_SURCHARGE if notifications else regular
