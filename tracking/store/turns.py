"""Whose mail goes next: products take turns, so that one product's flood never keeps the others waiting."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from django.db import connection as database

from tracking.store import bulk, leased
from tracking.store.leased import Leased

PRODUCTS = 10  # served in one claim

_last_served: dict[int, int] = {}  # connection -> product; a worker's own memory is fair enough
_lock = threading.Lock()

_Served = tuple[int, Leased]  # a delivery behind its product


def take(connection_id: int, *, limit: int, now: datetime) -> list[Leased]:
    """Due deliveries of a connection, locked, at most `limit`: a share for each product, its oldest first.

    To be called inside a transaction. Begins with the product after the one that this worker served last.
    """
    products = _in_turn(connection_id, limit=min(limit, PRODUCTS), now=now)
    if not products:
        return []
    with _lock:
        _last_served[connection_id] = products[-1]
    share = limit // len(products)
    found = _oldest_due(connection_id, products, share, now)
    taken = Counter(product for product, _ in found)
    for product in (product for product in products if taken[product] == share):  # what others leave is theirs
        if len(found) < limit:
            have = {row.id for _, row in found}  # what was committed meanwhile may stand before them, and push them on
            behind = _oldest_due(connection_id, [product], limit - len(found), now, behind=share)
            found += [served for served in behind if served[1].id not in have]
    return [row for _, row in found]


_WAITING = "connection_id = %s AND state IN ('queued', 'retrying', 'held')"

# The products that have something due on a connection, from one product on, found by hopping along the index: what
# this costs depends on the number of products, not of deliveries. Each probe says which row it wants, the first by the
# index: of `min` and EXISTS, PostgreSQL makes a look at all that waits, as long as it thinks that there is little.
_NEXT = f"""
    (SELECT product_id FROM tracking_delivery WHERE {_WAITING} AND product_id > {{after}}
     ORDER BY product_id, next_attempt_at LIMIT 1)
"""  # noqa: S608 - names of our own
_HOP = f"""
    {{name}} (product_id) AS (
        SELECT {_NEXT.format(after="%s")}
      UNION ALL
        SELECT {_NEXT.format(after="{name}.product_id")} FROM {{name}} WHERE {{name}}.product_id IS NOT NULL
    )
"""  # noqa: S608 - names of our own
_DUE = f"""
    product_id IS NOT NULL AND (
        SELECT next_attempt_at FROM tracking_delivery d WHERE {_WAITING} AND d.product_id = hop.product_id
        ORDER BY next_attempt_at LIMIT 1
    ) <= %s
"""  # noqa: S608 - names of our own
_IN_TURN = f"""
    WITH RECURSIVE {_HOP.format(name="behind")}, {_HOP.format(name="before")}
    SELECT product_id FROM behind AS hop WHERE {_DUE}
  UNION ALL
    SELECT product_id FROM before AS hop WHERE product_id <= %s AND {_DUE}
    LIMIT %s
"""  # noqa: S608 - names of our own


def _in_turn(connection_id: int, *, limit: int, now: datetime) -> list[int]:
    """Products with something due: those after the one served last, then those up to it."""
    with _lock:
        last = _last_served.get(connection_id, -1)
    hops = [connection_id, last, connection_id, connection_id, -1, connection_id]
    due = [connection_id, now, last, connection_id, now]
    return [product for (product,) in bulk.ask(_IN_TURN, [*hops, *due, limit])]


_OLDEST = f"""
    SELECT {leased.COLUMNS} FROM tracking_delivery
    WHERE {_WAITING} AND product_id = {{product}} AND next_attempt_at <= %s
    ORDER BY next_attempt_at LIMIT %s OFFSET %s
"""  # noqa: S608 - names of our own
_OLDEST_OF_EACH = f"""
    SELECT turn.product, due.* FROM unnest(%s::bigint[]) WITH ORDINALITY AS turn (product, place)
    CROSS JOIN LATERAL ({_OLDEST.format(product="turn.product")} FOR UPDATE SKIP LOCKED) AS due
    ORDER BY turn.place
"""  # noqa: S608 - names of our own


def _oldest_due(
    connection_id: int, products: Sequence[int], share: int, now: datetime, *, behind: int = 0
) -> list[_Served]:
    """Of each product the oldest `share` that are due, `behind` the first so many."""
    if database.vendor == "postgresql":
        rows = bulk.ask(_OLDEST_OF_EACH, [list(products), connection_id, now, share, behind])
        return [(product, leased.of(row)) for product, *row in rows]
    statement = _OLDEST.format(product="%s")
    return [
        (product, leased.of(row))
        for product in products
        for row in bulk.ask(statement, [connection_id, product, now, share, behind])
    ]
