"""The tab "Tracking" of a product or campaign: the rules that see its events, and what can be done with them there."""

from __future__ import annotations

import re
from html import unescape

import pytest
from django.urls import reverse

from tests import factories
from tracking.admin.rules.columns import COLUMNS
from tracking.models import Rule
from tracking.store import rules

pytestmark = pytest.mark.django_db


def page_of(owner) -> str:
    return reverse(f"admin:tracking_{owner._meta.model_name}_change", args=(owner.pk,))


def shown(response) -> set[str]:
    (tab,) = response.context["datasets"]
    return {rule.name for rule in tab.cl.result_list}


def test_each_owner_shows_the_rules_that_see_its_events(admin_client):
    campaign = factories.CampaignFactory.create()
    of_product = factories.saved_rule(product=campaign.product_id, name="Of the product")
    factories.saved_rule(campaign=campaign.pk, trigger="lms.campaign_sold", name="Of the campaign")
    factories.saved_rule(name="Stranger")
    rules.delete([factories.saved_rule(product=campaign.product_id, name="Deleted")], now=factories.NOON)

    on_product, on_campaign = (admin_client.get(page_of(owner)) for owner in (campaign.product, campaign))

    assert shown(on_product) == {"Of the product", "Of the campaign"}
    assert shown(on_campaign) == {"Of the campaign"}
    add = reverse("admin:tracking_rule_add")
    assert f'href="{add}?product={campaign.product_id}"' in on_product.content.decode()
    assert f'href="{add}?owner_campaign={campaign.pk}"' in on_campaign.content.decode()
    assert reverse("admin:tracking_rule_change", args=(of_product.pk,)) in on_product.content.decode()


def test_what_is_done_with_a_rule_leads_back_to_the_tab(admin_client):
    rule = factories.saved_rule()
    here = page_of(rule.product)
    (address,) = re.findall(r'formaction="([^"]+/disable/[^"]+)"', admin_client.get(here).content.decode())

    assert admin_client.post(unescape(address)).url == f"{here}#dataset-rule"


def test_the_columns_are_those_of_the_list(admin_client):
    rule = factories.saved_rule()

    text = admin_client.get(page_of(rule.product)).content.decode()

    assert all(f"field-{column}" in text for column in COLUMNS)


def test_the_tab_is_searched_and_takes_a_few_queries(admin_client, django_assert_max_num_queries):
    product, connection = factories.ProductFactory.create(), factories.ConnectionFactory.create()
    for number in range(30):
        factories.saved_rule(product=product.pk, connection=connection, name=f"Rule {number:02}")

    with django_assert_max_num_queries(20):
        text = admin_client.get(page_of(product), {"rule-q": "Rule 17"}).content.decode()

    assert "Rule 17" in text
    assert "Rule 18" not in text


def test_rules_are_switched_together_on_the_tab(admin_client):
    rule, stranger = factories.saved_rule(), factories.saved_rule()

    admin_client.post(
        page_of(rule.product),
        {"dataset": "ProductTab", "action": "disable", "_selected_action": [rule.pk, stranger.pk]},
    )

    assert list(Rule.objects.filter(enabled=False)) == [rule], "a rule of another product is not on the tab"


def test_the_tab_and_add_rule_need_their_permissions(person):
    url = page_of(factories.ProductFactory.create())

    assert "Add Rule" not in person("view_product", "view_rule").get(url).content.decode()
    assert "Add Rule" in person("view_product", "view_rule", "add_rule").get(url).content.decode()
    assert "Tracking" not in person("view_product").get(url).content.decode().replace("Event Tracking", "")


def test_a_new_product_has_no_tab(admin_client):
    assert admin_client.get(reverse("admin:tracking_product_add")).context["datasets"] == []
