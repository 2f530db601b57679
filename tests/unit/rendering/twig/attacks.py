"""Templates of authors who mean harm. Each one is a name and a source; context is what `victim()` gives."""

# ruff: noqa: E501 - a template is one line, however long

from __future__ import annotations

from typing import Any

WIDE = 10**9


def victim() -> dict[str, Any]:
    """What the attacked templates are given."""
    return {
        "user": {"name": "Ann <b>", "tags": ["a", "b"], "nested": {"deep": {"deeper": 1}}},
        "long": "x" * 100_000,
        "many": list(range(1000)),
        "rows": [{"id": n, "name": f"n{n}"} for n in range(1000)],
        "s": "secret",
        "n": 7,
        "f": 1.5,
    }


def _doubling(times: int) -> str:
    return "{% set a = 'xxxxxxxxxxxxxxxx' %}" + "{% set a = a ~ a %}" * times + "{{ a|length }}"


def _nested(opening: str, closing: str, times: int, inside: str = "1") -> str:
    return "{{ " + opening * times + inside + closing * times + " }}"


_LOOPS = {
    "a loop over a range of a billion": f"{{% for i in 0..{WIDE} %}}x{{% endfor %}}",
    "a loop over a range by function": f"{{% for i in range(0, {WIDE}) %}}x{{% endfor %}}",
    "a range of floats with a tiny step": "{% for i in range(0, 1, 0.000000001) %}x{% endfor %}",
    "a range up to infinity": "{% for i in range(0, 1e308 * 10) %}x{% endfor %}",
    "a range down from the largest integer": "{{ (9223372036854775807..-9223372036854775807)|length }}",
    "three loops of a thousand inside each other": (
        "{% for a in many %}{% for b in many %}{% for c in many %}x{% endfor %}{% endfor %}{% endfor %}"
    ),
    "loops that print something long": "{% for a in many %}{% for b in many %}{{ long }}{% endfor %}{% endfor %}",
    "ten loops of a hundred": "{% for a in 1..100 %}" * 10 + "x" + "{% endfor %}" * 10,
    "forty loops inside each other": "{% for a in 1..2 %}" * 40 + "x" + "{% endfor %}" * 40,
    "a map inside a map inside a map": "{{ many|map(a => many|map(b => many|map(c => c)|length)|length)|length }}",
    "a reduce that doubles a string": "{{ many|reduce((c, v) => c ~ c, 'xx')|length }}",
    "a reduce that doubles an array": "{{ many|reduce((c, v) => c|merge(c), [1])|length }}",
    "a sort with a slow arrow": "{{ rows|sort((a, b) => many|map(x => x)|length)|length }}",
    "a filter with a slow arrow": "{{ many|filter(a => many|sort((x, y) => y <=> x)|first)|length }}",
    "has some inside has every": "{{ many has every a => many has every b => many has some c => c == 999 }}",
    "find in find": "{{ many|find(a => many|find(b => many|find(c => c > 9999)) is not null) }}",
    "a set in a loop of a million": "{% for i in 1..100000 %}{% for j in 1..10 %}{% set x = i * j %}{% endfor %}{% endfor %}",
    "loops over batches of batches": "{% for a in many|batch(1) %}{% for b in many|batch(1) %}{{ b|join }}{% endfor %}{% endfor %}",
}
_STRINGS = {
    "a string doubled forty times": _doubling(40),
    "a string doubled in a loop": "{% set a = 'x' %}{% for i in 1..64 %}{% set a = a ~ a %}{% endfor %}{{ a|length }}",
    "an interpolation doubled": '{% set a = "xxxx" %}' + '{% set a = "#{a}#{a}" %}' * 30 + "{{ a|length }}",
    "a join bomb": "{% set a = many|join(long) %}{{ a|length }}",
    "a join of joins": "{% set a = many|map(v => long)|join(long) %}{{ a|length }}",
    "a replace bomb": "{{ long|replace({'x': long})|length }}",
    "a replace bomb with many keys": "{{ long|replace({'x': long, 'xx': long, 'xxx': long})|length }}",
    "a split and join bomb": "{{ long|split('')|join(long)|length }}",
    "a format width bomb": "{{ '%1000000000s'|format('x') }}",
    "a format precision bomb": "{{ '%.1000000000f'|format(1.5) }}",
    "a format of many widths": "{{ '%500000s%500000s%500000s%500000s'|format(1, 2, 3, 4)|length }}",
    "a format with padding": '{{ "%\'x999999999d"|format(1) }}',
    "a number_format bomb": "{{ 1.5|number_format(1000000000) }}",
    "a number_format with a long point": "{{ 123456789|number_format(2, long, long) }}",
    "number_format of a huge float": "{{ 1.7e308|number_format(100, long, long)|length }}",
    "an nl2br bomb": "{% set a = long|replace({'x': '\n'}) %}{% for i in 1..1000 %}{{ a|nl2br|length }}{% endfor %}",
    "an escape bomb": "{% set a = long|replace({'x': '<'}) %}{{ a|e|e|e|e|e|e('js')|e('js')|e('css')|length }}",
    "an escape bomb by attribute": "{% set a = long|replace({'x': '\"'}) %}{% for i in 1..1000 %}{{ a|e('html_attr')|length }}{% endfor %}",
    "a url_encode bomb": "{% set a = long|replace({'x': '%'}) %}{{ a|url_encode|url_encode|url_encode|url_encode|length }}",
    "upper of something long, often": "{% for i in 1..100000 %}{% set x = long|upper %}{% endfor %}",
    "title of something long, often": "{% for i in many %}{% for j in many %}{% set x = long|title %}{% endfor %}{% endfor %}",
    "reverse of something long, often": "{% for i in 1..100000 %}{% set x = long|reverse %}{% endfor %}",
    "striptags of many open tags": "{% set a = long|replace({'x': '<'}) %}{% for i in many %}{{ a|striptags|length }}{% endfor %}",
    "trim by a long mask": "{% for i in many %}{% for j in many %}{% set x = long|trim(long) %}{% endfor %}{% endfor %}",
    "a trim mask with ranges": "{% for i in 1..100000 %}{% set x = long|trim('\\0..\\xFF') %}{% endfor %}",
    "spaceless of blanks": "{% set a = long|replace({'x': '> '}) %}{% for i in many %}{{ a|spaceless|length }}{% endfor %}",
    "convert_encoding often": "{% for i in 1..100000 %}{% set x = long|convert_encoding('UTF-8', 'UTF-16') %}{% endfor %}",
    "captures inside captures": "{% set a %}" * 30 + "{{ long }}" + "{% endset %}" * 30,
    "a capture printed into itself": "{% set a = long %}"
    + "{% set a %}{{ a }}{{ a }}{% endset %}" * 30
    + "{{ a|length }}",
    "an apply of itself": "{% set a = long %}{% for i in 1..50 %}{% set a %}{% apply upper %}{{ a }}{{ a }}{% endapply %}{% endset %}{% endfor %}",
    "u repeat": "{{ 'x'|u.repeat(1000000000) }}",
    "u repeat of repeat": "{{ 'xxxxxxxxxx'|u.repeat(100000).repeat(100000) }}",
    "u pad": "{{ 'x'|u.padBoth(1000000000, 'y') }}",
    "u wordwrap of something long": "{% for i in many %}{% set x = long|u.wordwrap(1, '\n', true) %}{% endfor %}",
    "u join": "{{ long|u.join(many) }}",
    "u camel of something long": "{% for i in many %}{% set x = long|u.camel.snake.title(true) %}{% endfor %}",
    "slug with a long separator": "{{ 'a b c d e f g'|slug(long)|length }}",
    "slug often": "{% for i in 1..100000 %}{% set x = long|slug %}{% endfor %}",
    "hashes often": "{% for i in 1..100000 %}{% set x = long|sha256 %}{% endfor %}",
    "base64 of base64": "{% set a = long %}" + "{% set a = a|base64_encode %}" * 60 + "{{ a|length }}",
    "data_uri of data_uri": "{% set a = long|replace({'x': '\"'}) %}" + "{% set a = a|data_uri('text/plain') %}" * 20,
}
_ARRAYS = {
    "an array doubled by merge": "{% set a = [1, 2] %}" + "{% set a = a|merge(a) %}" * 40 + "{{ a|length }}",
    "an array doubled by spread": "{% set a = [1, 2] %}" + "{% set a = [...a, ...a] %}" * 40 + "{{ a|length }}",
    "json of a shared array": "{% set a = [1] %}" + "{% set a = [a, a] %}" * 40 + "{{ a|json_encode|length }}",
    "pretty json of a shared array": "{% set a = [1] %}"
    + "{% set a = [a, a] %}" * 40
    + "{{ a|json_encode(128)|length }}",
    "url_encode of a shared array": "{% set a = [1] %}" + "{% set a = [a, a] %}" * 40 + "{{ a|url_encode|length }}",
    "comparison of shared arrays": "{% set a = [1] %}{% set b = [1] %}"
    + "{% set a = [a, a] %}{% set b = [b, b] %}" * 40
    + "{{ a == b }}",
    "identity of shared arrays": "{% set a = [1] %}{% set b = [1] %}"
    + "{% set a = [a, a] %}{% set b = [b, b] %}" * 40
    + "{{ a === b }}",
    "order of shared arrays": "{% set a = [1] %}{% set b = [1] %}"
    + "{% set a = [a, a] %}{% set b = [b, b] %}" * 40
    + "{{ a <=> b }}",
    "a shared array in a shared array": "{% set a = [1] %}{% set b = [2] %}"
    + "{% set a = [a, a] %}{% set b = [b, b] %}" * 40
    + "{{ a in [b, b] }}",
    "max of shared arrays": "{% set a = [1] %}{% set b = [1] %}"
    + "{% set a = [a, a] %}{% set b = [b, b] %}" * 40
    + "{{ max(a, b)|length }}",
    "sort of shared arrays": "{% set a = [1] %}{% set b = [1] %}"
    + "{% set a = [a, a] %}{% set b = [b, b] %}" * 40
    + "{{ [a, b, a, b]|sort|length }}",
    "an array nested a hundred thousand deep": "{% set a = [] %}{% for i in 1..100000 %}{% set a = [a] %}{% endfor %}{{ a|json_encode }}",
    "a deep array compared": "{% set a = [] %}{% set b = [] %}{% for i in 1..50000 %}{% set a = [a] %}{% set b = [b] %}{% endfor %}{{ a == b }}",
    "a deep array printed": "{% set a = [] %}{% for i in 1..100000 %}{% set a = [a] %}{% endfor %}{{ a }}",
    "a batch of a billion with filling": f"{{{{ [1]|batch({WIDE}, 'x')|length }}}}",
    "a batch often": "{% for i in many %}{% set x = many|batch(1, 0)|length %}{% endfor %}",
    "a column often": "{% for i in many %}{% set x = rows|column('name', 'id') %}{% endfor %}",
    "keys often": "{% for i in 1..100000 %}{% set x = many|keys %}{% endfor %}",
    "a slice often": "{% for i in 1..100000 %}{% set x = many[1:] %}{% endfor %}",
    "split into characters, often": "{% for i in many %}{% set x = long|split('') %}{% endfor %}",
    "shuffle often": "{% for i in many %}{% set x = many|shuffle %}{% endfor %}",
    "a search through arrays": "{% for i in many %}{% for j in many %}{{ i in many }}{% endfor %}{% endfor %}",
    "merging one element at a time": "{% set a = [] %}{% for i in 1..50000 %}{% set a = a|merge([i]) %}{% endfor %}{{ a|length }}",
    "appending one character at a time": "{% set a = '' %}{% for i in 1..100000 %}{% set a = a ~ 'xxxxxxxx' %}{% endfor %}{{ a|length }}",
    "timezone names often": "{% for i in 1..1000 %}{{ timezone_names('fr')|length }}{% endfor %}",
    "locale names often": "{% for i in 1..1000 %}{{ locale_names('de')|length }}{% endfor %}",
    "a random array": f"{{{{ random(0..{WIDE}) }}}}",
    "a cycle far away": "{{ cycle(many, 9223372036854775807) }}",
}
_NUMBERS = {
    "a power tower": "{{ 9 ** 9 ** 9 ** 9 }}",
    "a power in a loop": "{% set a = 3 %}{% for i in 1..10000 %}{% set a = a ** 3 %}{% endfor %}{{ a }}",
    "a product in a loop": "{% set a = 3 %}{% for i in 1..100000 %}{% set a = a * 3 %}{% endfor %}{{ a }}",
    "a very long literal": "{{ " + "9" * 100_000 + " }}",
    "a very long numeric string": "{{ ('" + "9" * 100_000 + "' + 1) }}",
    "numeric strings compared often": "{% set a = long|replace({'x': '1'}) %}{% for i in 1..10000 %}{% set b = a == a ~ '0' %}{% endfor %}",
    "round to a million places": "{{ 1.5|round(1000000) }}{{ 1.5|round(-1000000) }}",
    "modulo of the smallest integer": "{{ (-9223372036854775807 - 1) % -1 }}{{ (-9223372036854775807 - 1) // -1 }}",
    "abs of the smallest integer": "{{ (-9223372036854775807 - 1)|abs }}",
    "random of a huge range": "{{ random(9223372036854775807) }}",
    "an exponent without end": "{{ 1e999999999 }}{{ -1e999999999 }}{{ 1e-999999999 }}",
}
_PATTERNS = {
    "a pattern with nested repeats": "{{ 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!' matches '/^(a+)+$/' }}",
    "a pattern with alternatives": "{{ long matches '/^(x|xx|xxx)+y$/' }}",
    "a pattern from the outside": "{{ long matches ('/^(' ~ 'x+' ~ ')+y$/') }}",
    "a pattern often": "{% for i in many %}{{ long ~ '!' matches '/(x+x+)+y/' }}{% endfor %}",
    "a pattern with huge repeats": "{{ 'aaa' matches '/(((a{1000}){1000}){1000}){1000}/' }}",
    "a pattern with many groups": "{{ 'aaa' matches '/" + "(" * 500 + "a" + ")" * 500 + "/' }}",
    "a pattern of nested lookaheads": "{{ long matches '/" + "(?=.*" * 60 + "x" + ")" * 60 + "y/' }}",
    "a pattern with a back reference": "{{ long matches '/(x*)*\\\\1y/' }}",
}
_RECURSION = {
    "a macro that calls itself": "{% macro m() %}{{ _self.m() }}{% endmacro %}{{ _self.m() }}",
    "a macro that calls itself twice": "{% macro m(n) %}{% if n > 0 %}{{ _self.m(n - 1) }}{{ _self.m(n - 1) }}{% endif %}x{% endmacro %}{{ _self.m(50) }}",
    "two macros that call each other": "{% macro a() %}{{ _self.b() }}{% endmacro %}{% macro b() %}{{ _self.a() }}{% endmacro %}{{ _self.a() }}",
    "a block that displays itself": "{% block a %}{{ block('a') }}{% endblock %}",
    "blocks that display each other": "{% block a %}{{ block('b') }}{% endblock %}{% block b %}{{ block('a') }}{% endblock %}",
    "a template that includes itself": "{{ include('main') }}",
    "a template that includes itself by tag": "{% include 'main' %}{% include 'main' %}",
    "a template that extends itself": "{% extends 'main' %}",
    "a template that uses itself": "{% use 'main' %}{% block a %}{% endblock %}",
    "a template that embeds itself": "{% embed 'main' %}{% endembed %}",
    "a template that imports itself": "{% import 'main' as m %}{% macro x() %}{% import 'main' as n %}{{ n.x() }}{% endmacro %}{{ m.x() }}",
    "templates from strings": "{% for i in many %}{{ include(template_from_string('{{ 1 }}' ~ i)) }}{% endfor %}",
    "a template from a string that makes templates": "{% set t %}{% verbatim %}{{ include(template_from_string(t)) }}{% endverbatim %}{% endset %}{{ include(template_from_string(t)) }}",
    "a template from a long string": "{{ include(template_from_string('{{ 1 }}' ~ (long ~ long ~ long))) }}",
    "an arrow that is given itself": "{% set f = (x, g) => g is null ? x : [x]|map(v => v) %}{{ f|invoke(1, f)|join }}",
    "an arrow kept in an array": "{% set f = [x => x ~ x] %}{{ many|reduce((c, v) => f[0]|invoke(c), 'xx')|length }}",
    "the context inside itself": "{% for i in 1..1000 %}{% set a = _context %}{% endfor %}{{ a|json_encode|length }}",
    "the context doubled inside itself": "{% for i in 1..40 %}{% set a = {x: _context, y: _context} %}{% endfor %}{{ a|json_encode|length }}",
}
_NESTING = {
    "parentheses ten thousand deep": _nested("(", ")", 10_000),
    "arrays ten thousand deep": _nested("[", "]", 10_000),
    "mappings ten thousand deep": _nested("{a: ", "}", 10_000),
    "ternaries ten thousand deep": _nested("1 ? ", "", 10_000),
    "nots ten thousand deep": _nested("not ", "", 10_000),
    "minuses ten thousand deep": _nested("-", "", 10_000),
    "subscripts ten thousand deep": "{{ user" + "[0]" * 10_000 + " }}",
    "attributes ten thousand deep": "{{ user" + ".a" * 10_000 + " }}",
    "filters ten thousand deep": "{{ s" + "|upper" * 10_000 + " }}",
    "arrows ten thousand deep": "{{ many|map(" + "a => " * 10_000 + "1) }}",
    "coalescing ten thousand deep": "{{ " + "a ?? " * 10_000 + "1 }}",
    "a sum of twenty thousand": "{{ " + "1 + " * 20_000 + "1 }}",
    "a concatenation of fifty thousand": "{{ " + "s ~ " * 50_000 + "s }}",
    "a condition of twenty thousand": "{{ " + "n and " * 20_000 + "n }}",
    "interpolations inside each other": '{{ "' + '#{"' * 500 + "x" + '"}' * 500 + '" }}',
    "ifs a thousand deep": "{% if 1 %}" * 1000 + "x" + "{% endif %}" * 1000,
    "blocks a thousand deep": "".join(f"{{% block b{n} %}}" for n in range(1000)) + "{% endblock %}" * 1000,
    "withs a thousand deep": "{% with %}" * 1000 + "{% endwith %}" * 1000,
    "elseifs twenty thousand": "{% if 0 %}" + "{% elseif 0 %}" * 20_000 + "{% endif %}",
    "embeds a hundred deep": "{% embed 'main' %}{% block a %}" * 100 + "{% endblock %}{% endembed %}" * 100,
}
_SIZES = {
    "a source of a megabyte": "x" * 1_048_576,
    "a source of 256 KB of tags": "{{ n }}" * 37_000,
    "a source of 256 KB of sets": "".join(f"{{% set v{n} = long ~ '{n}' %}}" for n in range(8000)),
    "a source of 256 KB of empty loops": "{% for i in [] %}{% endfor %}" * 9000,
    "a source of 256 KB of blocks": "".join(f"{{% block b{n} %}}{{% endblock %}}" for n in range(7000)),
    "a name of fifty thousand characters": "{{ " + "a" * 50_000 + " }}",
    "an attribute of fifty thousand characters": "{{ user." + "a" * 50_000 + " }}",
    "an unknown filter of fifty thousand characters": "{{ n|" + "a" * 50_000 + " }}",
    "an unknown function of fifty thousand characters": "{{ " + "a" * 50_000 + "() }}",
    "an unknown tag of fifty thousand characters": "{% " + "a" * 50_000 + " %}",
    "a string of 256 KB": "{{ '" + "a" * 260_000 + "' }}",
    "backslashes of 256 KB": "{{ '" + "\\" * 260_000 + "' }}",
    "an open string of 256 KB": '{{ "' + "a" * 260_000,
    "an open comment": "{# " + "#" * 260_000,
    "an open verbatim": "{% verbatim %}" + "{% end" * 43_000,
    "blanks of 256 KB": "{{ " + " " * 260_000 + " }}",
    "blanks before a trim": " " * 260_000 + "{{- n }}",
    "ten thousand arguments": "{{ max(" + "1, " * 60_000 + "1) }}",
    "a mapping of thirty thousand": "{{ {" + "a: 1, " * 40_000 + "} }}",
    "ten thousand macro parameters": "{% macro m("
    + ", ".join(f"p{n}" for n in range(20_000))
    + ") %}{% endmacro %}{{ _self.m() }}",
    "a line number without end": "{% line " + "9" * 100_000 + " %}{{ x|nope }}",
}
_ESCAPES = {
    f"{path} reaches nothing": "{{ " + path + " }}"
    for path in (
        "s.__class__",
        "s.__class__.__mro__[1].__subclasses__()",
        "user.__class__",
        "user.__init__.__globals__",
        "user.items()",
        "user.keys()",
        "user.pop('name')",
        "many.append(1)",
        "many.sort()",
        "s.format(user)",
        "s.upper()",
        "n.real",
        "n.bit_length()",
        "f.hex()",
        "_self.__class__",
        "_self.code",
        "_self.env",
        "_self.templateName",
        "_self.blocks",
        "_context.__class__",
        "_context.run",
        "_context['run']",
        "loop.__class__",
        "(x => x).call",
        "(x => x).__call__(1)",
        "(x => x).cost",
        "date().__class__",
        "date().strftime('%Y')",
        "date().tzinfo",
        "date().replace(1)",
        "date('now').diff(date()).__dict__",
        "(s|u).text",
        "(s|u).__class__",
        "(s|u).format(1)",
        "html_cva(['a']).base",
        "html_cva(['a']).__init__",
        "attribute(s, '__class__')",
        "attribute(user, '__getitem__', ['name'])",
        "user['__class__']",
        "s|map('__import__')",
        "many|map('system')",
        "many|sort('system')",
        "many|reduce('exec')",
        "constant('__class__', s)",
        "constant('os.environ')",
        "source('/etc/passwd')",
        "include('/etc/passwd')",
        "include('../../../etc/passwd', ignore_missing = true)",
        "template_from_string('{{ _self.__class__ }}')",
        "include(template_from_string('{{ s.__class__ }}'))",
        "['x']|u.join([x => x])",
        "'x'|u.join([x => x])",
        "'x'|format(x => x)",
        "'%s'|format(x => x)",
        "(x => x) ~ ''",
        "[x => x]|join",
        "[x => x]|json_encode|raw",
        "{a: (x => x)}|url_encode",
        "'x'|replace({'x': (y => y)})",
        "html_classes({'a': (x => x)})",
        "(x => x)|length",
        "dump(_context)",
        "'%(s)s'|format(s)",
        "'{0.__class__}'|format(s)",
        "user|column('__class__')|join",
        "'x'|data_uri(parameters={a: (x => x)})",
        "1|format_number({'__class__': 1})",
        "s|escape('__class__')",
        "s|e(user)",
        "s|convert_encoding('rot13', 'utf-8')",
        "s|convert_encoding('zlib', 'utf-8')",
        "s|hmac('k', '__class__')",
    )
}

_DOUBLED = "{% set s = s ~ s %}"
_REPEATED: dict[str, str] = {
    "escape a long text again and again": "{% set s = '<' %}"
    + _DOUBLED * 19
    + "{% for i in 1..400 %}{{ s }}{% endfor %}",
    "escape a middling text again and again": "{% set s = '\"' %}"
    + _DOUBLED * 13
    + "{% for i in 1..9000 %}{{ s }}{% endfor %}",
    "look at a long blank as a number": "{% set s = ' ' %}"
    + _DOUBLED * 17
    + "{% for i in 1..3000 %}{{ s == 1 }}{{ s < 1 }}{% endfor %}",
    "add to a long number": "{% set s = '1' %}" + _DOUBLED * 18 + "{% for i in 1..2000 %}{{ s + 1 }}{% endfor %}",
    "look for a letter in a long text": "{% set s = 'a' %}"
    + _DOUBLED * 19
    + "{% for i in 1..9000 %}{{ 'zz' in s }}{% endfor %}",
    "many templates made of long texts": "{% set s = '{{ a.b.c|upper }}' %}"
    + _DOUBLED * 11
    + "{% for i in 1..50 %}{{ include(template_from_string(s ~ i)) }}{% endfor %}",
    "a template of many short words, made while rendering": "{% set s = 'a+a+' %}"
    + _DOUBLED * 12
    + "{{ include(template_from_string('{{[' ~ s|replace({'+': ','}) ~ ']}}')) }}",
    "a long key again and again": "{% set s = 'a' %}"
    + _DOUBLED * 18
    + "{% for i in 1..9000 %}{{ 'b'|hmac(s) }}{% endfor %}",
    "a long mask again and again": "{% set s = ' ' %}"
    + _DOUBLED * 18
    + "{% for i in 1..9000 %}{{ 'b'|trim(s) }}{% endfor %}",
    "a long mask of ranges": "{% set s = 'é..ÿ' %}" + _DOUBLED * 18 + "{{ 'b'|trim(s) }}",
    "trim a long text by a long mask": "{% set s = 'a' %}" + _DOUBLED * 18 + "{{ s|replace({a: 'b'})|trim(s ~ 'b') }}",
    "replace a long text again and again": "{% set s = ' ' %}"
    + _DOUBLED * 18
    + "{% for i in 1..9000 %}{{ 'a'|replace({(s): 1, b: 2}) }}{% endfor %}",
    "double the words of an attribute": "{% set x = 'a'|html_attr_type %}"
    + "{% set x = ({c: x}|html_attr_merge({c: x})).c %}" * 30
    + "{{ html_attr({c: x}) }}",
}

ATTACKS: dict[str, str] = {
    **_REPEATED,
    **_LOOPS,
    **_STRINGS,
    **_ARRAYS,
    **_NUMBERS,
    **_PATTERNS,
    **_RECURSION,
    **_NESTING,
    **_SIZES,
    **_ESCAPES,
}
