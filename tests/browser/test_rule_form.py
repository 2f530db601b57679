"""The rule form in a browser: two steps, fields that come and go with the choices, and what is typed arrives."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse
from playwright.sync_api import FrameLocator, Locator, Page, expect

from tests import factories
from tracking.emit import emit
from tracking.errors import QuotaError
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


def label(page: Page, name: str) -> Locator:
    return page.locator(f"label[for=id_{name}]").first


def choose(page: Page | FrameLocator, keyboard: Page, name: str, term: str, text: str) -> None:
    """Open an autocomplete, type, and take the choice."""
    box = page.locator(f"#id_{name} + .select2")
    box.locator(".select2-selection").click()
    expect(box).to_have_class(re.compile("select2-container--open"))  # what is typed before is lost
    keyboard.keyboard.type(term)
    page.locator(".select2-results__option", has_text=text).first.click()
    expect(box.locator(".select2-selection__rendered")).to_contain_text(text)


def editor(page: Page | FrameLocator, name: str):
    return page.locator(f".field-{name} .cm-content")


def tab_to(page: Page, wanted: str) -> None:
    """Press Tab until what is wanted has the focus."""
    for _ in range(100):
        page.keyboard.press("Tab")
        if page.evaluate("wanted => document.activeElement.matches(wanted)", wanted):
            return
    pytest.fail(f"Tab does not lead to {wanted}")


def second_step(page: Page, *, trigger: str = "[LMS] Lead Sold", kind: str = "SMTP ESP", query: str = "") -> None:
    if not query:
        query = f"?product={factories.ProductFactory.create(calls='Call' in trigger).pk}"
    page.goto(f"{ADD}{query}")
    page.get_by_role("radio", name=trigger).check()
    page.get_by_role("radio", name=kind).check()
    page.get_by_role("button", name="Next").click()


@pytest.mark.parametrize(
    ("first", "choices", "visible", "hidden"),
    [
        pytest.param(
            {},
            {},
            ["connection", "method", "publisher_exclude"],
            [*MANUAL, *NOTIFICATIONS, "min_price", "call_tracking_pool", "trigger"],
            id="an LMS trigger by ESP",
        ),
        pytest.param(
            {"trigger": "[Call Logic] Lead Sold", "kind": "SMTP with Custom"},
            {"price_restriction": "range", "enable_notifications": "yes"},
            [*MANUAL, *NOTIFICATIONS, "call_tracking_pool", "min_price", "max_price"],
            ["connection", "method", "price_restriction_value"],
            id="a Call Logic trigger by a server of its own, with a price range and notifications",
        ),
        pytest.param(
            {},
            {"price_restriction": "at_least"},
            ["price_restriction_value"],
            ["min_price", "max_price"],
            id="a price bound",
        ),
        pytest.param(
            {},
            {"price_restriction": "positive"},
            [],
            ["price_restriction_value", "min_price", "max_price"],
            id="a price above 0",
        ),
    ],
)
def test_fields_come_and_go_with_the_choices(page, first, choices, visible, hidden):
    second_step(page, **first)

    for name, value in choices.items():
        page.select_option(f"#id_{name}", value)

    for name in visible:
        expect(label(page, name)).to_be_visible()
    for name in hidden:
        expect(label(page, name)).to_be_hidden()
    wanted = "Manual connection" if first.get("kind") else "ESP Service"
    expect(page.locator("#id_smtp_connection option:checked")).to_have_text(wanted)


def test_a_campaigns_rule_offers_neither_buyers_nor_product_triggers(page):
    campaign = factories.CampaignFactory.create(name="Acme Auto")
    page.goto(f"{ADD}?owner_campaign={campaign.pk}")
    expect(page.get_by_role("radio", name="[LMS] Lead Sold")).to_be_hidden()

    page.get_by_role("radio", name="[LMS] Campaign Sold").check()
    page.get_by_role("button", name="Next").click()

    expect(label(page, "publisher")).to_be_visible()
    expect(label(page, "buyer")).to_be_hidden()
    expect(label(page, "campaign_exclude")).to_be_hidden()


def test_the_first_step_wants_its_choices_and_explains_them(page):
    page.goto(ADD)

    page.get_by_role("button", name="Next").click()
    expect(page.get_by_text("Select the trigger.")).to_be_visible()
    expect(page.get_by_text("Choose a product or a campaign.")).to_be_visible()

    page.get_by_label("Search triggers").fill("answering")
    expect(page.get_by_role("radio", name="[LMS] Lead Sold")).to_be_hidden()
    page.get_by_text("The answering machine is detected on the Buyer's side.").click()
    expect(page.get_by_role("radio", name="[Call Logic] AMD")).to_be_checked()


def test_the_chosen_owner_narrows_the_triggers(page):
    factories.ProductFactory.create(name="Medicare Calls", calls=True)
    page.goto(ADD)
    expect(page.get_by_role("radio", name="[LMS] Lead Sold")).to_be_visible()

    choose(page, page, "product", "Medicare", "Medicare Calls")

    expect(page.get_by_role("radio", name="[LMS] Lead Sold")).to_be_hidden()
    expect(page.get_by_role("radio", name="[Call Logic] Lead Sold")).to_be_visible()


def test_the_owner_narrows_the_triggers_of_a_saved_rule_too(page, monkeypatch):
    monkeypatch.setattr("tracking.store.quotas.spend", lambda *_, **__: None)  # previews write nothing, and may be cut
    product = factories.ProductFactory.create(calls=True)
    rule = factories.saved_rule(product=product.pk, trigger="call.lead_sold")
    factories.ProductFactory.create(name="Auto Insurance")
    page.goto(reverse("admin:tracking_rule_change", args=(rule.pk,)))
    lms = page.locator("#id_trigger option[value='lms.lead_sold']")
    expect(lms).to_have_attribute("hidden", "")

    choose(page, page, "product", "Auto", "Auto Insurance")

    expect(lms).not_to_have_attribute("hidden", "")
    expect(page.locator("#trigger-explanation")).to_contain_text("select another trigger")


def test_a_preview_beyond_the_quota_says_so_and_goes_on(page, monkeypatch):
    rule = factories.saved_rule()
    refused = [QuotaError("Previews: at most 1 in a minute. Try again in 1 seconds.", retry_after=1)]
    monkeypatch.setattr("tracking.store.quotas.spend", lambda *_, **__: _refuse(refused))
    page.goto(reverse("admin:tracking_rule_change", args=(rule.pk,)))
    mail = page.locator("#rule-preview")

    expect(mail.get_by_text("The preview pauses. Previews: at most 1 in a minute.")).to_be_visible()

    expect(mail.frame_locator("iframe").get_by_text("Hello Ada")).to_be_visible()
    expect(mail.get_by_text("The preview pauses.")).to_have_count(0)


def _refuse(errors: list[QuotaError]) -> None:
    if errors:
        raise errors.pop()


def test_placeholders_are_searched_and_put_in_at_the_cursor(page):
    second_step(page)
    line = page.locator(".field-line.field-subject")
    editor(page, "subject").fill("Sold to ")
    line.get_by_text("Show available placeholders").click()
    expect(line.locator("[data-placeholder='call.duration']"), "the trigger has no call").to_be_hidden()

    line.get_by_label("Search placeholders").fill("buyer name")
    line.get_by_label("Search placeholders").fill("name of the buyer")
    expect(line.locator("[data-placeholder]:visible")).to_have_count(1)
    line.get_by_role("button", name="{{ buyer.name }}").click()
    page.keyboard.type("!")

    expect(editor(page, "subject")).to_have_text("Sold to {{ buyer.name }}!")
    expect(page.locator("#id_subject")).to_have_value("Sold to {{ buyer.name }}!")


def test_examples_open_on_demand(page):
    second_step(page)
    example = page.get_by_text("Acme Leads <leads@example.com>").first
    expect(example).to_be_hidden()

    page.get_by_text("Show example").first.click()

    expect(example).to_be_visible()


def test_a_filter_that_became_unavailable_stays_marked(page):
    rule = factories.saved_rule(filters__method="POST")
    page.goto(reverse("admin:tracking_rule_change", args=(rule.pk,)))

    page.select_option("#id_trigger", "call.lead_sold")

    expect(label(page, "method")).to_be_visible()
    expect(page.locator(".tracking-withheld")).to_be_visible()
    expect(page.locator("#trigger-explanation")).to_contain_text("The lead was sold to the Publisher.")


def test_a_rule_is_added_in_a_dialog_of_its_product(page):
    product = factories.ProductFactory.create(name="Auto Insurance")
    connection = factories.ConnectionFactory.create(name="SES Ireland")
    for number in range(30):
        factories.PublisherFactory.create(name=f"Bright Leads {number}")
    page.goto(reverse("admin:tracking_product_change", args=(product.pk,)) + "#dataset-rule")
    page.get_by_role("link", name="Add Rule", exact=True).click()
    inside = page.frame_locator("dialog iframe")
    expect(inside.locator("#id_product + .select2")).to_contain_text("Auto Insurance")

    inside.get_by_role("radio", name="[LMS] Lead Sold").check()
    inside.get_by_role("button", name="Next").click()
    choose(inside, page, "publisher", "Leads 17", "Bright Leads 17")
    choose(inside, page, "publisher", "Leads 23", "Bright Leads 23")
    inside.locator("#id_price_restriction").select_option("range")
    inside.locator("#id_min_price").fill("1.50")
    inside.locator("#id_max_price").fill("20")
    choose(inside, page, "connection", "SES", "SES Ireland")
    inside.locator("#id_sender").fill("leads@example.com")
    inside.locator("#id_recipient").fill("{{ lead.email }}")
    editor(inside, "subject").fill("Sold")
    editor(inside, "body").fill("<p>Hello</p>")
    inside.get_by_role("button", name="Save", exact=True).click()

    expect(page.get_by_text("Price 1.50 to 20")).to_be_visible()
    expect(page.locator("dialog")).to_have_count(0)
    rule = Rule.objects.get()
    assert rule.connection == connection
    assert rule.current.document["action"]["body"] == "<p>Hello</p>"
    assert len(rule.current.document["filters"]["publisher"]) == 2


def test_a_rule_is_added_by_keyboard_alone_on_a_page_of_its_own(page):
    product = factories.ProductFactory.create()
    page.goto(f"{ADD}?product={product.pk}")

    tab_to(page, "[aria-label='Search triggers']")
    for key in ("Tab", "Space", "ArrowDown", "Tab", "ArrowDown", "Enter"):  # arrows choose within a group
        page.keyboard.press(key)
    for field, text in (("host", "127.0.0.1"), ("port", "2525"), ("sender", "leads@example.com")):
        tab_to(page, f"#id_{field}")
        page.keyboard.type(text)
    tab_to(page, "#id_recipient")
    page.keyboard.type("ada@example.org")
    tab_to(page, ".field-subject .cm-content")
    page.keyboard.type("Sold: {{ lead.first_name }}")
    page.keyboard.press("Enter")
    tab_to(page, ".field-body .cm-content")
    page.keyboard.type("Line one\nline two")
    page.keyboard.press("Escape")
    tab_to(page, "button[name=_save]")
    page.keyboard.press("Enter")
    page.wait_for_url("**/rule/")

    document = Rule.objects.get().current.document
    assert document["trigger"] == "lms.lead_rejected"
    assert document["action"]["server"]["host"] == "127.0.0.1"
    assert document["action"]["subject"].startswith("Sold: {{ lead.first_name }}")
    assert "\n" not in document["action"]["subject"]
    assert document["action"]["body"] == "Line one\nline two"


def test_escape_asks_before_it_closes_over_what_was_typed(page):
    page.goto(reverse("admin:tracking_rule_changelist"))
    opener = page.get_by_role("link", name="Add Rule", exact=True)
    opener.click()
    inside = page.frame_locator("dialog iframe")
    expect(inside.get_by_role("button", name="Next")).to_be_visible()  # the page listens
    inside.locator("#id_name").fill("Not yet")
    answers = iter(["dismiss", "accept"])
    page.on("dialog", lambda asked: getattr(asked, next(answers))())

    with page.expect_event("dialog"):
        page.keyboard.press("Escape")
    expect(inside.locator("#id_name")).to_have_value("Not yet")
    with page.expect_event("dialog"):
        page.keyboard.press("Escape")

    expect(page.locator("dialog")).to_have_count(0)
    expect(opener).to_be_focused()


def test_a_refused_form_leads_to_its_errors_and_keeps_what_was_typed(page):
    factories.PublisherFactory.create(name="Bright Leads")
    second_step(page, kind="SMTP with Custom")
    choose(page, page, "publisher", "Bright", "Bright Leads")
    page.fill("#id_host", "mail.example.org")
    editor(page, "subject").fill("Kept")
    editor(page, "body").fill("one\n{{ two")

    page.get_by_role("button", name="Save", exact=True).click()

    expect(page.locator(".field-port", has_text="Enter the port of the mail server")).to_be_visible()
    expect(page.locator("#id_host")).to_have_value("mail.example.org")
    expect(editor(page, "subject")).to_have_text("Kept")
    expect(page.locator(".select2-selection__choice", has_text="Bright Leads")).to_be_visible()
    page.locator("#rule-errors").get_by_role("link", name="Recipient").click()
    expect(page.locator("#id_recipient")).to_be_focused()
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


def test_the_mail_is_previewed_while_it_is_written(page, rung, complaints):
    rule = factories.saved_rule(action__content_type="all", action__body="<p>Hello {{ lead.first_name }}</p>")
    emit_one(rule, first_name="Grace")
    page.goto(reverse("admin:tracking_rule_change", args=(rule.pk,)))
    mail = page.locator("#rule-preview")
    html = mail.frame_locator("iframe")
    expect(html.get_by_text("Hello Ada")).to_be_visible()

    editor(page, "body").fill("<p>Dear {{ lead.first_name }} {{ lead.nickname }}</p><script>alert(1)</script>")
    expect(html.get_by_text("Dear Ada")).to_be_visible()
    expect(mail.get_by_text("No value for lead.nickname")).to_be_visible()
    mail.get_by_label("Preview on").select_option(index=1)
    expect(html.get_by_text("Dear Grace")).to_be_visible()
    mail.get_by_role("tab", name="HTML").press("ArrowRight")
    expect(mail.locator("#preview-text")).to_contain_text("Dear Grace")
    mail.get_by_role("tab", name="Source").click()
    expect(mail.locator("#preview-source")).to_contain_text("Content-Type: multipart/alternative")

    editor(page, "body").fill("<p>\n{{ lead. }}</p>")
    expect(page.locator(".field-body .cm-lint-marker-error")).to_be_visible()
    expect(mail.get_by_text("line 2")).to_be_visible()
    assert rule.versions.count() == 1, "nothing was saved"
    blocked = [said for said in complaints if "Blocked script execution in 'about:srcdoc'" in said]
    assert blocked, "the mail's script has not run"
    complaints[:] = [said for said in complaints if said not in blocked]


def emit_one(rule: Rule, **lead: str) -> None:
    emit(factories.event(product=rule.product_id, lead={"email": "grace@example.org", **lead}))
