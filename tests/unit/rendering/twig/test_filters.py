"""Each filter, in our own words."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from tracking.rendering.twig import Environment
from tracking.rendering.twig.environment import _REGISTRY

ENVIRONMENT = Environment(autoescape=False, timezone="Europe/Paris")
CONTEXT: dict[str, Any] = {
    "day": datetime(2024, 2, 29, 13, 4, 5, tzinfo=UTC),
    "price": Decimal("12.50"),
    "rows": [{"id": 3, "n": "c"}, {"id": 1, "n": "a"}, {"n": "x"}],
    "map": {"b": 1, "a": 2},
}

ROWS: list[tuple[str, str]] = [
    ("'aé'|upper", "AÉ"),
    ("'ÀB'|lower", "àb"),
    ("'hELLO wORLD'|capitalize", "Hello world"),
    ('"o\'neil mc-donald"|title', "O'neil Mc-Donald"),
    ("'  a '|trim", "a"),
    ("'xxaxx'|trim('x', 'left')", "axx"),
    ("'abcba'|trim('a..b')", "c"),
    ("'<p>a<br>b</p>'|striptags", "ab"),
    ("'<p>a<b>b</b></p>'|striptags('<b>')", "a<b>b</b>"),
    ("'a b'|replace({'a': 'b', 'b': 'a'})", "b a"),
    ("'ab'|replace({'a': '1', 'ab': '2'})", "2"),
    ("'a,b,c'|split(',')|join('-')", "a-b-c"),
    ("'a,b,c'|split(',', 2)|join('-')", "a-b,c"),
    ("'abcd'|split('', 2)|join('-')", "ab-cd"),
    ("'a b&c'|url_encode", "a%20b%26c"),
    ("{a: 1, b: [2, 3]}|url_encode", "a=1&b%5B0%5D=2&b%5B1%5D=3"),
    ("'é'|convert_encoding('UTF-8', 'UTF-8')", "é"),
    ("'a\nb'|nl2br", "a<br />\nb"),
    ("'<a> <b>'|spaceless", "<a><b>"),
    ("[1, 2, 3]|join(', ', ' and ')", "1, 2 and 3"),
    ("map|keys|join", "ba"),
    ("[1]|merge([2], {a: 3})|json_encode", '{"0":1,"1":2,"a":3}'),
    ("[1, 2, 3]|batch(2, 'x')|json_encode", '[[1,2],["x",3]]'.replace('["x",3]', '{"2":3,"3":"x"}')),
    ("[1, 2, 3]|batch(2, 'x', false)|json_encode", '[[1,2],[3,"x"]]'),
    ("rows|column('n')|join", "cax"),
    ("rows|column('n', 'id')|json_encode", '{"3":"c","1":"a","4":"x"}'),
    ("[3, 1, 2]|sort|join", "123"),
    ("map|sort|keys|join", "ba"),
    ("map|sort((x, y) => y <=> x)|keys|join", "ab"),
    ("[1, 2, 3]|reverse|join", "321"),
    ("'abc'|reverse", "cba"),
    ("map|reverse|json_encode", '{"a":2,"b":1}'),
    ("[1, 2, 3]|filter(v => v > 1)|json_encode", '{"1":2,"2":3}'),
    ("[1, 2]|map(v => v + 1)|json_encode", "[2,3]"),
    ("[1, 2]|reduce((c, v) => c + v)", "3"),
    ("[1, 2, 3]|find(v => v > 1)", "2"),
    ("'éa'|length ~ [1, 2]|length ~ 123|length", "223"),
    ("[4, 5]|first ~ 'xy'|last", "4y"),
    ("[1, 2, 3]|slice(1, 1)|join ~ 'abc'|slice(-2)", "2bc"),
    ("''|default('d') ~ 0|default('e')", "d0"),
    ("(v => v ~ '!')|invoke('a')", "a!"),
    ("['a']|shuffle|first", "a"),
    ("(-5)|abs ~ '-1.5'|abs", "51.5"),
    ("2.5|round ~ 2.45|round(1) ~ 2.1|round(0, 'ceil')", "32.53"),
    ("1234.5|number_format(2, ',', '.') ~ 0.5|number_format", "1.234,501"),
    ("price|number_format(2) ~ price", "12.5012.50"),
    ("'%05.1f|%s|%x'|format(3.14159, 'a', 255)", "003.1|a|ff"),
    ("day|date('Y-m-d H:i T')", "2024-02-29 14:04 CET"),
    ("day|date('H:i', 'UTC') ~ day|date('H:i', false)", "13:0413:04"),
    ("'2024-01-31'|date_modify('+1 month')|date('m/d')", "03/02"),
    ("0|date('c')", "1970-01-01T01:00:00+01:00"),
    ("date('2024-01-01').diff(date('2024-03-01'))|date('%m %d %a')", "2 0 60"),
    ("{a: [1, 1.0, null, 'é/']}|json_encode", '{"a":[1,1,null,"\\u00e9\\/"]}'),
    ("'é/'|json_encode(256 b-or 64)", '"é/"'),
    ("'<'|escape ~ '<'|e('js') ~ '<'|raw", "&lt;\\u003C<"),
    ("'Hello Wörld!'|slug|lower", "hello-world"),
    ("'hello_world'|u.camel.title", "HelloWorld"),
    ("'mouse'|plural ~ 'mice'|singular", "micemouse"),
    ("'a b'|data_uri", "data:text/plain,a%20b"),
    ("{a: 1}|html_attr_merge({b: 2})|json_encode", '{"a":1,"b":2}'),
    ("{a: ['x']|html_attr_type}|html_attr_merge({a: ['y']})|keys|join", "a"),
    ("1234.5|format_currency('EUR', locale='de')", "1.234,50\xa0€"),
    ("1234.5|format_number(locale='fr')", "1\u202f234,5"),
    ("0.25|format_percent_number", "25%"),
    ("12|format_spellout_number ~ 3|format_ordinal_number", "twelve3rd"),
    ("'2024-02-29 13:04'|format_date('long', locale='fr')", "29 février 2024"),
    ("'2024-02-29 13:04'|format_time('short', locale='de')", "13:04"),
    ("'2024-02-29 13:04'|format_datetime('short', 'short', locale='de')", "29.02.24, 13:04"),
    ("'FR'|country_name('de') ~ 'EUR'|currency_symbol", "Frankreich€"),
    ("'fr'|language_name ~ 'fr_CA'|locale_name", "FrenchFrench (Canada)"),
    ("'EUR'|currency_name", "Euro"),
    ("'Europe/Paris'|timezone_name", "Central European Time (Paris)"),
    ("'a'|md5", "0cc175b9c0f1b6a831c399e269772661"),
    ("'a'|sha1", "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8"),
    ("'a'|sha256|slice(0, 8)", "ca978112"),
    ("'a'|hmac('k')|length", "64"),
    ("'a'|base64_encode ~ 'YQ=='|base64_decode", "YQ==a"),
    ("1|format_decimal_number ~ 1|format_duration_number", "11 sec."),
    ("1|format_scientific_number", "1E0"),
    ("1|format_currency_number", "¤1.00"),
]


@pytest.mark.parametrize(("source", "expected"), ROWS, ids=[source for source, _ in ROWS])
def test_a_filter(source: str, expected: str) -> None:
    assert ENVIRONMENT.from_string("{{ " + source + " }}").render(CONTEXT) == expected


def test_every_filter_has_a_row() -> None:
    written = " ".join(source for source, _ in ROWS)
    assert not [name for name in _REGISTRY.filters if f"|{name}" not in written]
