"""Statements over many rows at once, without a model's instance for each. Names are ours, values are parameters."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import chain, islice
from typing import Any
from uuid import UUID

from django.db import connection, models

Row = Sequence[Any]


def insert(model: type[models.Model], columns: Sequence[str], rows: Iterable[Row], *, tail: str = "") -> list[Row]:
    """Write rows whose values stand in the order of `columns`; `tail` is what follows them: ON CONFLICT, RETURNING.

    Gives what RETURNING returns.
    """
    head = f"INSERT INTO {model._meta.db_table} ({', '.join(columns)}) VALUES "  # noqa: S608 - names of our own
    place = f"({', '.join(['%s'] * len(columns))})"
    most = connection.features.max_query_params
    size = most // len(columns) if most else 5_000
    waiting = iter(rows)
    returned: list[Row] = []
    with connection.cursor() as cursor:
        while some := list(islice(waiting, size)):
            cursor.execute(f"{head}{', '.join([place] * len(some))} {tail}", values(chain.from_iterable(some)))
            if "RETURNING" in tail:
                returned += cursor.fetchall()
    return returned


def run(statement: str, parameters: Iterable[Any], *, ids: Collection[UUID] = ()) -> int:
    """Run a statement, whose `{ids}` stands for those, the last of its parameters; how many rows it touched."""
    with connection.cursor() as cursor:
        cursor.execute(statement.format(ids=_places(ids)), values(chain(parameters, ids)))
        return int(cursor.rowcount)


def ask(statement: str, parameters: Iterable[Any], *, ids: Collection[UUID]) -> list[Row]:
    """The rows that a query gives; `{ids}` as in `run`."""
    with connection.cursor() as cursor:
        cursor.execute(statement.format(ids=_places(ids)), values(chain(parameters, ids)))
        return list(cursor.fetchall())


def _places(ids: Collection[UUID]) -> str:
    return f"({', '.join(['%s'] * len(ids)) or 'NULL'})"


def values(parameters: Iterable[Any]) -> list[Any]:
    """Parameters as this database takes them."""
    if connection.vendor == "postgresql":
        return list(parameters)
    return [_PLAIN.get(type(value), _same)(value) for value in parameters]


def _same(value: Any) -> Any:
    return value


# SQLite has none of these types: they are written as Django reads them back.
_PLAIN: Mapping[type, Callable[[Any], Any]] = {
    UUID: lambda value: value.hex,
    datetime: lambda value: connection.ops.adapt_datetimefield_value(value),  # noqa: PLW0108 - a thread's own connection
    Decimal: lambda value: format(value, "f"),
}


def key(value: Any) -> UUID:
    """A row's id as a raw query gives it."""
    return value if isinstance(value, UUID) else UUID(value)
