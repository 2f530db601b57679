"""The constraint of events' keys gets a name, and the index for LIKE beside it goes, which nobody asks.

PostgreSQL renames it: an index built anew would keep every event waiting.
"""

from typing import Any

from django.db import migrations, models

TABLE = "tracking_storedevent"
NAME = "one_event_per_key"


def rename(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor != "postgresql":
        return
    schema_editor.execute("SET LOCAL lock_timeout = '800ms'")  # less than a deadlock takes: events go first
    with schema_editor.connection.cursor() as cursor:
        found = schema_editor.connection.introspection.get_constraints(cursor, TABLE)
    for name, one in found.items():
        if one["columns"] == ["event_id"] and one["unique"]:
            schema_editor.execute(f'ALTER TABLE {TABLE} RENAME CONSTRAINT "{name}" TO {NAME}')
        elif one["columns"] == ["event_id"]:
            schema_editor.execute(f'DROP INDEX "{name}"')


def rename_back(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"ALTER TABLE {TABLE} RENAME CONSTRAINT {NAME} TO {TABLE}_event_id_key")


class Elsewhere(migrations.operations.base.Operation):
    """What PostgreSQL is spared."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        if schema_editor.connection.vendor != "postgresql":
            super().database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        if schema_editor.connection.vendor != "postgresql":
            super().database_backwards(app_label, schema_editor, from_state, to_state)


class AlterField(Elsewhere, migrations.AlterField):
    pass


class AddConstraint(Elsewhere, migrations.AddConstraint):
    pass


class Migration(migrations.Migration):
    dependencies = [
        ("tracking", "0030_rule_stopped_at"),
    ]

    operations = [
        migrations.RunPython(rename, rename_back),
        AlterField(
            model_name="storedevent",
            name="event_id",
            field=models.CharField(max_length=200),
        ),
        AddConstraint(
            model_name="storedevent",
            constraint=models.UniqueConstraint(fields=("event_id",), name=NAME),
        ),
    ]
