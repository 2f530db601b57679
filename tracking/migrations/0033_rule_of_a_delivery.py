"""No constraint between deliveries and rules: it was checked for each mail, and the version's guards its rule, too."""

from typing import Any

import django.db.models.deletion
from django.db import migrations, models


def give_way(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("SET LOCAL lock_timeout = '800ms'")  # less than a deadlock takes: events go first


class Migration(migrations.Migration):
    dependencies = [
        ("tracking", "0032_parked"),
    ]

    operations = [
        migrations.RunPython(give_way, migrations.RunPython.noop),
        migrations.AlterField(
            model_name="delivery",
            name="rule",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="deliveries",
                to="tracking.rule",
            ),
        ),
    ]
