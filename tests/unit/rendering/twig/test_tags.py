"""Each tag, in our own words."""

# ruff: noqa: E501 - a row of a table is one line

from __future__ import annotations

from typing import Any

import jinja2
import pytest

from tracking.rendering.twig import Environment


def render(source: str, context: dict[str, Any] | None = None, **others: str) -> str:
    """The main template's output; the others are there by name."""
    templates = {"main": source} | {name.replace("__", "."): text for name, text in others.items()}
    return Environment(jinja2.DictLoader(templates)).get_template("main").render(context or {})


def row(name: str, source: str, expected: str, **context: Any) -> Any:
    return pytest.param(source, context, expected, id=name)


@pytest.mark.parametrize(
    ("source", "context", "expected"),
    [
        row("if takes the branch of a true value", "{% if a %}yes{% else %}no{% endif %}", "yes", a=1),
        row("a string zero is false", "{% if a %}yes{% else %}no{% endif %}", "no", a="0"),
        row("a string with a decimal zero is true", "{% if a %}yes{% else %}no{% endif %}", "yes", a="0.0"),
        row("an empty array is false", "{% if a %}yes{% else %}no{% endif %}", "no", a=[]),
        row("elseif is asked in order", "{% if a > 3 %}x{% elseif a > 1 %}y{% elseif a %}z{% endif %}", "y", a=2),
        row("if without a match gives nothing", "[{% if a %}x{% endif %}]", "[]", a=None),
        row("for walks values", "{% for v in a %}{{ v }},{% endfor %}", "1,2,", a=[1, 2]),
        row("for walks keys and values", "{% for k, v in a %}{{ k }}={{ v }};{% endfor %}", "x=1;y=2;", a={"x": 1, "y": 2}),
        row("for over nothing takes else", "{% for v in a %}x{% else %}none{% endfor %}", "none", a=[]),
        row("for over a string takes else", "{% for v in a %}x{% else %}none{% endfor %}", "none", a="abc"),
        row("loop counts", "{% for v in a %}{{ loop.index }}{{ loop.index0 }}{% endfor %}", "1021", a=["p", "q"]),
        row("loop counts back", "{% for v in a %}{{ loop.revindex }}{{ loop.revindex0 }}{% endfor %}", "2110", a=["pq"] * 2),
        row("loop knows first and last", "{% for v in a %}{{ loop.first ? 'F' }}{{ loop.last ? 'L' }}{% endfor %}", "FL", a=[1, 2]),
        row("loop knows its length", "{% for v in a %}{{ loop.length }}{% endfor %}", "333", a=[1, 2, 3]),
        row("an inner loop reaches the outer one", "{% for v in a %}{% for w in a %}{{ loop.parent.loop.index }}{% endfor %}{% endfor %}", "1122", a=[1, 2]),
        row("loop.parent is the context", "{% for v in a %}{{ loop.parent.b }}{% endfor %}", "5", a=[1], b=5),
        row("the whole loop variable can be handed on", "{% for v in a %}{{ loop|keys|first }}{% endfor %}", "parent", a=[1]),
        row("a loop variable is gone afterwards", "{% for v in [1] %}{% endfor %}{{ v is defined ? 'yes' : 'no' }}", "no"),
        row("a loop variable gives the outer one back", "{% for v in [1] %}{% endfor %}{{ v }}", "out", v="out"),
        row("an outer variable set in a loop keeps the value", "{% set s = 0 %}{% for v in [1, 2] %}{% set s = s + v %}{% endfor %}{{ s }}", "3"),
        row("a variable first set in a loop is gone", "{% for v in [1] %}{% set s = 1 %}{% endfor %}{{ s is defined ? 'yes' : 'no' }}", "no"),
        row("set takes several at once", "{% set a, b = 1, 2 %}{{ a }}{{ b }}", "12"),
        row("set swaps", "{% set a, b = b, a %}{{ a }}{{ b }}", "21", a=1, b=2),
        row("set captures as safe text", "{% set a %}<b>{{ b }}</b>{% endset %}{{ a }}", "<b>&lt;</b>", b="<"),
        row("an empty capture is false", "{% set a %}{% endset %}{{ a ? 'full' : 'empty' }}", "empty"),
        row("with adds variables for a while", "{% with {a: 1} %}{{ a }}{{ b }}{% endwith %}{{ a is defined ? 'yes' : 'no' }}", "12no", b=2),
        row("with only hides the others", "{% with {a: 1} only %}{{ a }}{{ b is defined ? 'yes' : 'no' }}{% endwith %}", "1no", b=2),
        row("set inside with stays inside", "{% with %}{% set a = 2 %}{{ a }}{% endwith %}{{ a }}", "21", a=1),
        row("apply filters what is inside", "{% apply upper|trim %} a{{ b }} {% endapply %}", "A&amp;LT;", b="<"),
        row("autoescape off", "{% autoescape false %}{{ a }}{% endautoescape %}{{ a }}", "<&lt;", a="<"),
        row("autoescape by another strategy", "{% autoescape 'js' %}{{ a }}{% endautoescape %}", "\\u003C", a="<"),
        row("verbatim keeps tags", "{% verbatim %}{{ a }}{% if %}{% endverbatim %}", "{{ a }}{% if %}"),
        row("do prints nothing", "{% do 1 + 1 %}", ""),
        row("flush prints nothing", "a{% flush %}b", "ab"),
        row("types prints nothing", "{% types {a: 'int', b?: 'string'} %}{{ a }}", "1", a=1),
        row("deprecated prints nothing", "{% deprecated 'old' package='p' version='1' %}x", "x"),
        row("guard takes what exists", "{% guard filter upper %}{{ 'a'|upper }}{% else %}no{% endguard %}", "A"),
        row("guard skips what does not exist", "{% guard filter nope %}{{ 'a'|nope }}{% else %}no{% endguard %}", "no"),
        row("guard knows tests of two words", "{% guard test same as %}yes{% endguard %}", "yes"),
        row("a block is displayed in its place", "a{% block b %}B{% endblock %}c", "aBc"),
        row("a short block", "{% block b a|upper %}", "X", a="x"),
        row("a block can be displayed again", "{% block b %}B{% endblock %}{{ block('b') }}", "BB"),
        row("set inside a block stays inside", "{% set a = 1 %}{% block b %}{% set a = 2 %}{{ a }}{% endblock %}{{ a }}", "21"),
        row("a macro sees its arguments only", "{% macro m(a, b = 'd') %}{{ a }}{{ b }}{{ c is defined ? 'c' }}{% endmacro %}{{ _self.m(1) }}", "1d", c=1),
        row("a macro takes names", "{% macro m(a, b) %}{{ a }}-{{ b }}{% endmacro %}{{ _self.m(b: 1, a: 2) }}", "2-1"),
        row("a macro collects the rest", "{% macro m(a) %}{{ varargs|join(',') }}{% endmacro %}{{ _self.m(1, 2, 3) }}", "2,3"),
        row("a macro's output is safe", "{% macro m() %}<b>{% endmacro %}{{ _self.m() }}", "<b>"),
        row("a spread fills a macro's arguments", "{% macro m(a, b) %}{{ a }}{{ b }}{% endmacro %}{{ _self.m(...[1, 2]) }}", "12"),
        row("import of oneself", "{% import _self as s %}{% macro m() %}M{% endmacro %}{{ s.m() }}", "M"),
        row("from with another name", "{% from _self import m as n %}{% macro m() %}M{% endmacro %}{{ n() }}", "M"),
        row("a macro can be asked for", "{% macro m() %}{% endmacro %}{{ _self.m is defined ? 1 }}{{ _self.n is defined ? 1 : 0 }}", "10"),
        row("assignment inside an expression", "{{ (a = 5) + 1 }}{{ a }}", "65"),
        row("a sequence is taken apart", "{% do [a, , b] = [1, 2, 3] %}{{ a }}{{ b }}", "13"),
        row("a mapping is taken apart", "{% do {name: n} = user %}{{ n }}", "Ann", user={"name": "Ann"}),
        row("a comment is nothing", "a{# {{ b }} #}c", "ac"),
        row("an inline comment is nothing", "{{ 1 # one\n + 2 }}", "3"),
    ],
)  # fmt: skip
def test_a_tag(source: str, context: dict[str, Any], expected: str) -> None:
    assert render(source, context) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        pytest.param("a {{- 1 -}} b", "a1b", id="a minus eats all blanks on its side"),
        pytest.param("a\n {{~ 1 ~}} \nb", "a\n1\nb", id="a tilde eats blanks but no line ends"),
        pytest.param("{% if 1 %}\na\n{% endif %}\nb", "a\nb", id="a tag eats the line end after it"),
        pytest.param("{{ 1 }}\nb", "1\nb", id="a print leaves the line end after it"),
        pytest.param("a  {%- if 1 -%}  b  {%- endif -%}  c", "abc", id="tags trim too"),
        pytest.param("a {#- x -#} b", "ab", id="comments trim too"),
        pytest.param("a\r\nb\rc", "a\nb\nc", id="all line ends become one kind"),
        pytest.param("{%- verbatim -%} a {%- endverbatim -%} b", "ab", id="verbatim trims too"),
    ],
)
def test_whitespace_control(source: str, expected: str) -> None:
    assert render(source) == expected


BASE = "[{% block a %}A{% endblock %}|{% block b %}B{% endblock %}]"


@pytest.mark.parametrize(
    ("source", "others", "expected"),
    [
        pytest.param("{% extends 'base' %}", {"base": BASE}, "[A|B]", id="a child without blocks is its parent"),
        pytest.param("{% extends 'base' %}{% block a %}x{% endblock %}", {"base": BASE}, "[x|B]", id="a block is overridden"),
        pytest.param("{% extends 'base' %}{% block a %}{{ parent() }}x{% endblock %}", {"base": BASE}, "[Ax|B]", id="parent gives the overridden one"),
        pytest.param("{% extends 'mid' %}{% block a %}{{ parent() }}x{% endblock %}", {"base": BASE, "mid": "{% extends 'base' %}{% block a %}{{ parent() }}m{% endblock %}"}, "[Amx|B]", id="three generations"),
        pytest.param("{% extends n ? 'base' : 'none' %}", {"base": BASE}, "[A|B]", id="the parent may be computed"),
        pytest.param("{% extends ['none', 'base'] %}", {"base": BASE}, "[A|B]", id="the first parent that exists"),
        pytest.param("{% extends 'base' %}{% set x = 1 %}{% block a %}{{ x }}{% endblock %}", {"base": BASE}, "[1|B]", id="a child's set is seen in its blocks"),
        pytest.param("{% include 'p' %}", {"p": "p{{ n }}"}, "p1", id="include sees the context"),
        pytest.param("{% include 'p' only %}", {"p": "p{{ n }}"}, "p", id="include only sees nothing"),
        pytest.param("{% include 'p' with {n: 2} %}{{ n }}", {"p": "p{{ n }}"}, "p21", id="include with more"),
        pytest.param("{% include 'none' ignore missing %}x", {}, "x", id="include may miss"),
        pytest.param("{% include ['none', 'p'] %}", {"p": "P"}, "P", id="include the first that exists"),
        pytest.param("{{ include('p', {n: '<'}) }}", {"p": "<i>{{ n }}"}, "<i>&lt;", id="include as a function is safe"),
        pytest.param("{{ include('p', with_context = false) }}", {"p": "{{ n }}x"}, "x", id="include without context"),
        pytest.param("{{ include_only('p', {n: 3}) }}", {"p": "{{ n }}x"}, "3x", id="include_only"),
        pytest.param("{{ source('p') }}", {"p": "{{ n }}"}, "{{ n }}", id="source gives the text"),
        pytest.param("{% embed 'base' %}{% block a %}{{ n }}{% endblock %}{% endembed %}", {"base": BASE}, "[1|B]", id="embed overrides in place"),
        pytest.param("{% use 'base' %}{{ block('a') }}", {"base": "{% block a %}A{% endblock %}"}, "A", id="use takes blocks"),
        pytest.param("{% use 'base' with a as c %}{% block a %}x{% endblock %}{{ block('c') }}", {"base": "{% block a %}A{% endblock %}"}, "xA", id="use renames blocks"),
        pytest.param("{% use 'base' %}{% block a %}{{ parent() }}x{% endblock %}", {"base": "{% block a %}A{% endblock %}"}, "Ax", id="parent of a used block"),
        pytest.param("{% import 'm' as m %}{{ m.x(1) }}", {"m": "{% macro x(a) %}<{{ a }}>{% endmacro %}"}, "<1>", id="macros of another template"),
        pytest.param("{% from 'm' import x, y as z %}{{ x() }}{{ z() }}", {"m": "{% macro x() %}X{% endmacro %}{% macro y() %}Y{% endmacro %}"}, "XY", id="some macros of another template"),
        pytest.param("{{ block('a', 'base') }}", {"base": BASE}, "A", id="a block of another template"),
        pytest.param("{{ block('a') is defined ? 1 : 0 }}{{ block('a', 'base') is defined ? 1 : 0 }}", {"base": BASE}, "01", id="a block can be asked for"),
        pytest.param("{{ include(template_from_string('{{ n }}!')) }}", {}, "1!", id="a template from a string"),
        pytest.param("{{ _self }}", {}, "main", id="a template knows its name"),
    ],
)  # fmt: skip
def test_templates_that_use_others(source: str, others: dict[str, str], expected: str) -> None:
    assert render(source, {"n": 1}, **others) == expected
