"""Errors: their class, message, line and column; strict and lenient variables; what was missing."""

# ruff: noqa: E501 - a row of a table is one line

from __future__ import annotations

from typing import Any

import jinja2
import pytest

from tracking.rendering.twig import (
    Environment,
    TwigError,
    TwigLoaderError,
    TwigRuntimeError,
    TwigSyntaxError,
    names,
)


def failure(source: str, *, strict: bool = True, context: dict[str, Any] | None = None, **others: str) -> TwigError:
    """The error that a template ends with."""
    environment = Environment(jinja2.DictLoader({"t": source, **others}), strict=strict)
    with pytest.raises(TwigError) as caught:
        environment.get_template("t").render(context or {"user": {"name": "Ann"}, "list": [1], "n": 1})
    return caught.value


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("{{ 1 ", 'Unclosed "variable" in "t" at line 1.'),
        ("\n{% if 1", 'Unexpected token "end of template" ("end of statement block" expected) in "t" at line 2 column 8.'),
        ("{{ (1 }}", 'Unclosed "(" in "t" at line 1.'),
        ("{{ 1) }}", 'Unexpected ")" in "t" at line 1 column 5.'),
        ("{# a", 'Unclosed comment in "t" at line 1.'),
        ("{% verbatim %}", 'Unexpected end of file: Unclosed "verbatim" block in "t" at line 1.'),
        ("{{ 1 ` }}", 'Unexpected character "`" in "t" at line 1 column 6.'),
        ("{% iff 1 %}", 'Unknown "iff" tag. Did you mean "if" in "t" at line 1?'),
        ("{{ 1|uper }}", 'Unknown "uper" filter. Did you mean "upper" in "t" at line 1?'),
        ("{{ cycl() }}", 'Unknown "cycl" function. Did you mean "cycle" in "t" at line 1?'),
        ("{{ 1 is od }}", 'Unknown "od" test. Did you mean "odd" in "t" at line 1?'),
        ("{% if 1 %}{% endfor %}", 'Unexpected "endfor" tag (expecting closing tag for the "if" tag defined near line 1)'),
        ("{% block a %}{% endblock %}{% block a %}{% endblock %}", "The block 'a' has already been defined line 1"),
        ("{% block a %}{% endblock b %}", 'Expected endblock for block "a" (but "b" given)'),
        ("{% set a, b = 1 %}", "you must have the same number of variables and assignments"),
        ("{% set true = 1 %}", 'You cannot assign a value to "true"'),
        ("{{ parent() }}", 'Calling the "parent" function outside of a block is forbidden'),
        ("{{ 1|round(x: 2) }}", 'Unknown argument "x" for filter "round(precision, method)"'),
        ("{{ 1|round(precision: 1, 2) }}", 'Positional arguments cannot be used after named arguments for filter "round"'),
        ("{{ 'a'|split }}", 'Value for argument "delimiter" is required for filter "split"'),
        ("{{ 1|round(1, precision: 2) }}", 'Argument "precision" is defined twice for filter "round"'),
        ("{{ [1, , 2] }}", "Empty array elements are only allowed in destructuring assignments"),
        ("{% do user.a = 1 %}", "only variables can be assigned"),
        ("{{ (1 + 1) is defined }}", 'The "defined" test only works with simple variables'),
        ("{{ n|upper ?? 1 }}", 'The "defined" test only works with simple variables'),
        ("{% macro m(a = n) %}{% endmacro %}", "A default value for an argument must be a constant"),
        ("{% extends 't' %}x", "A template that extends another one cannot include content outside Twig blocks."),
        ("{{ 'a' matches '/(/' }}", 'Regexp "/(/" passed to "matches" is not valid'),
        ("{{ a ? b c }}", 'Unexpected token "name" of value "c" ("end of print statement" expected)'),
    ],
)  # fmt: skip
def test_a_syntax_error(source: str, message: str) -> None:
    error = failure(source)

    assert isinstance(error, TwigSyntaxError)
    assert message in error.message


@pytest.mark.parametrize(
    ("source", "message", "line"),
    [
        ("a\n{{ nope }}", 'Variable "nope" does not exist in "t" at line 2.', 2),
        ("{{ user.nope }}", 'Key "nope" for sequence/mapping with keys "name" does not exist in "t" at line 1.', 1),
        ("{{ n.nope }}", 'Impossible to access an attribute ("nope") on a int variable ("1") in "t" at line 1.', 1),
        ("{{ n[0] }}", 'Impossible to access a key ("0") on a int variable ("1") in "t" at line 1.', 1),
        ("{{ user.name() }}", 'Impossible to invoke a method ("name") on a sequence/mapping in "t" at line 1.', 1),
        ("\n\n{{ 1 / 0 }}", "Division by zero", 3),
        ("{{ 1 % 0 }}", "Modulo by zero", 1),
        ("{{ [] * 2 }}", "Unsupported operand types: array * int", 1),
        ("{{ 'a' + 1 }}", "Unsupported operand types: string + int", 1),
        ("{{ 'garbage'|date }}", "Failed to parse time string (garbage) at position 0 (g)", 1),
        ("{{ cycle([], 1) }}", 'The "cycle" function expects a non-empty sequence in "t" at line 1.', 1),
        ("{{ 1|map(v => v) }}", 'The "map" filter expects a sequence or a mapping, got "int" in "t" at line 1.', 1),
        ("{{ 1|sort }}", 'The "sort" filter expects a sequence or a mapping, got "int" in "t" at line 1.', 1),
        ("{{ 'a'|e('nope') }}", 'Invalid escaping strategy "nope"', 1),
        ("{{ _self.nope() }}", 'Macro "nope" is not defined in template "t" in "t" at line 1.', 1),
        ("{{ block('nope') }}", 'Block "nope" on template "t" does not exist in "t" at line 1.', 1),
        ("{{ constant('NOPE') }}", 'Constant "NOPE" is undefined in "t" at line 1.', 1),
        ("{% with 1 %}{% endwith %}", 'Variables passed to the "with" tag must be a mapping in "t" at line 1.', 1),
        ("{{ list|map('strtoupper') }}", "must be a Closure", 1),
    ],
)
def test_a_runtime_error(source: str, message: str, line: int) -> None:
    error = failure(source)

    assert isinstance(error, TwigRuntimeError)
    assert message in error.message
    assert error.line == line


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("\n{% include 'none' %}", 'Template "none" is not defined in "t" at line 2.'),
        ("{{ include(['a', 'b']) }}", 'Unable to find one of the following templates: "a", "b" in "t" at line 1.'),
        ("{% extends 'none' %}", 'Template "none" is not defined in "t" at line 1.'),
        ("{% use 'none' %}", 'Template "none" is not defined in "t" at line 1.'),
    ],
)
def test_a_missing_template(source: str, message: str) -> None:
    error = failure(source)

    assert isinstance(error, TwigLoaderError)
    assert error.message == message


def test_an_error_names_the_template_it_is_in() -> None:
    error = failure("a\n{% include 'inner' %}", inner="\n\n{{ nope }}")

    assert (error.name, error.line) == ("inner", 3)


@pytest.mark.parametrize(
    ("source", "place"),
    [
        pytest.param("ab\n  {{ 1 2 }}", (2, 8), id="an unexpected token"),
        pytest.param("x\r\ny\r {{ 1 2 }}", (3, 7), id="any kind of line end"),
        pytest.param("{{ }}", (1, 4), id="an empty expression"),
        pytest.param("{{ 1 ` }}", (1, 6), id="an unexpected character"),
        pytest.param("ab {{ 1 ", (1, 4), id="a print that is not closed"),
        pytest.param("a\n{{ 1", (2, 5), id="the end of the source inside a print"),
        pytest.param("a {% if 1 \n", (1, 3), id="a tag that is not closed"),
        pytest.param("a{# b", (1, 2), id="a comment that is not closed"),
        pytest.param("ab{% verbatim %}\nx", (1, 3), id="a verbatim that is not closed"),
        pytest.param("\n {{ (1 }}", (2, 5), id="a parenthesis that is not closed"),
        pytest.param("{{ [1 }}", (1, 4), id="a sequence that is not closed"),
        pytest.param('{{ 1 ~ "a }}', (1, 8), id="a string that is not closed"),
        pytest.param("{{ 1) }}", (1, 5), id="a parenthesis too many"),
        pytest.param("  {% iff 1 %}", (1, 6), id="an unknown tag"),
        pytest.param("{{ 1|upper|uper }}", (1, 12), id="an unknown filter"),
        pytest.param("{{ a\n|uper }}", (2, 2), id="an unknown filter in another line"),
        pytest.param("{{ 1 + cycl (2) }}", (1, 8), id="an unknown function"),
        pytest.param("{{ 1 is not od }}", (1, 13), id="an unknown test"),
        pytest.param("{% if 1 %}\n{% endfor %}", (2, 4), id="the end of another tag"),
        pytest.param("{% if x %}foo\n", (1, 11), id="a tag without its end"),
        pytest.param("{% block a %}{% endblock b %}", (1, 26), id="the end of another block"),
        pytest.param("{% block a %}{% endblock %}\n{% block a %}", (2, 10), id="a block twice"),
        pytest.param("{% set a, b = 1 %}", (1, 8), id="more names than values"),
        pytest.param("{% set true = 1 %}", (1, 8), id="a literal as a variable"),
        pytest.param("{% do [a, b.c] = 1 %}", (1, 13), id="an attribute in a destructuring"),
        pytest.param("{{ 1|round(x: 2) }}", (1, 15), id="an unknown argument"),
        pytest.param("{{ 'a'|split }}", (1, 8), id="an argument that is missing"),
        pytest.param("{{ [1, , 2] }}", (1, 8), id="an empty element, found by the compiler"),
        pytest.param("{{ 'a' matches '/(/' }}", (1, 16), id="a bad pattern"),
        pytest.param("{{ ({a: 1}|upper) is defined }}", (1, 19), id="defined of a value"),
        pytest.param("{% autoescape a %}{% endautoescape %}", (1, 15), id="a strategy that is no constant"),
        pytest.param("{% extends 't' %}x", (1, 18), id="text in a child"),
        pytest.param("{% for a in b %}" * 17, (1, 260), id="loops nested too deep"),
    ],
)
def test_a_syntax_error_has_a_line_and_a_column(source: str, place: tuple[int, int]) -> None:
    error = failure(source)

    assert isinstance(error, TwigSyntaxError)
    assert (error.line, error.column) == place


def test_a_message_tells_the_column_only_where_twig_does() -> None:
    assert failure("{{ 1|uper }}").message.endswith("at line 1?")
    assert failure("{{ 1 2 }}").message.endswith("at line 1 column 6.")


def test_lenient_variables_are_empty_and_told() -> None:
    missing: set[str] = set()
    source = "{{ a }}{{ b.c }}{{ lead.x }}{{ lead.y }}{{ d|default(1) }}{{ e ?? 2 }}{{ f is defined ? 1 : 0 }}"

    shown = Environment().from_string(source).render({"lead": {"y": "Y"}}, missing=missing)

    assert shown == "Y120"
    assert missing == {"a", "b.c", "lead.x"}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        pytest.param("{{ foo.bar }}", {"foo.bar"}, id="a path without its head"),
        pytest.param("{{ foo.bar }}{{ foo.baz }}", {"foo.bar", "foo.baz"}, id="two paths of one head"),
        pytest.param("{{ foo.bar }}{{ foo }}", {"foo", "foo.bar"}, id="a head that is asked for by itself"),
        pytest.param("{{ foo['a'].b['c'] }}", {"foo.a.b.c"}, id="a long path, whole"),
        pytest.param("{{ lead.a.b }}", {"lead.a.b"}, id="a long path of which the head is there"),
        pytest.param("{{ foo.bar() }}", {"foo.bar"}, id="a method"),
        pytest.param("{{ foo[lead.y] }}", {"foo"}, id="a key that is not plain"),
        pytest.param("{{ foo.bar[lead.y].x }}", {"foo.bar"}, id="the plain part of a path"),
        pytest.param("{{ foo?.bar }}{{ foo?.bar.baz }}{{ lead.z?.a }}", set(), id="null is allowed for"),
        pytest.param("{{ lead?.z }}", {"lead.z"}, id="null is allowed for, but the key is not there"),
        pytest.param("{% if foo.bar %}{% endif %}", {"foo.bar"}, id="a condition"),
        pytest.param("{% for one in foo.bar %}{% endfor %}", {"foo.bar"}, id="a loop"),
        pytest.param("{% for foo in [1] %}{{ foo.bar }}{% endfor %}", {"foo.bar"}, id="a loop's own variable"),
        pytest.param("{{ [1]|map(v => v.x ~ foo.bar)|join }}", {"v.x", "foo.bar"}, id="an arrow function"),
    ],
)
def test_what_is_missing_is_told_by_its_whole_path(source: str, expected: set[str]) -> None:
    missing: set[str] = set()

    Environment().from_string(source).render({"lead": {"y": "Y"}}, missing=missing)

    assert missing == expected


@pytest.mark.parametrize("source", ["{{ foo.bar }}", "{{ foo.bar }}{{ foo.baz }}", "{{ foo?.bar }}", "{{ foo.a.b }}"])
def test_strict_variables_refuse_the_head_of_a_path(source: str) -> None:
    assert 'Variable "foo" does not exist' in failure(source).message


def test_null_is_not_missing() -> None:
    missing: set[str] = set()

    Environment().from_string("{{ a }}{{ b.c }}").render({"a": None, "b": {"c": None}}, missing=missing)

    assert missing == set()


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("{{ lead.email }}{{ price }}", {"lead.email", "price"}),
        ("{{ a.b['c'].d }}{{ a[x] }}", {"a.b.c.d", "a", "x"}),
        ("{% for item in lead.items %}{{ item.n }}{{ loop.index }}{% endfor %}", {"lead.items"}),
        ("{% set x = y %}{{ x }}", {"y"}),
        ("{% if a.b is defined %}{{ c|default(d) }}{% endif %}", {"a.b", "c", "d"}),
        ("{% macro m(p) %}{{ p }}{{ g }}{% endmacro %}{{ _self.m(q) }}", {"g", "q"}),
        ("{{ rows|map(r => r.x ~ s) }}", {"rows", "s"}),
        ("{% with {v: w} %}{{ v }}{% endwith %}", {"w"}),
        ("no tags", set()),
    ],
)
def test_the_names_a_template_reads(source: str, expected: set[str]) -> None:
    assert names(source) == expected
