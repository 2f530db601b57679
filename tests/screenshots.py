"""The pictures in docs/images, taken from the running product: `make screenshots`."""

from __future__ import annotations

import tempfile
from pathlib import Path

from playwright.sync_api import Page

from tests.chromium import chromium, log_in
from tests.environment import ROOT
from tests.product import Product, copy_tree, running, until

IMAGES = ROOT / "docs" / "images"
SIZE = {"width": 1280, "height": 860}

# picture -> page, and what must be seen there
PAGES = {
    "rule-list": ("/admin/tracking/rule/", "Thank the lead"),
    "tracking-tab": ("/admin/tracking/product/101/change/#dataset-rule", "Thank the lead"),
    "log": ("/admin/tracking/delivery/", "Sent"),
    "dashboard": ("/admin/", "Mails by the minute"),
    "connections": ("/admin/tracking/connection/", "Health"),
    "alerts": ("/admin/tracking/rule/1/warnings/", "Events and warnings"),
    "replay": ("/admin/tracking/delivery/replay/", "Which deliveries"),
}


def main() -> None:
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, running(copy_tree(Path(folder))) as product:
        until(lambda: "quotes" in product.browser().open(f"{product.url}/mail/", timeout=30).read().decode())
        with chromium() as browser:
            _take_all(browser.new_page(viewport=SIZE, base_url=product.url), product)
        product.end()


def _take_all(page: Page, product: Product) -> None:
    login = product.login
    log_in(page, f"{product.url}/admin/", username=login["username"], password=login["password"])
    for name, (path, seen) in PAGES.items():
        page.goto(path)
        page.get_by_text(seen).first.wait_for()
        _picture(page, name)
    _add_rule(page)
    _edit_rule(page)
    _backtest(page)
    _history(page)
    _explain(page)
    _mail(page)


def _add_rule(page: Page) -> None:
    """Both steps of the dialog on a product's page."""
    page.goto("/admin/tracking/product/101/change/#dataset-rule")
    page.get_by_role("link", name="Add Rule", exact=True).click()
    inside = page.frame_locator("dialog iframe")
    inside.get_by_role("radio", name="[LMS] Lead Sold").check()
    _picture(page, "add-rule")
    inside.get_by_role("button", name="Next").click()
    inside.get_by_label("Price Restrictions").select_option("range")
    _picture(page, "add-rule-settings")


def _edit_rule(page: Page) -> None:
    """The editor, and the mail beside it."""
    page.goto("/admin/tracking/rule/1/change/")
    page.frame_locator("#rule-preview iframe").get_by_text("Your quotes are on their way").wait_for()
    page.locator("label[for=id_subject]").evaluate("label => scrollTo(0, label.getBoundingClientRect().top - 90)")
    _picture(page, "rule-editor")


def _backtest(page: Page) -> None:
    """A finished one, and the list of jobs that it stands in."""
    page.goto("/admin/tracking/rule/1/backtest/")
    page.get_by_role("button", name="Start").click()
    page.get_by_text("would have matched").wait_for()
    _picture(page, "backtest")
    page.goto("/admin/tracking/job/")
    page.get_by_text("Done").first.wait_for()
    _picture(page, "jobs")


def _history(page: Page) -> None:
    """Two more versions of a rule, and the question before one is restored."""
    for cap in ("500", ""):
        page.goto("/admin/tracking/rule/2/change/")
        page.fill("[name=daily_cap]", cap)
        page.get_by_role("button", name="Save", exact=True).click()
        page.wait_for_url("**/rule/")
    page.goto("/admin/tracking/rule/2/versions/?version=2")
    page.get_by_text("In force", exact=True).wait_for()
    _picture(page, "history")


def _explain(page: Page) -> None:
    page.goto("/admin/tracking/delivery/")
    page.get_by_role("link", name="Log of delivery").first.click()
    page.get_by_role("link", name="Why did which rules fire?").click()
    page.get_by_text("All filters admit the event.").first.wait_for()
    _picture(page, "explain")


def _mail(page: Page) -> None:
    page.goto("/mail/")
    page.get_by_text("your auto insurance quotes").first.click()
    page.frame_locator("iframe").get_by_text("Your quotes are on their way").wait_for()
    _picture(page, "mail")


def _picture(page: Page, name: str) -> None:
    page.screenshot(path=IMAGES / f"{name}.png")


if __name__ == "__main__":
    main()
