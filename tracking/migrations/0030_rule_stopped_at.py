from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("tracking", "0029_narrowed_token"),
    ]

    operations = [
        migrations.AddField(
            model_name="rule",
            name="stopped_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
    ]
