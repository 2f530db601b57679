"""The directory over HTTP: synchronised by the platform's ids, read in pages, found by name."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests import factories
from tests.integration.api.conftest import told
from tracking.api.directory import DOORS, MOST_ROWS
from tracking.choices import AuditAction, Method, Role
from tracking.models import AuditEntry, Campaign, Channel, Product, Publisher

pytestmark = pytest.mark.django_db


def publishers(number: int, *, name: str = "Publisher") -> list[dict[str, object]]:
    return [{"id": id_, "name": f"{name} {id_}"} for id_ in range(1, number + 1)]


def test_rows_are_written_by_their_ids_new_and_changed_alike(admin):
    Product.objects.create(id=7, name="Old", platform="lms")
    rows = [
        {"id": 7, "name": "Loans", "platform": "lms", "ping_post": True},
        {"id": 2**62, "name": "Calls", "platform": "call_logic"},
    ]

    response = admin.put("products/", rows)

    assert (response.status_code, response.json()) == (200, {"rows": 2})
    assert list(Product.objects.values_list("id", "name", "platform", "ping_post")) == [
        (7, "Loans", "lms", True),
        (2**62, "Calls", "call_logic", False),
    ]
    note = AuditEntry.objects.get(action=AuditAction.ENTRY_CHANGED, actor_id=admin.user.pk)
    assert note.detail == {"kind": "product", "rows": 2, "created": 1, "ids": [7, 2**62]}


def test_a_batch_is_one_statement_however_many_rows_it_has(admin):
    with CaptureQueriesContext(
        connection,
    ) as queries:
        admin.put("publishers/", publishers(400))

    writes = [query["sql"] for query in queries if query["sql"].startswith("INSERT INTO tracking_publisher")]
    assert len(writes) == 1
    assert Publisher.objects.count() == 400


def test_the_same_rows_again_change_nothing(admin):
    admin.put("publishers/", publishers(3))
    admin.put("publishers/", publishers(3))

    assert list(Publisher.objects.values_list("id", "name")) == [(row["id"], row["name"]) for row in publishers(3)]


def test_relations_are_named_by_id(admin):
    campaign = factories.CampaignFactory.create()
    publisher = factories.PublisherFactory.create()
    owners = {"product": campaign.product_id, "buyer": campaign.buyer_id}

    first = admin.put("campaigns/", [{"id": campaign.pk, "name": "New name", **owners}])
    second = admin.put(
        "channels/", [{"id": 5, "name": "Web", "publisher": publisher.pk, "product": campaign.product_id}]
    )

    assert (first.status_code, second.status_code) == (200, 200)
    assert Campaign.objects.get().name == "New name"
    assert Channel.objects.get().method == Method.POST


@pytest.mark.parametrize(
    ("path", "rows", "fields"),
    [
        pytest.param("publishers/", {"id": 1, "name": "A"}, ["rows"], id="no list"),
        pytest.param("publishers/", [1], ["0"], id="no object"),
        pytest.param("publishers/", [{"id": 1}], ["0.name"], id="no name"),
        pytest.param("publishers/", [{"id": "1", "name": "A"}], ["0.id"], id="an id in quotes"),
        pytest.param("publishers/", [{"id": True, "name": "A"}], ["0.id"], id="an id that is true"),
        pytest.param("publishers/", [{"id": -1, "name": "A"}], ["0.id"], id="a negative id"),
        pytest.param("publishers/", [{"id": 2**63, "name": "A"}], ["0.id"], id="an id over a bigint"),
        pytest.param("publishers/", [{"id": 1, "name": "A\nB"}], ["0.name"], id="a name of two lines"),
        pytest.param("publishers/", [{"id": 1, "name": "A\0"}], ["0.name"], id="a NUL"),
        pytest.param("publishers/", [{"id": 1, "name": "x" * 201}], ["0.name"], id="a name too long"),
        pytest.param("publishers/", [{"id": 1, "name": "A", "rules": []}], ["0.rules"], id="an unknown field"),
        pytest.param("publishers/", [{"id": 1, "name": "A"}, {"id": 1, "name": "B"}], ["1.id"], id="an id twice"),
        pytest.param("products/", [{"id": 1, "name": "A", "platform": "sms"}], ["0.platform"], id="another platform"),
        pytest.param(
            "campaigns/", [{"id": 1, "name": "A", "product": 9, "buyer": 8}], ["0.product", "0.buyer"], id="no owner"
        ),
    ],
)
def test_what_cannot_stand_is_named_by_its_place_and_none_is_written(admin, path, rows, fields):
    response = admin.put(path, rows)

    assert response.status_code == 400
    assert list(told(response)["errors"]) == fields
    assert not Publisher.objects.exists()


def test_more_rows_than_a_batch_has_are_refused(admin):
    response = admin.put("publishers/", publishers(MOST_ROWS + 1))

    assert told(response)["errors"] == {"rows": ["must be at most 5,000 in one request, not 5,001"]}


@pytest.mark.parametrize("name", DOORS)
def test_each_kind_is_listed_found_and_read(admin, name):
    channel = factories.ChannelFactory.create()
    factories.CampaignFactory.create(product=channel.product)
    model = DOORS[name].queryset.model
    entry = model.objects.first() or model.objects.create(id=3, name="Only one")

    listed = admin.get(f"{name}/").json()["results"]
    found = admin.get(f"{name}/?search={entry.pk}").json()["results"]
    one = admin.get(f"{name}/{entry.pk}/").json()

    assert one in listed
    assert one in found
    assert (one["id"], one["name"]) == (entry.pk, entry.name)


def test_lists_go_on_where_they_ended(admin):
    admin.put("publishers/", publishers(5))

    pages, path = [], "publishers/?limit=2"
    while path:
        page = admin.get(path).json()
        pages.append([row["id"] for row in page["results"]])
        path = page["next"]

    assert pages == [[1, 2], [3, 4], [5]]


def test_a_buyer_sees_his_campaigns_and_no_publisher(calls):
    mine, _ = factories.CampaignFactory.create_batch(2)
    factories.PublisherFactory.create()
    caller = calls("view_publisher", role=Role.BUYER_AGENT, buyers=[mine.buyer])

    assert [row["id"] for row in caller.get("campaigns/").json()["results"]] == [mine.pk]
    assert caller.get("publishers/").json()["results"] == []


def test_a_token_of_some_products_does_not_write_the_directory(calls):
    product = factories.ProductFactory.create()

    response = calls(role=Role.GLOBAL_ADMIN, products=[product]).put("publishers/", publishers(1))

    assert response.status_code == 403
    assert not Publisher.objects.exists()
