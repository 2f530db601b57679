"""The directory: found by id and name, chosen without loading it, and the rules of each owner on its page."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from tests import factories
from tests.integration.admin.pages import errors, form_of, listed, sent
from tracking.admin.choosing import PAGE
from tracking.choices import Role
from tracking.models import Product, Publisher

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


@pytest.mark.parametrize("model", ["campaign", "channel"])
def test_an_entry_is_not_hung_on_a_product_of_another_platform(model):
    client, foreign = Client(), factories.ProductFactory.create(calls=True)
    client.force_login(factories.member(Role.LMS_ADMIN))
    fields = {"buyer": factories.BuyerFactory.create().pk, "publisher": factories.PublisherFactory.create().pk}
    url = reverse(f"admin:tracking_{model}_add")

    def add(product: int) -> dict[str, object]:
        sent = {**fields, "id": 5, "name": "New", "method": "post", "product": product}
        return dict(client.post(url, sent).context["adminform"].form.errors)

    (said,) = add(foreign.pk)["product"]
    assert [said] == add(987_654)["product"]


def test_an_admin_of_one_platform_makes_no_product_of_the_other():
    client = Client()
    client.force_login(factories.member(Role.LMS_ADMIN))

    page = client.post(reverse("admin:tracking_product_add"), {"id": 5, "name": "New", "platform": "call_logic"})

    assert list(page.context["adminform"].form.errors) == ["platform"]


def test_an_id_typed_whole_is_the_first_choice_and_comes_once(admin_client):
    Publisher.objects.bulk_create(Publisher(pk=pk, name=f"No. 4242 of {pk}") for pk in range(1, PAGE + 10))
    Publisher.objects.create(pk=4242, name="The one")

    pages = [admin_client.get(CHOICES, {"term": "4242", "page": page}).json()["results"] for page in (1, 2)]

    assert pages[0][0] == {"id": "4242", "text": "The one (#4242)"}
    assert len({choice["id"] for page in pages for choice in page}) == sum(map(len, pages)) == PAGE + 10


def test_what_is_in_use_stays_and_the_page_says_what_to_do_instead(admin_client):
    rule = factories.saved_rule()

    used = admin_client.get(reverse("admin:tracking_product_delete", args=(rule.product_id,))).content.decode()
    free = admin_client.get(
        reverse("admin:tracking_product_delete", args=(factories.ProductFactory.create().pk,))
    ).content.decode()

    assert "disable the rules that see its events" in used
    assert 'id="instead"' not in free


@pytest.mark.parametrize(("role", "may_add"), [(Role.GLOBAL_ADMIN, True), (Role.SUPPORT, False)])
def test_an_empty_list_offers_what_there_is_to_do(role, may_add):
    client = Client()
    client.force_login(factories.member(role))

    bare, searched = (client.get(LIST + query).content.decode() for query in ("", "?q=nobody"))

    assert "There is no publisher that you may see." in bare
    assert "Nothing matches" in searched
    assert "Reset filters" in searched
    assert ("Reset filters" in bare, "Add publisher" in bare) == (False, may_add)


@pytest.mark.parametrize(
    ("model", "words"),
    [
        ("alert", "passes its limits"),
        ("delivery", "an event fires"),
        ("job", "while they run"),
        ("preset", "Save as preset"),
        ("storedevent", "the platform has sent it"),
        ("usageday", "the first mail of a rule"),
    ],
)
def test_an_empty_list_says_when_something_will_stand_there(admin_client, model, words):
    assert words in admin_client.get(reverse(f"admin:tracking_{model}_changelist")).content.decode()
