"""What happens beside the browser: events come in, mails arrive."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction

from tests import factories
from tests.acceptance.stage import eventually
from tests.browser.running import Running
from tracking.choices import DeliveryState
from tracking.emit import emit_many
from tracking.models import Delivery, Rule
from tracking.store import clock


def sold(rule: Rule, *names: str, domain: str = "example.org") -> list[Delivery]:
    """What the rule owes for leads of these people, oldest first."""
    leads = [{"first_name": name, "email": f"{name.lower()}@{domain}"} for name in names]
    now = clock.now()
    owner = {"product": rule.product_id, "campaign": rule.campaign_id, "trigger": rule.trigger}
    receipts = emit_many(factories.event(**owner, price="12.00", occurred_at=now, lead=lead) for lead in leads)
    keys = [matched.delivery for receipt in receipts for matched in receipt.matched]
    return list(Delivery.objects.filter(pk__in=keys, rule=rule).select_related("event").order_by("pk"))


def failed(rule: Rule, *names: str) -> list[Delivery]:
    """The same, all of it failed a minute ago."""
    ended = {"state": DeliveryState.FAILED, "finished_at": clock.now() - timedelta(minutes=1)}
    with transaction.atomic():  # no worker may see them before
        found = sold(rule, *names)
        Delivery.objects.filter(pk__in=[delivery.pk for delivery in found]).update(**ended)
    return found


def mailed(running: Running, address: str) -> list[bytes]:
    return [mail.data for mail in running.mail.mails if address in mail.recipients]


def arrived(running: Running, address: str) -> bytes:
    """The one mail to that address, once it is there."""
    assert eventually(lambda: mailed(running, address) != [], within=60), f"no mail for {address}"
    (data,) = mailed(running, address)
    return data
