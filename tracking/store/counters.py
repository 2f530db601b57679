"""Rows that only count: one statement adds to many of them, and makes those that are missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from itertools import chain
from typing import Any

from django.db import connection, models
from django.db.models import F

from tracking.models import EventMinute, QuotaUse, SentMinute, UsageDay, WarningMinute
from tracking.store import bulk

Key = tuple[Any, ...]

# model -> (the columns of its unique key, the column that counts)
_TABLES: Mapping[type[models.Model], tuple[tuple[str, ...], str]] = {
    EventMinute: (("rule_id", "minute"), "events"),
    SentMinute: (("rule_id", "minute"), "sent"),
    WarningMinute: (("rule_id", "minute", "cause"), "warnings"),
    QuotaUse: (("quota", "subject", "began_at"), "used"),
    UsageDay: (("rule_id", "day", "unit_price"), "events"),
}


def add(model: type[models.Model], counts: Counter[Key]) -> None:
    """Add to each counter. Keys are written in order, so that two transactions never wait for each other in a ring."""
    if not counts:
        return
    columns, number = _TABLES[model]
    table = model._meta.db_table
    rows = [(*key, count) for key, count in _in_order(counts)]
    place = f"({', '.join(['%s'] * (len(columns) + 1))})"
    with connection.cursor() as cursor:
        cursor.execute(
            # Names come from the table above, values are parameters.
            f"INSERT INTO {table} ({', '.join((*columns, number))}) VALUES {', '.join([place] * len(rows))} "  # noqa: S608
            f"ON CONFLICT ({', '.join(columns)}) DO UPDATE SET {number} = {table}.{number} + EXCLUDED.{number}",
            bulk.values(chain.from_iterable(rows)),
        )


def take(model: type[models.Model], counts: Counter[Key]) -> None:
    """Take from each counter what was added to it before; one that is no longer kept is left alone."""
    columns, number = _TABLES[model]
    for key, count in _in_order(counts):
        rows = model._default_manager.filter(**dict(zip(columns, key, strict=True)), **{f"{number}__gte": count})
        rows.update(**{number: F(number) - count})


IN_ORDER = 'rule_id::text COLLATE "C"'  # the same order, where PostgreSQL itself counts by rule


def _in_order(counts: Counter[Key]) -> list[tuple[Key, int]]:
    return sorted(counts.items(), key=lambda item: tuple(map(str, item[0])))


def minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)
