"""Which rows, triggers, filters and values are there for whom."""

from __future__ import annotations

import importlib

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Group, Permission

from tests import factories
from tracking import access
from tracking.access import rows
from tracking.choices import Filter, Level, Platform, Role
from tracking.emit import emit
from tracking.errors import RuleError
from tracking.models import Alert, Channel, Connection, Delivery, Product, Publisher, Rule, Source, StoredEvent
from tracking.roles import BUYER_ROLES, DIRECTORY, PERMISSIONS
from tracking.triggers import TRIGGERS

pytestmark = pytest.mark.django_db

SOLD = TRIGGERS["lms.campaign_sold"]
CUSTOM = {"action__kind": "smtp_custom", "action__server": {"host": "127.0.0.1", "port": 2525}}


@pytest.fixture(autouse=True)
def nobody_is_woken(rung):
    return rung


@pytest.fixture
def own():
    return factories.CampaignFactory.create(name="Own")


@pytest.fixture
def editor(own):
    return access.of(factories.member(Role.BUYER_EDITOR, buyers=[own.buyer]))


def campaign_rule(campaign, **changes):
    changes = {"trigger": "lms.campaign_sold", "campaign": campaign.pk, **changes}
    return factories.saved_rule(**changes)


def refused(seen, definition, before=None):
    with pytest.raises(RuleError) as refusal:
        seen.check(definition, before)
    return refusal.value.errors


# --- roles ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", Role)
def test_the_migration_gives_each_role_what_the_table_says(role):
    Group.objects.all().delete()

    importlib.import_module("tracking.migrations.0010_roles").forwards(apps, None)

    group = Group.objects.get(name=role.value)
    assert set(group.permissions.values_list("codename", flat=True)) == PERMISSIONS[role]


def test_permissions_are_made_once_and_named_as_django_names_them():
    importlib.import_module("tracking.migrations.0010_roles").forwards(apps, None)

    assert Permission.objects.get(codename="view_storedevent").name == "Can view event"
    assert Permission.objects.filter(codename="reveal_delivery").count() == 1


def test_readers_write_nothing():
    for role in (Role.SUPPORT, Role.BUYER_AGENT):
        assert all(name.startswith(("view_", "reveal_")) for name in PERMISSIONS[role])


def test_who_is_of_a_buyer_adds_nothing_whose_id_or_name_is_shared_with_others():
    """Or that it is taken would tell of a row that they do not see (docs/security.md)."""
    shared = {*DIRECTORY, "connection", "user", "apitoken", "storedevent"}
    for role in BUYER_ROLES:
        assert {f"{verb}_{model}" for verb in ("add", "change") for model in shared}.isdisjoint(PERMISSIONS[role])


# --- rows -------------------------------------------------------------------------------------------------------------


def test_a_superuser_and_global_admin_see_all():
    for user in (factories.UserFactory.create(is_superuser=True), factories.member(Role.GLOBAL_ADMIN)):
        seen = access.of(user)
        assert (seen.buyers, seen.platforms, seen.levels) == (None, frozenset(Platform), frozenset(Level))


def test_a_buyer_sees_the_campaigns_of_his_buyers_and_their_rules(own, editor):
    other = factories.CampaignFactory.create()
    mine, _, _ = campaign_rule(own), campaign_rule(other), factories.saved_rule(product=own.product_id)

    assert list(editor.campaigns()) == [own]
    assert list(editor.buyers_visible()) == [own.buyer]
    assert list(editor.products()) == [own.product]
    assert list(editor.rules()) == [mine]


def test_a_buyer_sees_events_and_deliveries_of_his_campaigns(own, editor):
    other = factories.CampaignFactory.create(product=own.product)
    for campaign in (own, other):
        campaign_rule(campaign)
        emit(factories.event(trigger="lms.campaign_sold", product=own.product_id, campaign=campaign.pk))
    factories.saved_rule(product=own.product_id, trigger="lms.campaign_sold")
    emit(factories.event(trigger="lms.campaign_sold", product=own.product_id, campaign=own.pk, publisher=7))

    assert {row.campaign_id for row in editor.events()} == {own.pk}
    assert editor.events().count() == 2
    assert editor.deliveries().count() == 2
    assert Delivery.objects.count() == 4


def test_a_buyer_without_buyers_sees_nothing(own):
    campaign_rule(own)
    seen = access.of(factories.member(Role.BUYER_AGENT))

    assert not seen.rules().exists()
    assert not seen.campaigns().exists()


def test_a_buyer_role_scopes_whatever_stands_beside_it(own):
    both = access.of(factories.member(Role.SUPPORT, Role.BUYER_EDITOR, buyers=[own.buyer]))

    assert both.buyers == {own.buyer_id}
    assert access.of(factories.member(Role.SUPPORT, buyers=[own.buyer])).buyers is None
    assert access.of(factories.member(buyers=[own.buyer])).buyers == {own.buyer_id}


@pytest.mark.parametrize("model", [Publisher, Channel, Source])
def test_publishers_are_hidden_from_buyers(editor, model):
    assert not editor.rows(model).exists()
    assert model in access.HIDDEN_FROM_BUYERS


def test_each_table_of_the_admin_has_been_thought_of():
    shown = {model for model in admin.site._registry if model._meta.app_label == "tracking"}

    assert shown - set(rows._BUYERS) - access.HIDDEN_FROM_BUYERS == set()


@pytest.mark.parametrize(
    ("role", "platform"), [(Role.LMS_ADMIN, Platform.LMS), (Role.CALL_LOGIC_ADMIN, Platform.CALL_LOGIC)]
)
def test_an_admin_of_one_platform_sees_that_platform(role, platform):
    calls = factories.ProductFactory.create(calls=True)
    factories.saved_rule()
    factories.saved_rule(product=calls.pk, trigger="call.lead_sold")
    seen = access.of(factories.member(role))

    assert {row.platform for row in seen.products()} == {platform}
    assert {TRIGGERS[row.trigger].platform for row in seen.rules()} == {platform}
    assert {row.platform for row in seen.triggers()} == {platform}


def test_the_server_of_one_rule_is_of_its_platform_and_a_predefined_connection_of_the_house():
    shared = factories.ConnectionFactory.create()
    calls = factories.ProductFactory.create(calls=True).pk
    owners = {Role.LMS_ADMIN: {}, Role.CALL_LOGIC_ADMIN: {"product": calls, "trigger": "call.lead_sold"}}
    servers = {role: factories.saved_rule(**CUSTOM, **owner).connection for role, owner in owners.items()}
    for owner in (*owners.values(), *owners.values()):
        factories.saved_rule(connection=shared, **owner)
    for connection in (shared, *servers.values()):
        Alert.objects.create(connection=connection, raised_at=factories.NOON)

    for role, server in servers.items():
        seen = access.of(factories.member(role))
        assert sorted(row.pk for row in seen.rows(Connection)) == [shared.pk, server.pk]
        assert sorted(row.connection_id for row in seen.alerts()) == [shared.pk, server.pk]
        assert list(seen.connections()) == [shared]
    assert access.of(factories.member(Role.SUPPORT)).rows(Connection).count() == 3


def test_both_admins_together_see_both():
    assert access.of(factories.member(Role.LMS_ADMIN, Role.CALL_LOGIC_ADMIN)).platforms == frozenset(Platform)


def test_people_know_their_colleagues_only(own):
    colleague = factories.member(Role.BUYER_AGENT, buyers=[own.buyer])
    factories.member(Role.BUYER_AGENT, buyers=[factories.BuyerFactory.create()])
    me = factories.member(Role.BUYER_EDITOR, buyers=[own.buyer])

    assert set(access.of(me).users()) == {colleague, me}


# --- what a rule may use ----------------------------------------------------------------------------------------------


def test_buyers_have_campaign_triggers_and_no_publisher_filters(editor):
    assert all(Level.CAMPAIGN in row.levels for row in editor.triggers())
    assert editor.triggers(Level.PRODUCT) == ()
    assert Filter.PUBLISHER not in editor.offered_filters(SOLD, Level.CAMPAIGN)
    assert Filter.PINGTREE in editor.offered_filters(SOLD, Level.CAMPAIGN)
    assert not any(row.name.startswith("publisher") for row in editor.placeholders(SOLD))


def test_a_payload_is_shown_without_publishers(editor):
    assert editor.shown({"campaign": 1, "publisher": 2, "channel": 3, "source": 4}) == {"campaign": 1}


def definition(**changes):
    return factories.definition(**{"trigger": "lms.campaign_sold", "action__connection": "esp", **changes})


def test_what_is_one_s_own_passes(own, editor):
    editor.check(definition(campaign=own.pk))


def test_a_foreign_owner_reads_as_none_at_all(editor):
    other = factories.CampaignFactory.create()

    assert refused(editor, definition(campaign=other.pk)) == {
        "campaign": [f"there is no campaign {other.pk} in the directory"]
    }
    assert refused(editor, definition(product=other.product_id)) == {
        "product": [f"there is no product {other.product_id} in the directory"]
    }


@pytest.mark.parametrize("name", ["publisher", "publisher_exclude", "channel", "channel_exclude", "source"])
def test_a_filter_on_publishers_is_refused_and_one_that_was_there_kept(own, editor, name):
    with_filter = definition(campaign=own.pk, **{f"filters__{name}": [7]})

    assert set(refused(editor, with_filter)) == {f"filters.{name}"}
    assert set(refused(editor, definition(campaign=own.pk), before=with_filter)) == {f"filters.{name}"}
    editor.check(with_filter, before=with_filter)


@pytest.mark.parametrize(
    ("twig", "text"),
    [
        pytest.param(False, "{{ publisher.name }}", id="placeholder"),
        pytest.param(True, "{{ source.id|upper }}", id="variable"),
        pytest.param(True, "{% set x = channel %}{{ x.name }}", id="behind another name"),
        pytest.param(True, "{% if 0 %}{% set publisher = 1 %}{% endif %}{{ publisher.name }}", id="shadowed"),
        pytest.param(True, "{% for k, v in _context %}{{ v.name }}{% endfor %}", id="whole context"),
        pytest.param(True, "{{ include(template_from_string('{{ publi' ~ 'sher.name }}')) }}", id="made of a string"),
        pytest.param(True, '{{ "#{publisher.name}" }}', id="interpolated"),
    ],
)
def test_a_mail_to_oneself_shows_no_publisher_either(own, editor, twig, text):
    wanted = definition(campaign=own.pk, action__body=text, action__use_twig=twig)

    assert set(refused(editor, wanted)) == {"action.body"}


def test_words_about_a_source_are_no_placeholder(own, editor):
    text = "The source of this channel is no publisher: {{ lead.email }}"

    editor.check(definition(campaign=own.pk, action__body=text, action__use_twig=True))


def test_users_of_others_are_unknown(own, editor):
    factories.UserFactory.create(username="stranger")
    wanted = definition(
        campaign=own.pk,
        notifications__enable_notifications=True,
        notifications__warnings_number=1,
        notifications__notify_users=["stranger"],
    )

    assert refused(editor, wanted) == {"notifications.notify_users": ["there is no user stranger"]}


def test_an_lms_admin_writes_no_call_logic_rules():
    product: Product = factories.ProductFactory.create(calls=True)
    seen = access.of(factories.member(Role.LMS_ADMIN))

    found = refused(seen, definition(product=product.pk, trigger="call.lead_sold"))

    assert set(found) == {"trigger", "product"}


def test_no_role_at_all_is_not_limited_by_rows():
    rule = factories.saved_rule()
    seen = access.of(factories.UserFactory.create(is_staff=True))

    assert list(seen.rows(Rule)) == [rule]
    assert not seen.rows(StoredEvent).exists()
    seen.check(rule.current.definition())
