from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("tracking", "0027_name_of_the_log"),
    ]

    operations = [
        migrations.AddField(
            model_name="delivery",
            name="renewed_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
    ]
