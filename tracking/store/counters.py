"""Rows that only count: one statement adds to many of them, and makes those that are missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import connection, models

from tracking.models import EventMinute, UsageDay, WarningMinute

Key = tuple[Any, ...]

# model -> (the columns of its unique key, the column that counts)
_TABLES: Mapping[type[models.Model], tuple[tuple[str, ...], str]] = {
    EventMinute: (("rule_id", "minute"), "events"),
    WarningMinute: (("rule_id", "minute", "cause"), "warnings"),
    UsageDay: (("rule_id", "day", "unit_price"), "events"),
}


def add(model: type[models.Model], counts: Counter[Key]) -> None:
    """Add to each counter. Keys are written in order, so that two transactions never wait for each other in a ring."""
    if not counts:
        return
    columns, number = _TABLES[model]
    table = model._meta.db_table
    rows = [(*key, count) for key, count in sorted(counts.items(), key=lambda item: tuple(map(str, item[0])))]
    place = f"({', '.join(['%s'] * (len(columns) + 1))})"
    fields = [model._meta.get_field(column.removesuffix("_id")) for column in (*columns, number)]
    with connection.cursor() as cursor:
        cursor.execute(
            # Names come from the table above, values are parameters.
            f"INSERT INTO {table} ({', '.join((*columns, number))}) VALUES {', '.join([place] * len(rows))} "  # noqa: S608
            f"ON CONFLICT ({', '.join(columns)}) DO UPDATE SET {number} = {table}.{number} + EXCLUDED.{number}",
            [
                field.get_db_prep_save(value, connection)  # type: ignore[union-attr]
                for row in rows
                for field, value in zip(fields, row, strict=True)
            ],
        )


def minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)
