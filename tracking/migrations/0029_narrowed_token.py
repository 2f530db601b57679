import django.db.models.deletion
from django.db import migrations, models


def mark(apps, schema_editor):
    """What has products today was made for them."""
    tokens = apps.get_model("tracking", "ApiToken")
    tokens.objects.filter(pk__in=tokens.products.through.objects.values("apitoken_id")).update(narrowed=True)


class Migration(migrations.Migration):

    dependencies = [
        ('tracking', '0028_lifetime_begins_anew'),
    ]

    operations = [
        migrations.AddField(
            model_name='apitoken',
            name='narrowed',
            field=models.BooleanField(db_default=False, default=False, editable=False, help_text='To its products, though none of them be left.'),
        ),
        migrations.AddField(
            model_name='job',
            name='token',
            field=models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='tracking.apitoken'),
        ),
        migrations.RunPython(mark, migrations.RunPython.noop, elidable=True),
    ]
