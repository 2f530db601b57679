"""The second factor: set up with an app, asked at login, of use once, and lost without being locked out."""

from __future__ import annotations

import base64
import re
from datetime import UTC, datetime

import pytest
import time_machine
from django.contrib.auth.models import Permission
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django_otp.oath import totp

from tests import factories
from tests.security.conftest import PASSWORD
from tracking.choices import AuditAction
from tracking.models import AuditEntry, Authenticator, User
from tracking.store import second_factor

pytestmark = pytest.mark.django_db

HOME = "/admin/"


@pytest.fixture
def clock():
    """A clock that tests move, as codes change every half minute."""
    with time_machine.travel(datetime(2026, 1, 31, 12, tzinfo=UTC), tick=False) as moved:
        yield moved


def code_of(user: User) -> str:
    """What the person's app shows now."""
    return f"{totp(Authenticator.objects.get(user=user).key()):06d}"


def is_set_up(user: User) -> bool:
    user.refresh_from_db()
    return user.second_factor_since is not None and Authenticator.objects.filter(user=user, confirmed=True).exists()


def log_in(client: Client) -> None:
    assert client.post(reverse("admin:login"), {"username": "ada", "password": PASSWORD}).status_code == 302


@pytest.fixture
def codes(operator, clock) -> list[str]:
    """Recovery codes of an operator with a second factor."""
    second_factor.begin(operator)
    assert second_factor.confirm(operator, code_of(operator), now=factories.NOON)
    made = second_factor.new_codes(operator)
    clock.shift(60)
    return made


def test_a_wrong_code_leaves_a_row_without_it(visitor, operator, codes):
    log_in(visitor)
    visitor.post(reverse("second_factor:ask"), {"code": "314159"})

    row = AuditEntry.objects.get(action=AuditAction.LOGIN_FAILED)
    assert (row.target, row.detail["by"]) == ("ada", "second factor")
    assert "314159" not in str(AuditEntry.objects.values())


def test_an_app_that_scans_the_code_sets_it_up(visitor, operator, clock):
    log_in(visitor)
    page = visitor.get(reverse("second_factor:set_up"))
    shown = re.search(r'id="second-factor-key"[^>]*>([A-Z2-7]+)<', page.text).group(1)
    typed = f"{totp(base64.b32decode(shown)):06d}"

    done = visitor.post(reverse("second_factor:set_up"), {"code": typed})

    assert len(re.findall(r"[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}", done.text)) == 10
    assert 'src="data:image/svg+xml' in page.text
    assert is_set_up(operator)
    assert visitor.get(HOME).status_code == 200


def test_a_wrong_code_sets_nothing_up(visitor, operator, clock):
    log_in(visitor)
    visitor.get(reverse("second_factor:set_up"))

    page = visitor.post(reverse("second_factor:set_up"), {"code": "000000"})

    assert "This code is wrong" in page.text
    assert not is_set_up(operator)


@pytest.mark.parametrize("address", ["/admin/", "/admin/tracking/rule/", "/mail/"])
def test_with_the_password_alone_every_page_asks_for_the_code(visitor, operator, codes, address):
    log_in(visitor)

    response = visitor.get(address)

    assert response.status_code == 302
    assert response.headers["Location"].startswith(reverse("second_factor:ask"))


def test_with_the_password_alone_the_api_knows_nobody(visitor, operator, codes):
    log_in(visitor)

    response = visitor.post("/api/v1/events/", "{}", content_type="application/json")

    assert response.status_code in {401, 403}


@pytest.mark.parametrize("name", ["overview", "set_up"])
def test_with_the_password_alone_nobody_sets_up_another(visitor, operator, codes, name):
    log_in(visitor)

    page = visitor.get(reverse(f"second_factor:{name}"), follow=True)

    assert page.redirect_chain[-1][0] == reverse("second_factor:ask")
    assert not re.search(r"[A-Z2-7]{32}", page.text)


@pytest.mark.parametrize("name", ["new_codes", "remove"])
def test_with_the_password_alone_nobody_takes_it_away(visitor, operator, codes, name):
    log_in(visitor)

    visitor.post(reverse(f"second_factor:{name}"))

    assert is_set_up(operator)
    assert second_factor.matched(operator, codes[0])


def test_the_code_lets_in_and_leads_where_one_wanted_to_go(visitor, operator, codes):
    log_in(visitor)

    done = visitor.post(f"{reverse('second_factor:ask')}?next=/admin/tracking/rule/", {"code": code_of(operator)})

    assert done.headers["Location"] == "/admin/tracking/rule/"
    assert visitor.get("/admin/tracking/rule/").status_code == 200


def test_it_leads_to_no_foreign_place(visitor, operator, codes):
    log_in(visitor)

    done = visitor.post(f"{reverse('second_factor:ask')}?next=//evil.example/", {"code": code_of(operator)})

    assert done.headers["Location"] == HOME


def test_a_code_opens_once(visitor, operator, codes):
    code = code_of(operator)

    assert second_factor.matched(operator, code)
    assert second_factor.matched(operator, code) is None


@pytest.mark.parametrize("typed", [str.upper, lambda code: code.replace("-", " "), lambda code: f" {code} "])
def test_a_recovery_code_opens_once_however_it_is_typed(operator, codes, typed):
    assert second_factor.matched(operator, typed(codes[3]))
    assert second_factor.matched(operator, codes[3]) is None
    assert second_factor.codes_left(operator) == 9


@pytest.mark.parametrize(
    "code", ["", "0", "12345", "1234567", "１２３４５６", "-12345", "a" * 10_000, "\0", "deadbeef"]
)
def test_what_is_no_code_opens_nothing(operator, codes, code):
    assert second_factor.matched(operator, code) is None


def test_each_wrong_code_makes_the_next_wait_longer(operator, codes, clock):
    waits = []
    for _ in range(5):
        second_factor.matched(operator, "000000")
        waits.append(second_factor.patience(operator))
        clock.shift(waits[-1] + 1)

    assert waits == [1, 2, 4, 8, 16]


def test_a_code_given_too_soon_is_not_looked_at(operator, codes, clock):
    second_factor.matched(operator, "000000")

    assert second_factor.matched(operator, code_of(operator)) is None


def test_an_installation_may_ask_one_of_everybody(visitor, operator, settings):
    settings.TRACKING_REQUIRE_SECOND_FACTOR = True
    log_in(visitor)

    response = visitor.get(HOME)

    assert response.headers["Location"].startswith(reverse("second_factor:set_up"))


def test_who_has_none_is_asked_for_none(visitor, operator):
    log_in(visitor)

    assert visitor.get(HOME).status_code == 200


def test_the_key_is_sealed_and_codes_are_hashed(operator, codes):
    row = Authenticator.objects.get()

    assert row.sealed_key.startswith("enc:")
    assert row.key().hex() not in row.sealed_key
    assert not any(code.replace("-", "") in str(second_factor.RecoveryCodes.objects.values()) for code in codes)


def test_the_keys_are_rotated_with_the_passwords(operator, codes, settings):
    old = settings.CREDENTIALS_KEYS
    settings.CREDENTIALS_KEYS = ["bmV3LWtleS1vZi10aGUtdGVzdHMtMDEyMzQ1Njc4OTA=", *old]
    call_command("rotate_credentials", verbosity=0)
    settings.CREDENTIALS_KEYS = settings.CREDENTIALS_KEYS[:1]

    assert second_factor.matched(operator, code_of(operator))


def test_a_superuser_helps_whoever_lost_it(admin_client, operator, codes):
    chosen = {"action": "forget_second_factor", "_selected_action": [operator.pk]}

    admin_client.post(reverse("admin:tracking_user_changelist"), chosen)

    assert not is_set_up(operator)
    assert AuditEntry.objects.filter(detail={"second factor": "removed"}, actor="admin").count() == 1


def test_nobody_else_takes_it_from_others(visitor, operator, codes):
    helper = factories.UserFactory.create(is_staff=True)
    helper.user_permissions.set(Permission.objects.filter(codename__in=["change_user", "view_user"]))
    visitor.force_login(helper)

    chosen = {"action": "forget_second_factor", "_selected_action": [operator.pk]}
    visitor.post(reverse("admin:tracking_user_changelist"), chosen)

    assert is_set_up(operator)
