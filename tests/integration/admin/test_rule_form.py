"""The rule form: everything typed becomes a version, everything refused stands at its field."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args

import pytest
from django.urls import reverse
from pydantic import BaseModel

from tests import factories
from tests.integration.admin.pages import errors, form_of, sent
from tracking.admin.rules.fields import all_fields
from tracking.choices import ConnectionKind, Filter
from tracking.definition import RuleDefinition
from tracking.models import Rule, RuleVersion, StoredEvent
from tracking.store import presets
from tracking.triggers import TRIGGERS

ADD = reverse("admin:tracking_rule_add")

pytestmark = pytest.mark.django_db


@pytest.fixture
def directory() -> dict[str, int]:
    """One entry of each kind, by name of its filter."""
    product = factories.ProductFactory.create()
    return {
        "product": product.pk,
        "publisher": factories.PublisherFactory.create().pk,
        "other_publisher": factories.PublisherFactory.create().pk,
        "channel": factories.ChannelFactory.create(product=product).pk,
        "campaign": factories.CampaignFactory.create(product=product).pk,
    }


def typed(**changes: Any) -> dict[str, Any]:
    """A rule that is whole but for its owner and connection."""
    return {
        "enabled": "on",
        "trigger": "lms.lead_sold",
        "kind": "smtp_esp",
        "encryption": "tls",
        "sender": "leads@example.com",
        "recipient": "{{ lead.email }}",
        "use_twig": "no",
        "subject": "Sold",
        "body": "<p>Hello</p>",
        "content_type": "html",
        "missing_placeholder": "empty",
        "delivery_policy": "never_twice",
        "enable_notifications": "no",
        "timeframe": "1h",
        "notification_frequency": "60",
        **changes,
    }


def custom(**changes: Any) -> dict[str, Any]:
    return typed(kind="smtp_custom", host="127.0.0.1", port="2525", login="ada", password="sesame", **changes)


def change(rule: Rule) -> str:
    return reverse("admin:tracking_rule_change", args=(rule.pk,))


def test_every_field_of_an_esp_rule_is_saved(admin_client, admin_user, directory):
    connection = factories.ConnectionFactory.create()

    response = admin_client.post(
        ADD,
        typed(
            name="Tell Ada",
            product=directory["product"],
            method="POST",
            tracking_strategy="direct_sold",
            publisher=[directory["publisher"]],
            publisher_exclude=[directory["other_publisher"]],
            channel=[directory["channel"]],
            campaign=[directory["campaign"]],
            price_restriction="range",
            min_price="1.50",
            max_price="20",
            connection=connection.pk,
            sender="Acme <leads@example.com>",
            cc="c@example.com",
            bcc="b@example.com",
            reply_to="r@example.com",
            use_twig="yes",
            subject=" Sold: {{ lead.name|upper }}",
            body="\r\n<p>\r\n{{ price }}</p>",
            content_type="all",
            headers="list-unsubscribe: <https://example.com/u?{{ lead.email|url_encode }}>\r\nX-Priority: 1\r\n",
            once_per_lead="on",
            daily_cap="500",
            missing_placeholder="skip",
            delivery_policy="never_lose",
            enable_notifications="yes",
            timeframe="6h",
            warnings_percent="12.5",
            warnings_number="100",
            notify_users=[admin_user.pk],
            notify_emails="x@example.com, y@example.com",
            minimum_events="20",
            notification_frequency="15",
            notify_recovery="on",
        ),
    )

    assert response.status_code == 302
    rule = Rule.objects.get()
    assert rule.author == admin_user
    document = rule.current.document
    filters = {name: value for name, value in document.pop("filters").items() if value not in (None, [])}
    assert filters == {
        "method": "POST",
        "tracking_strategy": "direct_sold",
        "publisher": [directory["publisher"]],
        "publisher_exclude": [directory["other_publisher"]],
        "channel": [directory["channel"]],
        "campaign": [directory["campaign"]],
        "price_restriction": "range",
        "min_price": "1.50",
        "max_price": "20",
    }
    assert document == {
        "name": "Tell Ada",
        "trigger": "lms.lead_sold",
        "product": directory["product"],
        "campaign": None,
        "action": {
            "kind": "smtp_esp",
            "connection": connection.key,
            "server": None,
            "sender": "Acme <leads@example.com>",
            "recipient": "{{ lead.email }}",
            "cc": "c@example.com",
            "bcc": "b@example.com",
            "reply_to": "r@example.com",
            "use_twig": True,
            "subject": " Sold: {{ lead.name|upper }}",
            "body": "\n<p>\n{{ price }}</p>",
            "content_type": "all",
            "headers": {"List-Unsubscribe": "<https://example.com/u?{{ lead.email|url_encode }}>", "X-Priority": "1"},
        },
        "notifications": {
            "enable_notifications": True,
            "timeframe": "6h",
            "warnings_percent": "12.5",
            "warnings_number": 100,
            "notify_users": [admin_user.username],
            "notify_emails": ["x@example.com", "y@example.com"],
            "minimum_events": 20,
            "notification_frequency": 15,
            "notify_recovery": True,
        },
        "policy": {
            "delivery_policy": "never_lose",
            "once_per_lead": True,
            "missing_placeholder": "skip",
            "daily_cap": 500,
        },
    }


def test_a_custom_rule_gets_a_connection_of_its_own(admin_client, directory):
    response = admin_client.post(ADD, custom(owner_campaign=directory["campaign"], trigger="lms.campaign_sold"))

    assert response.status_code == 302
    rule = Rule.objects.get()
    assert rule.campaign_id == directory["campaign"]
    assert rule.connection.kind == ConnectionKind.MANUAL
    assert (rule.connection.host, rule.connection.port, rule.connection.login) == ("127.0.0.1", 2525, "ada")
    assert rule.current.document["action"]["server"] == {
        "host": "127.0.0.1",
        "port": 2525,
        "encryption": "tls",
        "login": "ada",
    }


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({}, id="a short rule"),
        pytest.param(
            {
                "filters__price_restriction": "range",
                "filters__min_price": "1.00",
                "filters__max_price": "2.00",
                "filters__method": "FORM",
            },
            id="filters",
        ),
        pytest.param({"action__body": "a\r\nb", "action__content_type": "text"}, id="line ends of the API"),
        pytest.param({"action__body": "\n\n a \n"}, id="blank lines around the body"),
        pytest.param({"action__subject": "  two blanks"}, id="blanks before the subject"),
        pytest.param(
            {"action__kind": "smtp_custom", "action__server": {"host": "127.0.0.1", "port": 2525, "login": ""}},
            id="a custom server",
        ),
        pytest.param(
            {
                "notifications__enable_notifications": True,
                "notifications__warnings_percent": "10",
                "notifications__notify_users": ["zoe", "adam"],
                "notifications__notify_emails": ["a@example.com", "b@example.com"],
            },
            id="notifications, users in the order of the API",
        ),
        pytest.param({"policy__once_per_lead": True, "policy__delivery_policy": "never_lose"}, id="the policy"),
    ],
)
def test_saving_an_unchanged_rule_makes_no_version(admin_client, changes):
    for name in ("zoe", "adam"):
        factories.UserFactory.create(username=name)
    rule = factories.saved_rule(**changes)

    response = admin_client.post(change(rule), sent(form_of(admin_client, change(rule))))

    assert response.status_code == 302, errors(response)
    assert RuleVersion.objects.count() == 1


def test_a_changed_rule_gets_a_version_with_its_author(admin_client, admin_user):
    rule = factories.saved_rule()

    admin_client.post(change(rule), sent(form_of(admin_client, change(rule)), subject="Other"))

    versions = list(rule.versions.values_list("number", "author"))
    assert versions == [(2, admin_user.pk), (1, None)]
    assert "version" in admin_client.get(change(rule)).content.decode().lower()


def test_switching_off_makes_no_version(admin_client):
    rule = factories.saved_rule()
    data = sent(form_of(admin_client, change(rule)))
    del data["enabled"]

    admin_client.post(change(rule), data)

    rule.refresh_from_db()
    assert not rule.enabled
    assert rule.versions.count() == 1


def test_every_field_of_the_definition_is_a_field_of_the_form():
    leaves = set(_leaves(RuleDefinition))

    fields = set(all_fields())

    assert leaves - fields == set()
    assert fields - leaves == {"owner_campaign", "enabled", "password", "smtp_connection"}


def _leaves(model: type[BaseModel]) -> Iterator[str]:
    """Names of all fields of a definition and of the sections inside it."""
    for name, field in model.model_fields.items():
        sections = [kind for kind in (field.annotation, *get_args(field.annotation)) if _is_section(kind)]
        yield from (leaf for section in sections for leaf in _leaves(section))
        if not sections:
            yield name


def _is_section(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


RANGE = {"price_restriction": "range", "min_price": "5", "max_price": "1"}


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        pytest.param({"product": ""}, "product", "a product or to a campaign", id="no owner"),
        pytest.param({"trigger": ""}, "trigger", "required", id="no trigger"),
        pytest.param({"trigger": "lms.nonsense"}, "trigger", "not one of the available choices", id="a forged trigger"),
        pytest.param(
            {"trigger": "call.lead_sold"}, "trigger", "choose its triggers", id="the other platform's trigger"
        ),
        pytest.param({"trigger": "lms.post_reject"}, "trigger", "ping-post products only", id="ping-post"),
        pytest.param({"kind": ""}, "kind", "required", id="no kind"),
        pytest.param({"connection": ""}, "connection", "choose a predefined", id="an ESP rule without connection"),
        pytest.param({"host": "mail.example.org"}, "host", "SMTP with Custom", id="a server on an ESP rule"),
        pytest.param({"publisher": ["999999"]}, "publisher", "no publisher 999999", id="an unknown publisher"),
        pytest.param({"publisher": ["x"]}, "publisher", "integer", id="a forged id"),
        pytest.param({"call_tracking_pool": ["1"]}, "call_tracking_pool", "Call Logic triggers only", id="withheld"),
        pytest.param(RANGE, "max_price", "lower than Min Price", id="a range upside down"),
        pytest.param({**RANGE, "min_price": ""}, "min_price", "required", id="half a range"),
        pytest.param({"min_price": "1"}, "min_price", "no meaning", id="a bound without a restriction"),
        pytest.param(
            {"price_restriction": "greater", "price_restriction_value": "a lot"},
            "price_restriction_value",
            "decimal",
            id="a price in words",
        ),
        pytest.param({"sender": "nonsense"}, "sender", "", id="a sender that is no mailbox"),
        pytest.param({"recipient": ""}, "recipient", "required", id="no recipient"),
        pytest.param({"cc": "a@b@c"}, "cc", "", id="a wrong cc"),
        pytest.param({"headers": "Bcc: eve@example.com"}, "headers", "not among", id="a header that is not allowed"),
        pytest.param({"headers": "X-Priority"}, "headers", "Name: value", id="a header without a value"),
        pytest.param({"headers": "List-Id: é"}, "headers", "ASCII", id="a header that no mail can have"),
        pytest.param({"reply_to": "a@example.com, b@example.com"}, "reply_to", "one mailbox", id="two reply-tos"),
        pytest.param({"subject": "{{ foo.bar }}"}, "subject", "foo.bar", id="an unknown placeholder"),
        pytest.param({"body": "{% if x %}"}, "body", "Twig", id="logic without Twig"),
        pytest.param({"body": "{% if x %}", "use_twig": "yes"}, "body", "", id="a broken template"),
        pytest.param(
            {"enable_notifications": "yes", "notify_emails": "a@example.com"},
            "warnings_number",
            "% of Warnings",
            id="notifications without a threshold",
        ),
        pytest.param(
            {"enable_notifications": "yes", "warnings_number": "1"}, "notify_emails", "to notify", id="nobody to notify"
        ),
        pytest.param(
            {"enable_notifications": "yes", "warnings_number": "many", "notify_emails": "a@example.com"},
            "warnings_number",
            "integer",
            id="a number in words",
        ),
        pytest.param(
            {"enable_notifications": "yes", "notification_frequency": ""},
            "notification_frequency",
            "integer",
            id="no frequency",
        ),
        pytest.param({"notify_emails": "nonsense"}, "notify_emails", "nonsense", id="an email that is none"),
        pytest.param({"notify_users": ["999"]}, "notify_users", "no user #999", id="a user who is gone"),
        pytest.param({"notify_users": ["9" * 40]}, "notify_users", "no user #999", id="a user who cannot be"),
        pytest.param({"notify_users": ["x"]}, "notify_users", "no user #x", id="a forged user"),
        pytest.param({"warnings_number": "-1"}, "warnings_number", "at least 0", id="less than no warnings"),
        pytest.param({"daily_cap": "9" * 40}, "daily_cap", "at most", id="a cap beyond counting"),
    ],
)
def test_an_error_stands_at_its_field_and_nothing_is_written(admin_client, directory, changes, field, sentence):
    connection = factories.ConnectionFactory.create()
    data = typed(product=directory["product"], connection=connection.pk, name="Keep me")

    response = admin_client.post(ADD, {**data, **changes})

    assert sentence.lower() in " ".join(errors(response)[field]).lower()
    assert set(errors(response)) == {field}
    assert not Rule.objects.exists()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        pytest.param({"host": ""}, "host", id="no host"),
        pytest.param({"port": ""}, "port", id="no port"),
        pytest.param({"port": "abc"}, "port", id="a port in words"),
        pytest.param({"port": "70000"}, "port", id="a port beyond all ports"),
        pytest.param({"host": "10.0.0.1"}, "host", id="a private address"),
        pytest.param({"password": ""}, "password", id="a new login without its password"),
    ],
)
def test_an_error_of_a_custom_server_stands_at_its_field(admin_client, directory, changes, field):
    response = admin_client.post(ADD, {**custom(product=directory["product"]), **changes})

    assert set(errors(response)) == {field, "password"}
    assert not Rule.objects.exists()


@pytest.mark.parametrize("trigger", ["lms.lead_sold", "call.lead_sold", "lms.campaign_sold"])
def test_a_withheld_filter_is_refused_with_the_tables_sentence(admin_client, trigger):
    row = TRIGGERS[trigger]
    campaign = factories.CampaignFactory.create(product__platform=row.platform)
    at_campaign = trigger == "lms.campaign_sold"
    owner = {"owner_campaign": campaign.pk} if at_campaign else {"product": campaign.product_id}
    withheld = {"lms.lead_sold": "call_tracking_pool", "call.lead_sold": "method", "lms.campaign_sold": "buyer"}[
        trigger
    ]
    value = "POST" if withheld == "method" else [campaign.buyer_id]
    connection = factories.ConnectionFactory.create()

    response = admin_client.post(ADD, typed(trigger=trigger, connection=connection.pk, **owner, **{withheld: value}))

    (sentence,) = errors(response)[withheld]
    assert sentence.startswith(Filter(withheld).label)
    assert sentence.endswith("leave it empty")


def test_nothing_typed_is_lost_when_the_form_is_refused(admin_client, directory):
    response = admin_client.post(
        ADD,
        custom(
            product=directory["product"],
            recipient="nonsense",
            name="Name <kept>",
            publisher=[directory["publisher"]],
            body="<b>kept & well</b>",
            notify_emails="kept@example.com",
        ),
    )

    page = response.content.decode()
    for kept in (
        "Name &lt;kept&gt;",
        "&lt;b&gt;kept &amp; well&lt;/b&gt;",
        "kept@example.com",
        f'<option value="{directory["publisher"]}" selected',
        'value="127.0.0.1"',
    ):
        assert kept in page
    assert "sesame" not in page, "a password is never shown, not even to who typed it"
    assert "Enter it again" in errors(response)["password"][0]


@pytest.mark.parametrize(
    ("changes", "kept"),
    [
        pytest.param({}, True, id="nothing changed"),
        pytest.param({"subject": "Other"}, True, id="only the text changed"),
        pytest.param({"host": "127.0.0.2"}, False, id="another host"),
        pytest.param({"port": "587"}, False, id="another port"),
        pytest.param({"encryption": "none"}, False, id="another encryption"),
        pytest.param({"login": "eve"}, False, id="another login"),
    ],
)
def test_a_blank_password_keeps_the_stored_one_only_for_the_same_server(admin_client, directory, changes, kept):
    admin_client.post(ADD, custom(product=directory["product"]))
    rule = Rule.objects.get()
    stored = rule.connection.sealed_password

    response = admin_client.post(change(rule), sent(form_of(admin_client, change(rule)), **changes))

    rule.connection.refresh_from_db()
    assert rule.connection.sealed_password == stored
    if kept:
        assert response.status_code == 302
    else:
        assert "password" in errors(response)
        assert rule.versions.count() == 1


def test_a_stored_password_shows_as_a_mask_of_constant_length(admin_client, directory):
    admin_client.post(ADD, custom(product=directory["product"]))

    page = admin_client.get(change(Rule.objects.get())).content.decode()

    assert 'placeholder="********"' in page
    assert "sesame" not in page


@pytest.mark.parametrize(("setting", "cap"), [(10_000, 10_000), (0, None)])
def test_a_new_rule_begins_with_the_cap_of_the_house_and_others_stay_as_they_are(admin_client, settings, setting, cap):
    settings.TRACKING_DAILY_CAP = setting
    rule = factories.saved_rule()
    preset = presets.save(rule, name="No cap", buyer=None, author=None, now=factories.NOON)

    forms = [form_of(admin_client, url) for url in (ADD, f"{ADD}?preset={preset.pk}", change(rule))]

    assert [form["daily_cap"].value() for form in forms] == [cap, None, None]


def test_the_add_page_is_prefilled_by_its_links_owner(admin_client, directory):
    page = admin_client.get(f"{ADD}?owner_campaign={directory['campaign']}").content.decode()

    assert f'<option value="{directory["campaign"]}" selected' in page


@pytest.mark.parametrize(
    "text",
    [
        "Trigger Settings",
        "Action Settings / [TPS] SMTP",
        "Warning Notifications",
        "SMTP-connection",
        "Sender Name",
        "Use Twig Engine",
        "Show example",
        "Show available placeholders",
        "Notification frequency (every X minutes)",
        "% of Warnings",
        "$0.0001",
        *Filter.labels,
    ],
)
def test_the_form_speaks_the_products_words(admin_client, text):
    assert text in admin_client.get(ADD).content.decode()


def test_a_deleted_rule_keeps_its_row_and_is_gone_from_the_pages(admin_client):
    rule = factories.saved_rule()

    admin_client.post(reverse("admin:tracking_rule_delete", args=(rule.pk,)), {"post": "yes"})

    rule.refresh_from_db()
    assert rule.deleted_at is not None
    assert not rule.enabled
    assert admin_client.get(change(rule)).status_code == 404
    assert not StoredEvent.objects.exists()
