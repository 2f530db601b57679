"""The demo platform is whole, shows every kind of rule, and is written once."""

from __future__ import annotations

import stat
from collections import Counter
from itertools import islice

import pytest
from django.core.management import call_command

from tests import factories
from tracking.choices import ContentType, Platform, RuleKind
from tracking.demo import directory
from tracking.demo.login import DemoLogin
from tracking.demo.rules import CONNECTIONS, RULES
from tracking.demo.seed import Catcher, seed, show_login
from tracking.demo.stream import stream
from tracking.emit import emit_many
from tracking.models import Campaign, Connection, Delivery, Product, Publisher, Rule, RuleVersion, User
from tracking.store import rules
from tracking.triggers import TRIGGERS

NOW = factories.NOON
HERE = Catcher("127.0.0.1", 1025)
THERE = Catcher("127.0.0.1", 1771)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def way_to_the_catcher(settings) -> None:
    settings.TRACKING_SMTP_ALLOWED_PORTS = [str(HERE.port), str(THERE.port)]


@pytest.fixture
def seeded(tmp_path):
    seed(HERE, folder=tmp_path, now=NOW)
    return tmp_path


def definitions():
    return [rule.current.definition() for rule in Rule.objects.select_related("current")]


def test_it_shows_every_kind_of_rule_once_at_least(seeded):
    found = definitions()

    assert len(found) >= 12
    assert {one.action.kind for one in found} == set(RuleKind)
    assert {one.action.content_type for one in found} == set(ContentType)
    assert {one.action.use_twig for one in found} == {True, False}
    assert {one.kind.platform for one in found} == set(Platform)
    assert {one.campaign is None for one in found} == {True, False}
    assert {len(one.notifications.notify_users) for one in found} == {0, 1}
    assert Counter(rule.enabled for rule in Rule.objects.all())[False] == 1
    assert {"price_restriction", "method", "pingtree_exclude", "call_tracking_pool", "publisher"} <= {
        name.value for one in found for name in one.filters.used()
    }


def test_the_directory_is_a_platforms(seeded):
    assert set(Product.objects.values_list("platform", "ping_post")) == {
        ("lms", False),
        ("lms", True),
        ("call_logic", False),
    }
    assert Campaign.objects.count() == 12
    assert Publisher.objects.count() == 15
    assert set(Connection.objects.filter(kind="esp").values_list("key", flat=True)) == set(CONNECTIONS)


def test_a_second_time_it_changes_nothing(seeded):
    before = list(RuleVersion.objects.values_list("pk", flat=True))

    assert not seed(HERE, folder=seeded, now=NOW)
    assert list(RuleVersion.objects.values_list("pk", flat=True)) == before
    assert Rule.objects.count() == len(RULES)


def test_it_follows_the_catcher_to_another_port(seeded):
    seed(THERE, folder=seeded, now=NOW)

    assert set(Connection.objects.values_list("port", flat=True)) == {THERE.port}
    assert {one.action.server.port for one in definitions() if one.action.server} == {THERE.port}


def test_what_users_deleted_stays_deleted(seeded):
    rules.delete(Rule.objects.all()[:1], now=NOW)

    seed(THERE, folder=seeded, now=NOW)

    assert Rule.objects.filter(deleted_at=None).count() == len(RULES) - 1


def test_a_directory_of_somebody_else_is_left_alone(tmp_path):
    factories.ProductFactory.create()

    assert not seed(HERE, folder=tmp_path, now=NOW)
    assert not Rule.objects.exists()
    assert not User.objects.exists()


def test_the_login_is_random_works_and_is_its_owners_only(seeded):
    login = show_login(seeded, now=NOW)

    assert User.objects.get(username=login.username).check_password(login.password)
    assert stat.S_IMODE((seeded / "demo-login.json").stat().st_mode) == 0o600
    assert show_login(seeded, now=NOW) == login == DemoLogin.read(seeded)


def test_a_password_that_the_user_changed_is_not_shown(seeded):
    show_login(seeded, now=NOW)
    user = User.objects.get()
    user.set_password("my own")
    user.save()

    assert show_login(seeded, now=NOW).password == ""


def test_the_token_may_emit(seeded, client):
    token = show_login(seeded, now=NOW).token
    event = next(stream(1, now=NOW))

    response = client.post(
        "/api/v1/events/",
        event.to_json(),
        content_type="application/json",
        headers={"Authorization": f"Bearer {token}"},
    )

    assert response.status_code == 202


def test_the_same_seed_gives_the_same_stream():
    assert list(islice(stream(7, now=NOW), 50)) == list(islice(stream(7, now=NOW), 50))
    assert next(stream(8, now=NOW)).event_id != next(stream(7, now=NOW)).event_id


def test_the_stream_has_every_trigger_and_only_what_is_in_the_directory():
    events = list(islice(stream(1, now=NOW), 2_000))

    assert {event.trigger for event in events} == set(TRIGGERS)
    assert {event.product for event in events} == {product.pk for product in directory.PRODUCTS}
    assert {event.channel for event in events} <= {way.channel for way in directory.WAYS}


def test_every_enabled_rule_fires_in_a_long_stream(seeded, rung):
    emit_many(islice(stream(1, now=NOW), 1_000))

    owing = set(Delivery.objects.values_list("rule_id", flat=True))
    assert owing == set(Rule.objects.filter(enabled=True).values_list("pk", flat=True))


@pytest.mark.parametrize("number", range(5))
def test_a_first_burst_has_mails_that_will_fail(seeded, rung, number):
    emit_many(islice(stream(number, now=NOW), 40))

    watched = Delivery.objects.filter(rule__current__document__notifications__enable_notifications=True)
    assert watched.exists()


def test_the_feeder_says_what_it_emitted(seeded, rung, capsys):
    call_command("feed_events", "--count", "25", "--seed", "3")
    call_command("feed_events", "--count", "25", "--seed", "3")

    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("25 events emitted (0 known already)")
    assert second.startswith("25 events emitted (25 known already); the rules owe 0 mails")


def test_seeding_again_by_hand_leaves_the_connections_at_the_catcher_that_runs(db, settings, tmp_path, capsys):
    settings.BASE_DIR = tmp_path
    (tmp_path / "var").mkdir()
    settings.TRACKING_CATCHER_FOLDER = str(tmp_path / "mail")
    settings.TRACKING_SYSTEM_EMAIL = {**settings.TRACKING_SYSTEM_EMAIL, "host": "127.0.0.1", "port": 2525}
    call_command("seed_demo", "--catcher", "127.0.0.1:2525")

    call_command("seed_demo")

    assert set(Connection.objects.filter(key__endswith="-demo").values_list("port", flat=True)) == {2525}
    assert "lead to 127.0.0.1:2525" in capsys.readouterr().out
