"""People of some buyers at the admin: what is there for them, what is not, and that trying leaves a row."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.contrib.admin import helpers
from django.test import Client
from django.urls import reverse

from tests import factories
from tests.integration.admin.pages import errors, form_of, listed, sent
from tracking.choices import AuditAction, DeliveryState, Role
from tracking.emit import emit
from tracking.models import Alert, AuditEntry, Connection, Delivery, Job, Rule, RuleWatch, StoredEvent, UsageDay
from tracking.pipeline.explain import HIDDEN
from tracking.store import clock, presets

pytestmark = pytest.mark.django_db

LIST = reverse("admin:tracking_rule_changelist")
ADD = reverse("admin:tracking_rule_add")


def client_of(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def change(rule) -> str:
    return reverse("admin:tracking_rule_change", args=(rule.pk,))


def denials() -> list[AuditEntry]:
    return list(AuditEntry.objects.filter(action=AuditAction.DENIED))


def made(campaign, **changes) -> Rule:
    return factories.saved_rule(**{"trigger": "lms.campaign_sold", "campaign": campaign.pk, **changes})


@pytest.fixture
def own():
    return factories.CampaignFactory.create(name="Mine")


@pytest.fixture
def other(own):
    return factories.CampaignFactory.create(name="Theirs", product=own.product)


@pytest.fixture
def editor(own) -> Client:
    return client_of(factories.member(Role.BUYER_EDITOR, buyers=[own.buyer]))


@pytest.fixture
def agent(own) -> Client:
    return client_of(factories.member(Role.BUYER_AGENT, buyers=[own.buyer]))


def happened(campaign) -> Delivery:
    rule = made(campaign)
    event = factories.event(trigger="lms.campaign_sold", campaign=campaign.pk, publisher=4711, source=4712)
    emit(event)
    Delivery.objects.filter(rule=rule).update(state=DeliveryState.FAILED)
    return Delivery.objects.get(rule=rule)


# --- lists and pages --------------------------------------------------------------------------------------------------


def test_lists_show_what_is_one_s_own(agent, own, other):
    mine, _ = happened(own), happened(other)
    factories.saved_rule(product=own.product_id)
    for rule in Rule.objects.all():
        UsageDay.objects.create(rule=rule, day="2026-01-31", unit_price=1, events=1)

    for model, rows in (
        ("campaign", [own.pk]),
        ("rule", [mine.rule_id]),
        ("delivery", [mine.pk]),
        ("storedevent", [mine.event_id]),
        ("usageday", [UsageDay.objects.get(rule=mine.rule).pk]),
    ):
        assert listed(agent.get(reverse(f"admin:tracking_{model}_changelist"))) == rows, model


@pytest.mark.parametrize("page", ["change", "history"])
def test_a_foreign_row_answers_as_one_that_does_not_exist(agent, own, other, page):
    theirs = happened(other)

    for model, key, none in (
        ("rule", theirs.rule_id, 999_999),
        ("campaign", other.pk, 999_999),
        ("delivery", theirs.pk, factories.new_token()),
        ("storedevent", theirs.event_id, factories.new_token()),
    ):
        foreign = agent.get(reverse(f"admin:tracking_{model}_{page}", args=(key,)))
        missing = agent.get(reverse(f"admin:tracking_{model}_{page}", args=(none,)))

        assert (foreign.status_code, foreign.content) == (404, missing.content), model
    assert {row.target_type for row in denials()} == {"rule", "campaign", "delivery", "storedevent"}


def test_events_are_shown_without_publishers(agent, own):
    mine = happened(own)

    for url in (
        reverse("admin:tracking_storedevent_change", args=(mine.event_id,)),
        reverse("admin:tracking_delivery_change", args=(mine.pk,)),
    ):
        text = agent.get(url).content.decode()
        assert "ada@example.org" in text
        assert "4711" not in text
        assert "4712" not in text


@pytest.mark.parametrize("model", ["publisher", "channel", "source", "user", "connection", "apitoken", "auditentry"])
def test_what_buyers_have_no_business_with_is_refused_and_noted(editor, model):
    assert editor.get(reverse(f"admin:tracking_{model}_changelist")).status_code == 403

    (row,) = denials()
    assert row.detail["path"].endswith(f"/{model}/")


def test_a_download_holds_one_s_own_rows(agent, own, other):
    for campaign in (own, other):
        rule = made(campaign, name=f"Of {campaign.name}")
        UsageDay.objects.create(rule=rule, day="2026-01-31", unit_price=1, events=1)

    text = b"".join(agent.get(reverse("admin:tracking_usageday_download")).streaming_content).decode()

    assert "Of Mine" in text
    assert "Theirs" not in text


def test_choices_are_one_s_own(editor, own, other):
    found = editor.get(reverse("admin:tracking_campaign_choices")).json()["results"]

    assert [row["id"] for row in found] == [str(own.pk)]
    assert editor.get(reverse("admin:tracking_product_choices")).status_code == 403


def test_a_connection_is_chosen_by_its_name_alone(editor):
    factories.ConnectionFactory.create(name="Main relay", host="secret.example")
    url = reverse("admin:tracking_connection_choices")

    assert [row["text"] for row in editor.get(url, {"term": "main"}).json()["results"]] == ["Main relay"]
    assert editor.get(url, {"term": "secret"}).json()["results"] == []


def test_a_filter_names_no_foreign_row(agent, own, other):
    theirs = made(other, name="Their secret plan")

    for query in ({"campaign__id__exact": other.pk}, {"adjacent": theirs.pk}):
        text = agent.get(f"{LIST}?{urlencode(query)}").content.decode()
        assert "Their" not in text


def test_adjacent_rules_of_others_are_not_counted(editor, own, other):
    mine = made(own)
    factories.saved_rule(product=own.product_id, trigger="lms.campaign_sold")

    assert listed(editor.get(LIST, {"adjacent": mine.pk})) == []
    assert editor.get(LIST).context["cl"].result_list[0].adjacent_count == 0


@pytest.mark.parametrize(
    ("model", "lookup"),
    [
        ("rule", "connection__sealed_password__startswith"),
        ("rule", "campaign__buyer__name__startswith"),
        ("rule", "author__password__startswith"),
        ("connection", "sealed_password__startswith"),
        ("apitoken", "digest__startswith"),
        ("user", "password__startswith"),
        ("delivery", "event__payload__contains"),
    ],
)
def test_a_query_string_probes_no_column_that_is_not_shown(admin_client, model, lookup):
    url = reverse(f"admin:tracking_{model}_changelist")

    assert admin_client.get(url, {lookup: "a"}).status_code == 400

    assert denials()[0].detail["lookup"] == lookup


def test_a_list_offers_the_triggers_of_its_reader(agent):
    lms = client_of(factories.member(Role.LMS_ADMIN))
    pages = [reverse(f"admin:tracking_{model}_changelist") for model in ("rule", "delivery", "storedevent")]
    lists = [(lms, [*pages, reverse("admin:tracking_preset_changelist")]), (agent, pages)]

    for client, addresses in lists:
        for url in addresses:
            text = client.get(url).text
            assert "[LMS] Campaign Sold" in text, url
            assert "[LMS] Lead Offer Received" in text if client is lms else "[LMS] Lead Sold" not in text, url
            assert "[Call Logic] AMD" in text if client is agent else "[Call Logic]" not in text, url


def test_placeholders_of_publishers_are_not_listed(editor, admin_client):
    listed = 'data-placeholder="publisher.name"'

    assert listed in admin_client.get(ADD).text
    assert listed not in editor.get(ADD).text
    assert 'data-placeholder="campaign.name"' in editor.get(ADD).text


def test_people_of_the_house_have_no_name_for_a_buyer(own, agent):
    house = factories.UserFactory.create(username="h0use")
    colleague = factories.member(Role.BUYER_EDITOR, buyers=[own.buyer], username="colleague")
    rule, theirs = made(own), made(own)
    preset = presets.save(rule, name="Ours", buyer=own.buyer, author=house, now=clock.now())
    for author, written in ((house, rule), (colleague, theirs)):
        Rule.objects.filter(pk=written.pk).update(author=author)
        written.versions.update(author=author)
        RuleWatch.objects.create(rule=written, state="firing", acknowledged_at=clock.now(), acknowledged_by=author)

    for name in ("change", "versions", "warnings"):
        own_page, other_page = (
            agent.get(reverse(f"admin:tracking_rule_{name}", args=(one.pk,))).text for one in (rule, theirs)
        )
        assert ("An administrator" in own_page, "h0use" in own_page) == (True, False), name
        assert "colleague" in other_page, name
    for url in (LIST, reverse("admin:tracking_preset_changelist"), _page("preset", preset)):
        text = agent.get(url).text
        assert ("An administrator" in text, "h0use" in text) == (True, False), url


def _page(model: str, row) -> str:
    return reverse(f"admin:tracking_{model}_change", args=(row.pk,))


# --- actions ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("action", ["enable", "disable", "stop", "delete_selected"])
def test_an_action_on_foreign_rules_does_nothing(editor, own, other, action):
    theirs = made(other)
    before = Rule.objects.filter(pk=theirs.pk).values().get()

    chosen = {helpers.ACTION_CHECKBOX_NAME: [theirs.pk], "action": action, "confirmed": "yes", "post": "yes"}
    editor.post(LIST, chosen)

    assert Rule.objects.filter(pk=theirs.pk).values().get() == before


@pytest.mark.parametrize("action", ["resend_selected", "discard_selected"])
def test_an_action_on_foreign_deliveries_does_nothing(editor, own, other, action):
    theirs = happened(other)

    chosen = {helpers.ACTION_CHECKBOX_NAME: [theirs.pk], "action": action, "confirmed": "yes"}
    editor.post(reverse("admin:tracking_delivery_changelist"), chosen)

    theirs.refresh_from_db()
    assert theirs.state == DeliveryState.FAILED


@pytest.mark.parametrize("page", ["rule_enable", "rule_disable", "rule_delete", "delivery_resend", "delivery_discard"])
def test_a_button_of_a_foreign_row_is_not_there(editor, own, other, page):
    theirs = happened(other)
    key = theirs.rule_id if page.startswith("rule") else theirs.pk

    response = editor.post(reverse(f"admin:tracking_{page}", args=(key,)), {"confirmed": "yes", "post": "yes"})

    assert response.status_code == 404
    assert [row.target_id for row in denials()] == [str(key)]
    assert Rule.objects.get(pk=theirs.rule_id).enabled


def test_an_agent_writes_nothing(agent, own):
    mine = happened(own)

    assert agent.get(ADD).status_code == 403
    assert agent.post(change(mine.rule), {}).status_code == 403
    assert (
        agent.post(reverse("admin:tracking_delivery_resend", args=(mine.pk,)), {"confirmed": "yes"}).status_code == 403
    )


# --- the form ---------------------------------------------------------------------------------------------------------


def written(client, own, **changes):
    connection = factories.ConnectionFactory.create()
    typed = {
        "trigger": "lms.campaign_sold",
        "owner_campaign": own.pk,
        "connection": connection.pk,
        "sender": "a@example.com",
        "recipient": "b@example.com",
        "subject": "Hi",
        "body": "Hello",
        "enabled": "on",
    }
    return client.post(ADD, sent(form_of(client, ADD), **{**typed, **changes}))


def test_an_editor_writes_a_rule_of_his_campaign(editor, own):
    assert written(editor, own).status_code == 302

    rule = Rule.objects.get()
    assert (rule.campaign, rule.author.groups.get().name) == (own, Role.BUYER_EDITOR)


def test_an_editor_s_form_has_no_publishers_and_no_products(editor, own):
    text = editor.get(ADD).content.decode()

    for name in ("publisher", "channel_exclude", "source", "product"):
        assert f'name="{name}"' not in text
    assert 'name="pingtree"' in text
    assert 'value="lms.lead_sold"' not in text
    assert 'value="lms.campaign_sold"' in text


@pytest.mark.parametrize(
    ("field", "value"),
    [
        pytest.param("owner_campaign", "other", id="another buyer's campaign"),
        pytest.param("publisher", 7, id="a hidden filter"),
        pytest.param("source_exclude", 7, id="a hidden exclude"),
        pytest.param("notify_users", "stranger", id="a stranger"),
        pytest.param("trigger", "lms.lead_sold", id="a trigger of products"),
        pytest.param("body", "{{ publisher.name }}", id="a hidden value"),
    ],
)
def test_a_forged_form_writes_nothing(editor, own, other, field, value):
    stranger = factories.UserFactory.create()
    factories.PublisherFactory.create(id=7)
    known = {"other": other.pk, "stranger": stranger.pk}

    found = errors(written(editor, own, **{field: known.get(value, value)}))

    assert field in found
    assert not Rule.objects.exists()


def test_a_product_is_no_owner_for_buyers(editor, own):
    found = errors(written(editor, own, owner_campaign="", product=own.product_id))

    assert "product" in found
    assert not Rule.objects.exists()


def test_what_was_tried_leaves_a_row(editor, own):
    factories.PublisherFactory.create(id=7)

    written(editor, own, publisher=7)

    assert list(denials()[0].detail["fields"]) == ["filters.publisher"]


def test_naming_another_s_campaign_leaves_a_row(editor, own, other):
    written(editor, own, owner_campaign=other.pk)
    written(editor, own, owner_campaign=10**9)

    assert [(row.target_type, row.target_id) for row in denials()] == [("campaign", str(other.pk))]


def test_a_filter_set_by_others_is_marked_kept_and_not_told(editor, own):
    publisher = factories.PublisherFactory.create(id=4711, name="Secret publisher")
    rule = made(own, filters__publisher=[publisher.pk], filters__price_restriction="positive")

    text = editor.get(change(rule)).content.decode()
    response = editor.post(change(rule), sent(form_of(editor, change(rule)), subject="New"))

    assert response.status_code == 302
    assert "Set by an administrator" in text
    assert "Secret" not in text
    assert "4711" not in text
    rule.refresh_from_db()
    assert rule.current.document["filters"]["publisher"] == [4711]
    assert rule.current.document["action"]["subject"] == "New"
    assert "Secret" not in editor.get(LIST).content.decode()


def test_whom_others_chose_to_notify_stays(editor, own):
    factories.UserFactory.create(username="boss")
    notify = {"enable_notifications": True, "warnings_number": 1, "notify_users": ["boss"]}
    rule = made(own, **{f"notifications__{name}": value for name, value in notify.items()})

    text = editor.get(change(rule)).content.decode()
    editor.post(change(rule), sent(form_of(editor, change(rule)), subject="New", notify_emails="me@example.com"))
    rule.refresh_from_db()
    assert "boss" not in text
    assert rule.current.document["notifications"]["notify_users"] == ["boss"]
    assert rule.current.document["action"]["subject"] == "New"


def test_a_form_opens_without_a_foreign_campaign(editor, own, other):
    assert "Theirs" not in editor.get(f"{ADD}?owner_campaign={other.pk}").content.decode()


def test_an_lms_admin_sees_and_writes_lms_only(own):
    calls = factories.ProductFactory.create(calls=True)
    foreign = factories.saved_rule(product=calls.pk, trigger="call.lead_sold")
    client = client_of(factories.member(Role.LMS_ADMIN))

    assert client.get(change(foreign)).status_code == 404
    assert "[Call Logic]" not in client.get(ADD).content.decode()
    assert "trigger" in errors(written(client, own, owner_campaign="", product=calls.pk, trigger="call.lead_sold"))


def test_support_reads_all_and_writes_nothing(own, other):
    client = client_of(factories.member(Role.SUPPORT))
    mine = happened(own)

    assert client.get(change(mine.rule)).status_code == 200
    assert client.post(change(mine.rule), {}).status_code == 403
    assert "4711" in client.get(reverse("admin:tracking_delivery_change", args=(mine.pk,))).content.decode()
    assert StoredEvent.objects.count() == 1


# --- tried out --------------------------------------------------------------------------------------------------------


def test_why_a_rule_would_not_fire_tells_of_no_publisher(editor, agent, own):
    factories.PublisherFactory.create(id=4711)
    rule = made(own, filters__publisher=[4711])
    wanted = {"value:lead.email": "ada@example.org", "whom": "own", "to": "me@example.com"}

    said = editor.post(f"{LIST}{rule.pk}/test/", wanted, follow=True).content.decode()
    read = agent.get(reverse("admin:tracking_delivery_change", args=(Delivery.objects.get().pk,))).content.decode()

    assert (said.count(HIDDEN), read.count(HIDDEN)) == (2, 1)  # the message, and the delivery's decision
    assert "4711" not in said + read


def test_a_rule_is_tried_on_no_publisher(editor, own):
    """One that an administrator wrote into the rule's text: the mail to oneself would name it."""
    factories.PublisherFactory.create(id=4711, name="Secret Leads")
    rule = made(own, action__body="{{ publisher.name }} {{ price }}")
    emit(factories.event(trigger="lms.campaign_sold", campaign=own.pk, publisher=4711, price="3.50"))
    event = StoredEvent.objects.get()
    mailed = {**sent(form_of(editor, change(rule))), "edited": rule.pk, "try_to": "me@example.com"}

    page = editor.get(f"{LIST}{rule.pk}/test/", {"base": event.pk}).content.decode()
    for base in (event.pk, ""):
        typed = {"base": base, "value:publisher.id": "4711", "whom": "own", "to": "me@example.com"}
        editor.post(f"{LIST}{rule.pk}/test/", {**typed, "value:lead.email": "ada@example.org"})
        editor.post(f"{LIST}try/mail/", {**mailed, "preview_event": base})

    assert 'name="value:price" value="3.50"' in page
    assert "publisher" not in page
    tried = [row.payload for row in StoredEvent.objects.filter(test=True)]
    tried += [job.params["mail"]["event"] for job in Job.objects.all()]
    assert [payload.get("publisher") for payload in tried] == [None] * 4


# --- platforms --------------------------------------------------------------------------------------------------------


def test_an_admin_of_one_platform_meets_no_server_of_the_other():
    """On the dashboard, among the alerts, as a choice, by the API, and as a filter of the log."""
    calls = factories.ProductFactory.create(calls=True)
    custom = {"action__kind": "smtp_custom", "action__server": {"host": "calls.example", "port": 2525}}
    rule = factories.saved_rule(product=calls.pk, trigger="call.lead_sold", **custom)
    emit(factories.event(trigger="call.lead_sold", product=calls.pk))
    server = rule.connection
    Connection.objects.filter(pk=server.pk).update(
        fail_streak=3, paused_until=clock.now() + timedelta(hours=1), last_error="calls.example is gone"
    )
    alert = Alert.objects.create(connection=server, raised_at=factories.NOON, detail="calls.example is gone")
    met = {}

    for role in (Role.LMS_ADMIN, Role.CALL_LOGIC_ADMIN):
        client = client_of(factories.member(role))
        board = client.get(reverse("admin-board")).content.decode()
        pages = [board, client.get(reverse("admin:tracking_alert_changelist")).content.decode()]
        log = client.get(f"/api/v1/deliveries/?connection={server.key}").json()["results"]
        met[role] = (
            [server.name in page or "calls.example" in page for page in pages],
            client.get(reverse("admin:tracking_alert_change", args=(alert.pk,))).status_code,
            client.get(f"/api/v1/alerts/{alert.pk}/").status_code,
            client.get(f"/api/v1/connections/{server.pk}/").status_code,
            client.get(reverse("admin:tracking_connection_change", args=(server.pk,))).status_code,
            len(log),
        )
        assert server.name not in client.get(reverse("admin:tracking_connection_choices")).content.decode()

    assert met[Role.LMS_ADMIN] == ([False, False], 404, 404, 404, 404, 0)
    assert met[Role.CALL_LOGIC_ADMIN] == ([True, True], 200, 200, 404, 404, 1)


# --- who is not of the staff ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("url", [LIST, reverse("admin:index"), reverse("admin:tracking_connection_add")])
def test_who_is_logged_in_and_not_of_the_staff_is_refused_and_that_is_noted(url):
    user = factories.UserFactory.create()

    response = client_of(user).get(url)

    assert response.status_code == 302
    assert [(row.actor_id, row.detail) for row in denials()] == [(user.pk, {"method": "GET", "path": url})]


def test_of_a_stranger_no_refusal_is_noted(db):
    assert Client().get(LIST).status_code == 302
    assert denials() == []
