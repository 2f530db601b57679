"""Bounds: each one ends a rendering with a Twig error, and ordinary mails are far below all of them."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import jinja2
import pytest

from benchmarks.twig import CONTEXT, MAIL
from tracking.rendering.twig import Environment, Limits, TwigError, TwigLimitError, TwigRuntimeError, TwigSyntaxError
from tracking.rendering.twig.__main__ import answer

SMALL = Limits(steps=2_000, output=500, string=300, items=100, memory=20_000, calls=10, nesting=20)


@pytest.mark.parametrize(
    ("source", "limits"),
    [
        pytest.param("{% for i in 1..90 %}{% for j in 1..90 %}x{% endfor %}{% endfor %}", SMALL, id="steps"),
        pytest.param("{% for i in 1..90 %}0123456789{% endfor %}", SMALL, id="output"),
        pytest.param(
            "{% set a = '0123456789' %}{% for i in 1..9 %}{% set a = a ~ a %}{% endfor %}", SMALL, id="a string"
        ),
        pytest.param("{{ (1..101)|length }}", SMALL, id="an array"),
        pytest.param("{% macro m() %}{{ _self.m() }}{% endmacro %}{{ _self.m() }}", SMALL, id="calls"),
        pytest.param("{% for i in 1..50 %}{% set a = (1..100)|length %}{% endfor %}", SMALL, id="memory"),
        pytest.param(
            "{% for i in 1..1000 %}{% for j in 1..90 %}x{% endfor %}{% endfor %}", Limits(seconds=0.0), id="wall clock"
        ),
        pytest.param("{{ include(template_from_string('{{ 1 }}')) }}", Limits(templates=0), id="templates"),
    ],
)
def test_a_bound_of_rendering(source: str, limits: Limits) -> None:
    with pytest.raises(TwigRuntimeError):
        Environment(limits=limits).from_string(source).render({})


@pytest.mark.parametrize(
    ("source", "limits"),
    [
        pytest.param("x" * 101, Limits(source=100), id="the source"),
        pytest.param("{{ n }}" * 50, Limits(tokens=100), id="tokens"),
        pytest.param("{{ " + "(" * 30 + "1" + ")" * 30 + " }}", SMALL, id="nested expressions"),
        pytest.param("{% if 1 %}" * 30 + "{% endif %}" * 30, SMALL, id="nested tags"),
        pytest.param("{% for a in b %}" * 17 + "{% endfor %}" * 17, Limits(), id="nested loops"),
        pytest.param("{{ 1" + " + 1" * 300 + " }}", Limits(), id="a chain"),
    ],
)
def test_a_bound_of_the_source(source: str, limits: Limits) -> None:
    with pytest.raises(TwigSyntaxError):
        Environment(limits=limits).from_string(source)


def test_a_bound_tells_which_one() -> None:
    with pytest.raises(TwigLimitError, match="more than 100 elements"):
        Environment(limits=SMALL).from_string("{{ (1..101)|length }}").render({})


def test_a_pattern_that_takes_too_long_is_stopped() -> None:
    template = Environment().from_string("{{ text matches '/^(a|aa)+$/' }}")

    with pytest.raises(TwigRuntimeError, match="Backtrack limit exhausted"):
        template.render({"text": "a" * 60 + "!"})


def test_an_ordinary_mail_needs_a_hundredth_of_the_bounds() -> None:
    limits = Limits()
    hundredth = replace(limits, steps=limits.steps // 100, output=limits.output // 100, memory=limits.memory // 100)

    assert "value of email" in Environment(limits=hundredth).from_string(MAIL).render(CONTEXT)


def test_each_rendering_has_bounds_of_its_own() -> None:
    template = Environment(limits=SMALL).from_string("{% for i in 1..90 %}x{% endfor %}")

    assert [template.render({}) for _ in range(20)] == ["x" * 90] * 20


class Secret:
    """What no template may get hold of."""

    password = "hunter2"

    def __str__(self) -> str:
        return self.password


@pytest.mark.parametrize("value", [Secret(), object(), print, Secret, {1, 2}, b"bytes", [Secret()], {"a": Secret()}])
def test_only_plain_data_crosses_the_boundary(value: Any) -> None:
    with pytest.raises(TwigRuntimeError, match="not plain data"):
        Environment().from_string("{{ v }}{{ v.password }}").render({"v": value})


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (Decimal("12.50"), "12.50"),
        (datetime(2024, 1, 2, 3, 4, tzinfo=UTC), "02.01.2024"),
        (("a", "b"), "Array"),
        ({"5": 1}, "Array"),
        (2**70, str(2**70)),
    ],
)
def test_plain_data_in_other_dress(value: Any, shown: str) -> None:
    source = "{{ v|date('d.m.Y') }}" if isinstance(value, datetime) else "{{ v }}"
    assert Environment().from_string(source).render({"v": value}) == shown


def test_rendering_leaves_the_context_alone() -> None:
    context = {"a": [1, 2], "b": {"c": 1}}
    source = "{% set a = a|merge([3]) %}{% set b = b|merge({c: 2}) %}{% for a in a %}{% endfor %}{{ a|length }}"

    assert Environment().from_string(source).render(context) == "3"
    assert context == {"a": [1, 2], "b": {"c": 1}}


def test_templates_are_compiled_once() -> None:
    environment = Environment(jinja2.DictLoader({"a": "{{ x }}"}))

    assert environment.get_template("a") is environment.get_template("a")


def test_compiled_templates_can_be_kept_as_bytecode(tmp_path: Any) -> None:
    for _ in range(2):
        cache = jinja2.FileSystemBytecodeCache(str(tmp_path))
        environment = Environment(jinja2.DictLoader({"a": "{% for i in l %}{{ i }}{% endfor %}"}), bytecode_cache=cache)
        assert environment.get_template("a").render({"l": [1, 2]}) == "12"

    assert list(tmp_path.iterdir())


def test_the_moment_can_be_given() -> None:
    template = Environment().from_string("{{ 'tomorrow'|date('Y-m-d') }}")

    assert template.render({}, now=datetime(2024, 2, 28, 12, tzinfo=UTC)) == "2024-02-29"


# -- the command


def test_a_line_of_the_command_is_answered() -> None:
    line = json.dumps({"template": "{{ a|upper }}", "context": {"a": {"$markup": "<b>"}}, "tz": "UTC"})

    assert answer(line) == {"output": "&lt;B&gt;"}


def test_an_error_is_answered_with_its_class_and_line() -> None:
    given = answer(json.dumps({"templates": {"m": "\n{{ x }}"}, "main": "m", "context": {}, "strict": True}))

    assert given["error"]["class"] == "Twig\\Error\\RuntimeError"
    assert given["error"]["line"] == 2


@pytest.mark.parametrize(
    "line", ["{", "[]", "1", '{"template": 5}', '{"context": {"a": {"$nope": 1}}, "template": ""}']
)
def test_a_broken_line_is_answered_too(line: str) -> None:
    assert "error" in answer(line)


def test_the_command_answers_every_line_in_order_and_needs_no_settings() -> None:
    lines = ['{"template": "{{ 1 + 1 }}"}', "broken", '{"template": "{{ \'é\'|raw }}"}']

    done = subprocess.run(
        [sys.executable, "-m", "tracking.rendering.twig"],
        input="\n".join(lines).encode(),
        capture_output=True,
        check=True,
        env={"PATH": "/usr/bin", "PYTHONIOENCODING": "utf-8"},
    )

    first, second, third = map(json.loads, done.stdout.decode().splitlines())
    assert (first, third) == ({"output": "2"}, {"output": "é"})
    assert second["error"]["class"] == "InvalidRequest"


def test_errors_are_twig_errors() -> None:
    assert issubclass(TwigLimitError, TwigError)
