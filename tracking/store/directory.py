"""The directory as the platform has it: rows written by their ids, many at once, as often as wished."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.db import models

from tracking.errors import EntryError
from tracking.models.directory import Entry
from tracking.store import bulk

Values = Mapping[str, Any]  # field -> value; all fields of the entry, relations by their id
Visible = Callable[[type[models.Model]], models.QuerySet[Any]]

_MOST_NAMED = 20  # wrong rows, one by one


def upsert(kind: type[Entry], rows: Sequence[Values], *, visible: Visible) -> int:
    """Write rows, new ones and changed ones alike, in one statement; how many are new. What is as it was is left so.

    `visible` gives the rows of a table that are there for whoever writes. Raises EntryError, and writes none, for an id
    that stands twice or is that of a row outside, or a relation that leads nowhere.
    """
    _demand_distinct(rows)
    _demand_own(kind, rows, visible)
    _demand_known(kind, rows, visible)
    known = kind._default_manager.filter(pk__in=[row["id"] for row in rows]).count()
    fields = kind._meta.concrete_fields
    written = [[row[field.name] for field in fields] for row in sorted(rows, key=lambda row: row["id"])]
    bulk.insert(kind, [str(field.column) for field in fields], written, tail=_on_conflict(kind))
    return len(rows) - known


def _on_conflict(kind: type[Entry]) -> str:
    table = kind._meta.db_table
    columns = [field.column for field in kind._meta.concrete_fields if not field.primary_key]
    changed = " OR ".join(f"{table}.{column} <> excluded.{column}" for column in columns)  # none can be NULL
    return (
        f"ON CONFLICT (id) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in columns)} WHERE {changed}"
    )


def _demand_distinct(rows: Sequence[Values]) -> None:
    first: dict[int, int] = {}
    wrong = {}
    for place, row in enumerate(rows):
        before = first.setdefault(row["id"], place)
        if before != place:
            wrong[f"{place}.id"] = [f"is that of row {before} too"]
    _refuse(wrong)


def _demand_own(kind: type[Entry], rows: Sequence[Values], visible: Visible) -> None:
    there = kind._default_manager.filter(pk__in={row["id"] for row in rows})
    foreign = set(there.exclude(pk__in=visible(kind).values("pk")).values_list("pk", flat=True))
    _refuse({f"{place}.id": ["is an id of another platform"] for place, row in enumerate(rows) if row["id"] in foreign})


def _demand_known(kind: type[Entry], rows: Sequence[Values], visible: Visible) -> None:
    wrong = {}
    for field in kind._meta.concrete_fields:
        if not isinstance(field, models.ForeignKey):
            continue
        ids = {row[field.name] for row in rows}
        known = set(visible(field.related_model).filter(pk__in=ids).values_list("pk", flat=True))
        for place, row in enumerate(rows):
            if row[field.name] not in known:
                wrong[f"{place}.{field.name}"] = [f"there is no {field.name} {row[field.name]} in the directory"]
    _refuse(wrong)


def _refuse(wrong: Mapping[str, list[str]]) -> None:
    if wrong:
        raise EntryError(dict(list(wrong.items())[:_MOST_NAMED]))
