"""The directory: found by id and name, chosen without loading it, and the rules of each owner on its page."""

from __future__ import annotations

import pytest
from django.urls import reverse

from tests import factories
from tests.integration.admin.pages import errors, form_of, listed, sent
from tracking.admin.choosing import PAGE
from tracking.models import Product, Publisher
from tracking.store import rules

pytestmark = pytest.mark.django_db

LIST = reverse("admin:tracking_publisher_changelist")
CHOICES = reverse("admin:tracking_publisher_choices")


@pytest.fixture
def many() -> None:
    Publisher.objects.bulk_create(Publisher(pk=pk, name=f"Publisher {pk:05}") for pk in range(1, 5_001))


@pytest.mark.parametrize(
    ("term", "expected"),
    [
        pytest.param("77", [77, 177, 277], id="an id, and names with it"),
        pytest.param("04321", [4321], id="a part of the name"),
        pytest.param("publisher 00012", [12], id="two words"),
        pytest.param("nobody", [], id="nobody"),
        pytest.param("9" * 30, [], id="a number beyond all ids"),
    ],
)
def test_entries_are_found_by_id_and_name(admin_client, many, term, expected):
    found = listed(admin_client.get(LIST, {"q": term}))

    assert found[: len(expected)] == expected
    assert bool(found) is bool(expected)


def test_choices_come_in_pages_and_nothing_is_counted(admin_client, many, django_assert_max_num_queries):
    with django_assert_max_num_queries(3) as queries:
        first = admin_client.get(CHOICES, {"term": "Publisher"}).json()
    last = admin_client.get(CHOICES, {"term": "Publisher", "page": 5_000 // PAGE}).json()

    assert len(first["results"]) == PAGE
    assert first["pagination"] == {"more": True}
    assert first["results"][0] == {"id": "1", "text": "Publisher 00001 (#1)"}
    assert last["results"][-1]["id"] == "5000"
    assert last["pagination"] == {"more": False}
    assert not any("COUNT" in query["sql"] for query in queries.captured_queries)


def test_no_letter_breaks_a_choice(admin_client, many):
    for term in ("\0", "'", "%", "\ud7ff", "é" * 3_000):
        assert admin_client.get(CHOICES, {"term": term}).status_code == 200


@pytest.mark.parametrize("page", ["0", "-1", "x", "9" * 20, ""])
def test_a_page_that_is_none_is_the_first(admin_client, many, page):
    assert admin_client.get(CHOICES, {"page": page}).json()["results"][0]["id"] == "1"


def test_the_rule_form_loads_the_chosen_ones_only(admin_client, many, django_assert_max_num_queries):
    rule = factories.saved_rule(filters__publisher=[7, 9])

    with django_assert_max_num_queries(20):
        page = admin_client.get(reverse("admin:tracking_rule_change", args=(rule.pk,))).content.decode()

    assert "Publisher 00007" in page
    assert "Publisher 00008" not in page


@pytest.mark.parametrize("model", ["campaign", "channel"])
def test_no_form_lists_a_whole_table(admin_client, many, model):
    assert "Publisher 00008" not in admin_client.get(reverse(f"admin:tracking_{model}_add")).content.decode()


def test_an_id_is_given_once_and_never_changed(admin_client):
    admin_client.post(reverse("admin:tracking_product_add"), {"id": 77, "name": "Autos", "platform": "lms"})
    url = reverse("admin:tracking_product_change", args=(77,))

    admin_client.post(url, sent(form_of(admin_client, url), id=78, name="Cars"))

    assert list(Product.objects.values_list("pk", "name")) == [(77, "Cars")]


def test_an_id_is_used_once(admin_client):
    product = factories.ProductFactory.create()

    response = admin_client.post(
        reverse("admin:tracking_product_add"), {"id": product.pk, "name": "Twin", "platform": "lms"}
    )

    assert "id" in errors(response)


def test_an_owners_page_shows_the_rules_that_see_its_events(admin_client):
    campaign = factories.CampaignFactory.create()
    of_product = factories.saved_rule(product=campaign.product_id, name="Of the product")
    factories.saved_rule(campaign=campaign.pk, trigger="lms.campaign_sold", name="Of the campaign")
    rules.delete([factories.saved_rule(product=campaign.product_id, name="Deleted")], now=factories.NOON)

    on_product = admin_client.get(reverse("admin:tracking_product_change", args=(campaign.product_id,)))
    on_campaign = admin_client.get(reverse("admin:tracking_campaign_change", args=(campaign.pk,)))

    assert {rule.name for rule in on_product.context["owned_rules"]} == {"Of the product", "Of the campaign"}
    assert {rule.name for rule in on_campaign.context["owned_rules"]} == {"Of the campaign"}
    add = reverse("admin:tracking_rule_add")
    assert f'href="{add}?product={campaign.product_id}"' in on_product.content.decode()
    assert f'href="{add}?owner_campaign={campaign.pk}"' in on_campaign.content.decode()
    assert reverse("admin:tracking_rule_change", args=(of_product.pk,)) in on_product.content.decode()


def test_add_rule_needs_its_permission(person):
    product = factories.ProductFactory.create()
    url = reverse("admin:tracking_product_change", args=(product.pk,))

    assert "Add Rule" not in person("view_product", "view_rule").get(url).content.decode()
    assert "Tracking" not in person("view_product").get(url).content.decode().replace("Event Tracking", "")
