"""Saving a rule: one validation against the directory, immutable versions, and passwords that cannot be carried off."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from tests import factories, flow
from tests.factories import NOON, ProductFactory, definition, save_again, saved_rule
from tests.integration.test_intake import at_once
from tracking.choices import ConnectionKind, DeliveryState
from tracking.errors import RuleError
from tracking.models import Connection, Delivery, Rule, RuleVersion
from tracking.pipeline import transport
from tracking.store import rules

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(minutes=1)
SERVER = {"host": "smtp.example.com", "port": 587, "encryption": "tls", "login": "leads"}


def custom(**changes: Any) -> Rule:
    return saved_rule(
        action__kind="smtp_custom", action__server={**SERVER, **changes}, password="first" if changes == {} else "x"
    )


def password_of(rule: Rule) -> str:
    return transport.endpoint(Connection.objects.get(pk=rule.connection_id)).password


def test_a_new_rule_is_its_first_version():
    author = factories.UserFactory()
    product, connection = ProductFactory(), factories.ConnectionFactory()

    saved = rules.save(
        definition(product=product.pk, action__connection=connection.key), author=author, now=NOON, enabled=False
    )

    rule = Rule.objects.get()
    assert saved.changed
    assert (rule.author, rule.created_at, rule.enabled, rule.product, rule.kind) == (
        author,
        NOON,
        False,
        product,
        "smtp_esp",
    )
    assert rule.current == RuleVersion.objects.get()
    assert (rule.current.number, rule.current.author, rule.current.created_at) == (1, author, NOON)


def test_a_version_from_before_a_field_was_added_is_read_and_saved_unchanged_as_it_was():
    rule = saved_rule()
    old = dict(rule.current.document["notifications"])
    for name in ("minimum_events", "notify_recovery"):
        del old[name]
    RuleVersion.objects.update(document={**rule.current.document, "notifications": old})

    assert not save_again(rule, now=LATER).changed
    assert not RuleVersion.objects.get().definition().notifications.notify_recovery


def test_each_changed_save_is_a_version_and_an_unchanged_one_is_none():
    rule = saved_rule()
    author = factories.UserFactory()

    assert not save_again(rule, now=LATER).changed
    assert save_again(rule, now=LATER, action__subject="New").changed
    assert rules.save(rule.current.definition(), author=author, now=LATER, rule=rule).changed is False
    assert rules.save(definition(**owner(rule), name="x"), author=author, now=LATER, rule=rule).changed

    versions = RuleVersion.objects.order_by("number")
    assert [version.number for version in versions] == [1, 2, 3]
    assert [version.author for version in versions] == [None, None, author]
    assert versions[0].document["action"]["subject"] == "Sold: {{ lead.first_name }}"
    assert Rule.objects.get().current.number == 3
    assert Rule.objects.get().author is None, "who made the rule stays"


def owner(rule: Rule) -> dict[str, Any]:
    return {"product": rule.product_id, "action__connection": rule.connection.key}


def test_a_version_from_before_a_field_was_known_is_read_and_is_not_changed_by_saving():
    rule = factories.saved_rule()
    del rule.current.document["action"]["headers"]
    rule.current.save()

    saved = rules.save(rule.current.definition(), author=None, now=NOON, rule=Rule.objects.get())

    assert not saved.changed
    assert saved.rule.versions.count() == 1


def test_a_delivery_keeps_the_version_that_it_was_made_by():
    rule = saved_rule()
    (delivery,) = flow.owe(rule)

    save_again(rule, action__subject="New")

    delivery.refresh_from_db()
    assert delivery.version.number == 1


def test_whoever_saves_an_older_copy_makes_a_new_version_and_changes_nothing_else():
    rule = saved_rule()
    stale = Rule.objects.get()
    before = stale.current.definition()
    save_again(rule, action__subject="New")
    rules.set_enabled([rule], enabled=False, now=NOON)

    saved = rules.save(before, author=None, now=LATER, rule=stale)

    row = Rule.objects.get()
    assert saved.changed
    assert (row.current.number, row.current.definition()) == (3, before)
    assert not row.enabled, "another had disabled it meanwhile"


REFUSED = [
    ({"product": 4711}, "product", "there is no product 4711", "an unknown product"),
    ({"trigger": "lms.campaign_sold", "campaign": 4711}, "campaign", "there is no campaign 4711", "no campaign"),
    ({"trigger": "call.lead_sold"}, "trigger", "is a product of LMS", "a trigger of the other platform"),
    ({"trigger": "lms.post_reject"}, "trigger", "ping-post products only", "a ping-post trigger on another product"),
    ({"filters__source": [4711, 4712]}, "filters.source", "no source 4711, 4712", "unknown sources"),
    ({"filters__buyer_exclude": [4711]}, "filters.buyer_exclude", "no buyer 4711", "an unknown buyer, excluded"),
    ({"action__connection": "none"}, "action.connection", "with the key none", "an unknown connection"),
    ({"action__sender": "Leads"}, "action.sender", "", "a sender without address"),
    ({"action__sender": "a@b.com, c@d.com"}, "action.sender", "one mailbox", "two senders"),
    ({"action__recipient": "a@b.com,,c@d.com"}, "action.recipient", "missing", "an empty recipient between two"),
    ({"action__recipient": ",".join(f"a{n}@b.com" for n in range(51))}, "action.recipient", "50", "51 recipients"),
    (
        {"action__recipient": "a@b.com", "action__bcc": ",".join(f"a{n}@b.com" for n in range(50))},
        "action.recipient",
        "at most 50 recipients, cc and bcc included",
        "50 blind ones beside one",
    ),
    ({"action__recipient": "{{ lead.email|lower }}"}, "action.recipient", "Twig", "logic in a recipient"),
    ({"action__subject": "{{ lead.name|upper }}"}, "action.subject", "Use Twig Engine", "logic in a plain subject"),
    (
        {"action__body": "{{ nobody.name }}"},
        "action.body",
        "“nobody.name” is not a placeholder",
        "an unknown placeholder",
    ),
    ({"action__use_twig": True, "action__body": "{% if"}, "action.body", "line 1", "a template that does not compile"),
    (
        {"notifications": {"enable_notifications": True, "warnings_number": 1, "notify_users": ["nobody"]}},
        "notifications.notify_users",
        "no user nobody",
        "an unknown user",
    ),
    (
        {"notifications": {"enable_notifications": True, "warnings_number": 1, "notify_emails": ["nonsense"]}},
        "notifications.notify_emails",
        "nonsense",
        "an address to notify that is none",
    ),
]


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("two_at_once")
def test_two_who_save_at_the_same_time_make_two_versions():
    rule = saved_rule()
    documents = [definition(**owner(rule), name=name) for name in ("a", "b", "c")]

    answers = at_once(
        *(
            lambda wanted=wanted: rules.save(wanted, author=None, now=LATER, rule=Rule.objects.get(pk=rule.pk)).changed
            for wanted in documents
        )
    )

    assert answers == [True] * 3
    assert sorted(RuleVersion.objects.values_list("number", flat=True)) == [1, 2, 3, 4]
    assert Rule.objects.get().current.number == 4


@pytest.mark.parametrize(("changes", "field", "sentence", "_id"), REFUSED, ids=[row[-1] for row in REFUSED])
def test_what_could_not_run_here_is_refused_by_name(changes, field, sentence, _id):
    with pytest.raises(RuleError) as refused:
        saved_rule(**changes)

    assert list(refused.value.errors) == [field]
    assert sentence in " ".join(refused.value.errors[field])
    assert not Rule.objects.exists()


def test_a_ping_post_product_takes_a_ping_post_trigger():
    assert saved_rule(product=ProductFactory(ping_post=True).pk, trigger="lms.post_reject").pk


@pytest.mark.parametrize(
    ("server", "field"),
    [
        ({"host": "127.0.0.1"}, "host"),
        ({"host": "169.254.169.254"}, "host"),
        ({"host": "localhost"}, "host"),
        ({"host": "2130706433"}, "host"),
        ({"host": "smtp.example.com:25"}, "host"),
        ({"port": 22}, "port"),
    ],
    ids=str,
)
def test_a_server_where_connections_may_not_lead_is_refused(settings, server, field):
    settings.TRACKING_SMTP_ALLOWED_NETWORKS = []

    with pytest.raises(RuleError) as refused:
        custom(**server)

    assert list(refused.value.errors) == [f"action.server.{field}"]


def test_a_custom_server_is_a_connection_of_its_rule_alone():
    first, second = custom(), custom()

    assert first.connection != second.connection
    assert first.connection.kind == ConnectionKind.MANUAL
    assert "first" not in first.connection.sealed_password
    assert password_of(first) == "first"
    assert "password" not in str(first.current.document).lower()


@pytest.mark.parametrize("blank", [None, ""], ids=["none", "empty"])
def test_a_blank_password_keeps_the_stored_one_while_the_server_is_the_same(blank):
    rule = custom()

    save_again(rule, action__subject="New", password=blank)

    assert password_of(rule) == "first"
    assert Connection.objects.get().version == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [("host", "evil.example.net"), ("port", 2525), ("encryption", "none"), ("login", "other")],
)
def test_a_changed_server_wants_the_password_again(field, value):
    rule = custom()

    with pytest.raises(RuleError) as refused:
        save_again(rule, action__server={**SERVER, field: value})

    assert list(refused.value.errors) == ["action.server.password"]
    assert password_of(rule) == "first"
    assert getattr(Connection.objects.get(), field) == SERVER[field]
    assert Rule.objects.get().current.number == 1


def test_a_changed_server_with_its_password_is_used_from_then_on():
    rule = custom()

    save_again(rule, action__server={**SERVER, "host": "new.example.com"}, password="second")

    connection = Connection.objects.get()
    assert (connection.host, connection.version, password_of(rule)) == ("new.example.com", 2, "second")
    assert connection.name == "new.example.com:587"


def test_a_login_taken_away_takes_its_password_with_it():
    rule = custom()

    save_again(rule, action__server={**SERVER, "login": ""})

    assert password_of(rule) == ""


def test_a_rule_may_change_between_esp_and_custom():
    rule = custom()
    esp = factories.ConnectionFactory()
    (delivery,) = flow.owe(rule)

    save_again(
        rule, action={**rule.current.document["action"], "kind": "smtp_esp", "server": None, "connection": esp.key}
    )
    assert Rule.objects.get().connection == esp
    save_again(
        rule,
        action={**rule.current.document["action"], "kind": "smtp_custom", "server": SERVER, "connection": None},
        password="x",
    )

    esp.refresh_from_db()
    assert (esp.kind, esp.host) == (ConnectionKind.ESP, "127.0.0.1"), "the predefined one is never written over"
    delivery.refresh_from_db()
    assert delivery.connection.kind == ConnectionKind.MANUAL


def test_a_predefined_connection_cannot_be_had_by_the_key_of_a_rules_own():
    rule = custom()

    with pytest.raises(RuleError) as refused:
        saved_rule(action__connection=rule.connection.key)

    assert "action.connection" in refused.value.errors


def test_deleting_a_rule_cancels_what_waits_and_keeps_its_log():
    rule = saved_rule()
    other = saved_rule(product=rule.product_id)
    flow.owe(rule, 2)

    rules.delete([rule], now=LATER)

    mine = Delivery.objects.filter(rule=rule)
    assert set(mine.values_list("state", "reason", "finished_at")) == {(DeliveryState.CANCELLED, "rule_deleted", LATER)}
    assert set(Delivery.objects.filter(rule=other).values_list("state", flat=True)) == {DeliveryState.QUEUED}
    assert Rule.objects.get(pk=rule.pk).deleted_at == LATER
    flow.assert_books_balance()


def test_enabling_says_how_many_that_changed():
    first, second = saved_rule(), saved_rule()

    assert rules.set_enabled([first, second], enabled=True, now=NOON) == 0
    assert rules.set_enabled([first], enabled=False, now=NOON) == 1
    assert rules.set_enabled([first, second], enabled=False, now=NOON) == 1


def test_a_document_has_no_secret_and_makes_the_same_rule():
    rule = custom()

    document = rules.document(rule)

    assert not any(word in str(document) for word in ("'first'", "password", "enc:v1:"))
    assert document["key"] == str(rule.key)


def test_the_database_refuses_a_rule_of_two_owners_or_none():
    rule = saved_rule()
    campaign = factories.CampaignFactory()

    for wrong in ({"campaign": campaign}, {"product": None}):
        with pytest.raises(IntegrityError, match="rule_has_exactly_one_owner"), transaction.atomic():
            Rule.objects.filter(pk=rule.pk).update(**wrong)
