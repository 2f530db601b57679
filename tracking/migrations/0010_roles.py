from django.db import migrations

from tracking.store.roles import grant


def forwards(apps, schema_editor):
    grant(apps)


class Migration(migrations.Migration):
    dependencies = [
        ("tracking", "0009_audit_append_only"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(forwards, migrations.RunPython.noop)]
