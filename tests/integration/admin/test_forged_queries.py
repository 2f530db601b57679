"""Query strings that nobody's browser writes: an answer, never a server error."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.urls import reverse

from tracking.models import Campaign, Channel, Delivery, Rule, StoredEvent, UsageDay, User

pytestmark = pytest.mark.django_db

HUGE = "9" * 40
LISTS = (Campaign, Delivery, Rule, UsageDay, User)


def changelist(model: type) -> str:
    return reverse(f"admin:tracking_{model._meta.model_name}_changelist")


@pytest.mark.parametrize("model", LISTS, ids=lambda model: model.__name__)
@pytest.mark.parametrize(
    "query",
    [
        f"rule={HUGE}",
        f"product={HUGE}",
        f"rule__id__exact={HUGE}",
        f"product__id__exact={HUGE}",
        "product__id__exact=abc",
        "product__id__exact=%00",
        f"campaign__id__exact={HUGE}",
        f"buyer__id__exact={HUGE}",
        f"p={HUGE}",
        f"o={HUGE}",
        f"id={HUGE}",
        f"adjacent={HUGE}",
        "q=%00",
        "p=abc",
        "x__y=1",
        "%00=1",
    ],
)
def test_a_list_answers_whatever_it_is_filtered_by(admin_client, model, query):
    assert admin_client.get(f"{changelist(model)}?{query}", follow=True).status_code == 200


@pytest.mark.parametrize(("model", "field"), [(Delivery, "created_at"), (StoredEvent, "received_at")])
@pytest.mark.parametrize("day", ["0001-01-01", "1969-12-31", "9999-12-31", "2026-02-30", "%00", "1e3"])
@pytest.mark.parametrize("end", ["from", "to"])
def test_any_day_of_the_calendar_or_none_is_looked_for(admin_client, model, field, day, end):
    assert admin_client.get(f"{changelist(model)}?{field}_{end}={day}").status_code == 200


def test_a_search_for_a_long_number_is_a_search(admin_client):
    assert admin_client.get(changelist(Delivery), {"q": HUGE}).status_code == 200


@pytest.mark.parametrize("model", [Campaign, Channel, Rule], ids=lambda model: model.__name__)
@pytest.mark.parametrize("value", [HUGE, "abc", "%00", "-1", "1e3"])
def test_a_form_opens_empty_where_an_id_can_be_none(admin_client, model, value):
    url = reverse(f"admin:tracking_{model._meta.model_name}_add")

    assert admin_client.get(f"{url}?product={value}&owner_product={value}&owner_campaign={value}").status_code == 200


@pytest.mark.parametrize("model", [row for row in admin.site._registry if row._meta.app_label == "tracking"])
@pytest.mark.parametrize("key", [HUGE, "abc", "_00"])
def test_no_page_of_an_impossible_row_is_an_error(admin_client, model, key):
    for page in ("change/", "delete/"):
        answer = admin_client.get(f"{changelist(model)}{key}/{page}", follow=True)

        assert answer.status_code in {200, 403, 404}


@pytest.mark.parametrize("query", ["x__y=1", "rule__id__exact=abc", f"rule__id__exact={HUGE}", "day_from=abc"])
def test_a_download_by_what_is_no_filter_leads_back_or_ignores_it(admin_client, query):
    url = f"{changelist(UsageDay)}csv/?{query}"

    assert admin_client.get(url, follow=True).status_code == 200


@pytest.mark.parametrize(
    ("model", "action"), [(Rule, "disable"), (Delivery, "resend_selected"), (Campaign, "delete_selected")]
)
@pytest.mark.parametrize("key", [HUGE, "abc", "\0", "1e3", "-1"])
def test_an_action_on_what_can_be_no_row_does_nothing(admin_client, model, action, key):
    chosen = {"action": action, "_selected_action": [key]}

    assert admin_client.post(changelist(model), chosen, follow=True).status_code == 200
