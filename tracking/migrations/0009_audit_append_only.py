from django.db import migrations

from tracking.store.append_only import guard


class Migration(migrations.Migration):
    dependencies = [("tracking", "0008_audit_entry")]

    operations = [migrations.RunPython(*guard("tracking_auditentry"))]
