"""Random templates in the syntax that old and new Twig share, for comparing two engines."""

from __future__ import annotations

import random
from typing import Any

CONTEXT: dict[str, Any] = {
    "zero": 0,
    "one": 1,
    "seven": 7,
    "minus": -3,
    "half": 0.5,
    "big": 1234567.891,
    "huge": 9223372036854775807,
    "tiny": 1e-7,
    "empty": "",
    "word": "Hello World",
    "markup": "<b>\"q\" & 'x'</b>",
    "accents": "éàü ß Ünï",
    "number": "12.5",
    "spaced": "  padded  ",
    "lines": "a\nb\nc",
    "nothing": None,
    "yes": True,
    "no": False,
    "list": [3, 1, 2],
    "texts": ["pear", "Apple", "fig"],
    "mixed": [1, "1", "a", None, True, 1.5, ""],
    "map": {"b": 2, "a": 1, "c": 3},
    "nested": {"x": {"y": [1, {"z": "deep"}]}},
    "numbered": {"5": "five", "7": "seven"},
    "none_at_all": [],
    "rows": [{"n": 1, "t": "one"}, {"n": 2, "t": "two"}, {"n": 3}],
}
_NAMES = [*CONTEXT, "missing"]
_BINARY = ["+", "-", "*", "/", "%", "//", "**", "~", "==", "!=", "<", ">", "<=", ">=", "<=>", "and", "or", "in"]
_BINARY += ["not in", "..", "?:", "??", "b-and", "b-or", "b-xor", "starts with", "ends with"]
_FILTERS = [
    "upper", "lower", "title", "capitalize", "trim", "length", "first", "last", "reverse", "keys", "sort", "join",
    "join(', ')", "join(', ', ' and ')", "default('d')", "abs", "round", "round(1)", "round(1, 'floor')",
    "round(-1, 'ceil')", "number_format", "number_format(2)", "number_format(2, ',', '.')", "escape", "e('js')",
    "e('css')", "e('url')", "e('html_attr')", "raw", "nl2br", "striptags", "url_encode", "json_encode",
    "json_encode(128)", "slice(1)", "slice(-2)", "slice(1, 1)", "slice(0, -1)", "slice(1, 2, true)", "split('')",
    "split(' ')", "split('a', 2)", "split('l', -1)", "replace({'a': 'b', 'l': 'LL'})", "batch(2)", "batch(2, 'x')",
    "merge([9])", "merge({'z': 0})", "column('n')", "column('t', 'n')", "format(1, 'x')", "map(v => v)",
    "map((v, k) => k ~ '=' ~ v)", "filter(v => v)", "filter((v, k) => k)", "reduce((c, v) => c ~ v)",
    "reduce((c, v) => c + v, 1)", "sort((a, b) => b <=> a)", "spaceless", "date('Y-m-d')", "trim('a..l')",
    "trim('lo', 'right')", "convert_encoding('UTF-8', 'UTF-8')",
]  # fmt: skip
_TESTS = ["defined", "empty", "null", "even", "odd", "iterable", "same as(1)", "divisible by(3)", "none"]
_FORMATS = ["%s", "%d", "%05d", "%.2f", "%x", "%b", "%c", "%e", "%'*10s", "%-6s|", "%+d", "%%", "%u", "%5.1f"]


class Author:
    """Writes templates at random, the same ones for the same seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def template(self) -> str:
        """A template of a few statements."""
        return "\n".join(self.statement(2) for _ in range(self.random.randint(1, 3)))

    def expression(self, depth: int) -> str:
        """An expression of at most this depth."""
        choice = self.random.random()
        if depth == 0 or choice < 0.25:
            return self._leaf()
        if choice < 0.5:
            return f"{self._operand(depth)}|{self.random.choice(_FILTERS)}"
        if choice < 0.75:
            return f"({self.expression(depth - 1)} {self.random.choice(_BINARY)} {self.expression(depth - 1)})"
        return self._rarer(depth)

    def _operand(self, depth: int) -> str:
        return f"({self.expression(depth - 1)})" if self.random.random() < 0.5 else self._leaf()

    def _leaf(self) -> str:
        literal = ["0", "1", "2", "1.5", "'a'", "'l'", "''", "'10'", "'1e1'", "' 5'", "'abc'", "true", "false", "null"]
        literal += ["[]", "[1, 2]", "{'a': 1}", "{'a': 1, 'b': [2]}", "'<i>'", '"#{one}x"', "'0'", "'0.0'", "100"]
        attributes = ["map.a", "map['b']", "nested.x.y[1].z", "list[0]", "rows[1].t", "map.missing", "numbered[5]"]
        return self.random.choice(_NAMES * 2 + literal + attributes)

    def _rarer(self, depth: int) -> str:
        one, two = self.expression(depth - 1), self.expression(depth - 1)
        return self.random.choice(
            [
                f"({one} ? {two} : {self._leaf()})",
                f"({one} ?: {two})",
                f"not ({one})",
                f"-({one})",
                f"{self._leaf()} is {self.random.choice(_TESTS)}",
                f"({one}) is not {self.random.choice([test for test in _TESTS if test != 'defined'])}",
                f"[{one}, {two}]|json_encode",
                f"{{'k': {one}, 0: {two}}}|json_encode",
                f"max({one}, {two})",
                f"min({one}, {two})",
                f"cycle([1, 'b', null], {self.random.choice(['0', '1', '5', 'seven'])})",
                f"range({self.random.choice(['0', '3'])}, {self.random.choice(['1', '5', 'minus'])})|join(',')",
                f"'{self.random.choice(_FORMATS)}'|format({one})",
                f"({one})[{self.random.choice(['0', '1', chr(39) + 'a' + chr(39), '1:', ':2', '0:1'])}]",
                f"attribute(map, {self._leaf()})",
            ]
        )

    def statement(self, depth: int) -> str:
        """One statement."""
        shown = f"{{{{ {self.expression(2)} }}}}"
        if depth == 0:
            return shown
        inside = self.statement(depth - 1)
        value = self.expression(1)
        return self.random.choice(
            [
                shown,
                shown,
                shown,
                f"{{% if {value} %}}{inside}{{% else %}}{self.statement(depth - 1)}{{% endif %}}",
                f"{{% for v in {value} %}}{{{{ loop.index }}}}:{{{{ v }}}} {inside}{{% else %}}none{{% endfor %}}",
                f"{{% for k, v in {value} %}}{{{{ k }}}}={{{{ v }}}};{{% set one = k %}}{{% endfor %}}{{{{ one }}}}",
                f"{{% set one = {value} %}}{inside}{{{{ one }}}}",
                f"{{% set word %}}<p>{inside}</p>{{% endset %}}{{{{ word }}}}{{{{ word|upper }}}}",
                f"{{%- apply upper -%}} {inside} {{%- endapply -%}}",
                f"{{% autoescape 'js' %}}{inside}{{% endautoescape %}}",
                f"{{% autoescape false %}}{inside}{{% endautoescape %}}",
                f"{{% with {{'one': {value}}} %}}{inside}{{% endwith %}}",
                f"{{% with {{'one': {value}}} only %}}{{{{ one|json_encode }}}}{{{{ word }}}}{{% endwith %}}",
                f"{{% block b %}}{inside}{{% endblock %}}{{{{ block('b') }}}}",
                f"{{% macro m(a, b = 2) %}}[{{{{ a }}}}|{{{{ b }}}}]{{% endmacro %}}{{{{ _self.m({value}) }}}}",
                f"a  {{{{- {value} -}}}}  b {{# c #}}\n {{%~ if 1 ~%}} x {{%~ endif %}}",
            ]
        )
