"""Expressions -> Python expressions."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from tracking.rendering.twig import php
from tracking.rendering.twig import pyast as py
from tracking.rendering.twig.errors import TwigSyntaxError
from tracking.rendering.twig.nodes import (
    Arguments,
    ArrayLiteral,
    ArrowFunction,
    Assign,
    AssignMapping,
    AssignSequence,
    Binary,
    BlockCall,
    Coalesce,
    Const,
    Elvis,
    Empty,
    Escape,
    Expr,
    FilterCall,
    FunctionCall,
    GetAttr,
    MacroCall,
    Name,
    ParentCall,
    Spread,
    Temp,
    Ternary,
    TestCall,
    Unary,
)
from tracking.rendering.twig.registry import Registry
from tracking.rendering.twig.safety import is_safe
from tracking.rendering.twig.weights import is_loop_field, sees_context, walk, weight

_BINARY = {
    "+": "op_add",
    "-": "op_subtract",
    "*": "op_multiply",
    "/": "op_divide",
    "//": "op_floor_divide",
    "%": "op_modulo",
    "**": "op_power",
    "b-and": "op_bit_and",
    "b-or": "op_bit_or",
    "b-xor": "op_bit_xor",
    "==": "op_equal",
    "===": "op_same",
    "<=>": "op_compare",
    "<": "op_smaller",
    "<=": "op_smaller_or_equal",
    "in": "op_contains",
}
_OF_STRINGS = {"starts with": "op_starts", "ends with": "op_ends"}
_WITH_RUN = {"..": "op_range", "has some": "op_some", "has every": "op_every", "matches": "op_matches"}
_SWAPPED = {">": "op_smaller", ">=": "op_smaller_or_equal"}
_NEGATED = {"!=": "op_equal", "!==": "op_same", "not in": "op_contains"}
_BOOLEAN = frozenset(
    {"==", "===", "!=", "!==", "<", "<=", ">", ">=", "in", "not in", "starts with", "ends with", "and", "or", "xor"}
    | {"has some", "has every"}
)
_UNARY = {"-": "op_negate", "+": "op_plus"}
_DEFINABLE = (Name, GetAttr, BlockCall, MacroCall, Const, ArrayLiteral)


class ExpressionCompiler:
    """Compiles the expressions of one Python function."""

    def __init__(self, registry: Registry, template: str | None) -> None:
        self.registry = registry
        self.template = template
        self.statement_line = 1
        self.locals: dict[str, str] = {}  # parameters of the arrow functions around
        self.loop: dict[str, ast.expr] | None = None  # the fields of `loop`, in a fast loop
        self.mappings: dict[str, str] = {}  # variables known as mappings: Python variables that hold a dict
        self._temps = 0
        self._null_safe: dict[int, str] = {}

    def temp(self) -> str:
        """A fresh Python variable."""
        self._temps += 1
        return f"v{self._temps}"

    def expr(self, node: Expr) -> ast.expr:
        """The value of an expression."""
        return _COMPILE[type(node)](self, node)

    def condition(self, node: Expr) -> ast.expr:
        """Its truth, as a Python bool."""
        if is_boolean(node):
            return self.expr(node)
        return py.call("truth", self.statement_line, self.expr(node))

    # -- names and attributes

    def name(self, node: Name) -> ast.expr:
        """A variable."""
        if node.name in self.locals:
            return py.name(self.locals[node.name], node.line)
        if node.name == "_self":
            return py.const(self.template or "", node.line)
        if node.name == "_charset":
            return py.const("UTF-8", node.line)
        if node.name == "_context":
            return py.call("snapshot", node.line, py.name("ctx", node.line))
        return py.item(py.name("ctx", node.line), py.const(node.name, node.line), node.line)

    def quiet(self, node: Expr) -> ast.expr:
        """The value, null where it is undefined, without telling anyone."""
        if isinstance(node, Name) and node.name not in self.locals and not node.name.startswith("_"):
            return py.method(py.name("ctx", node.line), "get", node.line, py.const(node.name, node.line))
        if isinstance(node, GetAttr):
            return self.attribute(node, quiet=True)
        return self.expr(node)

    def attribute(self, node: GetAttr, *, quiet: bool = False) -> ast.expr:
        """`a.b`, `a[b]`, `a.b()`."""
        if self.loop is not None and is_loop_field(node) and "loop" not in self.locals:
            return self.loop[str(node.attribute.value)]  # type: ignore[attr-defined]
        short = self._short_circuit(node)
        if short is not None:
            temp = self._null_safe[id(short)] = self.temp()
            owner = self.quiet(short.node) if quiet else self.expr(short.node)
            test = py.is_(py.bind(temp, owner, node.line), py.const(None, node.line), node.line)
            return py.choose(test, py.const(None, node.line), self._attribute(node, quiet=quiet), node.line)
        return self._attribute(node, quiet=quiet)

    def _short_circuit(self, node: GetAttr) -> GetAttr | None:
        """The `?.` that decides about this chain, unless it is already decided."""
        inner: Expr = node
        while isinstance(inner, GetAttr):
            if inner.null_safe:
                return None if id(inner) in self._null_safe else inner
            inner = inner.node
        return None

    def _owner(self, node: GetAttr, *, quiet: bool) -> ast.expr:
        if id(node) in self._null_safe:
            return py.name(self._null_safe[id(node)], node.line)
        return self.quiet(node.node) if quiet else self.expr(node.node)

    def _attribute(self, node: GetAttr, *, quiet: bool) -> ast.expr:
        line = node.node.line
        owner = self._owner(node, quiet=quiet)
        if node.call == "method" or node.arguments.positional:
            return self._method(node, owner, quiet=quiet)
        path = py.const(None if quiet else dotted(node) or "", line)
        head = [py.name("run", line)]
        if not isinstance(node.attribute, Const) or not _is_plain_key(node.attribute.value):
            key = self.expr(node.attribute)
            return py.call("get_item" if node.call == "array" else "get_any", line, *head, owner, key, path)
        return self._constant_attribute(node, owner, path, line)

    def _constant_attribute(self, node: GetAttr, owner: ast.expr, path: ast.expr, line: int) -> ast.expr:
        """Inline for the usual case, a mapping that has the key."""
        value = node.attribute.value  # type: ignore[attr-defined]
        key = py.const(php.key(value), line)
        slow = "get_item" if node.call == "array" else "get_any"
        rest = [py.const(value, line), path]
        known = self.mappings.get(node.node.name) if isinstance(node.node, Name) else None
        if known is not None:
            held = py.name(known, line)
            otherwise = py.call(slow, line, py.name("run", line), owner, *rest)
            return py.choose(py.within(key, held, line), py.item(held, key, line), otherwise, line)
        if isinstance(owner, ast.Name):
            temp, bound = owner.id, py.name(owner.id, line)
        else:
            temp = self.temp()
            bound = py.bind(temp, owner, line)
        is_dict = py.is_(py.call("type", line, bound), py.name("dict", line), line)
        test = py.all_of([is_dict, py.within(key, py.name(temp, line), line)], line)
        otherwise = py.call(slow, line, py.name("run", line), py.name(temp, line), *rest)
        return py.choose(test, py.item(py.name(temp, line), key, line), otherwise, line)

    def _method(self, node: GetAttr, owner: ast.expr, *, quiet: bool) -> ast.expr:
        line = node.node.line
        positional, named = self.passed(node.arguments)
        kind = py.const(node.call, line)
        path = py.const(None if quiet else dotted(node) or "", line)
        return py.call(
            "call_method", line, py.name("run", line), owner, self.expr(node.attribute), kind, positional, named, path
        )

    def passed(self, given: Arguments) -> tuple[ast.expr, ast.expr]:
        """Arguments for something that is found at run time: a tuple and a mapping."""
        line = self.statement_line
        keys = [py.const(name.lstrip("\0"), line) for name in given.named]
        named = py.mapping(keys, [self.expr(value) for value in given.named.values()], line)
        spread = [item for item in given.positional if isinstance(item, Spread)]
        if not spread:
            return py.group([self.expr(item) for item in given.positional], line), named
        plain = py.group([self.expr(item) for item in given.positional if not isinstance(item, Spread)], line)
        spreads = py.group([self.expr(item.node) for item in spread], line)
        both = self.temp()
        merged = py.bind(both, py.call("spread_arguments", line, plain, spreads, named), line)
        return py.item(merged, py.const(0, line), line), py.item(py.name(both, line), py.const(1, line), line)

    # -- is it defined?

    def defined(self, node: Expr) -> ast.expr:  # noqa: PLR0911 - one line for each kind
        """`node is defined`, as a Python bool."""
        line = node.line
        if isinstance(node, Name):
            if node.name in self.locals or node.name in {"_self", "_context", "_charset"}:
                return py.const(True, line)
            return py.within(py.const(node.name, line), py.name("ctx", line), line)
        if isinstance(node, GetAttr):
            if self.loop is not None and is_loop_field(node) and "loop" not in self.locals:
                return py.const(True, line)
            owner, key, kind = self.quiet(node.node), self.expr(node.attribute), py.const(node.call, line)
            return py.call("has_attribute", line, py.name("run", line), owner, key, kind)
        if isinstance(node, BlockCall):
            return self._has_block(node)
        if isinstance(node, MacroCall):
            where = [py.name("run", line), self._space(node), self._macro_name(node), py.name("ctx", line)]
            return py.call("has_macro", line, *where)
        if isinstance(node, FunctionCall):
            return py.call("has_constant", line, *(self.expr(one) for one in node.arguments.positional))
        return py.const(True, line)

    def _has_block(self, node: BlockCall) -> ast.expr:
        line = node.line
        where = self._block_target(node)
        return py.call("has_block", line, *where, self.expr(node.name), py.name("ctx", line), self._block_set(node))

    def _block_target(self, node: BlockCall) -> list[ast.expr]:
        line = node.line
        if node.template is None:
            return [py.name("run", line), py.name("self", line)]
        loaded = py.call("load", line, py.name("run", line), py.name("self", line), self.expr(node.template))
        return [py.name("run", line), loaded]

    def _block_set(self, node: BlockCall) -> ast.expr:
        return py.name("blocks", node.line) if node.template is None else py.mapping([], [], node.line)

    # -- calls

    def block_call(self, node: BlockCall) -> ast.expr:
        """`block(name)`."""
        line = self.statement_line
        where = self._block_target(node)
        return py.call("render_block", line, *where, self.expr(node.name), py.name("ctx", line), self._block_set(node))

    def parent_call(self, node: ParentCall) -> ast.expr:
        """`parent()`."""
        line = node.line
        where = [py.name("run", line), py.name("self", line), py.const(node.name, line)]
        return py.call("render_parent", line, *where, py.name("ctx", line), py.name("blocks", line))

    def _space(self, node: MacroCall) -> ast.expr:
        line = node.line
        if node.space == "_self":
            return py.name("self", line)
        return py.method(py.name("macros", line), "get", line, py.const(node.space, line))

    def _macro_name(self, node: MacroCall) -> ast.expr:
        return py.const(node.name, node.line) if isinstance(node.name, str) else self.expr(node.name)

    def macro_call(self, node: MacroCall) -> ast.expr:
        """A call of a macro."""
        line = node.line
        positional, named = self.passed(node.arguments)
        where = [py.name("run", line), self._space(node), self._macro_name(node), py.name("ctx", line)]
        return py.call("call_macro", line, *where, positional, named)

    def filter_call(self, node: FilterCall) -> ast.expr:
        """`value|filter`."""
        line = self.statement_line
        if node.name == "default" and isinstance(node.node, Name | GetAttr):
            return self._default(node)
        if node.name == "raw":
            return self.expr(node.node)
        callee = self.registry.filters.get(node.name)
        if callee is None:  # inside a guard that is never run
            return py.const(None, line)
        value = self.expr(node.node)
        if callee.pre_escape and not is_safe(node.node, callee.pre_escape, self.registry):
            value = py.call("auto_escape", line, py.name("run", line), value, py.const(callee.pre_escape, line))
        arguments = self.arguments(node.arguments)
        return py.call(f"filter_{node.name}", line, py.name("run", line), value, *arguments)

    def _default(self, node: FilterCall) -> ast.expr:
        line = self.statement_line
        temp = self.temp()
        given = node.arguments.positional
        fallback = self.expr(given[0]) if given else py.const("", line)
        empty = py.call("is_empty", line, py.bind(temp, self.quiet(node.node), line))
        return py.choose(empty, fallback, py.name(temp, line), line)

    def arguments(self, given: Arguments) -> list[ast.expr]:
        """Arguments of a filter, function or test."""
        line = self.statement_line
        return [
            py.unpacked(py.call("spread_values", line, self.expr(item.node)), line)
            if isinstance(item, Spread)
            else self.immediate(item)
            for item in given.positional
        ]

    def immediate(self, node: Expr) -> ast.expr:
        """An argument: an arrow function among them is called at once, while the context is as it is."""
        return self.arrow(node, kept=False) if isinstance(node, ArrowFunction) else self.expr(node)

    def function_call(self, node: FunctionCall) -> ast.expr:
        """`function(...)`."""
        line = self.statement_line
        head = [py.name("run", line)]
        if node.name in {"include", "include_only", "template_from_string"}:
            head += [py.name("self", line), py.name("ctx", line)]
        if node.name not in self.registry.functions:
            return py.const(None, line)
        if node.name in {"enum", "enum_cases"}:
            self._check_enum(node)
        return py.call(f"function_{node.name}", line, *head, *self.arguments(node.arguments))

    def _check_enum(self, node: FunctionCall) -> None:
        """No PHP enum exists here, so that every literal name is unknown."""
        first = node.arguments.positional[0]
        if isinstance(first, Const):
            what = f'The first argument of the "{node.name}" function must be'
            if not isinstance(first.value, str):
                raise TwigSyntaxError(f"{what} a string.", node.line, name=self.template)
            message = f'{what} the name of an enum, "{first.value}" given.'
            raise TwigSyntaxError(message, node.line, name=self.template)

    def test_call(self, node: TestCall) -> ast.expr:
        """`value is test`."""
        if node.name == "defined":
            return self.defined(node.node)
        line = self.statement_line
        identifier = "test_" + node.name.replace(" ", "_")
        return py.call(identifier, line, py.name("run", line), self.expr(node.node), *self.arguments(node.arguments))

    def arrow_node(self, node: ArrowFunction) -> ast.expr:
        """An arrow function that is kept in a variable."""
        return self.arrow(node, kept=True)

    def arrow(self, node: ArrowFunction, *, kept: bool) -> ast.expr:
        """An arrow function; one that is kept takes a copy of the context with it."""
        line = node.line
        before, loop, mappings = dict(self.locals), self.loop, self.mappings
        if kept:
            self.loop = None
        self.mappings = {}
        names = [self.temp() for _ in node.parameters]
        whole = sees_context(node.body) or any(isinstance(one, Assign) for one in walk(node.body))
        if not whole:
            self.locals |= dict(zip(node.parameters, names, strict=True))
        body = self.expr(node.body)
        outer = [temp for temp in before.values() if _mentions(body, temp)]
        self.locals, self.loop, self.mappings = before, loop, mappings
        captured = [one for one in ("run", "self", "ctx", "blocks", "macros") if _mentions(body, one)] + outer
        if whole:
            body = self._with_parameters(node, names, body, captured)
        function = py.function_value(names, body, line, list(dict.fromkeys(captured)))
        if kept and "ctx" in captured:
            function = _bound_later(function, line)
        made = [function, py.const(weight(node.body), line), py.const(len(names), line)]
        return py.call("Arrow", line, *made)

    def _with_parameters(self, node: ArrowFunction, names: list[str], body: ast.expr, captured: list[str]) -> ast.expr:
        """The parameters put into a copy of the context, for bodies that hand the context on."""
        line = node.line
        captured += ["ctx"]
        values = py.mapping(
            [py.const(one, line) for one in node.parameters], [py.name(one, line) for one in names], line
        )
        inner = py.function_value(["ctx"], body, line, [one for one in dict.fromkeys(captured) if one != "ctx"])
        forked = py.call("fork_with", line, py.name("ctx", line), values)
        return ast.Call(inner, [forked], [], lineno=line, col_offset=0)

    # -- operators and literals

    def constant(self, node: Const) -> ast.expr:
        """A literal."""
        return py.const(node.value, node.line)

    def empty(self, node: Empty) -> ast.expr:
        """A slot that only a destructuring may leave empty."""
        message = "Empty array elements are only allowed in destructuring assignments."
        raise TwigSyntaxError(message, node.line, name=self.template)

    def captured(self, node: Temp) -> ast.expr:
        """What an `apply` tag captured."""
        return py.name(node.name, node.line)

    def array(self, node: ArrayLiteral) -> ast.expr:
        """`[...]`, `{...}`."""
        line = node.line
        keyed = any(key is not None for key, _ in node.items)
        if any(isinstance(value, Spread) for _, value in node.items):
            return self._array_with_spread(node)
        if not keyed:
            return py.listing([self.expr(value) for _, value in node.items], line)
        keys = [self._array_key(key) for key, _ in node.items]
        return py.call("literal", line, py.mapping(keys, [self.expr(value) for _, value in node.items], line))

    def _array_key(self, key: Expr | None) -> ast.expr:
        if isinstance(key, Const):
            return py.const(php.key(key.value), key.line)
        assert key is not None
        return py.call("key", key.line, self.expr(key))

    def _array_with_spread(self, node: ArrayLiteral) -> ast.expr:
        line = node.line
        parts = []
        for key, value in node.items:
            if isinstance(value, Spread):
                parts.append(py.group([py.const(None, line), py.const(True, line), self.expr(value.node)], line))
            else:
                shown = py.const(None, line) if key is None else self._array_key(key)
                parts.append(py.group([shown, py.const(False, line), self.expr(value)], line))
        return py.call("spread_array", line, py.name("run", line), py.group(parts, line))

    def unary(self, node: Unary) -> ast.expr:
        """`-a`, `+a`, `not a`."""
        line = self.statement_line
        if node.operator == "not":
            return py.negated(self.condition(node.node), line)
        if node.operator == "-" and isinstance(node.node, Const) and type(node.node.value) in {int, float}:
            return py.const(-node.node.value, line)
        return py.call(_UNARY[node.operator], line, self.expr(node.node))

    def binary(self, node: Binary) -> ast.expr:  # noqa: PLR0911 - one line for each kind
        """An operator between two values."""
        line, operator = self.statement_line, node.operator
        if operator in {"and", "or"}:
            joined = py.all_of if operator == "and" else py.any_of
            return joined([self.condition(one) for one in chain(node)], line)
        if operator == "~":
            return py.call("concat", line, py.name("run", line), py.group(map(self.expr, chain(node)), line))
        if operator == "xor":
            return py.compare(self.condition(node.left), ast.NotEq(), self.condition(node.right), line)
        if operator in _WITH_RUN:
            right = self.immediate(node.right)
            return py.call(_WITH_RUN[operator], line, py.name("run", line), self.expr(node.left), right)
        if operator in _OF_STRINGS:
            return self._of_strings(_OF_STRINGS[operator], node, line)
        if operator in _SWAPPED:
            return py.call(_SWAPPED[operator] + "_swapped", line, self.expr(node.left), self.expr(node.right))
        if operator in _NEGATED:
            return py.negated(self._binary(_NEGATED[operator], node, line), line)
        return self._binary(_BINARY[operator], node, line)

    def _of_strings(self, function: str, node: Binary, line: int) -> ast.expr:
        """The right side counts only, and is evaluated only, when the left one is a string."""
        temp = self.temp()
        kind = py.call("type", line, py.bind(temp, self.expr(node.left), line))
        test = py.call(function, line, py.name(temp, line), self.expr(node.right))
        return py.all_of([py.is_(kind, py.name("str", line), line), test], line)

    def _binary(self, function: str, node: Binary, line: int) -> ast.expr:
        return py.call(function, line, self.expr(node.left), self.expr(node.right))

    def ternary(self, node: Ternary) -> ast.expr:
        """`a ? b : c`."""
        return py.choose(self.condition(node.test), self.expr(node.left), self.expr(node.right), node.line)

    def elvis(self, node: Elvis) -> ast.expr:
        """`a ?: b`."""
        temp, line = self.temp(), node.line
        inner = node.left.node if isinstance(node.left, Escape) else node.left
        test = py.call("truth", line, py.bind(temp, self.expr(inner), line))
        return py.choose(test, self._chosen(node.left, temp), self.expr(node.right), line)

    def coalesce(self, node: Coalesce) -> ast.expr:
        """`a ?? b`."""
        line, temp = node.line, self.temp()
        inner = node.left.node if isinstance(node.left, Escape) else node.left
        if not isinstance(inner, _DEFINABLE) and not isinstance(inner, ParentCall):
            raise TwigSyntaxError(
                'The "defined" test only works with simple variables.', inner.line, name=self.template
            )
        value = py.bind(temp, self.quiet(inner), line)
        test = py.is_(value, py.const(None, line), line, negated=True)
        if isinstance(inner, BlockCall | MacroCall):
            test = py.all_of([self.defined(inner), test], line)
        return py.choose(test, self._chosen(node.left, temp), self.expr(node.right), line)

    def _chosen(self, node: Expr, temp: str) -> ast.expr:
        value = py.name(temp, node.line)
        return self._escape(value, node.strategy, node.line) if isinstance(node, Escape) else value

    def escape(self, node: Escape) -> ast.expr:
        """What autoescaping adds."""
        return self._escape(self.expr(node.node), node.strategy, self.statement_line)

    def _escape(self, value: ast.expr, strategy: str, line: int) -> ast.expr:
        if strategy == "html":
            return py.call("escape_html", line, value)
        return py.call("auto_escape", line, py.name("run", line), value, py.const(strategy, line))

    def assign(self, node: Assign) -> ast.expr:
        """`a = b` inside an expression."""
        line = self.statement_line
        return py.call("assign", line, py.name("ctx", line), py.const(node.name, line), self.expr(node.value))

    def assign_sequence(self, node: AssignSequence) -> ast.expr:
        """`[a, b] = c`."""
        line = self.statement_line
        names = py.const(tuple(node.names), line)
        return py.call(
            "assign_sequence", line, py.name("run", line), py.name("ctx", line), names, self.expr(node.value)
        )

    def assign_mapping(self, node: AssignMapping) -> ast.expr:
        """`{a: b} = c`."""
        line = self.statement_line
        names = py.const(tuple(node.names), line)
        return py.call("assign_mapping", line, py.name("run", line), py.name("ctx", line), names, self.expr(node.value))

    def spread(self, node: Spread) -> ast.expr:
        """`...a` where nothing takes it apart."""
        return self.expr(node.node)


def chain(node: Binary) -> list[Expr]:
    """The operands of a chain of one operator: a ~ b ~ c. Without recursion: chains may be long."""
    operands: list[Expr] = []
    left: Expr = node
    while isinstance(left, Binary) and left.operator == node.operator:
        operands.append(left.right)
        left = left.left
    operands.append(left)
    return operands[::-1]


def is_boolean(node: Expr) -> bool:
    """Is its value always true or false?"""
    if isinstance(node, Binary):
        return node.operator in _BOOLEAN
    if isinstance(node, Unary):
        return node.operator == "not"
    return isinstance(node, TestCall)


def dotted(node: Expr) -> str | None:
    """`a.b.c` for a path of plain names; None for anything else."""
    parts: list[str] = []
    while isinstance(node, GetAttr) and isinstance(node.attribute, Const):
        parts.append(str(node.attribute.value))
        node = node.node
    return ".".join([node.name, *reversed(parts)]) if isinstance(node, Name) else None


def _is_plain_key(value: Any) -> bool:
    return type(value) in {str, int}


def _mentions(body: ast.expr, identifier: str) -> bool:
    return any(isinstance(one, ast.Name) and one.id == identifier for one in ast.walk(body))


def _bound_later(function: ast.expr, line: int) -> ast.expr:
    """The arrow made in a scope where `ctx` is a copy."""
    outer = py.function_value(["ctx"], function, line, [])
    captured = [one.arg for one in function.args.kwonlyargs if one.arg != "ctx"]  # type: ignore[attr-defined]
    outer = py.function_value(["ctx"], function, line, captured)
    return ast.Call(outer, [py.call("fork", line, py.name("ctx", line))], [], lineno=line, col_offset=0)


_COMPILE: dict[type, Callable[[ExpressionCompiler, Any], ast.expr]] = {
    Name: ExpressionCompiler.name,
    GetAttr: ExpressionCompiler.attribute,
    Const: ExpressionCompiler.constant,
    Empty: ExpressionCompiler.empty,
    Temp: ExpressionCompiler.captured,
    ArrayLiteral: ExpressionCompiler.array,
    Spread: ExpressionCompiler.spread,
    Unary: ExpressionCompiler.unary,
    Binary: ExpressionCompiler.binary,
    Ternary: ExpressionCompiler.ternary,
    Elvis: ExpressionCompiler.elvis,
    Coalesce: ExpressionCompiler.coalesce,
    Escape: ExpressionCompiler.escape,
    FilterCall: ExpressionCompiler.filter_call,
    FunctionCall: ExpressionCompiler.function_call,
    TestCall: ExpressionCompiler.test_call,
    ArrowFunction: ExpressionCompiler.arrow_node,
    BlockCall: ExpressionCompiler.block_call,
    ParentCall: ExpressionCompiler.parent_call,
    MacroCall: ExpressionCompiler.macro_call,
    Assign: ExpressionCompiler.assign,
    AssignSequence: ExpressionCompiler.assign_sequence,
    AssignMapping: ExpressionCompiler.assign_mapping,
}
