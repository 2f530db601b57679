"""A template's tree -> one Python module, as Python's own `ast`.

The module's functions are named by number, never by what a template says; names and texts of the template occur in it
only as constants. Lines are the template's, so that a traceback tells where an error was.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Any

from tracking.rendering.twig import pyast as py
from tracking.rendering.twig.nodes import (
    BlockPlace,
    Embed,
    Expr,
    For,
    FunctionCall,
    Include,
    Macro,
    Module,
    Name,
    Node,
    Nothing,
    Text,
)
from tracking.rendering.twig.registry import Registry
from tracking.rendering.twig.statements import BlockStrategies, FunctionCompiler, Strategy
from tracking.rendering.twig.weights import (
    loop_mode,
    walk,
    weight,
)

_BODY = ("run", "self", "ctx", "blocks", "out")


class ModuleCompiler:
    """Compiles one template; an `embed` inside it is compiled by one of its own, into the same module."""

    def __init__(self, registry: Registry, strategy: Strategy, name: str | None) -> None:
        self.registry = registry
        self.strategy = strategy
        self.name = name
        self.functions: list[ast.stmt] = []
        self._count = 0

    def compile(self, module: Module) -> ast.Module:
        """The Python module; it leaves the template's `Code` in the variable CODE."""
        code = self.code(module)
        return ast.Module([*self.functions, py.assign("CODE", code, 1)], [])

    def fresh(self) -> str:
        """A name for a function."""
        self._count += 1
        return f"f{self._count}"

    def code(self, module: Module) -> ast.expr:
        """The expression that makes a template's Code."""
        place = BlockStrategies(self.strategy)
        body = self._body(module, place)
        blocks = self._blocks(module, place)
        macros = [self._macro(macro) for macro in module.macros.values()]
        return py.call(
            "Code",
            1,
            name=py.const(module.name, 1),
            body=py.name(body, 1),
            weight=py.const(weight(module.body), 1),
            blocks=py.mapping([py.const(one, 1) for one in module.blocks], blocks, 1),
            macros=py.mapping([py.const(one, 1) for one in module.macros], macros, 1),
            parent=self._parent(module),
            uses=self._uses(module),
            traitable=py.const(_is_traitable(module), 1),
            names=_names(module),
        )

    def _body(self, module: Module, place: BlockStrategies) -> str:
        function = FunctionCompiler(self, place, self.strategy)
        statements = function.prologue(module.body, main=True)
        statements += function.body(module.body, displayed=module.parent is None)
        if module.parent is not None:
            line = module.parent.line
            parent = self._loaded_parent(function, module.parent)
            arguments = [py.name("run", line), parent, py.name("ctx", line), py.name("blocks", line)]
            statements.append(py.run(py.call("display", line, *arguments, py.name("out", line)), line))
        return self.define(_BODY, statements, module.line)

    def _loaded_parent(self, function: FunctionCompiler, parent: Expr) -> ast.expr:
        line = function.statement_line = parent.line
        return py.call("load_parent", line, py.name("run", line), py.name("self", line), function.expr(parent))

    def _parent(self, module: Module) -> ast.expr:
        if module.parent is None:
            return py.const(None, 1)
        function = FunctionCompiler(self, BlockStrategies(False), False)
        parent = self._loaded_parent(function, module.parent)
        return py.name(self.define(("run", "self", "ctx"), [py.give(parent, module.parent.line)], module.line), 1)

    def _uses(self, module: Module) -> ast.expr:
        if not module.uses:
            return py.const(None, 1)
        found = [
            py.call(
                "load_use",
                use.line,
                py.name("run", use.line),
                py.name("self", use.line),
                py.const(use.template, use.line),
                py.const(tuple(use.aliases.items()), use.line),
            )
            for use in module.uses
        ]
        body = [py.give(py.listing(found, module.uses[0].line), module.uses[0].line)]
        return py.name(self.define(("run", "self"), body, module.line), 1)

    def _blocks(self, module: Module, place: BlockStrategies) -> list[ast.expr]:
        compiled = []
        for block in module.blocks.values():
            function = FunctionCompiler(self, place, place.of(block.name))
            statements = function.prologue(block.body) + function.body(block.body)
            identifier = self.define(_BODY, statements, block.line)
            compiled.append(py.group([py.name(identifier, 1), py.const(weight(block.body), 1)], 1))
        return compiled

    def _macro(self, macro: Macro) -> ast.expr:
        function = FunctionCompiler(self, BlockStrategies(self.strategy), self.strategy)
        line = function.statement_line = macro.line
        defaults = [function.expr(default) for default in macro.parameters.values()]
        statements = function.prologue(macro.body, forked=True) + function.body(macro.body)
        body = self.define(_BODY, statements, macro.line)
        made = self.define((), [py.give(py.group(defaults, line), line)], line)
        names = py.const(tuple(macro.parameters), line)
        cost = py.const(weight(macro.body), line)
        return py.group([py.name(body, line), names, py.name(made, line), cost], line)

    def define(self, parameters: Sequence[str], body: Sequence[ast.stmt], line: int) -> str:
        """A function of the module; gives its name."""
        identifier = self.fresh()
        self.functions.append(py.function(identifier, parameters, body, line))
        return identifier

    def embedded(self, node: Embed) -> str:
        """The template inside an `embed`, compiled into this module; gives the name of its Code."""
        inner = ModuleCompiler(self.registry, self.strategy, self.name)
        inner.functions, inner.fresh = self.functions, self.fresh  # type: ignore[method-assign]
        code = inner.code(node.module)
        identifier = self.fresh()
        self.functions.append(py.assign(identifier, code, node.line))
        return identifier


def _names(module: Module) -> ast.expr:
    """The variables a template reads, if it cannot hand its context on to another one."""
    roots = (module.body, module.parent, *module.blocks.values(), *module.macros.values())
    nodes = list(walk(*roots))
    if module.parent or module.uses or any(isinstance(node, Include) or _hands_on(node) for node in nodes):
        return py.const(None, 1)
    return py.const(frozenset(node.name for node in nodes if isinstance(node, Name)), 1)


def _is_traitable(module: Module) -> bool:
    """Has it nothing but blocks, so that another template may use it?"""
    silent = all(isinstance(node, Text | BlockPlace) or _is_nothing(node) for node in module.body.nodes)
    return module.parent is None and not module.macros and silent


def _is_nothing(node: Node) -> bool:
    return isinstance(node, Nothing) and node.expr is None


def _hands_on(node: Any) -> bool:
    if isinstance(node, For):
        return loop_mode(node) == "full"  # `loop.parent` is the whole context
    if isinstance(node, Name):
        return node.name in {"_context", "_parent"}
    return isinstance(node, FunctionCall) and node.name == "include"
