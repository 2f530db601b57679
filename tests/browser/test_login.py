"""Logging in with a second factor, as a person does it."""

from __future__ import annotations

import base64

import pytest
from django_otp.oath import totp
from playwright.sync_api import Page, expect

from tracking.models import Authenticator

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_second_factor_is_set_up_and_asked_at_the_next_login(page: Page, admin_user):
    page.goto("/admin/second-factor/")
    expect(page.get_by_role("heading", name="Set up a second factor")).to_be_visible()
    expect(page.get_by_alt_text("QR code of the key below")).to_be_visible()
    key = base64.b32decode(page.locator("#second-factor-key").inner_text())
    page.fill("[name=code]", f"{totp(key):06d}")
    page.get_by_role("button", name="Set up").click()
    recovery = page.locator("#recovery-codes").inner_text().split()

    page.context.clear_cookies()
    page.goto("/admin/tracking/rule/")
    page.fill("[name=username]", admin_user.username)
    page.fill("[name=password]", "password")
    page.click("button[type=submit]")
    expect(page.get_by_role("heading", name="Your second factor")).to_be_visible()
    page.fill("[name=code]", recovery[0])
    page.get_by_role("button", name="Log in").click()

    page.wait_for_url("**/admin/tracking/rule/")
    assert len(recovery) == 10
    assert Authenticator.objects.get().confirmed
