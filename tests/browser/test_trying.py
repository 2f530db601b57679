"""Rules and connections tried out before they are live, with a browser's clicks: nothing of it is saved."""

from __future__ import annotations

import json

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from tests import factories
from tests.smtp_server import ScriptedServer
from tracking import tasks
from tracking.emit import emit
from tracking.models import Delivery, Rule, RuleVersion, StoredEvent
from tracking.pipeline import deliver, jobs
from tracking.smtp import sender_domain
from tracking.store import clock

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LIST = reverse("admin:tracking_rule_changelist")


@pytest.fixture(autouse=True)
def worker(monkeypatch, settings, rung) -> None:
    """Jobs are done at once, where a worker would do them in a moment; DNS knows one domain."""
    records = {"example.com": ["v=spf1 include:_spf.example.net ~all"]}
    monkeypatch.setattr(sender_domain, "by_dns", lambda name, kind: records.get(name, []))
    monkeypatch.setattr(tasks._job_bell, "ring", lambda ids: [jobs.run(one, clock=clock.now) for one in ids])
    settings.TRACKING_REGULAR_PRICE = "0.01"


@pytest.fixture
def server(settings):
    with ScriptedServer(auth=["PLAIN"], users={"me": "hunter2"}) as running:
        settings.TRACKING_SMTP_ALLOWED_PORTS = [str(running.port)]
        yield running


@pytest.fixture
def rule(server) -> Rule:
    """A live rule, and events of an hour for it."""
    connection = factories.ConnectionFactory.create(port=server.port, name="House relay")
    product = factories.ProductFactory.create(name="Auto Insurance")
    made = factories.saved_rule(connection=connection, product=product.pk, name="Tell the buyer")
    factories.saved_rule(product=product.pk, name="Price asked", filters__price_restriction="positive")
    for price in ("1.00", "9.00", "12.00"):
        lead = {"first_name": "Ada", "email": f"ada{price[0]}@example.org"}
        emit(factories.event(product=product.pk, price=price, lead=lead, lead_id=f"L{price}"))
    return made


def test_a_test_run_from_the_list_goes_to_oneself_and_stands_in_the_log(page: Page, rule: Rule, server) -> None:
    page.goto(LIST)
    page.get_by_role("button", name=f"Actions of rule {rule.pk}").click()
    page.get_by_role("link", name="Test run").click()
    page.get_by_role("textbox", name="lead.first_name").fill("Grace")
    page.get_by_label("Addresses, separated by commas").fill("me@example.com")
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_text("The test run is on its way")).to_be_visible()

    deliver.drain(rule.connection_id, clock=clock.started())
    page.reload()

    expect(page.locator("#content").get_by_text("Sent", exact=True).first).to_be_visible()
    expect(page.get_by_text("Instead of ada@example.org")).to_be_visible()
    test = Delivery.objects.get(test=True)
    (mail,) = [mail for mail in server.mails if mail.recipients == ("me@example.com",)]
    assert b"Subject: Sold: Grace" in mail.data
    page.goto(f"{reverse('admin:tracking_delivery_changelist')}?runs=test")
    expect(page.locator(f"a[href*='{test.pk}']").first).to_be_visible()


def test_the_form_is_checked_mailed_and_backtested_unsaved(page: Page, rule: Rule, server) -> None:
    page.goto(reverse("admin:tracking_rule_change", args=(rule.pk,)))
    panel = page.locator("[data-try]")
    expect(panel.get_by_text("mails a day")).to_be_visible()

    page.select_option("[name=price_restriction]", "greater")
    page.fill("[name=price_restriction_value]", "5")
    panel.get_by_role("button", name="Backtest").click()
    expect(panel.get_by_text("would have matched 2 of 3 events and cost $0.02")).to_be_visible()
    expect(panel.locator(".tracking-card", has_text="only by the live version")).to_contain_text("1")

    panel.get_by_label("Mail to").fill("me@example.com")
    panel.get_by_role("button", name="Send a test mail").click()
    expect(panel.get_by_text("The server took the mail to me@example.com.")).to_be_visible()
    expect(panel.get_by_role("cell", name="v=spf1 include:_spf.example.net")).to_be_visible()

    page.fill("[name=sender]", "me@gmail.com")
    panel.get_by_role("button", name="Check the rule").click()
    expect(panel.get_by_text("gmail.com refuses mail in its name")).to_be_visible()
    assert RuleVersion.objects.filter(rule=rule).count() == 1
    assert [mail.recipients for mail in server.mails] == [("me@example.com",)]


def test_a_backtest_lists_its_events_and_shows_the_mail_of_each(page: Page, rule: Rule) -> None:
    page.goto(reverse("admin:tracking_rule_backtest", args=(rule.pk,)))
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_text("would have matched 3 of 3 events")).to_be_visible()
    page.get_by_role("link", name="The events").click()
    page.get_by_role("row", name="L9.00").get_by_role("link", name="Show").click()

    expect(page.get_by_role("cell", name="ada9@example.org")).to_be_visible()
    expect(page.frame_locator("iframe.tracking-mail").get_by_text("Hello Ada")).to_be_visible()


def test_a_connection_is_checked_before_it_is_saved(page: Page, server) -> None:
    page.goto(reverse("admin:tracking_connection_add"))
    panel = page.locator("[data-try]")
    panel.get_by_role("button", name="Check connection").click()
    expect(panel.get_by_role("alert")).to_contain_text("enter the name of the mail server")

    for name, value in (("host", "127.0.0.1"), ("port", str(server.port)), ("login", "me"), ("password", "wrong")):
        page.fill(f"[name={name}]", value)
    page.select_option("[name=encryption]", "none")
    panel.get_by_role("button", name="Check connection").click()
    expect(panel.get_by_text("It does not work")).to_be_visible()
    page.fill("[name=password]", "hunter2")
    panel.get_by_role("button", name="Check connection").click()

    expect(panel.get_by_text("It works")).to_be_visible()
    expect(panel.get_by_role("cell", name="AUTH PLAIN ********")).to_be_visible()
    assert "hunter2" not in panel.inner_text()


def test_an_event_is_explained_from_its_page_and_when_it_is_pasted(page: Page, rule: Rule) -> None:
    event = StoredEvent.objects.order_by("id").first()
    page.goto(reverse("admin:tracking_storedevent_change", args=(event.pk,)))
    page.get_by_role("link", name="Why did which rules fire?").click()
    expect(page.get_by_role("row", name="Tell the buyer")).to_contain_text("All filters admit the event.")

    page.goto(reverse("admin:tracking_storedevent_changelist"))
    page.get_by_role("link", name="Explain an event").click()
    pasted = {**event.payload, "event_id": "pasted", "price": "0"}
    page.get_by_label("The event as JSON").fill(json.dumps(pasted))
    page.get_by_role("button", name="Explain").click()

    expect(page.get_by_role("row", name="Price asked")).to_contain_text("the price must be greater than 0")
    assert not StoredEvent.objects.filter(event_id="pasted").exists()
