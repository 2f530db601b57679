"""What holds for every template and every context."""

from __future__ import annotations

import html

import jinja2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.rendering.twig.generated import CONTEXT, Author
from tracking.rendering.twig import Environment, TwigError, TwigSyntaxError
from tracking.rendering.twig.compare import compare, equal
from tracking.rendering.twig.lexer import Lexer

ENVIRONMENT = Environment()
TEXTS = st.text(max_size=60)
NUMBERS = st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False)
NUMERIC = st.sampled_from(["0", "1", "-1", "1.5", "1e3", " 7", "7 ", "abc", "", "0x1A", "9223372036854775808", ".5"])
SCALARS = st.none() | st.booleans() | NUMBERS | TEXTS | NUMERIC
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4), max_leaves=8
)
FRAGMENTS = st.lists(
    st.sampled_from(
        ["{{", "}}", "{%", "%}", "{#", "#}", "{{-", "-}}", "{%~", "~%}", " if ", " for ", " in ", " endif ", "set a = ",
         "block b", "endblock", "macro m(a)", "endmacro", "a", "b", ".", "|", "upper", "(", ")", "[", "]", "{", "}",
         ",", ":", "?", "??", "..", "...", "=>", "=", "==", "'x'", '"#{', '"', "'", "\\", "1", "1.5", "1e5", "is ",
         "defined", "not ", "and ", "~", "-", "**", "//", "import ", "from ", "include ", "extends ", "\n", " ", "é",
         "verbatim", "endverbatim", "_self", "loop", "apply ", "with ", "embed ", "use ", "autoescape ", "guard "]
    ),
    max_size=25,
).map("".join)  # fmt: skip


@given(TEXTS)
def test_escaping_lets_no_tag_and_no_quote_through(value: str) -> None:
    shown = ENVIRONMENT.from_string("{{ value }}").render({"value": value})

    assert not set(shown) & set("<>\"'")
    assert html.unescape(shown) == html.unescape(html.escape(value)) or "\r" in value


@given(VALUES)
@pytest.mark.parametrize(
    "source",
    ["{{ v }}", "{{ v|join(v) }}", "{{ v|upper }}", "{{ (v|u) }}", "{{ v ?? v }}", "{{ v ? v : v }}", "{{ v ~ v }}",
     "{% for k, w in v %}{{ k }}{{ w }}{% endfor %}", "{{ v|json_encode }}", "{{ v|default(v)|trim }}",
     "{% apply lower %}{{ v }}{% endapply %}", "{% set x = v %}{{ x }}", "{{ v|map(w => w)|join }}", "{{ v|nl2br }}"],
)  # fmt: skip
def test_no_value_of_a_context_brings_a_tag_into_the_output(source: str, value: object) -> None:
    try:
        shown = ENVIRONMENT.from_string(source).render({"v": value})
    except TwigError:
        return

    assert "<" not in shown.replace("<br />", "")


@given(FRAGMENTS)
@settings(max_examples=400, deadline=None)
def test_no_source_raises_anything_but_a_twig_error(source: str) -> None:
    environment = Environment(jinja2.DictLoader({"x": "{% block b %}x{% endblock %}"}))
    try:
        environment.from_string(source, name="t").render({"a": [1, {"b": 2}], "b": "text"})
    except TwigError as error:
        line = error.line
    else:
        return

    assert line is None or line >= 1


@given(st.integers(0, 10**6), st.booleans())
@settings(max_examples=200, deadline=None)
def test_no_template_raises_anything_but_a_twig_error(seed: int, strict: bool) -> None:
    environment = Environment(strict=strict)
    try:
        environment.from_string(Author(seed).template()).render(CONTEXT)
    except TwigError as error:
        message = str(error)
    else:
        return

    assert message


@given(st.text(max_size=200).filter(lambda text: "{" not in text))
def test_text_without_tags_is_kept_but_for_its_line_ends(text: str) -> None:
    assert ENVIRONMENT.from_string(text).render({}) == text.replace("\r\n", "\n").replace("\r", "\n")


@given(TEXTS.filter(lambda text: "'" not in text and "\\" not in text and "\r" not in text))
def test_a_string_literal_is_its_own_value(text: str) -> None:
    assert ENVIRONMENT.from_string("{{ '" + text + "'|raw }}").render({}) == text


@given(SCALARS, SCALARS)
def test_comparing_two_scalars_the_other_way_round_gives_the_opposite(left: object, right: object) -> None:
    assert compare(left, right) == -compare(right, left)


@given(VALUES)
def test_everything_equals_itself(value: object) -> None:
    assert equal(value, value)


@given(st.lists(st.integers(-1000, 1000), max_size=60))
def test_sort_orders_numbers_and_keeps_all_of_them(numbers: list[int]) -> None:
    shown = ENVIRONMENT.from_string("{{ numbers|sort|join(',') }}").render({"numbers": numbers})

    assert shown == ",".join(map(str, sorted(numbers)))


@given(st.lists(st.sampled_from([None, False, True, 0, 1, "", "0", "a", "1"]), max_size=40))
def test_sort_loses_nothing_even_where_the_order_is_no_order(values: list[object]) -> None:
    shown = ENVIRONMENT.from_string("{{ (values|sort)|length }}").render({"values": values})

    assert shown == str(len(values))


@given(st.dictionaries(st.sampled_from(["a", "b", "c", "d"]), SCALARS))
def test_a_loop_leaves_the_context_as_it_was(values: dict[str, object]) -> None:
    source = "{{ {0}|json_encode }}{% for a, b in [1, 2] %}{% set e = a %}{% endfor %}{{ {0}|json_encode }}"
    shown = (
        Environment(autoescape=False)
        .from_string(source.replace("{0}", "[a ?? null, b ?? null, c ?? null, d ?? null, e is defined]"))
        .render(values)
    )

    assert shown[: len(shown) // 2] == shown[len(shown) // 2 :]


@given(FRAGMENTS)
def test_the_lexer_ends_with_the_end_of_the_template(source: str) -> None:
    try:
        tokens = Lexer(source, None, 10_000).tokens()
    except TwigSyntaxError:
        return

    assert tokens[-1].type == "eof"
