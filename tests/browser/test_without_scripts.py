"""The admin with scripts off: plainer, and still able to add and edit a rule; the server decides as ever."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect

from tests import factories
from tracking.models import Rule

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def plain(browser: Browser, live_server, admin_user) -> Page:
    """A page of a logged-in superuser whose browser runs no script."""
    client = Client()
    client.force_login(admin_user)
    context = browser.new_context(base_url=live_server.url, java_script_enabled=False)
    name = settings.SESSION_COOKIE_NAME
    context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": live_server.url}])
    opened = context.new_page()
    opened.set_default_timeout(15_000)
    yield opened
    context.close()


def test_a_rule_is_added_and_edited_without_scripts(plain: Page):
    product = factories.ProductFactory.create(name="Auto Insurance")
    publishers = [factories.PublisherFactory.create() for _ in range(2)]
    connection = factories.ConnectionFactory.create()

    plain.goto(reverse("admin:tracking_rule_add"))
    plain.get_by_label("ID: product").fill(str(product.pk))
    plain.select_option("[name=trigger]", "lms.lead_sold")
    plain.fill("[name=name]", "By hand")
    plain.get_by_label("IDs: publisher", exact=True).fill(", ".join(str(one.pk) for one in publishers))
    plain.get_by_label("ID: connection").fill(str(connection.pk))
    plain.fill("[name=sender]", "leads@example.com")
    plain.fill("[name=subject]", "Sold")
    plain.fill("[name=body]", "<p>Hello</p>")
    plain.get_by_role("button", name="Save", exact=True).click()
    expect(plain.locator("#rule-errors")).to_contain_text("Recipient")
    plain.fill("[name=recipient]", "sales@example.com")
    plain.get_by_role("button", name="Save", exact=True).click()
    plain.wait_for_url(f"**{reverse('admin:tracking_rule_changelist')}")

    rule = Rule.objects.get()
    assert rule.product_id == product.pk
    assert rule.current.document["filters"]["publisher"] == [one.pk for one in publishers]
    plain.goto(reverse("admin:tracking_rule_change", args=(rule.pk,)))
    plain.fill("[name=name]", "By hand, again")
    plain.get_by_role("button", name="Save", exact=True).click()
    plain.wait_for_url(f"**{reverse('admin:tracking_rule_changelist')}")
    expect(plain.get_by_text("By hand, again").first).to_be_visible()
    rule.refresh_from_db()
    assert rule.current.document["filters"]["publisher"] == [one.pk for one in publishers]


def test_a_chosen_owner_gives_way_to_a_typed_id(plain: Page):
    rule = factories.saved_rule()
    other = factories.ProductFactory.create()
    plain.goto(reverse("admin:tracking_rule_change", args=(rule.pk,)))

    plain.get_by_label("ID: product").fill(str(other.pk))
    plain.get_by_role("button", name="Save", exact=True).click()
    plain.wait_for_url(f"**{reverse('admin:tracking_rule_changelist')}")

    rule.refresh_from_db()
    assert rule.product_id == other.pk
