"""Operators, literals and access, in our own words."""

# ruff: noqa: E501 - a row of a table is one line

from __future__ import annotations

from typing import Any

import pytest

from tracking.rendering.twig import Environment, Markup

ENVIRONMENT = Environment(autoescape=False)
CONTEXT: dict[str, Any] = {
    "user": {"name": "Ann", "tags": ["x", "y"], "5": "five"},
    "list": [10, 20, 30],
    "nothing": None,
    "text": "abc",
    "safe": Markup("<b>"),
}


def row(source: str, expected: str, name: str) -> Any:
    return pytest.param(source, expected, id=name)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        row("1 + 2 * 3", "7", "products before sums"),
        row("(1 + 2) * 3", "9", "parentheses first"),
        row("7 / 2", "3.5", "a quotient may be a float"),
        row("6 / 2", "3", "an even quotient is an integer"),
        row("7 // 2", "3", "floor division"),
        row("-7 // 2", "-4", "floor division goes down"),
        row("-7 % 3", "-1", "a remainder has the sign of the dividend"),
        row("2 ** 3 ** 2", "512", "powers group to the right"),
        row("-2 ** 2", "-4", "a sign binds looser than a power"),
        row("(-2) ** 2", "4", "a sign in parentheses binds first"),
        row("2 ** -1", "0.5", "a negative power"),
        row("9223372036854775807 + 1", "9.2233720368548E+18", "integers overflow to floats"),
        row("0.1 + 0.2", "0.3", "floats show fourteen digits"),
        row("1e25", "1.0E+25", "large floats show an exponent"),
        row("1_000_000", "1000000", "digits may be grouped"),
        row("'5' + '5'", "10", "numeric strings are numbers"),
        row("'1.5' + 1", "2.5", "decimal strings are numbers"),
        row("true + true", "2", "booleans count"),
        row("nothing + 1", "1", "null counts as zero"),
        row("[1] + [2, 3]", "Array", "arrays are joined by key"),
        row("([1] + [2, 3])|join(',')", "1,3", "the left one's keys win"),
        row("'a' ~ 1 ~ 1.0 ~ null ~ true", "a111", "concatenation writes everything as text"),
        row("5 b-and 3", "1", "bits and"),
        row("5 b-or 3", "7", "bits or"),
        row("5 b-xor 3", "6", "bits xor"),
        row("1 == '1'", "1", "a number equals its text"),
        row("1 == '01'", "1", "numeric strings compare as numbers"),
        row("'abc' == 0", "", "a text is not zero"),
        row("null == false", "1", "null equals false"),
        row("[] == false", "1", "an empty array equals false"),
        row("'1' == '1.0'", "1", "numeric strings equal by value"),
        row("1 === '1'", "", "identity asks for the kind"),
        row("1 !== '1'", "1", "the opposite of identity"),
        row("[1, 2] === [1, 2]", "1", "arrays are identical by content"),
        row("{a: 1, b: 2} === {b: 2, a: 1}", "", "identity asks for the order"),
        row("{a: 1, b: 2} == {b: 2, a: 1}", "1", "equality does not"),
        row("1 <=> 2", "-1", "the spaceship"),
        row("'b' <=> 'a'", "1", "texts by bytes"),
        row("[1, 2] <=> [1, 3]", "-1", "arrays by element"),
        row("[1, 2] > [9]", "1", "longer arrays are greater"),
        row("'10' < '9'", "", "numeric strings by value"),
        row("'10' < '9a'", "1", "other strings by bytes"),
        row("1 in [1, 2]", "1", "in finds"),
        row("'1' in [1]", "1", "in finds numbers as text"),
        row("'a' in [0]", "", "in does not take a text for zero"),
        row("'bc' in text", "1", "in looks into texts"),
        row("'' in text", "1", "the empty text is in each"),
        row("1 not in [2]", "1", "not in"),
        row("text starts with 'ab'", "1", "starts with"),
        row("text ends with 'bc'", "1", "ends with"),
        row("12 starts with 1", "", "numbers start with nothing"),
        row("text matches '/^a.c$/'", "1", "matches"),
        row("'ABC' matches '/b/i'", "1", "matches without case"),
        row("[1, 2] has some v => v > 1", "1", "has some"),
        row("[1, 2] has every v => v > 1", "", "has every"),
        row("true and false or true", "1", "and before or"),
        row("true xor true", "", "xor"),
        row("not true or true", "1", "not before or"),
        row("not text is defined", "", "not of a test"),
        row("1 ? 'a' : 'b'", "a", "the ternary"),
        row("0 ? 'a'", "", "the ternary without else"),
        row("0 ?: 'b'", "b", "the elvis"),
        row("missing ?? nothing ?? 'c'", "c", "null coalescing"),
        row("user.missing.deeper ?? 'c'", "c", "null coalescing of a path"),
        row("missing|default('d')", "d", "the default of a missing variable"),
        row("user.name|default('d')", "Ann", "no default for what is there"),
        row("(1..3)|join", "123", "a range"),
        row("('a'..'e')|join", "abcde", "a range of letters"),
        row("(3..1)|join", "321", "a range downwards"),
        row("user.name", "Ann", "a key by dot"),
        row("user['name']", "Ann", "a key by bracket"),
        row("user.5", "five", "an integer-like key"),
        row("user['5']", "five", "an integer-like key as text"),
        row("user.('na' ~ 'me')", "Ann", "a computed key"),
        row("user.tags.1", "y", "an index by dot"),
        row("attribute(user, 'name')", "Ann", "attribute"),
        row("user?.name", "Ann", "null-safe access"),
        row("nothing?.name.first", "", "null-safe access of null"),
        row("list[1:]|join(',')", "20,30", "a slice to the end"),
        row("list[:2]|join(',')", "10,20", "a slice from the start"),
        row("text[1:1]", "b", "a slice of a text"),
        row("list[-1:]|first", "30", "a slice from the end"),
        row('"a#{1 + 1}b"', "a2b", "interpolation"),
        row('"#{"#{1}"}"', "1", "interpolation inside itself"),
        row("'a\\nb'", "a\nb", "an escape"),
        row("'\\x41\\101'", "AA", "bytes by number"),
        row("'\\q'", "q", "an unknown escape loses its backslash"),
        row("{a: 1, 'b': 2, 3: 4, (text): 5}|keys|join(',')", "a,b,3,abc", "keys of a mapping"),
        row("{text}|json_encode", '{"text":"abc"}', "a key from a variable's name"),
        row("[...list, 1]|join(',')", "10,20,30,1", "a spread in a sequence"),
        row("{...{a: 1}, a: 2}|json_encode", '{"a":2}', "a spread in a mapping"),
        row("{0: 'a', 1: 'b'}|json_encode", '["a","b"]', "keys from zero make a list"),
        row("{1: 'a'}|json_encode", '{"1":"a"}', "other keys make an object"),
        row("list|map(v => v * 2)|join(',')", "20,40,60", "an arrow"),
        row("list|map((v, k) => k)|join(',')", "0,1,2", "an arrow of value and key"),
        row("list|reduce((c, v) => c + v, 0)", "60", "an arrow of carry and value"),
        row("(f = v => v ~ text)|invoke(1)", "1abc", "an arrow keeps the context"),
        row("max(1, 3, 2) ~ min([4, 2])", "32", "max and min"),
        row("range(low: 1, high: 5, step: 2)|join(',')", "1,3,5", "named arguments"),
        row("cycle(['a', 'b'], 3)", "b", "cycle"),
        row("constant('JSON_PRETTY_PRINT')", "128", "a constant of PHP"),
        row("user", "Array", "an array as text"),
        row("1 is odd ~ (2 is even) ~ (9 is divisible by(3))", "111", "tests of numbers"),
        row("nothing is null ~ (nothing is none)", "11", "tests of null"),
        row("'' is empty ~ ([] is empty) ~ (0 is empty)", "11", "tests of emptiness"),
        row("list is sequence ~ (user is mapping) ~ (list is iterable)", "111", "tests of arrays"),
        row("1 is same as(1) ~ (1 is same as('1'))", "1", "tests of identity"),
        row("true is true ~ (1 is true)", "1", "the test true"),
        row("128 is constant('JSON_PRETTY_PRINT')", "1", "the test of a constant"),
        row("user.name is defined ~ (user.nope is defined) ~ (nope is not defined)", "11", "the test of being there"),
        row("safe == '<b>'", "1", "a safe string equals its text"),
        row("safe|length", "3", "a safe string has a length"),
    ],
)  # fmt: skip
def test_an_expression(source: str, expected: str) -> None:
    assert ENVIRONMENT.from_string("{{ " + source + " }}").render(CONTEXT) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        row("{{ v }}", "&lt;b&gt;&quot;&#039;&amp;", "html by default"),
        row("{{ v|raw }}", "<b>\"'&", "raw"),
        row("{{ v|e }}", "&lt;b&gt;&quot;&#039;&amp;", "escape is not done twice"),
        row("{{ v|e('html')|e('html') }}", "&amp;lt;b&amp;gt;&amp;quot;&amp;#039;&amp;amp;", "unless it is asked for twice"),
        row("{{ v|upper }}", "&lt;B&gt;&quot;&#039;&amp;", "after a filter"),
        row("{{ '<i>' }}", "<i>", "literals are the author's own"),
        row("{{ true ? '<i>' : v }}", "<i>", "the literal branch"),
        row("{{ false ? '<i>' : v }}", "&lt;b&gt;&quot;&#039;&amp;", "the other branch"),
        row("{{ missing ?? v }}", "&lt;b&gt;&quot;&#039;&amp;", "after coalescing"),
        row("{{ '<i>' ~ v }}", "&lt;i&gt;&lt;b&gt;&quot;&#039;&amp;", "a concatenation"),
        row("{{ safe }}", "<i>", "safe strings"),
        row("{{ safe|upper }}", "&lt;I&gt;", "safe strings are not safe after a filter"),
        row("{{ safe|trim }}", "<i>", "but after trimming blanks"),
        row("{{ v|nl2br }}", "&lt;b&gt;&quot;&#039;&amp;", "nl2br escapes first"),
        row("{{ v|e('js') }}", "\\u003Cb\\u003E\\u0022\\u0027\\u0026", "for scripts"),
        row("{{ v|e('css') }}", "\\3C b\\3E \\22 \\27 \\26 ", "for styles"),
        row("{{ v|e('url') }}", "%3Cb%3E%22%27%26", "for addresses"),
        row("{{ v|e('html_attr') }}", "&lt;b&gt;&quot;&#x27;&amp;", "for attributes without quotes"),
        row("{{ v|u }}", "&lt;b&gt;&quot;&#039;&amp;", "the objects of u"),
    ],
)  # fmt: skip
def test_escaping(source: str, expected: str) -> None:
    context = {"v": "<b>\"'&", "safe": Markup("<i>")}
    assert Environment().from_string(source).render(context) == expected
