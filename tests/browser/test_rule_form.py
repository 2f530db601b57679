"""The rule form in a browser: fields come and go with the choices, and what is typed arrives."""

from __future__ import annotations

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from tests import factories
from tracking.models import Rule

ADD = reverse("admin:tracking_rule_add")
MANUAL = ("host", "login", "password", "port", "encryption")
NOTIFICATIONS = (
    "timeframe",
    "warnings_percent",
    "warnings_number",
    "notify_users",
    "notify_emails",
    "notification_frequency",
)

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def shown(page: Page, name: str) -> bool:
    """Whether a person sees the field's label."""
    return page.locator(f"label[for=id_{name}]").first.is_visible()


def choose(page: Page, name: str, term: str, text: str) -> None:
    """Open an autocomplete, type, and take the choice."""
    page.locator(f"#id_{name} + .select2 .select2-selection").click()
    page.keyboard.type(term)
    page.locator(".select2-results__option", has_text=text).first.click()


@pytest.mark.parametrize(
    ("choices", "visible", "hidden"),
    [
        pytest.param({}, ["connection"], [*MANUAL, *NOTIFICATIONS, "min_price"], id="at first"),
        pytest.param({"kind": "smtp_custom"}, MANUAL, ["connection"], id="a custom connection"),
        pytest.param({"trigger": "lms.lead_sold"}, ["method"], ["call_tracking_pool"], id="an LMS trigger"),
        pytest.param({"trigger": "call.lead_sold"}, ["call_tracking_pool"], ["method"], id="a Call Logic trigger"),
        pytest.param(
            {"price_restriction": "positive"},
            [],
            ["price_restriction_value", "min_price", "max_price"],
            id="a price above 0",
        ),
        pytest.param(
            {"price_restriction": "at_least"},
            ["price_restriction_value"],
            ["min_price", "max_price"],
            id="a price bound",
        ),
        pytest.param(
            {"price_restriction": "range"}, ["min_price", "max_price"], ["price_restriction_value"], id="a price range"
        ),
        pytest.param({"enable_notifications": "yes"}, NOTIFICATIONS, [], id="notifications on"),
    ],
)
def test_fields_come_and_go_with_the_choices(page, choices, visible, hidden):
    page.goto(ADD)

    for name, value in choices.items():
        page.select_option(f"#id_{name}", value)

    assert {name: shown(page, name) for name in visible} == dict.fromkeys(visible, True)
    assert {name: shown(page, name) for name in hidden} == dict.fromkeys(hidden, False)


def test_the_connection_type_follows_the_kind(page):
    page.goto(ADD)
    expect(page.locator("#id_smtp_connection option:checked")).to_have_text("ESP Service")

    page.select_option("#id_kind", "smtp_custom")

    expect(page.locator("#id_smtp_connection option:checked")).to_have_text("Manual connection")


def test_a_campaigns_rule_offers_neither_buyers_nor_product_triggers(page):
    campaign = factories.CampaignFactory.create(name="Acme Auto")
    page.goto(f"{ADD}?owner_campaign={campaign.pk}")

    page.select_option("#id_trigger", "lms.campaign_sold")

    assert not shown(page, "buyer")
    assert not shown(page, "campaign_exclude")
    assert shown(page, "publisher")
    hidden = page.locator("#id_trigger option[value='lms.lead_sold']").evaluate("option => option.hidden")
    assert hidden


def test_a_trigger_explains_itself_and_names_its_placeholders(page):
    page.goto(ADD)
    page.get_by_text("Show available placeholders").last.click()
    row = page.locator("[data-placeholder='call.duration']").last

    page.select_option("#id_trigger", "lms.lead_sold")
    expect(page.locator("#trigger-explanation")).to_have_text("The lead is sold through the Campaign.")
    expect(row).to_be_hidden()
    expect(page.locator("[data-placeholder='lead.email']").last).to_be_visible()

    page.select_option("#id_trigger", "call.lead_sold")
    expect(row).to_be_visible()


def test_examples_open_on_demand(page):
    page.goto(ADD)
    example = page.get_by_text("Acme Leads <leads@example.com>").first
    expect(example).to_be_hidden()

    page.get_by_text("Show example").first.click()

    expect(example).to_be_visible()


def test_a_filter_that_became_unavailable_stays_marked_and_is_refused(page):
    factories.ProductFactory.create(name="Auto Insurance")
    page.goto(ADD)
    choose(page, "product", "Auto", "Auto Insurance")
    page.select_option("#id_trigger", "lms.lead_sold")
    page.select_option("#id_method", "POST")

    page.select_option("#id_trigger", "call.lead_sold")

    assert shown(page, "method")
    expect(page.locator(".tracking-withheld")).to_be_visible()


def test_a_rule_is_written_with_the_keyboard_and_the_mouse(page):
    factories.ProductFactory.create(name="Auto Insurance")
    connection = factories.ConnectionFactory.create(name="SES Ireland")
    for number in range(30):
        factories.PublisherFactory.create(name=f"Bright Leads {number}")
    page.goto(ADD)

    choose(page, "product", "Auto", "Auto Insurance")
    page.select_option("#id_trigger", "lms.lead_sold")
    choose(page, "publisher", "Leads 17", "Bright Leads 17")
    choose(page, "publisher", "Leads 23", "Bright Leads 23")
    page.select_option("#id_price_restriction", "range")
    page.fill("#id_min_price", "1.50")
    page.fill("#id_max_price", "20")
    choose(page, "connection", "SES", "SES Ireland")
    page.fill("#id_sender", "leads@example.com")
    page.fill("#id_recipient", "{{ lead.email }}")
    page.fill("#id_subject", "Sold")
    page.fill("#id_body", "<p>Hello</p>")
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_url("**/rule/")

    rule = Rule.objects.get()
    assert rule.connection == connection
    assert len(rule.current.document["filters"]["publisher"]) == 2
    expect(page.get_by_text("Price 1.50 to 20")).to_be_visible()


def test_a_refused_form_shows_its_errors_and_keeps_what_was_typed(page):
    factories.ProductFactory.create(name="Auto Insurance")
    factories.PublisherFactory.create(name="Bright Leads")
    page.goto(ADD)
    choose(page, "product", "Auto", "Auto Insurance")
    choose(page, "publisher", "Bright", "Bright Leads")
    page.select_option("#id_trigger", "lms.lead_sold")
    page.select_option("#id_kind", "smtp_custom")
    page.fill("#id_host", "mail.example.org")
    page.fill("#id_subject", "Kept")

    page.get_by_role("button", name="Save", exact=True).click()

    expect(page.get_by_text("Enter the port of the mail server")).to_be_visible()
    expect(page.locator("#id_host")).to_have_value("mail.example.org")
    expect(page.locator("#id_subject")).to_have_value("Kept")
    expect(page.locator(".select2-selection__choice", has_text="Bright Leads")).to_be_visible()
    assert not Rule.objects.exists()


def test_what_a_choice_makes_meaningless_is_not_sent(page):
    rule = factories.saved_rule(
        filters__price_restriction="range", filters__min_price="1.00", filters__max_price="2.00"
    )
    page.goto(reverse("admin:tracking_rule_change", args=(rule.pk,)))

    page.select_option("#id_price_restriction", "positive")
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_url("**/rule/")

    rule.refresh_from_db()
    assert rule.current.document["filters"]["min_price"] is None
