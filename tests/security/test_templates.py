"""A mail's author reaches nothing but the event's values, and costs little, in both engines and at every door."""

from __future__ import annotations

from contextlib import suppress
from time import process_time

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests import factories
from tests.security import trials
from tracking.errors import AddressError, EventError, RuleError, TemplateError, TrackingError
from tracking.mail.addresses import check_address, clean_phrase, parse_mailbox, split_mailbox, split_mailboxes
from tracking.mail.plain import text_from_html
from tracking.models import Product
from tracking.pipeline import trial
from tracking.pipeline.letter import Unsendable
from tracking.rendering import logic
from tracking.smtp.guard import static_host_error

SECONDS = 2.0
LEAKS = ("<function", "<class", "object at 0x", "root:x:", "tests-only", "postgres", "sqlite3", "Traceback", "uid=")

REACHING = [
    "{{ lead.__class__ }}",
    "{{ lead.__class__.__base__.__subclasses__() }}",
    "{{ lead['__class__'] }}",
    "{{ attribute(lead, '__class__') }}",
    "{{ lead.v.__init__.__globals__ }}",
    "{{ lead|map(x => x.__class__)|join }}",
    "{{ _context|keys|join(',') }} {{ _self }} {{ _charset }}",
    "{{ settings.SECRET_KEY }}",
    "{{ request.META }}",
    "{{ connection.sealed_password }}",
    "{{ event.rule.connection.password }}",
    "{{ include('/etc/passwd') }}",
    "{% include '../../../etc/passwd' %}",
    "{% extends '/etc/passwd' %}",
    "{% import 'os' as os %}{{ os.system('id') }}",
    "{% from 'os' import system %}",
    "{% use 'os' %}",
    "{{ source('config/settings.py') }}",
    "{{ constant('os\\environ') }}",
    "{{ constant('Env::SECRET_KEY') }}",
    "{{ ['id']|filter('system')|join }}",
    "{{ ['id', '']|sort('system')|join }}",
    "{{ [0, 0]|reduce('system', 'id') }}",
    "{{ ['id']|map('os.system')|join }}",
    "{{ 'cat /etc/passwd'|filter('exec') }}",
    "{{ lead.v|format(lead.__dict__) }}",
    "{{ '%(x)s {0.__class__}'|format(lead) }}",
    "{{ template_from_string('{{ 7 * 7 }}')|length }}",
    "{{ lead.items() }} {{ lead.pop('v') }} {{ lead.clear() }}",
    "{{ cycler.__init__ }}{{ joiner }}{{ namespace }}{{ lipsum }}",
    "{{ self }}{{ loop }}{{ caller }}",
    "{% set lead = lead.__class__ %}{{ lead }}",
    "{{ enum('DeliveryState') }}{{ enum_cases('DeliveryState') }}",
    "{% sandbox %}{% include 'x' %}{% endsandbox %}",
    "{{ lead.v|raw|convert_encoding('UTF-7', 'UTF-8') }}",
    "{% set _context = {} %}{{ _context.__class__ }}",
]


@pytest.mark.parametrize("source", REACHING)
@pytest.mark.parametrize("field", ["action__subject", "action__body"])
@pytest.mark.parametrize("twig", [True, False], ids=["twig", "placeholders"])
def test_a_template_reaches_nothing_but_values(source, field, twig):
    try:
        mail = trials.mail_of("seen", **{field: source, "action__use_twig": twig})
    except (RuleError, TemplateError, Unsendable):
        return

    said = f"{mail.message.subject}\n{mail.message.html}"
    assert not any(leak in said.replace(source, "") for leak in LEAKS)


COSTLY = {
    "a range of a billion": "{% for i in 0..1000000000 %}x{% endfor %}",
    "loops in loops": "{% for a in 1..9999 %}{% for b in 1..9999 %}x{% endfor %}{% endfor %}",
    "a string that doubles": "{% set s = 'abcd' %}{% for i in 1..50 %}{% set s = s ~ s %}{% endfor %}{{ s|length }}",
    "a repeat of a repeat": "{{ ('x'|repeat(100000))|repeat(100000) }}",
    "padding of a billion": "{{ '%1000000000d'|format(1) }}",
    "a number of a billion digits": "{{ (10 ** 1000000000)|length }}",
    "a list of a billion": "{{ range(0, 1000000000)|length }}",
    "a replace that grows": "{{ ('a'|repeat(20000))|replace({'a': 'b'|repeat(20000)}) }}",
    "a slow pattern": "{{ ('a'|repeat(30) ~ '!') matches '/^(a|a?)+$/' }}",
    "a slow pattern with groups": "{{ ('a'|repeat(40) ~ 'b') matches '/(a*)*(a*)*c/' }}",
    "a deep nesting": "{{ " + "(" * 5_000 + "1" + ")" * 5_000 + " }}",
    "a deep list": "{{ " + "[" * 5_000 + "]" * 5_000 + " }}",
    "many blocks": "{% if 1 %}" * 5_000 + "{% endif %}" * 5_000,
    "a long sum": "{{ " + " ~ ".join(["lead.v"] * 30_000) + " }}",
    "a macro that calls itself": "{% macro m() %}{{ _self.m() }}{{ _self.m() }}{% endmacro %}{{ _self.m() }}",
    "a block that shows itself": "{% block b %}{{ block('b') }}{% endblock %}",
    "many names": "".join(f"{{% set n{n} = lead %}}" for n in range(15_000)),
}


@pytest.mark.parametrize("name", COSTLY)
def test_a_costly_template_is_stopped_and_the_worker_goes_on(name):
    before = process_time()
    try:
        said = logic.parse(COSTLY[name], html=True).render({"lead": {"v": "x"}}, missing=set())
    except TemplateError:
        said = ""

    assert process_time() - before < SECONDS
    assert len(said) <= 1 << 20
    assert logic.parse("{{ lead.v }}", html=True).render({"lead": {"v": "<"}}, missing=set()) == "&lt;"


def test_a_source_beyond_its_limit_is_refused_when_it_is_saved():
    assert "action.body" in trials.refused(action__body="x" * (256 * 1024 + 1))


@pytest.mark.parametrize(
    "lead",
    [
        {"comment": "x" * 70_000},
        {"list": ["x" * 1_000] * 100},
        {str(n): n for n in range(60_000)},
        {"a": {"b": {"c": {"d": {"e": {"f": 1}}}}}},
        {"x" * 70_000: 1},
    ],
    ids=["a long text", "a long list", "many fields", "a deep one", "a long name"],
)
def test_an_event_beyond_its_limits_is_refused(lead):
    before = process_time()
    with pytest.raises(EventError):
        factories.event(lead=lead)

    assert process_time() - before < 1


@pytest.mark.django_db
@pytest.mark.parametrize("twig", [True, False], ids=["twig", "placeholders"])
def test_rendering_asks_the_database_nothing(twig):
    Product.objects.create(pk=1, name="P", platform="lms")
    with CaptureQueriesContext(connection) as queries:
        trials.mail_of("x", action__use_twig=twig, action__body="{{ product.name }} {{ lead.v }} {{ campaign.name }}")

    assert len(queries) == 0


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["a range of a billion", "a string that doubles", "a slow pattern", "a deep nesting"])
def test_a_preview_has_the_same_bounds(name):
    definition = trials.rule_of(action__use_twig=True, action__body=COSTLY[name])
    before = process_time()

    with suppress(TrackingError):
        trial.preview(definition, trial.samples(definition), now=factories.NOON)

    assert process_time() - before < SECONDS


RUBBISH = {
    "quotes": '"' * 100_000,
    "open brackets": "<" * 100_000,
    "dots": "." * 100_000 + "@b.co",
    "at-signs": "@" * 100_000,
    "labels": "a@" + "a." * 50_000 + "co",
    "hyphens": "a@" + "-" * 100_000,
    "commas": "," * 100_000,
    "open placeholders": "{{" * 50_000,
    "coded words": "=?utf-8?q?" * 10_000,
    "spaces": " " * 100_000 + "a@b.co",
    "backslashes": '"' + "\\" * 100_000,
    "combining": "e" + "\u0301" * 50_000 + "@b.co",
}


@pytest.mark.parametrize("name", RUBBISH)
@pytest.mark.parametrize("attempt", [parse_mailbox, check_address, split_mailbox, split_mailboxes, static_host_error])
def test_long_rubbish_is_refused_at_once(attempt, name):
    before = process_time()
    try:
        refused = attempt(RUBBISH[name]) is not None
    except AddressError:
        refused = True

    assert refused
    assert process_time() - before < 0.05


@pytest.mark.parametrize(
    "text", ["<" * 200_000, "<a " * 60_000, "&" * 200_000, "<!--" * 50_000, "<p" + " a='" * 50_000]
)
def test_markup_without_end_is_read_in_time(text):
    before = process_time()
    text_from_html(text)
    clean_phrase(text)

    assert process_time() - before < SECONDS
