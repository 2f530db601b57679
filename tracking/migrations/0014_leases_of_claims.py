from typing import Any

from django.db import migrations

_COLUMNS = ("id", "connection_id", "lease_token", "lease_until", "marked")


def write_leases(apps: Any, schema_editor: Any) -> None:
    """What workers had in hand when they were stopped for this release: its marks must not be forgotten."""
    Lease = apps.get_model("tracking", "Lease")
    leases: dict[Any, Any] = {}
    for id_, connection, token, until, marked in (
        apps.get_model("tracking", "Delivery").objects.filter(state="sending").values_list(*_COLUMNS).iterator()
    ):
        lease = leases.setdefault(token, Lease(token=token, connection_id=connection, until=until, marked=[]))
        lease.until = max(lease.until, until)
        if marked:
            lease.marked.append(id_.hex)
    Lease.objects.bulk_create(leases.values())


class Migration(migrations.Migration):
    dependencies = [
        ("tracking", "0013_lease"),
    ]

    operations = [
        migrations.RunPython(write_leases, migrations.RunPython.noop),
    ]
