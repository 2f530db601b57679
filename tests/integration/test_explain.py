"""Why a rule fired for an event, or did not, in words that people know."""

from __future__ import annotations

import pytest

from tests import factories
from tracking.choices import Filter
from tracking.models import Rule, RuleVersion
from tracking.pipeline.explain import explain, of_other_triggers

pytestmark = pytest.mark.django_db


@pytest.fixture
def rule():
    bright = factories.PublisherFactory.create(id=77, name="Bright Leads")
    factories.PublisherFactory.create(id=78, name="Dim Leads")
    return factories.saved_rule(name="Bright only", filters__publisher=[bright.pk])


def test_entities_are_told_by_name_where_that_is_asked_for(rule):
    event = factories.event(product=rule.product_id, publisher=78)

    (plain,) = explain(event)
    (named,) = explain(event, named=True)

    assert plain.reason == "Publisher: the rule wants 77, the event has 78."
    assert named.reason == "Publisher: the rule wants Bright Leads (#77), the event has Dim Leads (#78)."
    assert (named.matched, named.refused_by) == (False, "publisher")


def test_filters_that_somebody_does_not_see_are_not_told(rule):
    event = factories.event(product=rule.product_id, publisher=78)

    (told,) = explain(event, hides=lambda name: name is Filter.PUBLISHER)

    assert (told.refused_by, "77" in told.reason) == ("hidden", False)


def test_only_rules_that_may_be_told_of_are(rule):
    event = factories.event(product=rule.product_id, publisher=77)

    assert list(explain(event, among=Rule.objects.none())) == []
    assert [one.matched for one in explain(event, among=Rule.objects.all())] == [True]


def test_a_rule_that_this_release_cannot_read_is_said_to_be_so(rule):
    RuleVersion.objects.filter(pk=rule.current_id).update(document={"trigger": "lms.lead_sold"})

    (told,) = explain(factories.event(product=rule.product_id))

    assert told.refused_by == "unreadable"


def test_rules_of_other_triggers_are_counted(rule):
    factories.saved_rule(product=rule.product_id, trigger="lms.lead_rejected")

    assert of_other_triggers(factories.event(product=rule.product_id), Rule.objects.all()) == 1
