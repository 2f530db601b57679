"""Which variables of the context a template reads, found without rendering it."""

from __future__ import annotations

from typing import Any

from tracking.rendering.twig.codegen_access import dotted
from tracking.rendering.twig.environment import Environment
from tracking.rendering.twig.lexer import NAME, Lexer
from tracking.rendering.twig.nodes import ArrowFunction, Embed, For, GetAttr, Import, MacroCall, Module, Name, With
from tracking.rendering.twig.parser import parse
from tracking.rendering.twig.weights import assigned, parts, walk

_OWN = frozenset({"_self", "_context", "_charset", "_parent", "_key", "_seq", "loop", "varargs"})


def names(source: str, *, environment: Environment | None = None) -> frozenset[str]:
    """The dotted paths that a template reads, as far as they are plain: "lead.email", "price".

    Variables that the template makes itself (`set`, `for`, parameters of macros and arrow functions, `with`) are not
    among them, wherever in it they are made. Raises TwigSyntaxError.
    """
    twig = environment or Environment()
    return frozenset(_of_module(parse(source, None, twig.registry, twig.limits)))


def words(source: str, *, environment: Environment | None = None) -> frozenset[str]:
    """Every name in the template's code, whatever it stands for there. Raises TwigSyntaxError.

    A variable whose name is not among them cannot be read, but through `_context` or `template_from_string`.
    """
    limits = (environment or Environment()).limits
    return frozenset(str(token.value) for token in Lexer(source, None, limits.tokens).tokens() if token.type == NAME)


def _of_module(module: Module) -> set[str]:
    bodies = [*module.blocks.values(), *module.macros.values()]
    roots = [module.body, module.parent, *bodies]
    own = _OWN.union(*(_made_by(root) for root in roots if root is not None))
    own |= {parameter for macro in module.macros.values() for parameter in macro.parameters}
    found: set[str] = set()
    for root in roots:
        found |= _paths(root, own) if root is not None else set()
    for root in roots:
        embedded = [node.module for node in walk(root) if isinstance(node, Embed)]
        for inner in embedded:
            found |= {path for path in _of_module(inner) if path.split(".", 1)[0] not in own}
    return found


def _made_by(root: Any) -> set[str]:
    made = assigned(root)
    for node in walk(root):
        if isinstance(node, ArrowFunction):
            made |= set(node.parameters)
        elif isinstance(node, Import | MacroCall):
            made.add(node.space)
        elif isinstance(node, With) and node.variables is not None:
            made |= _keys(node.variables)
        elif isinstance(node, For):
            made.add(node.value)
    return made


def _keys(variables: Any) -> set[str]:
    items = getattr(variables, "items", [])
    return {str(key.value) for key, _ in items if hasattr(key, "value")} if isinstance(items, list) else set()


def _paths(root: Any, own: frozenset[str] | set[str]) -> set[str]:
    found: set[str] = set()
    waiting = [root]
    while waiting:
        node = waiting.pop()
        path = dotted(node) if isinstance(node, GetAttr | Name) else None
        if path is not None:
            if path.split(".", 1)[0] not in own:
                found.add(path)
            if isinstance(node, GetAttr):
                waiting.append(node.arguments)
            continue
        waiting.extend(parts(node))
    return found
