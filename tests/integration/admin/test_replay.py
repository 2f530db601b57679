"""The page that replays a window: it says what would be done before anything is."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from tests import factories
from tests.integration.admin.test_log import LIST
from tests.integration.test_replay import stopped
from tracking.choices import AuditAction, DeliveryState, JobKind, Role
from tracking.models import AuditEntry, Delivery, Job, Rule
from tracking.store import clock

pytestmark = pytest.mark.django_db
URL = f"{LIST}replay/"
CHOICES = reverse("admin:tracking_rule_choices")


def chosen(*states: str, **changes: object) -> dict[str, object]:
    now = clock.now()
    times = {"first": now - timedelta(hours=1), "until": now + timedelta(hours=1)}
    return {
        **{name: f"{moment:%Y-%m-%dT%H:%M}" for name, moment in times.items()},
        "states": states or ("failed", "held"),
        "cap": "100",
        **changes,
    }


def test_a_preview_counts_and_does_nothing(admin_client):
    stopped(DeliveryState.FAILED), stopped(DeliveryState.SENT)

    text = admin_client.get(URL, chosen("failed", "sent")).content.decode()

    assert "Replay 2 deliveries" in text
    assert re.search(r"Careful</span>\s*Sent: everybody gets it once more", text)
    assert "$0.0000: a delivery is billed once, at its first try" in text
    assert not Job.objects.exists()


def test_a_preview_says_what_will_be_billed(admin_client, settings):
    settings.TRACKING_REGULAR_PRICE = "0.01"
    Delivery.objects.filter(pk=stopped(DeliveryState.HELD).pk).update(claimed_at=None)

    text = admin_client.get(URL, chosen()).content.decode()

    assert "$0.0100: a delivery is billed once, at its first try; 1 was never tried" in text


def test_the_button_starts_a_job_and_leaves_a_row(admin_client):
    stopped(DeliveryState.FAILED)

    answer = admin_client.post(URL, chosen())

    job = Job.objects.get()
    assert (job.kind, job.params["states"]) == (JobKind.REPLAY, ["failed", "held"])
    assert answer["Location"] == f"/admin/tracking/job/{job.pk}/change/"
    assert AuditEntry.objects.get(action=AuditAction.REPLAYED).detail["cap"] == 100
    assert Delivery.objects.get().state == DeliveryState.FAILED, "a worker does it"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"until": "2020-01-01T00:00"}, "must be after the beginning"),
        ({"first": "2020-01-01T00:00"}, "at most 31 days"),
        ({"first": "yesterday"}, "Enter a valid date/time"),
        ({"cap": "1000000"}, "must be from 1 to 10,000"),
        ({"states": ("queued",)}, "is not one of the available choices"),
        ({"rule": "999999"}, "is not one of the available choices"),
    ],
)
def test_what_cannot_be_is_said_at_its_field(admin_client, changes, said):
    assert said in admin_client.get(URL, chosen(**changes)).content.decode()
    assert admin_client.post(URL, chosen(**changes)).status_code == 200
    assert not Job.objects.exists()


def test_a_rule_is_chosen_from_one_s_own_by_name(admin_client, django_assert_max_num_queries):
    mine, theirs = (factories.CampaignFactory.create() for _ in range(2))
    rules = {
        campaign: factories.saved_rule(trigger="lms.campaign_sold", campaign=campaign.pk, name=f"Thank {number}")
        for number, campaign in enumerate((mine, theirs))
    }
    own, other = rules[mine], rules[theirs]
    asked = {"term": "thank"}
    buyer = Client()
    buyer.force_login(factories.member(Role.BUYER_EDITOR, buyers=[mine.buyer]))

    page = admin_client.get(URL, chosen(rule=own.pk)).content.decode()
    with django_assert_max_num_queries(3) as queries:
        every = admin_client.get(CHOICES, asked).json()["results"]

    assert f'data-ajax--url="{CHOICES}"' in page
    assert f'<option value="{own.pk}" selected' in page
    assert str(other) not in page, "no row but the chosen one is loaded"
    assert [row["text"] for row in every] == [str(other), str(own)]
    assert not any("COUNT" in query["sql"] for query in queries.captured_queries)
    assert buyer.get(CHOICES, asked).json()["results"] == [{"id": str(own.pk), "text": str(own)}]
    assert buyer.get(CHOICES, {"term": str(other.pk)}).json()["results"] == []


def test_a_rule_that_was_deleted_is_not_offered(admin_client):
    rule = factories.saved_rule()
    Rule.objects.update(deleted_at=clock.now())

    assert admin_client.get(CHOICES, {"term": str(rule.pk)}).json()["results"] == []


def test_it_needs_the_right_to_change_deliveries(person):
    assert person("view_delivery").get(URL).status_code == 403
    assert person("view_delivery", "change_delivery").get(URL).status_code == 200
    assert b"Replay a window" not in person("view_delivery").get(LIST).content
