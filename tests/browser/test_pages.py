"""Each page in a browser, wide and narrow, light and dark: nothing fails, nothing sticks out."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from tests import factories
from tracking.choices import DeliveryState
from tracking.emit import emit
from tracking.models import Alert, Attempt, Connection, Delivery, UsageDay

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LISTS = (
    "rule delivery storedevent alert usageday connection product campaign publisher channel source buyer pingtree "
    "calltrackingpool user apitoken"
)


@pytest.fixture
def delivery(rung) -> Delivery:
    """A failed delivery with its attempt, an alert and usage of its rule."""
    rule = factories.saved_rule(name="Tell the buyer")
    receipt = emit(factories.event(product=rule.product_id, lead_id="lead-7"))
    Delivery.objects.update(state=DeliveryState.FAILED, reason="refused", tries=1)
    made = Delivery.objects.get(pk=receipt.matched[0].delivery)
    Attempt.objects.create(
        delivery=made, started_at=factories.NOON, ended_at=factories.NOON, phase="rcpt", code=550, text="No such user"
    )
    Alert.objects.create(
        rule=rule,
        version=rule.current,
        raised_at=factories.NOON,
        timeframe="1h",
        events=9,
        warnings=5,
        percent_exceeded=True,
        number_exceeded=False,
        next_allowed_at=factories.NOON + timedelta(hours=1),
    )
    UsageDay.objects.create(rule=rule, day=factories.NOON.date(), unit_price="0.0001", events=5)
    return made


def addresses(delivery: Delivery) -> list[str]:
    rule = delivery.rule
    pages = [
        ("rule", rule.pk),
        ("delivery", delivery.pk),
        ("storedevent", delivery.event_id),
        ("connection", rule.connection_id),
        ("product", rule.product_id),
    ]
    return [
        reverse("admin:index"),
        *(reverse(f"admin:tracking_{name}_changelist") for name in LISTS.split()),
        *(reverse(f"admin:tracking_{name}_change", args=(key,)) for name, key in pages),
        *(reverse(f"admin:tracking_{name}_add") for name in ("rule", "connection", "campaign", "user", "apitoken")),
        reverse("admin:tracking_delivery_resend", args=(delivery.pk,)),
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_stands(page: Page, delivery, scheme):
    page.emulate_media(color_scheme=scheme)

    for address in addresses(delivery):
        page.goto(address)
        for width in (1280, 400):
            page.set_viewport_size({"width": width, "height": 900})
            wider = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert wider <= 0, f"{address} is {wider} pixels wider than a window of {width}"


def test_the_home_page_says_that_its_numbers_are_old_when_nobody_is_logged_in(page: Page):
    page.goto(reverse("admin:index"))
    note = page.locator("[data-board-note]")
    expect(note).to_be_hidden()
    cookies = page.context.cookies()

    page.context.clear_cookies()
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")  # it looks at once
    expect(note).to_contain_text("You are logged out: these numbers are not of now.")
    page.context.add_cookies(cookies)
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")

    expect(note).to_be_hidden()


def test_adjacent_rules_are_a_click_away_and_reset(page: Page):
    first = factories.saved_rule(name="First")
    factories.saved_rule(name="Second", product=first.product_id)
    factories.saved_rule(name="Stranger")
    page.goto(reverse("admin:tracking_rule_changelist"))

    page.locator("tr", has_text="First").get_by_role("link", name=f"adjacent to rule {first.pk}:").click()
    expect(page.get_by_text("may fire for the same event as rule")).to_be_visible()
    expect(page.get_by_text("Stranger")).to_have_count(0)
    page.get_by_role("link", name="Reset", exact=True).click()

    expect(page.get_by_text("Stranger")).to_be_visible()


def test_a_failed_mail_is_sent_again_after_a_question(page: Page, delivery):
    page.goto(reverse("admin:tracking_delivery_change", args=(delivery.pk,)))

    page.get_by_role("link", name="Send again").first.click()
    page.get_by_role("button", name="Yes, send again").click()

    expect(page.get_by_text("1 delivery is sent again")).to_be_visible()
    delivery.refresh_from_db()
    assert delivery.state == DeliveryState.RETRYING


def test_chosen_mails_are_discarded_after_a_question(page: Page, delivery):
    Delivery.objects.update(state=DeliveryState.QUEUED)
    page.goto(reverse("admin:tracking_delivery_changelist"))

    page.locator("input.action-select[name=_selected_action]").first.check()
    page.locator("select[name=action]").first.select_option("discard_selected")
    page.get_by_role("button", name="Run").first.click()
    page.get_by_role("button", name="Yes, discard").click()

    expect(page.get_by_text("1 delivery discarded")).to_be_visible()
    delivery.refresh_from_db()
    assert delivery.state == DeliveryState.CANCELLED


def test_a_provider_fills_in_its_server(page: Page):
    page.goto(reverse("admin:tracking_connection_add"))

    page.fill("#id_name", "SES Ireland")
    page.select_option("#id_provider", "amazon-ses")
    page.select_option("#id_region", "eu-west-1")

    expect(page.locator("#id_host")).to_have_value("email-smtp.eu-west-1.amazonaws.com")
    expect(page.locator("#id_port")).to_have_value("587")
    expect(page.locator("#login-hint")).to_contain_text("SES console")
    page.fill("#id_login", "ada")
    page.fill("#id_password", "sesame")
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_url("**/connection/")
    assert Connection.objects.get().region == "eu-west-1"
