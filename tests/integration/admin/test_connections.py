"""Connections: presets, passwords that only go in, health, and what keeps one from being deleted."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.admin import helpers
from django.urls import reverse

from tests import factories
from tests.integration.admin.pages import errors, form_of, listed, sent
from tracking import credentials
from tracking.choices import DeliveryState, Reason
from tracking.emit import emit
from tracking.models import Attempt, Connection, Delivery
from tracking.smtp.providers import PROVIDERS
from tracking.store import clock, connections, rules

LIST = reverse("admin:tracking_connection_changelist")
ADD = reverse("admin:tracking_connection_add")

pytestmark = pytest.mark.django_db


def change(connection: Connection) -> str:
    return reverse("admin:tracking_connection_change", args=(connection.pk,))


@pytest.fixture
def stored() -> Connection:
    connection = Connection(
        key="main", name="Main", provider="other", host="127.0.0.1", port=2525, encryption="none", login="ada"
    )
    return connections.save(connection, password="sesame", now=factories.NOON)


@pytest.mark.parametrize("provider", [value for value in PROVIDERS if value != "other"])
def test_blanks_take_what_the_provider_prescribes(admin_client, provider):
    preset = PROVIDERS[provider]
    region = preset.regions[0] if preset.regions else ""

    response = admin_client.post(
        ADD,
        {"name": "New one", "provider": provider, "region": region, "login": "x", "password": "y", "max_sessions": 4},
    )

    assert response.status_code == 302, errors(response)
    made = Connection.objects.get()
    assert made.key == "new-one"
    assert (made.host, made.port, made.encryption) == (preset.host_for(region), preset.port, preset.encryption)
    assert made.login == "x", "what was typed stays"


def test_a_fixed_login_is_filled_in(admin_client):
    admin_client.post(ADD, {"name": "S", "provider": "sendgrid", "password": "y", "max_sessions": 4})

    assert Connection.objects.get().login == "apikey"


def test_another_provider_replaces_the_old_ones_server(admin_client, stored):
    data = sent(form_of(admin_client, change(stored)), provider="sendgrid", login="typed", password="new")

    admin_client.post(change(stored), data)

    stored.refresh_from_db()
    assert (stored.host, stored.port, stored.encryption) == ("smtp.sendgrid.net", 587, "tls")
    assert stored.login == "typed"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        pytest.param({"name": ""}, "name", id="no name"),
        pytest.param({"host": ""}, "host", id="no host"),
        pytest.param({"port": "x"}, "port", id="a port in words"),
        pytest.param({"host": "10.0.0.1"}, "host", id="a private address"),
        pytest.param({"provider": "amazon-ses"}, "region", id="Amazon SES without a region"),
        pytest.param({"provider": "nonsense"}, "provider", id="a forged provider"),
        pytest.param({"name": "Main", "key": "other"}, "name", id="a name that is taken"),
        pytest.param({"key": "main"}, "key", id="a key that is taken"),
        pytest.param({"password": ""}, "password", id="a login without password"),
        pytest.param({"max_sessions": "0"}, "max_sessions", id="no session at all"),
        pytest.param({"max_rate": "-1"}, "max_rate", id="a rate below nothing"),
    ],
)
def test_an_error_stands_at_its_field(admin_client, stored, changes, field):
    data = {"name": "New", "provider": "other", "host": "127.0.0.1", "port": "2525", "encryption": "none"}

    response = admin_client.post(ADD, {**data, "login": "bob", "password": "x", "max_sessions": 4, **changes})

    assert field in errors(response)
    assert "Enter it again" in " ".join(errors(response)["password"]) or not changes.get("password", "x")
    assert Connection.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "kept"),
    [
        pytest.param({"name": "Renamed"}, True, id="another name"),
        pytest.param({"host": "127.0.0.2"}, False, id="another host"),
        pytest.param({"port": "587"}, False, id="another port"),
        pytest.param({"encryption": "ssl"}, False, id="another encryption"),
        pytest.param({"login": "eve"}, False, id="another login"),
    ],
)
def test_a_blank_password_keeps_the_stored_one_only_for_the_same_server(admin_client, stored, changes, kept):
    response = admin_client.post(change(stored), sent(form_of(admin_client, change(stored)), **changes))

    stored.refresh_from_db()
    assert credentials.unseal(stored.sealed_password, bound_to=str(stored.secret_id)) == "sesame"
    assert stored.host == "127.0.0.1"
    assert (response.status_code == 302) is kept
    if not kept:
        assert set(errors(response)) == {"password"}


def test_saving_an_unchanged_connection_makes_no_version(admin_client, stored):
    admin_client.post(change(stored), sent(form_of(admin_client, change(stored))))

    stored.refresh_from_db()
    assert stored.version == 1


def test_the_password_is_on_no_page(admin_client, stored):
    sealed = stored.sealed_password

    for url in (LIST, change(stored), reverse("admin:tracking_connection_history", args=(stored.pk,))):
        page = admin_client.get(url).content.decode()
        assert "sesame" not in page
        assert sealed not in page
    assert 'placeholder="********"' in admin_client.get(change(stored)).content.decode()


def test_only_predefined_connections_are_listed(admin_client, stored):
    factories.saved_rule(action__kind="smtp_custom", action__server={"host": "127.0.0.1", "port": 2525})

    assert listed(admin_client.get(LIST)) == [stored.pk]


def test_a_custom_connections_health_stands_on_its_rules_page(admin_client):
    rule = factories.saved_rule(action__kind="smtp_custom", action__server={"host": "127.0.0.1", "port": 2525})
    Connection.objects.filter(pk=rule.connection_id).update(fail_streak=3, last_error="421 busy")

    page = admin_client.get(reverse("admin:tracking_rule_change", args=(rule.pk,))).content.decode()

    assert "Failed sessions in a row: 3" in page
    assert "421 busy" in page


@pytest.fixture
def paused(stored) -> Connection:
    rule = factories.saved_rule(connection=stored)
    emit(factories.event(product=rule.product_id))
    Delivery.objects.update(state=DeliveryState.HELD, reason=Reason.AUTHENTICATION)
    until = clock.now() + timedelta(hours=1)
    Connection.objects.update(paused_until=until, pause_reason="authentication", fail_streak=6, last_error="535 no")
    return stored


def test_health_shows_pause_reason_streak_and_error(admin_client, paused):
    for url in (LIST, change(paused)):
        page = admin_client.get(url).content.decode()
        for words in ("Paused until", "Login refused", "6", "535 no"):
            assert words in page


def test_release_asks_first(admin_client, paused):
    page = admin_client.get(reverse("admin:tracking_connection_release_now", args=(paused.pk,)))

    assert "try at once" in page.content.decode()
    assert Delivery.objects.get().state == DeliveryState.HELD


@pytest.mark.parametrize("where", ["page", "list"])
def test_release_makes_held_mail_due_and_wakes(admin_client, paused, rung, django_capture_on_commit_callbacks, where):
    with django_capture_on_commit_callbacks(execute=True):
        if where == "page":
            url = reverse("admin:tracking_connection_release_now", args=(paused.pk,))
            admin_client.post(url, {"confirmed": "yes"})
        else:
            admin_client.post(LIST, {"action": "release_selected", helpers.ACTION_CHECKBOX_NAME: [paused.pk]})

    paused.refresh_from_db()
    assert not paused.paused_at(clock.now())
    assert Delivery.objects.get().state == DeliveryState.RETRYING
    assert paused.pk in rung


@pytest.mark.parametrize("deleted", [False, True], ids=["a rule", "a deleted rule"])
def test_a_connection_in_use_stays_and_the_page_says_by_which_rules(admin_client, stored, deleted):
    rule = factories.saved_rule(connection=stored, name="Tell Zoe")
    if deleted:
        rules.delete([rule], now=factories.NOON)
    url = reverse("admin:tracking_connection_delete", args=(stored.pk,))

    page = admin_client.get(url).content.decode()
    admin_client.post(url, {"post": "yes"})

    assert "Tell Zoe" in page
    assert Connection.objects.filter(pk=stored.pk).exists()


def test_an_unused_connection_is_deleted(admin_client, stored):
    admin_client.post(reverse("admin:tracking_connection_delete", args=(stored.pk,)), {"post": "yes"})

    assert not Connection.objects.exists()


def test_the_pace_that_was_lowered_is_shown(admin_client, stored):
    connections.slow_down(stored.pk, seen=480, now=clock.now())

    page = admin_client.get(change(stored)).content.decode()

    assert "Mails per minute allowed now: 240" in page
    assert "lowered at" in page


def test_its_page_says_how_busy_it_is_and_what_went_wrong_of_late(admin_client):
    rule = factories.saved_rule()
    keys = [emit(factories.event(product=rule.product_id)).matched[0].delivery for _ in range(3)]
    Delivery.objects.filter(pk=keys[0]).update(state=DeliveryState.HELD, reason=Reason.LIMIT)
    Attempt.objects.create(
        delivery_id=keys[1], started_at=factories.NOON, ended_at=factories.NOON, phase="mail", failure="limit",
        code=421, enhanced="4.7.0", text="Too fast",
    )  # fmt: skip
    Connection.objects.update(rate=12.4, rate_lowered_at=factories.NOON, rate_lowered_from=60)

    text = admin_client.get(change(rule.connection)).content.decode()

    for words in ("Sessions at work: 0 of 4", "Waiting: 2; held: 1 (Sending limit of the server)", "421 4.7.0 Too fast",
                  "12.4; lowered at", "from 60.0"):  # fmt: skip
        assert words in text, words
    assert "12.4/min, lowered 12:00" in admin_client.get(LIST).content.decode()
