"""What a logged mail says is masked until somebody who may confirms to get access; each look leaves a row."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests import factories, flow
from tests.flow import Hands
from tests.integration.admin.test_log import owed, page
from tests.smtp_server import ScriptedServer
from tracking.choices import AuditAction, Encryption
from tracking.models import AuditEntry, Delivery

pytestmark = pytest.mark.django_db
SECRET = "Hello Ada"
MAY = ("view_delivery", "reveal_delivery")


@pytest.fixture
def delivery() -> Delivery:
    return owed(factories.saved_rule(action__content_type="all", action__body="<p>Hello {{ lead.first_name }}</p>"))


def part(delivery: Delivery, name: str) -> str:
    return f"/admin/tracking/delivery/{delivery.pk}/mail/{name}/"


def test_it_is_shown_in_frames_once_confirmed(person, delivery):
    client = person(*MAY)
    masked = client.get(page(delivery)).content.decode()
    refused = client.get(part(delivery, "html"))

    answer = client.post(part(delivery, "reveal"))

    assert "I confirm to get access" in masked
    assert "Sold: Ada" not in masked
    assert refused.status_code == 403
    assert answer["Location"] == page(delivery) + "#mail"
    shown = client.get(page(delivery)).content.decode()
    assert "Sold: Ada" in shown
    assert 'sandbox src="' in shown
    html, text, source = (client.get(part(delivery, name)) for name in ("html", "text", "source"))
    assert html.content.strip() == b"<p>Hello Ada</p>"
    assert "sandbox" in html["Content-Security-Policy"]
    assert "default-src 'none'" in html["Content-Security-Policy"]
    assert text.content.decode().strip() == SECRET
    assert "Message-ID: <" in source.content.decode()


def test_each_look_leaves_a_row_and_is_over_after_a_while(person, delivery, monkeypatch):
    client = person(*MAY, username="ann")
    client.post(part(delivery, "reveal"))

    (entry,) = AuditEntry.objects.filter(action=AuditAction.CONTENT_REVEALED)
    assert (entry.actor, entry.target_id) == ("ann", str(delivery.pk))
    monkeypatch.setattr("tracking.store.clock.now", lambda: entry.at + timedelta(minutes=11))
    assert client.get(part(delivery, "html")).status_code in (302, 403)


def test_reading_the_address_of_the_confirmation_opens_nothing(person, delivery):
    client = person(*MAY)

    client.get(part(delivery, "reveal"))

    assert client.get(part(delivery, "source")).status_code == 403
    assert not AuditEntry.objects.filter(action=AuditAction.CONTENT_REVEALED).exists()


def test_another_delivery_stays_masked(person, delivery):
    client, other = person(*MAY), owed()
    client.post(part(other, "reveal"))

    assert client.get(part(delivery, "html")).status_code == 403


def test_it_needs_a_permission_of_its_own(person, delivery):
    client = person("view_delivery", "change_delivery")

    assert "Your role may not see it." in client.get(page(delivery)).content.decode()
    assert client.post(part(delivery, "reveal")).status_code == 403


def test_the_mail_is_rendered_again_byte_for_byte(admin_client):
    with ScriptedServer() as server:
        connection = factories.ConnectionFactory(port=server.port, encryption=Encryption.NONE)
        rule = factories.saved_rule(connection=connection)
        (delivery,) = flow.owe(rule)
        flow.drain(rule, Hands())
        factories.save_again(rule, action__subject="Another")

    admin_client.post(part(delivery, "reveal"))

    assert admin_client.get(part(delivery, "source")).content == server.mails[0].data


def test_the_rule_of_today_is_compared_with_the_one_of_then(admin_client, delivery):
    admin_client.post(part(delivery, "reveal"))
    assert "With today" not in admin_client.get(page(delivery)).content.decode(), "the rule is as it was"
    factories.save_again(delivery.rule, action__body="<p>Hi {{ lead.first_name }}</p>")

    answer = admin_client.get(f"{page(delivery)}?rule=today")

    assert [line for line in answer.context["changes"] if line[0] != " "] == [
        ("-", "Hello Ada"),
        ("+", "Hi Ada"),
        ("-", "<p>Hello Ada</p>"),
        ("+", "<p>Hi Ada</p>"),
    ]
    assert admin_client.get(part(delivery, "html") + "?rule=today").content.strip() == b"<p>Hi Ada</p>"


def test_a_mail_that_cannot_be_rendered_says_why(admin_client):
    delivery = owed(lead={"email": "nonsense"})
    admin_client.post(part(delivery, "reveal"))

    assert "It cannot be rendered: " in admin_client.get(page(delivery)).content.decode()
    assert admin_client.get(part(delivery, "html")).status_code == 404


def test_the_decision_names_the_conditions_that_the_event_met(admin_client):
    publisher = factories.PublisherFactory(name="Good Leads")
    rule = factories.saved_rule(filters__publisher=[publisher.pk])
    delivery = owed(rule, publisher=publisher.pk)

    text = admin_client.get(page(delivery)).content.decode()

    assert "the event met each of its conditions" in text
    assert "Publisher: Good Leads" in text
