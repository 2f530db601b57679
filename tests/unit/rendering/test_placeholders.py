"""Plain substitution: names become values, and braces can do nothing else."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracking.errors import TemplateError
from tracking.rendering.placeholders import parse

VALUES = {
    "lead": {
        "first_name": "Ada",
        "sneaky": "{{ lead.first_name }}",
        "html": "<b>\"Tom\" & 'Ann'</b>",
        "empty": "",
        "none": None,
        "yes": True,
        "no": False,
        "zero": 0,
        "number": 1_250_000,
        "share": 0.1,
        "list": ["a", {"b": 7}, None],
        "object": {"é": [1, "x"]},
        "first name": "no",
        "with-dash": "dash",
        "naïve": "diaeresis",
        "0": "zero",
    },
    "price": Decimal("12.50"),
    "tiny": Decimal("0.000001"),
}


def render(source: str, *, html: bool = False) -> tuple[str, set[str]]:
    missing: set[str] = set()
    return parse(source).render(VALUES, html=html, missing=missing), missing


@pytest.mark.parametrize(
    ("source", "text"),
    [
        pytest.param("", "", id="nothing"),
        pytest.param("plain { } } %} #} {# text", "plain { } } %} #} {# text", id="braces that open nothing"),
        pytest.param("{{ lead.first_name }}", "Ada", id="a name"),
        pytest.param("{{lead.first_name}}", "Ada", id="without spaces"),
        pytest.param("{{\n lead.first_name\t}}", "Ada", id="with a line break"),
        pytest.param("a{{ lead.first_name }}{{ price }}b", "aAda12.50b", id="side by side"),
        pytest.param("{{ lead.first_name }} }}", "Ada }}", id="a closing too many"),
        pytest.param("{{ lead.sneaky }}", "{{ lead.first_name }}", id="a value is not read again"),
        pytest.param("{{ lead.empty }}", "", id="an empty value is a value"),
        pytest.param("{{ lead.yes }} {{ lead.no }}", "true false", id="truths"),
        pytest.param("{{ lead.zero }} {{ lead.number }} {{ lead.share }}", "0 1250000 0.1", id="numbers"),
        pytest.param("{{ price }} {{ tiny }}", "12.50 0.000001", id="money keeps its digits"),
        pytest.param("{{ lead.list }}", '["a", {"b": 7}, null]', id="a list as JSON"),
        pytest.param("{{ lead.object }}", '{"é": [1, "x"]}', id="an object as JSON"),
        pytest.param("{{ lead.list.0 }} {{ lead.list.1.b }}", "a 7", id="an item of a list"),
        pytest.param("{{ lead.0 }}", "zero", id="a member called 0"),
        pytest.param("{{ lead.with-dash }} {{ lead.naïve }}", "dash diaeresis", id="names of the platform's own"),
    ],
)
def test_names_become_their_values(source, text):
    assert render(source) == (text, set())


@pytest.mark.parametrize(
    "name",
    [
        "lead.nobody",
        "lead.none",
        "lead.first_name.x",
        "lead.list.3",
        "lead.list.-1",
        "lead.list.2",
        "lead.list.x",
        "lead.list.٠",
        pytest.param("lead.list." + "9" * 5000, id="an index of 5,000 digits"),
        "nobody",
        "price.real",
        "lead.__class__",
        "lead.keys",
        "lead.list.append",
        "lead.first_name.upper",
    ],
)
def test_a_name_without_value_renders_empty_and_is_reported(name):
    assert render(f"<{{{{ {name} }}}}>") == ("<>", {name})


def test_values_are_escaped_in_html_and_nowhere_else():
    assert render("{{ lead.html }}")[0] == "<b>\"Tom\" & 'Ann'</b>"
    assert render("<i>{{ lead.html }}</i>", html=True)[0] == (
        "<i>&lt;b&gt;&#34;Tom&#34; &amp; &#39;Ann&#39;&lt;/b&gt;</i>"
    )
    assert render("{{ lead.object }}", html=True)[0] == "{&#34;é&#34;: [1, &#34;x&#34;]}"


@pytest.mark.parametrize(
    ("source", "line", "column"),
    [
        pytest.param("{{ lead.name|upper }}", 1, 1, id="a filter"),
        pytest.param("a\nbc {{ 1 + 1 }}", 2, 4, id="arithmetic"),
        pytest.param("\n\n{% if x %}{% endif %}", 3, 1, id="a tag"),
        pytest.param("{{ lead.a }} {{ lead['b'] }}", 1, 14, id="brackets"),
        pytest.param("{{ f() }}", 1, 1, id="a call"),
        pytest.param("{{ }}", 1, 1, id="nothing inside"),
        pytest.param("{{ lead. }}", 1, 1, id="a dot at the end"),
        pytest.param("{{ .lead }}", 1, 1, id="a dot at the front"),
        pytest.param("{{ lead..a }}", 1, 1, id="two dots"),
        pytest.param("{{ lead.a", 1, 1, id="never closed"),
        pytest.param("{{ lead.a }", 1, 1, id="closed by half"),
        pytest.param("{{{ lead.a }}}", 1, 1, id="three braces"),
        pytest.param("{{ first name }}", 1, 1, id="two words"),
        pytest.param("{{- lead.a -}}", 1, 1, id="a trimming dash"),
        pytest.param("x{{", 1, 2, id="an opening at the end"),
    ],
)
def test_more_than_a_name_is_refused_with_its_place_and_the_switch(source, line, column):
    with pytest.raises(TemplateError) as refused:
        parse(source)

    assert (refused.value.line, refused.value.column) == (line, column)
    assert 'set "Use Twig Engine" to Yes' in str(refused.value)
    assert f"(line {line}, column {column})" in str(refused.value)


def test_names_are_told_in_order():
    assert parse("{{ b.c }} x {{ a }}{{ b.c }}").names() == [("b", "c"), ("a",), ("b", "c")]


@given(st.text(st.sampled_from("{}% .ab\n"), max_size=40))
def test_whatever_is_not_refused_renders(source):
    try:
        template = parse(source)
    except TemplateError:
        return
    assert template.render({}, html=True, missing=set()) is not None


@given(st.text(max_size=50))
def test_text_without_braces_stays_as_it_is(text):
    source = text.replace("{", "(")

    assert parse(source).render({}, html=True, missing=set()) == source
