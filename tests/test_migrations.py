"""No model without its migration."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection

from tests import factories, flow
from tests.factories import NOON
from tracking.api import tokens
from tracking.choices import DeliveryState
from tracking.models import ApiToken, Delivery, Lease, SentMinute


@pytest.mark.django_db
def test_every_model_has_its_migration():
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


@pytest.mark.django_db(transaction=True)
def test_what_workers_had_in_hand_is_still_theirs_after_the_release_that_made_leases_rows():
    (delivery,) = flow.owe(factories.saved_rule())
    now = delivery.created_at
    call_command("migrate", "tracking", "0013_lease", verbosity=0)
    token = factories.new_token()
    held = {"state": "sending", "lease_token": token.hex, "lease_until": now, "marked": True}
    with connection.cursor() as cursor:
        columns = ", ".join(f"{column} = %s" for column in held)
        cursor.execute(f"UPDATE tracking_delivery SET {columns}", list(held.values()))

    call_command("migrate", "tracking", verbosity=0)

    lease = Lease.objects.get()
    assert (lease.token, lease.connection_id, lease.until) == (token, delivery.connection_id, now)
    assert lease.marked == [delivery.pk.hex]


@pytest.mark.django_db(transaction=True)
def test_what_was_sent_before_the_release_that_counts_it_is_counted():
    rows = flow.owe(factories.saved_rule(), 4)
    Delivery.objects.update(state=DeliveryState.SENT, claimed_at=NOON, finished_at=NOON + timedelta(seconds=30))
    Delivery.objects.filter(pk=rows[0].pk).update(state=DeliveryState.FAILED)
    Delivery.objects.filter(pk=rows[1].pk).update(test=True)
    call_command("migrate", "tracking", "0024_log_of_a_campaign", verbosity=0)

    call_command("migrate", "tracking", verbosity=0)

    assert SentMinute.objects.values_list("rule_id", "minute", "sent").get() == (rows[0].rule_id, NOON, 2)


@pytest.mark.django_db(transaction=True)
def test_a_token_that_had_products_before_the_release_stays_narrowed_to_them():
    user, product = factories.UserFactory.create(), factories.ProductFactory.create()
    tokens.issue(user, "of one", products=[product])
    tokens.issue(user, "of all")
    call_command("migrate", "tracking", "0028_lifetime_begins_anew", verbosity=0)

    call_command("migrate", "tracking", verbosity=0)

    assert dict(ApiToken.objects.values_list("name", "narrowed")) == {"of one": True, "of all": False}
