"""A Buyer Editor in a browser: logs in, sees what is theirs, and gains nothing by bending a form."""

from __future__ import annotations

import pytest
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect

from tests import factories
from tests.browser.conftest import opened
from tests.browser.journeys.happening import arrived, sold
from tests.browser.running import Running
from tests.chromium import log_in
from tracking.choices import AuditAction, Role
from tracking.models import AuditEntry, Connection, Rule

pytestmark = [pytest.mark.browser, pytest.mark.postgres, pytest.mark.redis]

LIST = reverse("admin:tracking_rule_changelist")
WORDS = "what only they would know"


def of_campaign(relay: Connection, name: str) -> Rule:
    campaign = factories.CampaignFactory.create()
    return factories.saved_rule(connection=relay, campaign=campaign.pk, trigger="lms.campaign_sold", name=name)


def bend(page: Page, field: str, value: object) -> None:
    """As whoever knows the browser's tools does it: the field then holds what it never offered."""
    page.locator(f"#id_{field}").evaluate(
        "(box, value) => box.replaceChildren(new Option('', value, true, true))", value
    )


def test_a_buyer_editor_sees_and_changes_what_is_theirs_and_no_more(
    running: Running, browser: Browser, complaints: list[str], relay: Connection
) -> None:
    own, theirs = of_campaign(relay, "Ours"), of_campaign(relay, "Theirs")
    sold(theirs, "Stranger")
    editor = factories.member(Role.BUYER_EDITOR, buyers=[own.campaign.buyer])
    editor.set_password(WORDS)
    editor.save()
    with opened(browser, running.url, complaints) as page:
        log_in(page, f"{running.url}{LIST}", username=editor.username, password=WORDS)
        expect(page.locator("#result_list tr", has_text="Ours")).to_be_visible()
        expect(page.get_by_text("Theirs")).to_have_count(0)
        page.goto(reverse("admin:tracking_delivery_changelist"))
        expect(page.locator("#result_list tbody tr")).to_have_count(0)

        page.goto(reverse("admin:tracking_rule_change", args=(own.pk,)))
        bend(page, "owner_campaign", theirs.campaign_id)
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.locator("#rule-errors")).to_contain_text("Campaign")
        own.refresh_from_db()
        assert own.campaign_id != theirs.campaign_id
        assert AuditEntry.objects.filter(
            actor_id=editor.pk, action=AuditAction.DENIED, target_id=str(theirs.campaign_id)
        ).exists()

        page.goto(reverse("admin:tracking_rule_change", args=(own.pk,)))
        page.fill("#id_name", "Ours, still")
        page.get_by_role("button", name="Save", exact=True).click()
        page.wait_for_url(f"**{LIST}")
        expect(page.locator("#result_list tr", has_text="Ours, still")).to_be_visible()
    assert complaints == []
    sold(own, "Sophie")
    arrived(running, "sophie@example.org")
