"""What is past its age goes, what is not stays."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests import factories, flow
from tracking.choices import DeliveryState
from tracking.models import Delivery, StoredEvent
from tracking.pipeline import retention
from tracking.store import clock

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("days", "left"),
    [
        pytest.param(13, {"sent", "failed", "queued"}, id="all stay for two weeks"),
        pytest.param(15, {"failed", "queued"}, id="then those that were sent go"),
        pytest.param(91, {"queued"}, id="the failed ones after ninety days, what waits never"),
    ],
)
def test_mails_and_their_events_go_by_age_and_state(days, left):
    for state in (DeliveryState.SENT, DeliveryState.FAILED, DeliveryState.QUEUED):
        (row,) = flow.owe(factories.saved_rule())
        Delivery.objects.filter(pk=row.pk).update(state=state)
    now = clock.now() + timedelta(days=days)

    preview = retention.preview(now=now)
    removed = retention.prune(now=now, seconds=60)

    assert flow.states().keys() == left
    assert StoredEvent.objects.count() == len(left)
    assert sum(preview[kind] for kind in preview if kind.startswith("deliveries")) == 3 - len(left)
    assert removed["events"] == 3 - len(left)
