"""Tables that the database itself keeps from being changed: statements for a migration."""

from __future__ import annotations

from typing import Any


def guards(vendor: str, table: str) -> list[str]:
    """Statements after which a row of the table can be added, and never changed or taken away."""
    sentence = f"{table} is append-only"
    if vendor == "sqlite":
        return [
            f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{sentence}'); END"
            for verb in ("UPDATE", "DELETE")
        ]
    return [
        f"CREATE OR REPLACE FUNCTION {table}_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ "
        f"BEGIN RAISE EXCEPTION '{sentence}' USING ERRCODE = 'restrict_violation'; END $$",
        f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_refuse()",
    ]


def lifted(vendor: str, table: str) -> list[str]:
    """Statements that take the guards away: to undo the migration."""
    if vendor == "sqlite":
        return [f"DROP TRIGGER IF EXISTS {table}_no_{verb}" for verb in ("update", "delete")]
    return [f"DROP TRIGGER IF EXISTS {table}_no_change ON {table}", f"DROP FUNCTION IF EXISTS {table}_refuse()"]


def guard(table: str) -> tuple[Any, Any]:
    """Forwards and backwards of a `RunPython`."""

    def forwards(apps: Any, schema_editor: Any) -> None:
        for statement in guards(schema_editor.connection.vendor, table):
            schema_editor.execute(statement)

    def backwards(apps: Any, schema_editor: Any) -> None:
        for statement in lifted(schema_editor.connection.vendor, table):
            schema_editor.execute(statement)

    return forwards, backwards
