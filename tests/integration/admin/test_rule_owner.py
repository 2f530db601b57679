"""What an owner allows is told to the form that has chosen it."""

from __future__ import annotations

import pytest
from django.urls import reverse

from tests import factories

OWNER = reverse("admin:tracking_rule_owner")
ANY = {"platform": None, "ping_post": True}

pytestmark = pytest.mark.django_db


def test_a_product_and_a_campaign_tell_their_platform(admin_client):
    calls = factories.CampaignFactory.create(product__calls=True)
    posts = factories.ProductFactory.create(ping_post=True)

    assert admin_client.get(OWNER, {"product": posts.pk}).json() == {"platform": "lms", "ping_post": True}
    assert admin_client.get(OWNER, {"owner_campaign": calls.pk}).json() == {
        "platform": "call_logic",
        "ping_post": False,
    }


@pytest.mark.parametrize("query", [{}, {"product": "x"}, {"product": "9" * 40}, {"owner_campaign": "4711"}])
def test_where_nothing_is_chosen_everything_is_allowed(admin_client, query):
    assert admin_client.get(OWNER, query).json() == ANY


def test_who_writes_no_rules_learns_nothing(person):
    product = factories.ProductFactory.create()

    assert person("view_rule").get(OWNER, {"product": product.pk}).json() == ANY
