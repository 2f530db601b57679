"""What people who hear, magnify or type meet: axe-core finds nothing serious on any page, in light and in dark."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from tests import factories
from tests.integration.test_watch import count, watched
from tracking.choices import DeliveryState, JobKind, Role
from tracking.emit import emit
from tracking.models import Alert, ApiToken, Attempt, Delivery, Preset, User
from tracking.pipeline import backtest, jobs, watch
from tracking.store import clock
from tracking.store import jobs as job_rows

AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text()
STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]
SERIOUS = {"serious", "critical"}
SCHEMES = pytest.mark.parametrize("scheme", ["light", "dark"])

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def serious(page: Page) -> list[str]:
    """The serious findings on the page as it stands, each with the first element that has it.

    Not in its frames: a mail's preview runs no script, and axe's own messages to it would be errors of the console.
    """
    page.evaluate(f"{AXE};0")
    found = page.evaluate("standards => axe.run(document, {runOnly: standards, iframes: false})", STANDARDS)
    assert found["passes"], "it has looked"
    return [f"{one['id']}: {one['nodes'][0]['html'][:200]}" for one in found["violations"] if one["impact"] in SERIOUS]


@SCHEMES
def test_nothing_serious_is_found_where_rules_are_written(page: Page, rung, scheme):
    rule = factories.saved_rule(
        name="Tell the buyer",
        action__body="<p>{{ lead.nickname }}</p>"
        + f"\n<a href='https://leads.example.com/{'long/' * 40}'>More</a>" * 60,
        filters__publisher=[factories.PublisherFactory.create().pk],
    )
    emit(factories.event(product=rule.product_id))
    page.emulate_media(color_scheme=scheme)

    page.goto(reverse("admin:tracking_rule_changelist"))
    page.get_by_label(f"Actions of rule {rule.pk}").click()
    found = {"list": serious(page)}
    page.goto(reverse("admin:tracking_product_change", args=(rule.product_id,)) + "#dataset-rule")
    expect(page.get_by_role("link", name="Add Rule", exact=True)).to_be_visible()
    found["tab"] = serious(page)
    page.goto(reverse("admin:tracking_rule_change", args=(rule.pk,)))
    expect(page.locator("#rule-preview").get_by_text("No value for lead.nickname")).to_be_visible()
    found["rule"] = serious(page)
    size = page.viewport_size
    page.set_viewport_size({"width": 400, "height": 900})
    found["rule, on a phone"] = serious(page)
    page.set_viewport_size(size)
    page.goto(f"{reverse('admin:tracking_rule_add')}?product={rule.product_id}")
    page.get_by_role("radio", name="[LMS] Lead Sold").check()
    found["first step"] = serious(page)
    page.get_by_role("button", name="Next").click()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#rule-errors")).to_be_visible()
    found["second step, refused"] = serious(page)

    assert {name: one for name, one in found.items() if one} == {}


@pytest.fixture
def inhabited(rung, monkeypatch, admin_user) -> list[str]:
    """Every page with something on it: rules, mails, an alert, jobs of each kind, a preset, a token."""
    monkeypatch.setattr("tracking.tasks.run_job.delay", lambda job_id: None)
    rule = watched(warnings_percent="10", warnings_number=5)
    now = clock.now()
    count(rule, now.replace(second=0, microsecond=0) - timedelta(minutes=2), events=30, warnings=9)
    watch.watch(now=now)
    factories.save_again(rule, name="Tell them")
    sent = emit(factories.event(product=rule.product_id, lead_id="lead-7")).matched[0].delivery
    failed = emit(factories.event(product=rule.product_id, event_id="two")).matched[0].delivery
    Delivery.objects.filter(pk=failed).update(state=DeliveryState.FAILED, reason="refused", tries=1)
    Attempt.objects.create(
        delivery_id=failed, started_at=now, ended_at=now, phase="rcpt", code=550, text="No such user " * 20
    )
    open_job = job_rows.open_job(JobKind.PRUNE, {}, author=admin_user, now=now)
    done = backtest.start(rule.current.definition(), rule=rule, days=7, author=admin_user, now=now)
    jobs.run(done.pk, clock=clock.now)
    preset = Preset.objects.create(name="Thank-you", document=rule.current.document, author=admin_user, created_at=now)
    token = ApiToken.objects.create(user=admin_user, name="Platform", digest="0" * 64, hint="evt_ab", created_at=now)
    event = Delivery.objects.get(pk=sent).event_id
    rows = [
        ("delivery", sent),
        ("delivery", failed),
        ("storedevent", event),
        ("alert", Alert.objects.get().pk),
        ("connection", rule.connection_id),
        ("product", rule.product_id),
        ("preset", preset.pk),
        ("apitoken", token.pk),
        ("job", open_job.pk),
        ("job", done.pk),
        ("user", admin_user.pk),
    ]
    of_rule = ["warnings", "versions", "backtest", "test", "clone", "preset", "delete"]
    lists = (
        "rule delivery storedevent alert usageday connection product campaign publisher channel source buyer pingtree "
        "calltrackingpool user apitoken preset job auditentry"
    )
    made = "connection product campaign channel source user apitoken"
    return [
        reverse("admin:index"),
        *(reverse(f"admin:tracking_{name}_changelist") for name in lists.split()),
        *(reverse(f"admin:tracking_{name}_change", args=(key,)) for name, key in rows),
        *(reverse(f"admin:tracking_{name}_add") for name in made.split()),
        *(f"{reverse('admin:tracking_rule_change', args=(rule.pk,))[:-7]}{name}/" for name in of_rule),
        f"{reverse('admin:tracking_rule_change', args=(rule.pk,))[:-7]}versions/?version=1",
        reverse("admin:tracking_delivery_changelist") + "?runs=test",
        reverse("admin:tracking_delivery_resend", args=(failed,)),
        reverse("admin:tracking_delivery_changelist") + "replay/",
        f"{reverse('admin:tracking_storedevent_change', args=(event,))[:-7]}explain/",
        reverse("admin:tracking_storedevent_changelist") + "explain-any/",
        reverse("admin:tracking_rule_changelist") + "import/",
        reverse("admin:tracking_product_delete", args=(rule.product_id,)),
        reverse("admin:tracking_product_history", args=(rule.product_id,)),
        reverse("admin:auth_group_changelist"),
        reverse("admin:auth_group_change", args=(factories.group(Role.SUPPORT).pk,)),
        reverse("admin:auth_user_password_change", args=(admin_user.pk,)),
        reverse("admin:password_change"),
        reverse("second_factor:overview"),
    ]


@SCHEMES
def test_nothing_serious_is_found_on_any_other_page(page: Page, inhabited, scheme):
    page.emulate_media(color_scheme=scheme)
    found = {}

    for address in inhabited:
        answered = page.goto(address)
        assert answered is None or answered.ok, address
        wider = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        found[address] = [*serious(page), *([f"{wider} pixels wider than the window"] if wider > 0 else [])]

    assert {address: one for address, one in found.items() if one} == {}


@SCHEMES
def test_nothing_serious_is_found_before_the_login_and_on_errors(page: Page, complaints, settings, scheme):
    page.emulate_media(color_scheme=scheme)
    looks: dict[str, Callable[[], object]] = {
        "nothing here": lambda: page.goto("/admin/nowhere/"),
        "login": lambda: (page.context.clear_cookies(), page.goto("/admin/login/")),
        "too many tries": lambda: [_fail_to_log_in(page) for _ in range(settings.AXES_FAILURE_LIMIT)],
    }

    found = {}
    for name, look in looks.items():
        look()
        found[name] = serious(page)

    expect(page.get_by_role("heading", name="Too many tries")).to_be_visible()
    assert {name: one for name, one in found.items() if one} == {}
    assert all("404" in said or "429" in said for said in complaints), complaints
    complaints.clear()


def _fail_to_log_in(page: Page) -> None:
    page.goto("/admin/login/")
    page.fill("[name=username]", User.objects.first().username)
    page.fill("[name=password]", "guessed")
    page.click("button[type=submit]")
    page.wait_for_load_state()
