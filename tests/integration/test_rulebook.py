"""What a process remembers of the rules: never older than the settings say, never another's rolled-back rules."""

from __future__ import annotations

import pytest
from django.db import transaction

from tests import factories
from tests.factories import NOON
from tracking.models import Rule, RuleBook, RuleVersion
from tracking.store import rulebook, rules

pytestmark = pytest.mark.django_db


def fired(product: int) -> list[int]:
    return [one.rule_id for one in rulebook.matcher().match(factories.event(product=product))]


def test_a_saved_disabled_enabled_deleted_rule_is_seen_at_once():
    rule = factories.saved_rule()
    seen = [fired(rule.product_id)]
    rules.set_enabled([rule], enabled=False, now=NOON)
    seen.append(fired(rule.product_id))
    rules.set_enabled([rule], enabled=True, now=NOON)
    seen.append(fired(rule.product_id))
    rules.delete([rule], now=NOON)
    seen.append(fired(rule.product_id))

    assert seen == [[rule.pk], [], [rule.pk], []]


def test_a_change_of_another_process_is_seen_when_the_memory_is_old(settings):
    rule = factories.saved_rule()
    assert fired(rule.product_id) == [rule.pk]
    Rule.objects.update(enabled=False)
    rulebook.turn_page()
    assert fired(rule.product_id) == [rule.pk], "not asked again within the age"

    settings.TRACKING_RULES_MAX_AGE_SECONDS = 0

    assert fired(rule.product_id) == []


def test_rules_are_read_again_only_when_the_page_was_turned(settings, django_assert_num_queries):
    settings.TRACKING_RULES_MAX_AGE_SECONDS = 0
    rule = factories.saved_rule()
    fired(rule.product_id)

    with django_assert_num_queries(1):
        assert fired(rule.product_id) == [rule.pk]


def test_within_the_age_nothing_is_asked(django_assert_num_queries):
    rule = factories.saved_rule()
    fired(rule.product_id)

    with django_assert_num_queries(0):
        fired(rule.product_id)


def test_every_turn_is_another_page():
    seen = set()
    for _ in range(5):
        rulebook.turn_page()
        seen.add(RuleBook.objects.get().revision)

    assert len(seen) == 5
    assert RuleBook.objects.count() == 1


def test_rules_that_were_rolled_back_are_forgotten(settings):
    settings.TRACKING_RULES_MAX_AGE_SECONDS = 0
    rule = factories.saved_rule()
    savepoint = transaction.savepoint()
    other = factories.saved_rule(product=rule.product_id)
    assert fired(rule.product_id) == [rule.pk, other.pk]

    transaction.savepoint_rollback(savepoint)

    assert fired(rule.product_id) == [rule.pk]


def test_a_rule_that_cannot_be_read_is_left_out_and_the_others_fire():
    rule = factories.saved_rule()
    other = factories.saved_rule(product=rule.product_id)
    RuleVersion.objects.filter(rule=rule).update(document={"trigger": "lms.abolished"})
    rulebook.forget()

    assert fired(rule.product_id) == [other.pk]


def test_a_product_without_rules_owes_nothing():
    assert fired(4711) == []
