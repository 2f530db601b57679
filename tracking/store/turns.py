"""Whose mail goes next: products take turns, so that one product's flood never keeps the others waiting."""

from __future__ import annotations

import threading
from datetime import datetime

from django.db import connection as database

from tracking.store import bulk, leased
from tracking.store.leased import Leased

PRODUCTS = 10  # served in one claim

_last_served: dict[int, int] = {}  # connection -> product; a worker's own memory is fair enough
_lock = threading.Lock()

# The products that have something waiting on a connection, found by hopping along the index: what this costs
# depends on the number of products, not of deliveries.
_WAITING_PRODUCTS = """
    WITH RECURSIVE hop (product_id) AS (
        SELECT min(product_id) FROM tracking_delivery
        WHERE connection_id = %s AND state IN ('queued', 'retrying', 'held') AND product_id > %s
      UNION ALL
        SELECT (SELECT min(product_id) FROM tracking_delivery
                WHERE connection_id = %s AND state IN ('queued', 'retrying', 'held') AND product_id > hop.product_id)
        FROM hop WHERE hop.product_id IS NOT NULL
    )
    SELECT product_id FROM hop WHERE product_id IS NOT NULL LIMIT %s
"""


def take(connection_id: int, *, limit: int, now: datetime) -> list[Leased]:
    """Due deliveries of a connection, locked, at most `limit`: a share for each product, its oldest first.

    To be called inside a transaction. Begins with the product after the one that this worker served last.
    """
    products = _in_turn(connection_id)
    rows: list[Leased] = []
    for number, product in enumerate(products):
        share = -(-(limit - len(rows)) // (len(products) - number))  # what others leave goes to those who follow
        rows += _oldest_due(connection_id, product, share, now)
    if products:
        with _lock:
            _last_served[connection_id] = products[-1]
    return rows


def _in_turn(connection_id: int) -> list[int]:
    with _lock:
        last = _last_served.get(connection_id, -1)
    products = _waiting_products(connection_id, after=last, limit=PRODUCTS)
    if last >= 0 and len(products) < PRODUCTS:
        first = _waiting_products(connection_id, after=-1, limit=PRODUCTS - len(products))
        products += [product for product in first if product <= last]
    return products


def _waiting_products(connection_id: int, *, after: int, limit: int) -> list[int]:
    with database.cursor() as cursor:
        cursor.execute(_WAITING_PRODUCTS, [connection_id, after, connection_id, limit])
        return [product for (product,) in cursor.fetchall()]


_OLDEST_DUE = f"""
    SELECT {leased.COLUMNS} FROM tracking_delivery
    WHERE connection_id = %s AND product_id = %s AND state IN ('queued', 'retrying', 'held') AND next_attempt_at <= %s
    ORDER BY next_attempt_at LIMIT %s
"""  # noqa: S608 - names of our own


def _oldest_due(connection_id: int, product: int, limit: int, now: datetime) -> list[Leased]:
    if limit <= 0:
        return []
    lock = "FOR UPDATE SKIP LOCKED" if database.features.has_select_for_update_skip_locked else ""
    return [leased.of(row) for row in bulk.ask(_OLDEST_DUE + lock, [connection_id, product, now, limit])]
