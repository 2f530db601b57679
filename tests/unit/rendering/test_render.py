"""A template and an event's values make the words of one mail."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from tests import factories
from tracking.choices import ContentType, RecipientRole
from tracking.errors import TemplateError
from tracking.rendering.context import NAMES, PLACEHOLDERS, context, offered, sample_context
from tracking.rendering.render import EmailTemplate, MailboxTemplate, RenderedMailbox, problems, render
from tracking.triggers import TRIGGERS


def template(**changes: Any) -> EmailTemplate:
    whole = EmailTemplate(
        sender=MailboxTemplate("sender", "{{ product.name }}", "leads@example.com"),
        recipients=((RecipientRole.TO, MailboxTemplate("recipient", "{{ lead.name }}", "{{ lead.email }}")),),
        reply_to=None,
        subject="Sold: {{ lead.name }}",
        body="<p>{{ lead.name }}</p>",
        use_twig=False,
        content_type=ContentType.HTML,
    )
    return replace(whole, **changes)


VALUES = {"product": {"id": 1, "name": "Cars"}, "lead": {"name": "A<b>", "email": "ada@example.org"}, "call": {}}


def test_all_parts_are_filled():
    rendered = render(template(), VALUES)

    assert rendered.sender == RenderedMailbox("Cars", "leads@example.com")
    assert rendered.recipients == ((RecipientRole.TO, RenderedMailbox("A<b>", "ada@example.org")),)
    assert rendered.subject == "Sold: A<b>"
    assert rendered.body == "<p>A&lt;b&gt;</p>"
    assert rendered.missing == ()


@pytest.mark.parametrize("use_twig", [False, True], ids=["plain", "with logic"])
@pytest.mark.parametrize(
    ("content_type", "body"),
    [(ContentType.TEXT, "A<b>"), (ContentType.HTML, "A&lt;b&gt;"), (ContentType.ALL, "A&lt;b&gt;")],
)
def test_values_are_escaped_where_the_body_is_html(use_twig, content_type, body):
    made = template(body="{{ lead.name }}", content_type=content_type, use_twig=use_twig)

    rendered = render(made, VALUES)

    assert rendered.body == body
    assert rendered.subject == "Sold: A<b>"


@pytest.mark.parametrize("use_twig", [False, True], ids=["plain", "with logic"])
def test_what_has_no_value_is_empty_and_told(use_twig):
    made = template(
        subject="{{ lead.city }}!", reply_to=MailboxTemplate("reply_to", "", "{{ buyer.name }}"), use_twig=use_twig
    )

    rendered = render(made, VALUES)

    assert rendered.subject == "!"
    assert rendered.reply_to == RenderedMailbox("", "")
    assert "buyer.name" in rendered.missing
    assert any(name.endswith("city") for name in rendered.missing)


def test_logic_in_a_mailbox_is_refused_whatever_the_engine():
    made = template(sender=MailboxTemplate("sender", "{{ lead.name|upper }}", "a@b.com"), use_twig=True)

    assert [found.field for found in problems(made)] == ["sender"]


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        pytest.param({"subject": "{{ lead.a|upper }}"}, "subject", "Use Twig Engine", id="a filter in a plain subject"),
        pytest.param({"body": "{% if 1 %}"}, "body", "line 1, column 1", id="a tag in a plain body"),
        pytest.param({"subject": "{{ foo.bar }}"}, "subject", "“foo.bar” is not a placeholder", id="an unknown head"),
        pytest.param(
            {"body": "{{ buyer.colour }}"}, "body", "“buyer.colour” is not a", id="an unknown field of a known"
        ),
        pytest.param({"body": "{{ price.x }}"}, "body", "“price.x” is not a placeholder", id="a field of the price"),
        pytest.param({"subject": "{{ foo }}", "use_twig": True}, "subject", "“foo” is not a", id="one with logic"),
        pytest.param({"body": "a\n{% if x %}", "use_twig": True}, "body", "line 2", id="logic that does not end"),
    ],
)
def test_what_could_never_render_is_told_by_field(changes, field, sentence):
    found = list(problems(template(**changes)))

    assert [one.field for one in found] == [field]
    assert sentence in found[0].sentence


def test_a_good_template_has_no_problem():
    everything = " ".join(f"{{{{ {name} }}}}" for name in sorted(NAMES))

    assert list(problems(template(subject=everything, body="{{ lead.anything.at.all }} {{ call }}"))) == []


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("{{ 1 / 0 }}", id="a division by zero"),
        pytest.param("{{ 'soon enough'|date }}", id="a text that is no date"),
        pytest.param("{% for i in range(1000) %}{{ 'x' * 10000 }}{% endfor %}", id="more than a million characters"),
    ],
)
def test_logic_that_fails_is_a_template_error(body):
    with pytest.raises(TemplateError):
        render(template(body=body, use_twig=True), VALUES)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("{% for a in lead %}" * 25 + "{% endfor %}" * 25, id="25 loops in one another"),
        pytest.param("{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}", id="5,000 brackets in one another"),
    ],
)
def test_a_template_too_deep_to_compile_is_refused_not_crashed(body):
    assert all(found.field == "body" for found in problems(template(body=body, use_twig=True)))


@pytest.mark.parametrize("trigger", TRIGGERS.values(), ids=list(TRIGGERS))
def test_the_samples_of_a_trigger_fill_all_that_it_offers(trigger):
    body = " ".join(f"{{{{ {row.name} }}}}" for row in offered(trigger))

    rendered = render(template(body=body, sender=MailboxTemplate("sender", "", "a@b.com")), sample_context(trigger))

    assert [name for name in rendered.missing if name != "lead.name"] == []


def test_an_event_gives_values_to_all_placeholders():
    event = factories.event(
        event_id="e-1",
        trigger="call.lead_sold",
        **{row.name.split(".")[0]: 7 for row in PLACEHOLDERS if row.name.endswith(".id") and row.needs},
        method="POST",
        tracking_strategy="pingback",
        price="12.50",
        call={"duration": 3},
    )

    values = context(event, names={("buyer", 7): "Acme"}, rule_id=41, rule_name="Tell")

    assert values["event"] == {
        "id": "e-1",
        "trigger": "call.lead_sold",
        "trigger_label": "[Call Logic] Lead Sold",
        "occurred_at": "2026-01-31T12:00:00+00:00",
        "test": False,
    }
    assert values["buyer"] == {"id": 7, "name": "Acme"}
    assert values["source"] == {"id": 7}, "an id the directory does not know has no name"
    assert values["price"] == Decimal("12.50")
    assert (values["method"], values["tracking_strategy"]) == ("POST", "pingback")
    assert values["rule"] == {"id": 41, "name": "Tell"}


def test_what_an_event_has_not_is_no_value():
    values = context(factories.event(), names={}, rule_id=1, rule_name="")

    assert set(values) == {"event", "lead", "call", "rule"}


@pytest.mark.parametrize("use_twig", [True, False])
def test_a_problem_says_where_in_the_text_it_is(use_twig):
    (found,) = problems(template(body="one\ntwo {{ lead.", use_twig=use_twig))

    assert (found.field, found.line) == ("body", 2)
