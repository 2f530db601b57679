"""What is odd about a rule is said when it is saved, and keeps nobody from saving it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests import factories
from tracking.choices import Severity
from tracking.pipeline import intake, lint
from tracking.store import clock

pytestmark = pytest.mark.django_db


def now():
    """A moment after all that has happened: keys tell time to the millisecond."""
    return clock.now() + timedelta(seconds=1)


@pytest.fixture
def product():
    return factories.ProductFactory.create(name="Auto")


@pytest.fixture
def findings(product):
    """(field, words) of the warnings about a rule of the product that differs so from the plain one."""

    def found(severity=Severity.WARNING, **changes):
        changes.setdefault("product", product.pk)
        if changes.get("campaign"):
            del changes["product"]
        changes.setdefault("action__connection", factories.ConnectionFactory.create().key)
        definition = factories.definition(**changes)
        return [(one.field, one.sentence) for one in lint.lint(definition, now=now()) if one.severity is severity]

    return found


def happen(product, count=1, **fields):
    events = [factories.event(product=product.pk, **fields) for _ in range(count)]
    intake.submit(events, now=clock.now())


def test_a_plain_rule_gives_no_warning(findings):
    assert findings() == []


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        pytest.param(
            {"trigger": "lms.lead_rejected", "filters__price_restriction": "positive"},
            "filters.price_restriction",
            "carry no price: the rule never fires",
            id="a filter of what the trigger never carries",
        ),
        pytest.param(
            {"filters__price_restriction": "lower", "filters__price_restriction_value": "0"},
            "filters.price_restriction_value",
            "lower than 0",
            id="a price that cannot be",
        ),
        pytest.param(
            {"trigger": "lms.lead_rejected", "action__subject": "{{ campaign.name }}"},
            "action.subject",
            "{{ campaign.name }} is always empty: events of [LMS] Lead Rejected carry no campaign",
            id="a placeholder of what the trigger never carries",
        ),
        pytest.param(
            {"action__use_twig": True, "action__body": "<p>{# note #}<br></p>"},
            "action.body",
            "no words",
            id="a body without words",
        ),
        pytest.param({"action__content_type": "text"}, "action.content_type", "HTML tags", id="tags in a text mail"),
        pytest.param(
            {"action__body": "Hello\nworld"}, "action.content_type", "run together", id="lines in an HTML mail"
        ),
        pytest.param(
            {"action__sender": "me@gmail.com"}, "action.sender", "gmail.com refuses mail", id="a free mailer's sender"
        ),
    ],
)
def test_what_is_odd_is_named_at_its_field(findings, changes, field, words):
    (found,) = findings(**changes)

    assert found[0] == field
    assert words in found[1]


@pytest.mark.parametrize(
    ("port", "encryption", "login", "words"),
    [
        pytest.param(465, "tls", "", "choose Use SSL", id="TLS by command where it is implicit"),
        pytest.param(587, "ssl", "", "choose Use TLS", id="implicit TLS where it is by command"),
        pytest.param(25, "none", "me", "in the clear", id="a password in the clear"),
        pytest.param(465, "ssl", "me", None, id="implicit TLS at its port"),
        pytest.param(587, "tls", "me", None, id="TLS by command at its port"),
    ],
)
def test_port_and_encryption_go_together(findings, port, encryption, login, words):
    server = {"host": "mail.example.com", "port": port, "encryption": encryption, "login": login}

    found = findings(action__kind="smtp_custom", action__connection=None, action__server=server)

    assert [field for field, _ in found] == (["action.server.encryption"] if words else [])
    assert words is None or words in found[0][1]


def test_a_predefined_connection_is_judged_too(findings):
    connection = factories.ConnectionFactory.create(port=465, encryption="tls")

    assert [field for field, _ in findings(action__connection=connection.key)] == ["action.connection"]


def test_fields_never_seen_are_told_from_those_seen_at_times(findings, product):
    happen(product, 15, lead={"email": "a@x.org", "first_name": "A", "zip": "1"})
    happen(product, 10, lead={"email": "a@x.org", "first_name": "A"})

    body = "<p>{{ lead.zip }} {{ lead.fax }} {{ publisher.name }}</p>"
    warned, noted = findings(action__body=body), findings(Severity.NOTE, action__body=body)

    assert [sentence.split(" was")[0] for _, sentence in warned] == ["{{ lead.fax }}", "{{ publisher.name }}"]
    assert ("action.body", "{{ lead.zip }} was empty in 10 of the last 25 events.") in noted


def test_what_it_will_send_and_cost_is_told_from_the_last_week(findings, product, settings):
    settings.TRACKING_REGULAR_PRICE = "0.01"
    happen(product, 70, price="5")
    happen(product, 70, price="0")
    happen(factories.ProductFactory.create(), 50, price="5")

    noted = findings(Severity.NOTE, filters__price_restriction="positive")

    assert ("rule", "About 10 mails a day, $0.1000 a day, as the last week went.") in noted
    assert findings(filters__publisher=[]) == []
    assert [field for field, _ in findings(policy__daily_cap=5)] == ["policy.daily_cap"]


def test_filters_that_let_nothing_through_are_told(findings, product):
    happen(product, 3, price="1")

    found = findings(filters__price_restriction="greater", filters__price_restriction_value="1")

    assert found == [("filters", "None of the last 3 events of this trigger here would have matched.")]


def test_events_without_a_lead_are_told_to_who_fires_once_per_lead(findings, product):
    happen(product, 2)

    assert [field for field, _ in findings(policy__once_per_lead=True)] == ["policy.once_per_lead"]


def test_another_rule_that_mails_the_same_recipient_is_named(findings, product):
    other = factories.saved_rule(product=product.pk, name="Other")
    apart = factories.saved_rule(product=product.pk, filters__method="FORM")
    factories.saved_rule(product=product.pk, action__recipient="else@example.com")
    factories.saved_rule(product=product.pk, trigger="lms.lead_rejected")

    found = findings(filters__method="POST")

    assert found == [
        ("action.recipient", f"Rule #{other.pk} Other can fire for the same event and mails {{{{lead.email}}}} too.")
    ]
    assert str(apart.pk) not in found[0][1]


def test_a_rule_of_the_product_meets_those_of_its_campaigns(findings, product):
    campaign = factories.CampaignFactory.create(product=product)
    factories.saved_rule(product=product.pk, trigger="lms.campaign_sold")

    found = findings(campaign=campaign.pk, trigger="lms.campaign_sold")

    assert [field for field, _ in found] == ["action.recipient"]


def test_the_directory_contradicts_filters_that_lead_nowhere(findings, product):
    foreign = factories.CampaignFactory.create()
    own = factories.CampaignFactory.create(product=product)
    channel = factories.ChannelFactory.create(product=product)

    assert [f for f, _ in findings(filters__campaign=[foreign.pk])] == ["filters.campaign"]
    assert [f for f, _ in findings(filters__campaign=[own.pk], filters__buyer=[foreign.buyer_id])] == [
        "filters.campaign"
    ]
    other = factories.PublisherFactory.create()
    found = findings(filters__channel=[channel.pk], filters__publisher=[other.pk], filters__method="FORM")
    assert [field for field, _ in found] == ["filters.channel", "filters.method"]


def test_its_queries_are_bounded_whatever_the_rule_asks(product, django_assert_max_num_queries):
    happen(product, 30)
    for _ in range(10):
        factories.saved_rule(product=product.pk)
    definition = factories.definition(product=product.pk, action__connection="x")

    with django_assert_max_num_queries(6):
        lint.lint(definition, now=now())
