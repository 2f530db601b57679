from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("tracking", "0014_leases_of_claims"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="delivery",
            name="a_lease_while_sending_and_only_then",
        ),
        migrations.RemoveIndex(
            model_name="delivery",
            name="delivery_lease",
        ),
        migrations.RemoveField(
            model_name="delivery",
            name="lease_until",
        ),
        migrations.RemoveField(
            model_name="delivery",
            name="marked",
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("lease_token__isnull", False), ("state", "sending")),
                    models.Q(models.Q(("state", "sending"), _negated=True), ("lease_token__isnull", True)),
                    _connector="OR",
                ),
                name="a_lease_while_sending_and_only_then",
            ),
        ),
    ]
