"""The API against its own OpenAPI document: whatever is sent, the answer is one that the document knows.

On PostgreSQL, whose types refuse what SQLite's take. TRACKING_FUZZ_EXAMPLES makes the runs longer: each operation has
its examples, its edge cases one by one, and so many random requests. TRACKING_FUZZ_LEAST: fewer than that fail (in one
process, `-n 0`, which alone can count them).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, connection
from hypothesis import HealthCheck, settings
from schemathesis.config import SchemathesisConfig

from tests import factories, flow
from tests.integration.api.conftest import Platform
from tracking.choices import DeliveryState, JobKind
from tracking.models import Alert, Delivery, StoredEvent
from tracking.store import clock, jobs

EXAMPLES = int(os.environ.get("TRACKING_FUZZ_EXAMPLES", "5"))
LEAST = int(os.environ.get("TRACKING_FUZZ_LEAST", "0"))
CONFIG = SchemathesisConfig.from_dict(
    {
        "checks": {
            # A schema cannot say all that a rule, an event or a precondition must fulfil.
            "positive_data_acceptance": {
                "expected-statuses": ["2xx", 400, 401, 403, 404, 409, 412, 422, 428, 429],
            },
            "missing_required_header": {"expected-statuses": [400, 404, 428]},
            "negative_data_rejection": {"expected-statuses": [400, 401, 403, 404, 405, 406, 409, 412, 415, 422, 428]},
        },
        "generation": {"allow-extra-parameters": False},  # headers that nobody knows are nobody's business
    }
)
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="set TEST_DATABASE_URL to a PostgreSQL server"),
]

sent: list[str] = []  # the methods of all requests
schema = schemathesis.openapi.from_wsgi("/api/v1/schema/", get_wsgi_application(), config=CONFIG)


@pytest.fixture
def rows(admin: Platform) -> dict[str, Any]:
    """One row of each kind, so that what can be read and changed is; by the first word of its address."""
    channel = factories.ChannelFactory.create()
    campaign = factories.CampaignFactory.create(product=channel.product)
    rule = factories.saved_rule(product=channel.product_id)
    (delivery,) = flow.owe(rule, 1)
    Delivery.objects.update(state=DeliveryState.FAILED)
    return {
        "products": channel.product_id,
        "campaigns": campaign.pk,
        "buyers": campaign.buyer_id,
        "publishers": channel.publisher_id,
        "channels": channel.pk,
        "rules": rule.pk,
        "connections": rule.connection_id,
        "deliveries": str(delivery.pk),
        "events": StoredEvent.objects.get().event_id,
        "alerts": Alert.objects.create(rule=rule, version=rule.current, raised_at=clock.now()).pk,
        "jobs": jobs.open_job(JobKind.PRUNE, {}, author=admin.user, now=clock.now()).pk,
    }


@pytest.fixture
def unlimited(settings) -> Iterator[None]:
    """As often as it likes, in the test's own transaction: Django's client, too, keeps requests from closing it."""
    settings.TRACKING_API_TOKEN_RATE = settings.TRACKING_API_DEAR_RATE = 10**9
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@schema.parametrize()
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.filter_too_much],
)
def test_every_answer_is_one_that_the_document_knows(case, admin, rows, unlimited):
    own = rows.get(case.path.split("/")[3])
    if own is not None and case.path_parameters and case.meta.generation.mode.is_positive:
        case.path_parameters = dict.fromkeys(case.path_parameters, own)

    sent.append(case.method)
    case.call_and_validate(headers={"Authorization": f"Bearer {admin.token}"})


@pytest.mark.skipif(not LEAST, reason="set TRACKING_FUZZ_LEAST to the number of requests wanted")
def test_so_many_requests_were_answered():
    assert len(sent) >= LEAST
