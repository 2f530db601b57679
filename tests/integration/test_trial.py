"""A rule is tried out on values of one's choice: rendered as it would leave, or sent by the live path and marked."""

from __future__ import annotations

from functools import partial

import pytest

from tests import factories, flow
from tests.factories import NOON
from tests.smtp_server import ScriptedServer
from tracking.choices import AuditAction, Whom
from tracking.errors import EventError, QuotaError, RuleError
from tracking.models import AuditEntry, Delivery, EventMinute, StoredEvent, UsageDay, WarningMinute
from tracking.pipeline import deliver, trial
from tracking.pipeline.explain import HIDDEN
from tracking.pipeline.letter import Unsendable

pytestmark = pytest.mark.django_db


@pytest.fixture
def author():
    return factories.UserFactory.create(email="me@example.com")


def campaign_rule(**changes):
    campaign = factories.CampaignFactory.create(name="Acme Auto")
    changes = {"trigger": "lms.campaign_sold", "campaign": campaign.pk, **changes}
    return factories.saved_rule(**changes), campaign


# --- what is asked ----------------------------------------------------------------------------------------------------


def test_each_value_that_the_texts_use_is_asked_for_once_and_entities_by_their_id():
    rule = factories.definition(
        product=1,
        action__connection="x",
        action__subject="{{ campaign.name }} {{ rule.name }} {{ event.id }}",
        action__body="{{ campaign.id }} {{ price }} {{ lead.email }} {{ lead.zip }}",
    )

    asked = {ask.name: ask.sample for ask in trial.asks(rule)}

    assert asked == {
        "campaign.id": "340",
        "lead.email": "ada@example.org",
        "lead.first_name": "Ada",
        "lead.zip": "",
        "price": "12.50",
    }


def test_what_the_owner_decides_is_not_asked_for():
    rule, _ = campaign_rule(action__subject="{{ product.name }} {{ campaign.name }} {{ buyer.name }} {{ price }}")

    assert "price" in {ask.name for ask in trial.asks(rule.current.definition())}
    assert not {"product.id", "campaign.id", "buyer.id"} & {ask.name for ask in trial.asks(rule.current.definition())}


def test_what_was_typed_stands_over_a_chosen_event_and_the_owner_is_the_rules():
    rule, campaign = campaign_rule()
    base = factories.event(trigger="lms.campaign_sold", campaign=7, price="1.00", lead={"a": {"b": "x", "c": "y"}})
    typed = {"price": "", "lead.a.b": "typed", "publisher.id": "77"}

    event = trial.event_of(rule.current.definition(), typed, base=base, now=NOON)

    assert event.test
    assert event.event_id != base.event_id
    assert (event.campaign, event.product, event.buyer) == (campaign.pk, campaign.product_id, campaign.buyer_id)
    assert (str(event.price), event.publisher, event.lead) == ("1.00", 77, {"a": {"b": "typed", "c": "y"}})


def test_a_value_that_no_event_can_have_is_refused_by_its_name():
    rule, _ = campaign_rule()

    with pytest.raises(EventError) as refused:
        trial.event_of(rule.current.definition(), {"price": "much", "buyer.id": "x"}, base=None, now=NOON)

    assert refused.value.errors.keys() == {"price"}  # the buyer is the campaign's


# --- rendered ---------------------------------------------------------------------------------------------------------


def test_a_preview_is_the_mail_as_it_would_leave():
    rule, campaign = campaign_rule(
        action__content_type="all",
        action__cc="boss@example.com",
        action__subject="{{ campaign.name }}: {{ lead.nothing }}",
        action__body="<p>Hello <b>{{ lead.first_name }}</b></p>",
    )
    definition = rule.current.definition()
    event = factories.event(
        trigger="lms.campaign_sold", campaign=campaign.pk, lead={"first_name": "<Ada>", "email": "a@x.org"}
    )

    shown = trial.preview(definition, trial.values(event, definition, rule_id=rule.pk), now=NOON)

    assert shown.subject == "Acme Auto:"
    assert shown.recipients == (("To", "a@x.org"), ("Cc", "boss@example.com"))
    assert "Hello <b>&lt;Ada&gt;</b>" in shown.html
    assert "Hello <Ada>" in shown.text
    assert shown.missing == ("lead.nothing",)
    assert shown.remark == "No value for lead.nothing"
    assert "Message-ID:" in shown.source


def test_samples_do_where_there_is_no_event():
    definition = factories.definition(product=1, action__connection="x", action__subject="{{ publisher.name }}")

    assert trial.preview(definition, trial.samples(definition), now=NOON).subject == "Bright Leads"


def test_a_preview_fails_as_the_mail_would():
    definition = factories.definition(product=1, action__connection="x")

    with pytest.raises(Unsendable, match="To 'nobody'"):
        trial.preview(definition, {"lead": {"email": "nobody"}}, now=NOON)


# --- sent -------------------------------------------------------------------------------------------------------------


def test_a_test_run_goes_the_live_way_to_the_address_asked_for_and_nowhere_else(author):
    with ScriptedServer() as server:
        connection = factories.ConnectionFactory.create(port=server.port)
        rule, _ = campaign_rule(connection=connection, action__cc="boss@example.com")
        definition = rule.current.definition()
        event = trial.event_of(definition, {"lead.email": "ada@example.org"}, base=None, now=NOON)

        delivery = trial.start(rule, event, whom=Whom.OWN, to="me@example.com", author=author, now=NOON)
        deliver.drain(connection.pk, clock=flow.Hands())

    (mail,) = server.mails
    assert mail.recipients == ("me@example.com",)
    delivery.refresh_from_db()
    assert (delivery.state, delivery.test) == ("sent", True)
    assert "Instead of ada@example.org, boss@example.com" in delivery.attempts.get().text
    assert StoredEvent.objects.get().test
    assert not any(model.objects.exists() for model in (UsageDay, EventMinute, WarningMinute))
    entry = AuditEntry.objects.get(action=AuditAction.TEST_SENT)
    assert (entry.actor_id, entry.detail["to"]) == (author.pk, ["me@example.com"])


def test_it_goes_to_the_rules_recipients_when_that_is_what_was_asked_for(author):
    with ScriptedServer() as server:
        connection = factories.ConnectionFactory.create(port=server.port)
        rule, _ = campaign_rule(connection=connection)
        event = trial.event_of(rule.current.definition(), {"lead.email": "ada@example.org"}, base=None, now=NOON)

        trial.start(rule, event, whom=Whom.RULES, to="", author=author, now=NOON)
        deliver.drain(connection.pk, clock=flow.Hands())

    assert [mail.recipients for mail in server.mails] == [("ada@example.org",)]


def test_a_disabled_rule_is_tried_out_all_the_same_and_its_once_per_lead_stays_free(author):
    rule, _ = campaign_rule(policy__once_per_lead=True, filters__price_restriction="positive")
    rule.enabled = False
    rule.save()
    base = factories.event(trigger="lms.campaign_sold", lead_id="L1")

    for _ in range(2):
        event = trial.event_of(rule.current.definition(), {}, base=base, now=NOON)
        trial.start(rule, event, whom=Whom.OWN, to="me@example.com", author=author, now=NOON)

    assert Delivery.objects.filter(test=True, once_key=None).count() == 2
    refused = partial(trial.refusal, rule.current.definition(), event)
    assert "the price must be greater than 0" in refused(hides=lambda name: False)
    assert refused(hides=lambda name: True) == HIDDEN


def test_test_mails_are_limited_by_the_hour(author, settings):
    settings.TRACKING_MAX_TEST_MAILS_PER_HOUR = 1
    rule, _ = campaign_rule()

    def again():
        event = trial.event_of(rule.current.definition(), {}, base=None, now=NOON)
        trial.start(rule, event, whom=Whom.OWN, to="me@example.com", author=author, now=NOON)

    again()
    with pytest.raises(QuotaError, match="Test mails of one person: at most 1 in an hour"):
        again()
    assert Delivery.objects.count() == 1


def test_test_mails_are_limited_for_all_who_try_the_rules_of_one_product(author, settings):
    settings.TRACKING_MAX_PRODUCT_TEST_MAILS_PER_HOUR = 1
    rule, _ = campaign_rule()

    def sent_by(person):
        event = trial.event_of(rule.current.definition(), {}, base=None, now=NOON)
        trial.start(rule, event, whom=Whom.OWN, to="me@example.com", author=person, now=NOON)

    sent_by(author)
    with pytest.raises(QuotaError, match="Test mails of one product: at most 1 in an hour"):
        sent_by(factories.UserFactory.create())


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="none"),
        pytest.param("a@x.org, nobody", id="one that is none"),
        pytest.param(",".join(f"a{n}@x.org" for n in range(6)), id="too many"),
        pytest.param("a@x.org\r\nBcc: b@x.org", id="a header smuggled in"),
    ],
)
def test_only_addresses_are_taken_for_a_test(text):
    with pytest.raises(RuleError) as refused:
        trial.addresses(text)

    assert refused.value.errors.keys() == {"to"}
