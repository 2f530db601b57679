"""Templates with logic: where their errors are, what they miss, how they escape, and that threads may share them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from tracking.errors import TemplateError
from tracking.rendering.logic import parse

THREADS, TIMES = 16, 200


@pytest.mark.parametrize(
    ("source", "line", "column", "sentence"),
    [
        pytest.param("Hi {{ lead.name|uper }}", 1, 17, 'Unknown "uper" filter. Did you mean "upper"?', id="a filter"),
        pytest.param("a\nb\n   {% fi %}", 3, 7, 'Unknown "fi" tag.', id="a tag"),
        pytest.param("{{ nope() }}", 1, 4, 'Unknown "nope" function.', id="a function"),
        pytest.param("\n{{ 1 is od }}", 2, 9, 'Unknown "od" test. Did you mean "odd"?', id="a test"),
        pytest.param("{{ a b }}", 1, 6, 'Unexpected token "name" of value "b"', id="a token too many"),
        pytest.param("x {{ a", 1, 7, 'Unexpected token "end of template"', id="no end"),
        pytest.param("{% if a %}b", 1, 11, "Unexpected end of template.", id="no endif"),
        pytest.param("a" * 300_000, 1, 1, "longer than 262144 characters", id="a source that is too long"),
    ],
)
def test_what_does_not_compile_is_told_with_its_place(source: str, line: int, column: int, sentence: str) -> None:
    with pytest.raises(TemplateError) as refused:
        parse(source, html=True)

    assert (refused.value.line, refused.value.column) == (line, column)
    assert sentence in refused.value.message
    assert str(refused.value).endswith(f"(line {line}, column {column})")


@pytest.mark.parametrize(
    ("source", "line", "sentence"),
    [
        pytest.param("a\n\n{{ 1 / zero }}", 3, "Division by zero", id="arithmetic"),
        pytest.param("{% if 1 %}\n{{ 'soon enough'|date }}{% endif %}", 2, "Failed to parse time", id="a date"),
        pytest.param("\n{% include 'snippet' %}", 2, 'Template "snippet" is not defined.', id="another template"),
        pytest.param("\n{{ 'ab'|e('nope') }}", 2, "Invalid escaping strategy", id="a strategy"),
    ],
)
def test_what_fails_while_rendering_is_told_with_its_line(source: str, line: int, sentence: str) -> None:
    with pytest.raises(TemplateError) as failed:
        parse(source, html=True).render({"zero": 0}, missing=set())

    assert failed.value.line == line
    assert sentence in failed.value.message


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("{% for i in 1..90000 %}{% for j in 1..90000 %}{{ j }}{% endfor %}{% endfor %}", id="steps"),
        pytest.param("{% set a = 'aaaaaaaa' %}" + "{% set a = a ~ a %}" * 30, id="a string"),
        pytest.param("{{ range(1, 10000000)|length }}", id="an array"),
        pytest.param("{% macro m() %}{{ _self.m() }}{% endmacro %}{{ _self.m() }}", id="calls"),
        pytest.param("{{ 'a' matches '/(a+)+$/' ? 1 }}{{ ('a' ~ text ~ 'b') matches '/(a+)+$/' }}", id="a pattern"),
    ],
)
def test_a_bound_that_is_reached_is_a_template_error(source: str) -> None:
    with pytest.raises(TemplateError) as failed:
        parse(source, html=False).render({"text": "a" * 10_000}, missing=set())

    assert failed.value.line == 1


def test_names_without_a_value_are_told_whole() -> None:
    template = parse("{{ lead.name }}{{ lead.city }}{{ buyer.name|default('-') }}{{ price }}{{ a.b.c }}", html=True)
    missing: set[str] = set()

    assert template.render({"lead": {"name": "Ada"}}, missing=missing) == "Ada-"
    assert missing == {"lead.city", "price", "a.b.c"}


@pytest.mark.parametrize(
    ("source", "in_html", "in_text"),
    [
        pytest.param("{{ x }}", "&lt;b&gt;", "<b>", id="a value"),
        pytest.param("{{ x|raw }}", "<b>", "<b>", id="raw"),
        pytest.param("{{ x|e }}", "&lt;b&gt;", "&lt;b&gt;", id="escaped by the author"),
        pytest.param("{{ x|upper }}", "&lt;B&gt;", "<B>", id="a filter"),
        pytest.param("<i>{{ '<u>' }}", "<i><u>", "<i><u>", id="the author's own words"),
        pytest.param("{% set y %}{{ x }}<hr>{% endset %}{{ y }}", "&lt;b&gt;<hr>", "<b><hr>", id="captured"),
    ],
)
def test_values_are_escaped_in_html_alone(source: str, in_html: str, in_text: str) -> None:
    assert parse(source, html=True).render({"x": "<b>"}, missing=set()) == in_html
    assert parse(source, html=False).render({"x": "<b>"}, missing=set()) == in_text


def test_a_source_is_compiled_once_for_html_and_once_for_text() -> None:
    source = "Dear {{ lead.name }}, compiled once"

    assert parse(source, html=True) is parse(source, html=True)
    assert parse(source, html=False) is parse(source, html=False)
    assert parse(source, html=True) is not parse(source, html=False)


def test_threads_render_one_template_with_values_of_their_own() -> None:
    template = parse(
        "{% set own = lead.id %}{% for n in 1..5 %}{% set own = own ~ '-' ~ lead.id %}{% endfor %}{{ own }}"
        " {{ lost.id }}"
        "{% macro m(x) %}<{{ x }}>{% endmacro %}{{ _self.m(lead.name) }}{{ lead.rows|map(r => r * 2)|join(',') }}",
        html=True,
    )
    together = Barrier(THREADS)

    def render_all(thread: int) -> list[tuple[str, set[str]]]:
        together.wait()
        return [render_one(thread * TIMES + time) for time in range(TIMES)]

    def render_one(number: int) -> tuple[str, set[str]]:
        missing: set[str] = set()
        lead = {"id": number, "name": f"<{number}>", "rows": [number, number + 1]}
        lost = {"lost": {"id": "!"}} if number % 2 else {}
        return template.render({"lead": lead, **lost}, missing=missing), missing

    with ThreadPoolExecutor(THREADS) as pool:
        found = [one for mine in pool.map(render_all, range(THREADS)) for one in mine]

    assert found == [(expected(number), set() if number % 2 else {"lost.id"}) for number in range(THREADS * TIMES)]


def expected(number: int) -> str:
    own = "-".join([str(number)] * 6)
    return f"{own} {'!' if number % 2 else ''}<&lt;{number}&gt;>{number * 2},{number * 2 + 2}"
