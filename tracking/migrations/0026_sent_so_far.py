from django.db import migrations
from django.db.models import Count
from django.db.models.functions import TruncMinute


def count_what_is_sent(apps, schema_editor):
    """Give the log's mails their minutes, so that the last day is whole and the books balance from the beginning."""
    delivery, minute = (apps.get_model("tracking", name) for name in ("Delivery", "SentMinute"))
    sent = delivery.objects.filter(state="sent", test=False, finished_at__isnull=False).order_by()
    minutes = sent.annotate(minute=TruncMinute("finished_at")).values_list("rule_id", "minute")
    minute.objects.bulk_create(
        (minute(rule_id=rule, minute=at, sent=number) for rule, at, number in minutes.annotate(number=Count("pk"))),
        batch_size=5_000,
    )


class Migration(migrations.Migration):

    dependencies = [
        ('tracking', '0025_sent_minute'),
    ]

    operations = [
        migrations.RunPython(count_what_is_sent, migrations.RunPython.noop, elidable=True),
    ]
