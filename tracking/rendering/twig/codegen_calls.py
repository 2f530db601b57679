"""Filters, functions, tests, macros and arrow functions -> Python expressions."""

from __future__ import annotations

import ast

from tracking.rendering.twig import pyast as py
from tracking.rendering.twig.codegen_access import AccessCompiler
from tracking.rendering.twig.errors import TwigSyntaxError
from tracking.rendering.twig.nodes import (
    Arguments,
    ArrowFunction,
    Assign,
    BlockCall,
    Const,
    Expr,
    FilterCall,
    FunctionCall,
    GetAttr,
    MacroCall,
    Name,
    ParentCall,
    Spread,
    TestCall,
)
from tracking.rendering.twig.safety import is_safe
from tracking.rendering.twig.weights import sees_context, walk, weight


class CallCompiler(AccessCompiler):
    """Compiles everything that is called."""

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


def _mentions(body: ast.expr, identifier: str) -> bool:
    return any(isinstance(one, ast.Name) and one.id == identifier for one in ast.walk(body))


def _bound_later(function: ast.expr, line: int) -> ast.expr:
    """The arrow made in a scope where `ctx` is a copy."""
    outer = py.function_value(["ctx"], function, line, [])
    captured = [one.arg for one in function.args.kwonlyargs if one.arg != "ctx"]  # type: ignore[attr-defined]
    outer = py.function_value(["ctx"], function, line, captured)
    return ast.Call(outer, [py.call("fork", line, py.name("ctx", line))], [], lineno=line, col_offset=0)
