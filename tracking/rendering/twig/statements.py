"""Statements -> the body of one Python function."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tracking.rendering.twig import php
from tracking.rendering.twig import pyast as py
from tracking.rendering.twig.codegen import ExpressionCompiler
from tracking.rendering.twig.nodes import (
    AutoEscape,
    BlockPlace,
    Body,
    Capture,
    Const,
    Do,
    Embed,
    Escape,
    Expr,
    For,
    GetAttr,
    If,
    Import,
    Include,
    Name,
    Node,
    Nothing,
    Print,
    SetValues,
    Text,
    With,
)
from tracking.rendering.twig.safety import escaped
from tracking.rendering.twig.weights import (
    assigned,
    changed_by,
    changes_context,
    dotted_owners,
    has_with,
    imports_locally,
    is_loop_field,
    loop_mode,
    sees_context,
    uses_macros,
    weight,
)

if TYPE_CHECKING:
    from tracking.rendering.twig.compiler import ModuleCompiler

Strategy = str | bool


class BlockStrategies:
    """The escaping strategy in force where each block is defined."""

    def __init__(self, default: Strategy) -> None:
        self._default = default
        self._found: dict[str, Strategy] = {}

    def note(self, name: str, strategy: Strategy) -> None:
        """The block is defined under this strategy."""
        self._found[name] = strategy

    def of(self, name: str) -> Strategy:
        """The strategy for the block's content."""
        return self._found.get(name, self._default)


class FunctionCompiler(ExpressionCompiler):
    """Compiles the statements of one block, macro or body into one Python function."""

    def __init__(self, module: ModuleCompiler, place: BlockStrategies, strategy: Strategy) -> None:
        super().__init__(module.registry, module.name)
        self.module = module
        self.place = place
        self.strategy = strategy
        self.out = "out"

    def prologue(self, body: Body, *, main: bool = False, forked: bool = False) -> list[ast.stmt]:
        """What the body needs first: a context of its own if it changes it, the imported macros."""
        line = body.line
        statements = []
        if changes_context(body) and not forked:
            statements.append(py.assign("ctx", py.call("fork", line, py.name("ctx", line)), line))
        if uses_macros(body) or main:
            shared = ast.Attribute(py.name("self", line), "macros", ast.Load(), lineno=line, col_offset=0)
            value = py.call("dict", line, shared) if imports_locally(body) else shared
            statements.append(py.assign("macros", value, line))
        return statements + self._known_mappings(body)

    def _known_mappings(self, body: Body) -> list[ast.stmt]:
        """Variables that the body never sets, held once where it reads several of their keys."""
        if has_with(body):
            return []
        line, changed = body.line, assigned(body)
        statements = []
        for name, times in dotted_owners(body).items():
            if times > 1 and name not in changed and name != "loop":
                value = py.method(py.name("ctx", line), "get", line, py.const(name, line))
                statements.append(self._hold(name, value, line))
        return statements

    def _hold(self, name: str, value: ast.expr, line: int) -> ast.stmt:
        temp = self.mappings[name] = self.temp()
        is_dict = py.is_(py.call("type", line, py.bind(temp, value, line)), py.name("dict", line), line)
        return py.assign(temp, py.choose(is_dict, py.name(temp, line), py.name("NO_KEYS", line), line), line)

    def body(self, body: Body, *, displayed: bool = True) -> list[ast.stmt]:
        """Statements; texts and prints that follow each other go out together."""
        statements: list[ast.stmt] = []
        pieces: list[ast.expr] = []
        for node in _flat(body):
            if isinstance(node, Text | Print):
                if displayed:
                    pieces += self._piece(node)
                continue
            statements += self._written(pieces)
            pieces = []
            if isinstance(node, BlockPlace) and not displayed:
                self.place.note(node.name, self.strategy)
                continue
            statements += self.statement(node)
        return statements + self._written(pieces)

    def _piece(self, node: Text | Print) -> list[ast.expr]:
        self.statement_line = line = node.line
        if isinstance(node, Text):
            return [py.const(node.text, line)]
        expr = node.expr if self.strategy is False else escaped(node.expr, str(self.strategy), self.registry)
        if isinstance(expr, Const):
            shown = php.text(expr.value)
            return [py.const(shown, line)] if shown else []
        if self._is_count(expr):
            return [py.call("str", line, self.expr(expr.node if isinstance(expr, Escape) else expr))]
        value = self.expr(expr)
        return [value if _is_text(value) else py.call("text", line, value)]

    def _is_count(self, expr: Expr) -> bool:
        """Is it a number of this loop's, which needs no escaping?"""
        inner = expr.node if isinstance(expr, Escape) else expr
        if not isinstance(inner, GetAttr) or self.loop is None or "loop" in self.locals or not is_loop_field(inner):
            return False
        return isinstance(inner.attribute, Const) and inner.attribute.value not in {"first", "last"}

    def _written(self, pieces: list[ast.expr]) -> list[ast.stmt]:
        if not pieces:
            return []
        line = pieces[0].lineno
        if len(pieces) == 1:
            return [py.run(py.method(py.name(self.out, line), "append", line, pieces[0]), line)]
        return [py.extend(self.out, py.group(pieces, line), line)]

    def statement(self, node: Node) -> list[ast.stmt]:
        """One statement."""
        self.statement_line = node.line
        return _STATEMENTS[type(node)](self, node)

    # -- tags with a body

    def if_(self, node: If) -> list[ast.stmt]:
        """`if`."""
        otherwise = self.body(node.otherwise) if node.otherwise else []
        for test, body in reversed(node.branches):
            self.statement_line = node.line
            condition = self.condition(test)
            otherwise = [py.branch(condition, self.body(body), otherwise, node.line)]
        return otherwise

    def for_(self, node: For) -> list[ast.stmt]:
        """`for`."""
        line, mode = node.line, loop_mode(node)
        seq, saved = self.temp(), self.temp()
        ctx, run = py.name("ctx", line), py.name("run", line)
        private = self._private(node, mode)
        names = changed_by(node) - private
        targets = {node.value, node.key or "_key", "loop", "_parent"} - private
        value = py.call("iterate", line, run, self.expr(node.sequence), py.const(weight(node.body), line))
        statements = [py.assign(saved, py.call("save", line, ctx, py.const(tuple(sorted(names)), line)), line)]
        statements += self._keep_parent(node, mode)
        statements += [py.assign(seq, value, line), *self._loop(node, mode, seq, private)]
        if node.otherwise:
            statements.append(py.branch(py.negated(py.name(seq, line), line), self.body(node.otherwise), [], line))
        if not names:
            return statements[1:]
        kept = py.const(tuple(sorted(names - targets)), line)
        restored = py.call("restore", line, ctx, py.name(saved, line), py.const(tuple(sorted(targets)), line), kept)
        return [*statements, py.run(restored, line)]

    def _private(self, node: For, mode: str) -> set[str]:
        """The loop's variables that nothing but this loop's own statements can see: they need no context."""
        if mode == "full" or sees_context(node.body, node.sequence) or has_with(node.body):
            return set()
        unseen = {"_parent", "loop", "_key"}
        return (unseen | {node.value, node.key or "_key"}) - assigned(node.body)

    def _keep_parent(self, node: For, mode: str) -> list[ast.stmt]:
        """`_parent`: only where something can see it."""
        if mode != "full" and not sees_context(node.sequence):
            return []
        line = node.line
        return [py.put(py.name("ctx", line), "_parent", py.call("snapshot", line, py.name("ctx", line)), line)]

    def _loop(self, node: For, mode: str, seq: str, private: set[str]) -> list[ast.stmt]:
        line = node.line
        counter, size = self.temp(), self.temp()
        locals_, loop, mappings = dict(self.locals), self.loop, dict(self.mappings)
        if mode != "none":
            self.loop = _fields(counter, size, line) if mode == "fast" else None
        targets, inside = self._targets(node, private)
        setup: list[ast.stmt] = []
        if mode != "none":
            setup.append(py.assign(size, py.call("len", line, py.name(seq, line)), line))
            setup.append(py.assign(counter, py.const(-1, line), line))
            inside.append(py.assign(counter, py.sum_of(py.name(counter, line), 1, line), line))
        if mode == "full":
            ctx = py.name("ctx", line)
            made = py.call("loop_at", line, ctx, py.name(counter, line), py.name(size, line))
            inside.append(py.put(ctx, "loop", made, line))
        inside += self.body(node.body)
        self.locals, self.loop, self.mappings = locals_, loop, mappings
        source = py.call("values" if len(targets) == 1 else "pairs", line, py.name(seq, line))
        return [*setup, py.loop(targets, source, inside, line)]

    def _targets(self, node: For, private: set[str]) -> tuple[list[str], list[ast.stmt]]:
        """Python's loop variables, and what puts them into the context where they have to be there."""
        wanted = [node.value]
        if node.key or sees_context(node.body):
            wanted = [node.key or "_key", node.value]
        targets, inside = [], []
        for name in wanted:
            temp = self.temp()
            targets.append(temp)
            self.mappings.pop(name, None)
            if name in private:
                self.locals[name] = temp
                if dotted_owners(node.body)[name] > 1:
                    inside.append(self._hold(name, py.name(temp, node.line), node.line))
            else:
                self.locals.pop(name, None)
                inside.append(py.put(py.name("ctx", node.line), name, py.name(temp, node.line), node.line))
        return targets, inside

    def with_(self, node: With) -> list[ast.stmt]:
        """`with`."""
        line, before = node.line, self.temp()
        variables = self.expr(node.variables) if node.variables else py.const(None, line)
        given = [py.name("run", line), py.name("ctx", line), variables, py.const(node.only, line)]
        loop, self.loop = self.loop, None
        statements = [
            py.assign(before, py.name("ctx", line), line),
            py.assign("ctx", py.call("with_variables", line, *given), line),
            *self.body(node.body),
            py.assign("ctx", py.name(before, line), line),
        ]
        self.loop = loop
        return statements

    def autoescape(self, node: AutoEscape) -> list[ast.stmt]:
        """`autoescape`."""
        before, self.strategy = self.strategy, node.strategy
        statements = self.body(node.body)
        self.strategy = before
        return statements

    # -- tags without

    def set_values(self, node: SetValues) -> list[ast.stmt]:
        """`set a, b = 1, 2`: all values first, then all names."""
        line = node.line
        ctx = py.name("ctx", line)
        if len(node.names) == 1:
            return [py.put(ctx, node.names[0], self.expr(node.values[0]), line)]
        temps = [self.temp() for _ in node.names]
        statements = [py.assign(temp, self.expr(value), line) for temp, value in zip(temps, node.values, strict=True)]
        return statements + [
            py.put(ctx, name, py.name(temp, line), line) for name, temp in zip(node.names, temps, strict=True)
        ]

    def capture(self, node: Capture) -> list[ast.stmt]:
        """`set` ... `endset`."""
        line, before = node.line, self.out
        self.out = self.temp()
        inside = self.body(node.body)
        value = py.call("captured", line, py.name("run", line), py.name(self.out, line))
        start = py.assign(self.out, py.listing([], line), line)
        self.out = before
        if node.temp:
            return [start, *inside, py.assign(node.name, value, line)]
        return [start, *inside, py.put(py.name("ctx", line), node.name, value, line)]

    def block(self, node: BlockPlace) -> list[ast.stmt]:
        """A block, displayed in its place."""
        line = node.line
        self.place.note(node.name, self.strategy)
        arguments = [py.name("run", line), py.name("self", line), py.const(node.name, line)]
        rest = [py.name(one, line) for one in ("ctx", "blocks", self.out)]
        return [py.run(py.call("display_block", line, *arguments, *rest), line)]

    def include(self, node: Include) -> list[ast.stmt]:
        """`include` and `embed`."""
        line = node.line
        variables = self.expr(node.variables) if node.variables else py.const(None, line)
        given = [py.name("run", line), py.name("self", line), self._included(node), py.name("ctx", line), variables]
        flags = [py.const(node.only, line), py.const(node.ignore_missing, line), py.name(self.out, line)]
        return [py.run(py.call("include", line, *given, *flags), line)]

    def _included(self, node: Include) -> ast.expr:
        if isinstance(node, Embed):
            return py.name(self.module.embedded(node), node.line)
        return self.expr(node.template)

    def import_(self, node: Import) -> list[ast.stmt]:
        """`import`, `from`."""
        line = node.line
        if isinstance(node.template, Name) and node.template.name == "_self":
            space = py.name("self", line)
        else:
            space = py.call("load", line, py.name("run", line), py.name("self", line), self.expr(node.template))
        return [py.put(py.name("macros", line), node.space, space, line)]

    def do(self, node: Do) -> list[ast.stmt]:
        """`do`."""
        return [py.run(self.expr(node.expr), node.line)]

    def nothing(self, node: Nothing) -> list[ast.stmt]:
        """Tags that leave nothing in place."""
        return [py.run(self.expr(node.expr), node.line)] if node.expr is not None else []


def _flat(body: Body) -> list[Node]:
    """Statements with the bodies that only group others taken apart."""
    flat: list[Node] = []
    for node in body.nodes:
        flat += _flat(node) if isinstance(node, Body) else [node]
    return flat


def _fields(counter: str, size: str, line: int) -> dict[str, ast.expr]:
    """The fields of `loop` from a counter of our own."""
    index0, length = py.name(counter, line), py.name(size, line)
    left = py.difference(length, index0, line)
    return {
        "index0": index0,
        "index": py.sum_of(index0, 1, line),
        "length": length,
        "revindex": left,
        "revindex0": py.sum_of(left, -1, line),
        "first": py.compare(index0, ast.Eq(), py.const(0, line), line),
        "last": py.compare(left, ast.Eq(), py.const(1, line), line),
    }


_TEXTS = frozenset({"concat", "render_block", "render_parent", "call_macro", "filter_upper", "filter_lower"})


def _is_text(value: ast.expr) -> bool:
    """Is it known to be a string?"""
    return (
        isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id in _TEXTS | {"escape_html"}
    )


_STATEMENTS: dict[type, Callable[[FunctionCompiler, Any], list[ast.stmt]]] = {
    If: FunctionCompiler.if_,
    For: FunctionCompiler.for_,
    With: FunctionCompiler.with_,
    AutoEscape: FunctionCompiler.autoescape,
    SetValues: FunctionCompiler.set_values,
    Capture: FunctionCompiler.capture,
    BlockPlace: FunctionCompiler.block,
    Include: FunctionCompiler.include,
    Embed: FunctionCompiler.include,
    Import: FunctionCompiler.import_,
    Do: FunctionCompiler.do,
    Nothing: FunctionCompiler.nothing,
}
