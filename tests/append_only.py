"""Tests that commit empty all tables afterwards; the guards of append-only ones are lifted for just that moment."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection

from tracking.store.append_only import guards, lifted

TABLE = "tracking_auditentry"


def let_flush_through(patch: pytest.MonkeyPatch) -> None:
    kind = type(connection.ops)
    flush = kind.sql_flush

    def sql_flush(ops: Any, style: Any, tables: list[str], **options: Any) -> list[str]:
        vendor = ops.connection.vendor
        return [*lifted(vendor, TABLE), *flush(ops, style, tables, **options), *guards(vendor, TABLE)]

    patch.setattr(kind, "sql_flush", sql_flush)
