"""html_attr, html_attr_merge and html_attr_type: what they make, and what a template prints with them."""

from __future__ import annotations

from typing import Any

import pytest

from tracking.rendering.twig import Environment, Markup, TwigLimitError
from tracking.rendering.twig.errors import TwigRuntimeError
from tracking.rendering.twig.html_attr import attributes, html_attr_merge, html_attr_type

DOUBLED = "{% set x = ({c: x}|html_attr_merge({c: x})).c %}"


@pytest.mark.parametrize(
    ("arrays", "expected"),
    [
        pytest.param([{"id": "a", "title": ""}], {"id": "a", "title": ""}, id="texts as they are"),
        pytest.param([{"id": "a"}, None, False, "", [], {"id": "b"}], {"id": "b"}, id="later values win"),
        pytest.param([{"hidden": True, "open": False, "lang": None}], {"hidden": ""}, id="flags and nothing"),
        pytest.param(
            [{"aria-busy": False, "data-on": True, "data-off": False}],
            {"aria-busy": "false", "data-on": "true"},
            id="aria and data spell flags out",
        ),
        pytest.param([{"class": ["a", None, "b"]}, {"class": ["c"]}], {"class": "a b c"}, id="words are joined"),
        pytest.param([{"class": [True]}, {"rel": [None]}], {"class": ""}, id="true keeps an attribute empty"),
        pytest.param([{"data-x": {"a": [1, "b"]}}], {"data-x": '{"a":[1,"b"]}'}, id="data is JSON"),
        pytest.param(
            [{"style": {"color": "red", "margin": 0}}, {"style": {"color": "blue"}}],
            {"style": "color: blue; margin: 0;"},
            id="styles are replaced by property",
        ),
        pytest.param([{"style": ["color: red;", "top: 0"]}], {"style": "color: red; top: 0;"}, id="whole declarations"),
        pytest.param(
            [{"srcset": html_attr_type(["a 1x"], "cst")}, {"srcset": ["b 2x"]}],
            {"srcset": "a 1x, b 2x"},
            id="a comma list is extended",
        ),
        pytest.param(
            [{"class": ["a"]}, {"class": html_attr_type("b")}], {"class": "a b"}, id="a list follows an array"
        ),
        pytest.param([{"style": html_attr_type({"top": ""}, "style")}], {}, id="no declaration, no style"),
    ],
)
def test_arrays_become_attributes(arrays: list[Any], expected: dict[str, str]) -> None:
    assert dict(attributes(*arrays)) == expected


def test_named_values_are_replaced_and_numbered_ones_follow() -> None:
    merged = html_attr_merge({"x": {"a": 1, 0: "p"}}, {"x": {"a": 2, 0: "q"}})

    assert merged == {"x": {"a": 2, 0: "p", 1: "q"}}


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: html_attr_merge({"a": ["x"]}, {"a": "y"}), 'Cannot merge incompatible values for key "a"'),
        (lambda: html_attr_merge("text"), 'got "string" for argument 1'),
        (lambda: html_attr_type(["a"], "xml"), 'Unknown attribute type "xml"'),
        (lambda: html_attr_type("a", "style"), "can only be created from iterable values"),
        (lambda: html_attr_type(None), "can only be constructed from iterable or scalar values"),
        (lambda: dict(attributes({"data-x": [float("inf")]})), 'The "data-x" attribute value cannot be JSON encoded.'),
    ],
)
def test_what_does_not_fit_is_refused(call: Any, message: str) -> None:
    with pytest.raises(TwigRuntimeError) as refused:
        call()
    assert message in str(refused.value)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        pytest.param(
            "<p {{ html_attr({id: 'a'}, {class: ['b', 'c']}) }}>", '<p id="a" class="b c">', id="safe as it is"
        ),
        pytest.param("{{ html_attr({title: evil}) }}", 'title="&quot;&lt;b&gt;&#039;&amp;"', id="values are escaped"),
        pytest.param("{{ html_attr({title: safe}) }}", 'title="&lt;b&gt;"', id="safe strings too"),
        pytest.param("{{ html_attr({'a b=\"': 1}) }}", 'a&#x20;b&#x3D;&quot;="1"', id="names are escaped"),
        pytest.param("{{ html_attr({'@on:x[0]': 1}) }}", '@on:x[0]="1"', id="but not what components are named"),
        pytest.param("{{ html_attr(...[{a: 1}, {b: 2}]) }}", 'a="1" b="2"', id="spread arrays"),
        pytest.param("{{ html_attr({hidden: true, open: false}) }}", 'hidden=""', id="flags"),
        pytest.param("{{ html_attr(false ? {a: 1}, null, {}) }}", "", id="nothing"),
        pytest.param(
            "{{ html_attr({srcset: ['a', 'b']|html_attr_type('cst')}) }}", 'srcset="a, b"', id="a list with commas"
        ),
        pytest.param(
            "{{ html_attr({style: {color: 'red'}|html_attr_type('style')}) }}", 'style="color: red;"', id="a style"
        ),
        pytest.param("{{ {a: 1}|html_attr_merge({a: 2}, {b: 3})|json_encode|raw }}", '{"a":2,"b":3}', id="merged"),
        pytest.param("{{ ('a'|html_attr_type).items }}{{ ('a'|html_attr_type).shown() }}", "", id="nothing inside"),
        pytest.param(
            "{% autoescape 'js' %}{{ html_attr({a: 1}) }}{% endautoescape %}",
            "a\\u003D\\u00221\\u0022",
            id="safe for html alone",
        ),
    ],
)
def test_a_template_prints_attributes(source: str, expected: str) -> None:
    context = {"evil": "\"<b>'&", "safe": Markup("<b>")}

    assert Environment().from_string(source).render(context) == expected


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("{% set x = 'a'|html_attr_type %}" + DOUBLED * 30, id="tokens"),
        pytest.param("{% set x = ['a'] %}" + DOUBLED * 30, id="arrays"),
        pytest.param(
            "{% set s = 'abcdefgh' %}" + "{% set s = s ~ s %}" * 13 + "{{ html_attr({c: [s, s]}) }}", id="texts"
        ),
    ],
)
def test_doubling_attributes_reaches_a_bound(source: str) -> None:
    with pytest.raises(TwigLimitError):
        Environment().from_string(source).render({})
