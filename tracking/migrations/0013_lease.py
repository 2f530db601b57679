import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("tracking", "0012_second_factor"),
    ]

    operations = [
        migrations.CreateModel(
            name="Lease",
            fields=[
                ("token", models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ("until", models.DateTimeField()),
                ("marked", models.JSONField(default=list)),
                (
                    "connection",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="leases", to="tracking.connection"
                    ),
                ),
            ],
        ),
    ]
