"""Expressions -> Python expressions."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from tracking.rendering.twig import php
from tracking.rendering.twig import pyast as py
from tracking.rendering.twig.codegen_calls import CallCompiler
from tracking.rendering.twig.errors import TwigSyntaxError
from tracking.rendering.twig.nodes import (
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
_UNARY = {"-": "op_negate", "+": "op_plus"}
_DEFINABLE = (Name, GetAttr, BlockCall, MacroCall, Const, ArrayLiteral)


class ExpressionCompiler(CallCompiler):
    """Compiles the expressions of one Python function."""

    def expr(self, node: Expr) -> ast.expr:
        """The value of an expression."""
        return _COMPILE[type(node)](self, node)

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
        if isinstance(inner, FunctionCall) and inner.name != "constant":
            return self.elvis(Elvis(line, node.left, node.right))  # a call is as defined as its value is true
        value = py.bind(temp, self.quiet(inner), line)
        test = py.is_(value, py.const(None, line), line, negated=True)
        if isinstance(inner, BlockCall | MacroCall | FunctionCall):
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
