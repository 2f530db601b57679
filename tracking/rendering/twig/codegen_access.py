"""Names, keys and attributes -> Python expressions; is something defined?"""

from __future__ import annotations

import ast
from typing import Any

from tracking.rendering.twig import php
from tracking.rendering.twig import pyast as py
from tracking.rendering.twig.nodes import (
    Arguments,
    Binary,
    BlockCall,
    Const,
    Expr,
    FunctionCall,
    GetAttr,
    MacroCall,
    Name,
    Spread,
    TestCall,
    Unary,
)
from tracking.rendering.twig.registry import Registry
from tracking.rendering.twig.weights import is_loop_field

_BOOLEAN = frozenset(
    {"==", "===", "!=", "!==", "<", "<=", ">", ">=", "in", "not in", "starts with", "ends with", "and", "or", "xor"}
    | {"has some", "has every"}
)


class AccessCompiler:
    """What an expression compiler knows, and how it reads variables."""

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
        """The value of an expression; the last class of the chain knows them all."""
        raise NotImplementedError

    def condition(self, node: Expr) -> ast.expr:
        """Its truth, as a Python bool."""
        if is_boolean(node):
            return self.expr(node)
        return py.call("truth", self.statement_line, self.expr(node))

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

    def unreported(self, node: Expr) -> ast.expr:
        """The value as the owner of a longer path: if it is not there, the path is missing, not this part of it."""
        if isinstance(node, GetAttr):
            return self.attribute(node, reported=False)
        if not isinstance(node, Name) or node.name in self.locals or node.name.startswith("_"):
            return self.expr(node)
        line, ctx, key = node.line, py.name("ctx", node.line), py.const(node.name, node.line)
        return py.choose(py.within(key, ctx, line), py.item(ctx, key, line), py.method(ctx, "lacks", line, key), line)

    def attribute(self, node: GetAttr, *, quiet: bool = False, reported: bool = True) -> ast.expr:
        """`a.b`, `a[b]`, `a.b()`. Nobody is told what is not there if `quiet`, not its path if not `reported`."""
        if self.loop is not None and is_loop_field(node) and "loop" not in self.locals:
            return self.loop[str(node.attribute.value)]  # type: ignore[attr-defined]
        short = self._short_circuit(node)
        if short is not None:
            temp = self._null_safe[id(short)] = self.temp()
            owner = self._read(short.node, quiet=quiet, part=dotted(node) is not None)
            test = py.is_(py.bind(temp, owner, node.line), py.const(None, node.line), node.line)
            chosen = self._attribute(node, quiet=quiet, reported=reported)
            return py.choose(test, py.const(None, node.line), chosen, node.line)
        return self._attribute(node, quiet=quiet, reported=reported)

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
        return self._read(node.node, quiet=quiet, part=dotted(node) is not None)

    def _read(self, owner: Expr, *, quiet: bool, part: bool) -> ast.expr:
        if quiet:
            return self.quiet(owner)
        return self.unreported(owner) if part else self.expr(owner)

    def _attribute(self, node: GetAttr, *, quiet: bool, reported: bool) -> ast.expr:
        line = node.node.line
        owner = self._owner(node, quiet=quiet)
        path = py.const(None if quiet else (reported and dotted(node)) or "", line)
        if node.call == "method" or node.arguments.positional:
            return self._method(node, owner, path)
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

    def _method(self, node: GetAttr, owner: ast.expr, path: ast.expr) -> ast.expr:
        line = node.node.line
        positional, named = self.passed(node.arguments)
        kind = py.const(node.call, line)
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
        if isinstance(node, FunctionCall) and node.name != "constant":
            return self.condition(node)  # a call is as defined as its value is true
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

    def _space(self, node: MacroCall) -> ast.expr:
        line = node.line
        if node.space == "_self":
            return py.name("self", line)
        return py.method(py.name("macros", line), "get", line, py.const(node.space, line))

    def _macro_name(self, node: MacroCall) -> ast.expr:
        return py.const(node.name, node.line) if isinstance(node.name, str) else self.expr(node.name)


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
