"""Rules and connections tried out from their pages: the unsaved form, who may, and what is shown of it."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from tests import factories
from tests.integration.admin.pages import form_of, sent
from tests.smtp_server import ScriptedServer
from tracking import tasks
from tracking.choices import JobKind, Role
from tracking.emit import emit
from tracking.models import Delivery, Job, Rule, RuleVersion, StoredEvent, User
from tracking.pipeline import backtest, jobs
from tracking.smtp import sender_domain
from tracking.store import clock

pytestmark = pytest.mark.django_db

RULE = "/admin/tracking/rule/"


@pytest.fixture(autouse=True)
def begun(monkeypatch) -> list[int]:
    """The jobs that a worker was told of; DNS knows nothing."""
    ids: list[int] = []
    monkeypatch.setattr(tasks._job_bell, "ring", ids.extend)
    monkeypatch.setattr(sender_domain, "by_dns", lambda name, kind: [])
    return ids


def member(*roles: Role, **fields) -> Client:
    client = Client()
    client.force_login(factories.member(*roles, **fields))
    return client


def me() -> User:
    return User.objects.latest("pk")


def done() -> Job:
    """The newest job after a worker has run it."""
    job = Job.objects.latest("pk")
    jobs.run(job.pk, clock=clock.now)
    job.refresh_from_db()
    return job


def form(client, rule, **changes):
    return {**sent(form_of(client, f"{RULE}{rule.pk}/change/"), **changes), "edited": str(rule.pk)}


# --- test run ---------------------------------------------------------------------------------------------------------


def test_a_test_run_asks_for_the_values_and_goes_to_oneself_by_default():
    rule = factories.saved_rule(action__subject="{{ price }}")
    client = member(Role.GLOBAL_ADMIN, email="me@example.com")

    page = client.get(f"{RULE}{rule.pk}/test/").text
    assert 'name="value:lead.email" value="ada@example.org"' in page
    assert 'name="to" value="me@example.com"' in page
    answer = client.post(f"{RULE}{rule.pk}/test/", {"value:price": "7", "whom": "own", "to": "me@example.com"})

    delivery = Delivery.objects.get()
    assert answer["Location"] == f"/admin/tracking/delivery/{delivery.pk}/change/"
    assert (delivery.test, delivery.redirect) == (True, "me@example.com")
    assert StoredEvent.objects.get().payload["price"] == "7"


def test_a_chosen_event_fills_the_form_and_what_is_wrong_stands_at_its_value():
    rule = factories.saved_rule(action__subject="{{ price }}")
    emit(factories.event(product=rule.product_id, price="3.50", lead={"email": "eve@x.org", "first_name": "Eve"}))
    event = StoredEvent.objects.get()
    client = member(Role.GLOBAL_ADMIN)

    assert 'value="eve@x.org"' in client.get(f"{RULE}{rule.pk}/test/?base={event.pk}").text
    page = client.post(f"{RULE}{rule.pk}/test/", {"value:price": "much", "whom": "rules", "base": str(event.pk)}).text

    assert "must be a decimal" in page
    assert 'name="value:price" value="much"' in page
    assert not Delivery.objects.filter(test=True).exists()


def test_a_test_run_names_no_entity_of_others():
    product, foreign = factories.ProductFactory.create(), factories.ProductFactory.create(calls=True)
    campaign = factories.CampaignFactory.create(product=foreign, name="Secret plan")
    rule = factories.saved_rule(product=product.pk, action__subject="{{ campaign.name }}")
    client = member(Role.LMS_ADMIN, email="me@example.com")

    pages = [client.post(f"{RULE}{rule.pk}/test/", {"value:campaign.id": str(key)}).text for key in (campaign.pk, 4711)]

    for page, key in zip(pages, (campaign.pk, 4711), strict=True):
        assert f"there is no campaign {key} in the directory" in page
    assert not Delivery.objects.exists()


@pytest.mark.parametrize("posted", [{}, {"whom": "own"}, {"whom": "everybody", "to": " "}])
def test_a_form_without_an_address_mails_oneself_and_no_recipient(posted):
    rule = factories.saved_rule()

    member(Role.GLOBAL_ADMIN, email="me@example.com").post(f"{RULE}{rule.pk}/test/", posted)

    assert Delivery.objects.get().redirect == "me@example.com"


def test_without_an_address_nothing_is_sent():
    rule = factories.saved_rule()

    page = member(Role.GLOBAL_ADMIN, email="").post(f"{RULE}{rule.pk}/test/", {"whom": "own", "to": ""}).text

    assert "Your account has no email address" in page
    assert not Delivery.objects.exists()


def test_readers_and_other_buyers_cannot_run_tests():
    campaign = factories.CampaignFactory.create()
    rule = factories.saved_rule(campaign=campaign.pk, trigger="lms.campaign_sold")
    other = factories.CampaignFactory.create()

    for client in (
        member(Role.SUPPORT),
        member(Role.BUYER_AGENT, buyers=[campaign.buyer]),
        member(Role.BUYER_EDITOR, buyers=[other.buyer]),
    ):
        posted = client.post(f"{RULE}{rule.pk}/test/", {"whom": "own", "to": "me@example.com"})
        assert posted.status_code in (302, 403, 404)
    assert not Delivery.objects.exists()


# --- the unsaved form -------------------------------------------------------------------------------------------------


def test_the_connection_of_an_unsaved_form_is_checked_and_its_transcript_shown(settings):
    client = member(Role.GLOBAL_ADMIN)
    with ScriptedServer(auth=["PLAIN"], users={"me": "hunter2"}) as server:
        settings.TRACKING_SMTP_ALLOWED_PORTS = [str(server.port)]
        typed = {"kind": "smtp_custom", "host": "127.0.0.1", "port": str(server.port), "encryption": "none"}
        answer = client.post(f"{RULE}try/check/", {**typed, "login": "me", "password": "hunter2"}).json()
        done()

    shown = client.get(answer["result"]).text
    assert "It works" in shown
    assert "AUTH PLAIN ********" in shown
    assert "hunter2" not in shown + client.get(answer["page"]).text


def test_what_is_missing_for_a_check_is_said_field_by_field():
    answer = member(Role.GLOBAL_ADMIN).post(f"{RULE}try/check/", {"kind": "smtp_custom"}).json()

    assert answer["errors"].keys() == {"host", "port"}


def test_a_real_mail_of_the_edited_form_goes_to_the_address_asked_for(settings):
    client = member(Role.GLOBAL_ADMIN)
    with ScriptedServer() as server:
        rule = factories.saved_rule(connection=factories.ConnectionFactory.create(port=server.port))
        body = form(client, rule, subject="Edited {{ lead.first_name }}", try_to="me@example.com")
        client.post(f"{RULE}try/mail/", body)
        assert done().result["ok"] is True

    (mail,) = server.mails
    assert mail.recipients == ("me@example.com",)
    assert b"Subject: Edited Ada" in mail.data
    assert RuleVersion.objects.count() == 1


def test_the_edited_form_is_backtested_against_the_live_version():
    rule = factories.saved_rule()
    for price in ("1", "9"):
        emit(factories.event(product=rule.product_id, price=price, lead={"email": f"a{price}@x.org"}))
    client = member(Role.GLOBAL_ADMIN)

    changes = {"price_restriction": "greater", "price_restriction_value": "5", "days": "7"}
    answer = client.post(f"{RULE}try/backtest/", form(client, rule, **changes)).json()
    job = done()

    assert (job.kind, job.result["verdicts"]) == (JobKind.BACKTEST, {"both": 1, "live": 1, "edited": 0})
    assert "would have matched 1 of 2 events" in client.get(answer["page"]).text
    listed = client.get(f"/admin/tracking/job/{job.pk}/events/?verdict=both").text
    assert "a9@x.org" in listed
    assert RuleVersion.objects.count() == 1


def test_each_event_of_a_backtest_shows_the_mail_of_the_version_that_fired():
    rule = factories.saved_rule(action__subject="Of then", action__body="<p>Same</p>")
    for price in ("1", "9"):
        emit(factories.event(product=rule.product_id, price=price))
    client = member(Role.GLOBAL_ADMIN)

    changes = {"price_restriction": "greater", "price_restriction_value": "5", "subject": "As edited", "days": "7"}
    client.post(f"{RULE}try/backtest/", form(client, rule, **changes))
    job = done()
    live, both = (f"/admin/tracking/job/{job.pk}/events/{job.matches.get(verdict=one).pk}/" for one in ("live", "both"))

    assert "<td>Of then</td>" in client.get(live).text
    page = client.get(both).text
    assert "<td>As edited</td>" in page
    assert "<del>Subject: Of then</del>" in page
    assert "<ins>Subject: As edited</ins>" in page
    assert f'src="{both}html/"' in page
    frame = client.get(f"{both}html/")
    assert frame.text.strip() == "<p>Same</p>"
    assert {"default-src 'none'", "img-src data:"} <= set(frame["Content-Security-Policy"].split("; "))


def test_a_backtest_says_that_it_names_some_recipients_only(monkeypatch):
    monkeypatch.setattr(backtest, "TOLD", 1)
    rule = factories.saved_rule()
    for email in ("ada@x.org", "eve@x.org", "eve@x.org"):
        emit(factories.event(product=rule.product_id, lead={"email": email}))
    client = member(Role.GLOBAL_ADMIN)

    answer = client.post(f"{RULE}{rule.pk}/backtest/", {"days": "7"})
    done()

    page = client.get(answer["Location"]).text
    assert "Recipients of the edited version: 2, the 1 with the most mails" in page
    assert "eve@x.org" in page
    assert "ada@x.org" not in page


def test_a_backtest_says_which_of_its_days_are_not_whole():
    rule = factories.saved_rule()
    client = member(Role.GLOBAL_ADMIN)
    told = "only events with a mail that failed are kept"

    assert told in client.get(f"{RULE}{rule.pk}/backtest/").text
    for days, short in (("2", False), ("90", True)):
        answer = client.post(f"{RULE}{rule.pk}/backtest/", {"days": days})
        done()
        assert (told in client.get(answer["Location"]).text) is short, days


def test_an_unfinished_form_is_not_backtested_and_says_why():
    rule = factories.saved_rule()
    client = member(Role.GLOBAL_ADMIN)

    answer = client.post(f"{RULE}try/backtest/", form(client, rule, body="{{ nothing }}", days="7")).json()

    assert list(answer["errors"]) == ["Body"]
    assert not Job.objects.exists()


def test_remarks_about_the_form_and_after_saving():
    rule = factories.saved_rule()
    client = member(Role.GLOBAL_ADMIN)
    odd = form(client, rule, sender="me@gmail.com")

    assert "gmail.com refuses mail" in client.post(f"{RULE}try/lint/", odd).json()["html"]
    saved = client.post(f"{RULE}{rule.pk}/change/", odd, follow=True).text

    assert "gmail.com refuses mail" in saved
    assert RuleVersion.objects.count() == 2
    assert "gmail.com refuses mail" in client.get(f"{RULE}{rule.pk}/change/").text


def test_a_buyer_tries_out_what_is_his_and_nothing_else():
    campaign, other = factories.CampaignFactory.create(), factories.CampaignFactory.create()
    own, foreign = (
        factories.saved_rule(campaign=one.pk, trigger="lms.campaign_sold", name="Of a buyer")
        for one in (campaign, other)
    )
    client = member(Role.BUYER_EDITOR, buyers=[campaign.buyer])
    body = form(client, own, days="7")

    assert "state" in client.post(f"{RULE}try/backtest/", body).json()
    forged = client.post(f"{RULE}try/backtest/", {**body, "owner_campaign": str(other.pk)}).json()
    assert "state" not in forged
    as_his = client.post(f"{RULE}try/backtest/", {**body, "edited": str(foreign.pk)})
    assert as_his.status_code in (200, 403)
    assert not Job.objects.filter(rule=foreign).exists()
    for path in ("try/check/", "try/mail/", "try/backtest/", "try/lint/"):
        assert member(Role.SUPPORT).post(f"{RULE}{path}", body).status_code == 403


def test_a_buyer_checks_a_predefined_connection_and_learns_nothing_of_its_server(settings):
    campaign = factories.CampaignFactory.create()
    client = member(Role.BUYER_EDITOR, buyers=[campaign.buyer])
    with ScriptedServer() as server:
        settings.TRACKING_SMTP_ALLOWED_PORTS = [str(server.port)]
        connection = factories.ConnectionFactory.create(port=server.port, name="Main relay")
        rule = factories.saved_rule(connection=connection, campaign=campaign.pk, trigger="lms.campaign_sold")
        answer = client.post(f"{RULE}try/check/", form(client, rule)).json()
        job = done()

    page = client.get(answer["result"]).text
    assert "The server let us in." in page
    for told in (page, json.dumps([job.params, job.result, job.title])):
        assert "127.0.0.1" not in told
        assert str(server.port) not in told
    assert "What was said" not in page


def test_another_persons_backtest_is_not_there():
    rule = factories.saved_rule()
    client = member(Role.GLOBAL_ADMIN)
    client.post(f"{RULE}{rule.pk}/backtest/", {"days": "7"})
    job = done()
    stranger = member(Role.BUYER_EDITOR, buyers=[factories.BuyerFactory.create()])

    for path in ("events/", "events/1/", "result/", "state/"):
        assert stranger.get(f"/admin/tracking/job/{job.pk}/{path}").status_code == 404
    assert client.get(f"/admin/tracking/job/{job.pk}/events/").status_code == 200


# --- connections ------------------------------------------------------------------------------------------------------


def test_a_connection_page_checks_what_was_typed_and_mails_over_it(settings):
    client = member(Role.GLOBAL_ADMIN)
    with ScriptedServer() as server:
        settings.TRACKING_SMTP_ALLOWED_PORTS = [str(server.port)]
        typed = {"provider": "other", "host": "127.0.0.1", "port": str(server.port), "encryption": "none"}
        mailed = {**typed, "sender": "us@example.com", "try_to": "me@example.com"}
        answer = client.post("/admin/tracking/connection/try/mail/", mailed).json()
        done()

    assert [mail.recipients for mail in server.mails] == [("me@example.com",)]
    assert "The server took the mail" in client.get(answer["result"]).text


def test_blanks_of_a_connection_are_what_its_provider_prescribes(monkeypatch):
    client = member(Role.GLOBAL_ADMIN)

    client.post("/admin/tracking/connection/try/check/", {"provider": "postmark", "login": "x", "password": "y"})

    assert Job.objects.get().params["server"]["host"] == "smtp.postmarkapp.com"


def test_who_may_not_change_connections_checks_none():
    row = factories.ConnectionFactory.create()

    for path in ("try/check/", "try/mail/"):
        answer = member(Role.SUPPORT).post(f"/admin/tracking/connection/{path}", {"edited": str(row.pk)})
        assert answer.status_code == 403
    assert not Job.objects.exists()


# --- explained --------------------------------------------------------------------------------------------------------


def test_a_stored_event_is_explained_with_what_became_of_it():
    fires = factories.saved_rule(name="Fires")
    factories.saved_rule(product=fires.product_id, name="Asks", filters__price_restriction="positive")
    emit(factories.event(product=fires.product_id))
    client = member(Role.GLOBAL_ADMIN)

    page = client.get(f"/admin/tracking/storedevent/{StoredEvent.objects.get().pk}/explain/").text

    assert "All filters admit the event." in page
    assert "the price must be greater than 0, the event has none" in page
    assert f"/admin/tracking/delivery/{Delivery.objects.get().pk}/change/" in page


def test_why_a_rule_that_fires_owes_no_mail_is_told():
    once = factories.saved_rule(name="Once", policy__once_per_lead=True)
    for name in ("evt-first", "evt-second"):
        emit(factories.event(event_id=name, product=once.product_id, lead_id="lead-7"))
    second = StoredEvent.objects.get(event_id="evt-second")
    added, changed, disabled = (factories.saved_rule(product=once.product_id) for _ in range(3))
    later = clock.now() + timedelta(minutes=1)
    Rule.objects.filter(pk=added.pk).update(created_at=later)
    RuleVersion.objects.filter(rule__in=[added, changed]).update(created_at=later)
    url = f"/admin/tracking/storedevent/{second.pk}/explain/"

    told = {row["one"].rule: row["silence"] for row in member(Role.GLOBAL_ADMIN).get(url).context["told"]}

    assert told[once.pk] == ("It fires once per lead, and had fired for", Delivery.objects.get(rule=once))
    for rule, words in ((added, "was added later"), (changed, "was changed later"), (disabled, "was disabled then")):
        assert words in told[rule.pk][0]


def test_who_may_not_see_mails_is_not_told_that_there_is_none():
    rule = factories.saved_rule()
    emit(factories.event(product=rule.product_id))
    user = factories.UserFactory.create(is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=("view_rule", "view_storedevent")))
    client = Client()
    client.force_login(user)

    page = client.get(f"/admin/tracking/storedevent/{StoredEvent.objects.get().pk}/explain/").text

    assert "All filters admit" in page
    assert "No mail" not in page
    assert "What became of it" not in page


def test_a_pasted_event_is_explained_and_one_that_is_none_is_refused_by_field():
    rule = factories.saved_rule(name="Fires")
    client = member(Role.GLOBAL_ADMIN)
    event = factories.event(product=rule.product_id).to_json()

    assert "All filters admit" in client.post("/admin/tracking/storedevent/explain/", {"event": json.dumps(event)}).text
    wrong = client.post("/admin/tracking/storedevent/explain/", {"event": json.dumps({**event, "price": "much"})}).text

    assert "price: must be a decimal" in wrong
    assert not StoredEvent.objects.exists()


def test_a_buyer_is_told_of_his_rules_only_and_of_no_publisher():
    campaign = factories.CampaignFactory.create()
    publisher = factories.PublisherFactory.create(name="Secret Leads")
    own = factories.saved_rule(
        campaign=campaign.pk, trigger="lms.campaign_sold", name="Own", filters__publisher=[publisher.pk]
    )
    factories.saved_rule(product=campaign.product_id, trigger="lms.campaign_sold", name="House")
    event = factories.event(trigger="lms.campaign_sold", campaign=campaign.pk, product=campaign.product_id)
    client = member(Role.BUYER_AGENT, buyers=[campaign.buyer])

    page = client.post("/admin/tracking/storedevent/explain/", {"event": json.dumps(event.to_json())}).text

    assert f"#{own.pk} Own" in page
    assert "House" not in page
    assert "Secret Leads" not in page
    assert str(publisher.pk) not in page.replace(str(own.pk), "")
