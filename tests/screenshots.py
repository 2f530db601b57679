"""The pictures in docs/images, taken from the running product: `make screenshots`."""

from __future__ import annotations

import tempfile
from pathlib import Path

from playwright.sync_api import Page

from tests.chromium import chromium, log_in
from tests.environment import ROOT
from tests.product import Product, copy_tree, running, until

IMAGES = ROOT / "docs" / "images"
SIZE = {"width": 1500, "height": 940}

# picture -> page, and what must be seen there
PAGES = {
    "rule-list": ("/admin/tracking/rule/", "Thank the lead"),
    "rule-form": ("/admin/tracking/rule/1/change/", "Body"),
    "log": ("/admin/tracking/delivery/", "Sent"),
    "mails": ("/mail/", "your auto insurance quotes"),
}


def main() -> None:
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, running(copy_tree(Path(folder))) as product:
        until(lambda: "quotes" in product.browser().open(f"{product.url}/mail/", timeout=30).read().decode())
        with chromium() as browser:
            _take_all(browser.new_page(viewport=SIZE), product)
        product.end()


def _take_all(page: Page, product: Product) -> None:
    login = product.login
    log_in(page, f"{product.url}/mail/", username=login["username"], password=login["password"])
    for name, (path, seen) in PAGES.items():
        page.goto(product.url + path)
        page.get_by_text(seen).first.wait_for()
        page.screenshot(path=IMAGES / f"{name}.png")
    page.get_by_text("your auto insurance quotes").first.click()
    page.frame_locator("iframe").get_by_text("Your quotes are on their way").wait_for()
    page.screenshot(path=IMAGES / "mail.png")


if __name__ == "__main__":
    main()
