"""How much work a piece of a template is, and which names it needs. All found in one walk over the tree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

from tracking.rendering.twig.nodes import (
    Arguments,
    Assign,
    AssignMapping,
    AssignSequence,
    BlockCall,
    BlockPlace,
    Body,
    Capture,
    Const,
    For,
    FunctionCall,
    GetAttr,
    Import,
    Include,
    MacroCall,
    Module,
    Name,
    Node,
    ParentCall,
    SetValues,
    With,
)

LOOP_FIELDS = frozenset({"index", "index0", "first", "last", "length", "revindex", "revindex0"})
_SEES_CONTEXT = (BlockCall, BlockPlace, ParentCall, Include)
_CONTEXT_FUNCTIONS = frozenset({"include"})


def parts(node: Any) -> Iterator[Any]:
    """The nodes directly inside a node; the module of an `embed` is another template and not among them."""
    for one in fields(node):
        value = getattr(node, one.name)
        if isinstance(value, Node | Arguments):
            if not isinstance(value, Module):
                yield value
        elif isinstance(value, list | tuple):
            yield from _listed(value)
        elif isinstance(value, dict):
            yield from (item for item in value.values() if isinstance(item, Node))


def _listed(values: Any) -> Iterator[Any]:
    for value in values:
        if isinstance(value, Node):
            yield value
        elif isinstance(value, tuple):
            yield from (item for item in value if isinstance(item, Node))


def walk(*roots: Any) -> Iterator[Any]:
    """These nodes and all below them. Without recursion: chains may be long."""
    waiting = [root for root in roots if root is not None]
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(parts(node))


def weight(*roots: Any) -> int:
    """Steps that running these nodes once is charged."""
    return 1 + sum(1 for _ in walk(*roots))


def assigned(body: Any) -> set[str]:
    """The variables that statements set in the context, inner loops included."""
    names: set[str] = set()
    for node in walk(body):
        if isinstance(node, For):
            names.update({node.value, node.key or "_key", "loop", "_parent", "_seq"})
        elif isinstance(node, SetValues):
            names.update(node.names)
        elif isinstance(node, Capture | Assign) and not getattr(node, "temp", False):
            names.add(node.name)
        elif isinstance(node, AssignSequence):
            names.update(name for name in node.names if name)
        elif isinstance(node, AssignMapping):
            names.update(variable for _, variable in node.names)
    return names


def changed_by(loop: For) -> set[str]:
    """The variables that a loop changes in the context, its own ones among them."""
    names = assigned(loop.body) | {loop.value, loop.key or "_key", "loop", "_parent"}
    return names | (assigned(loop.otherwise) if loop.otherwise else set())


def dotted_owners(body: Any) -> Counter[str]:
    """The variables of which plain keys are read, as in `lead.email`, with how often."""
    return Counter(
        node.node.name
        for node in walk(body)
        if isinstance(node, GetAttr)
        and isinstance(node.node, Name)
        and isinstance(node.attribute, Const)
        and node.call != "method"
        and not node.null_safe
    )


def has_with(body: Any) -> bool:
    """Is there a tag in it that lays another context over this one?"""
    return any(isinstance(node, With) for node in walk(body))


def changes_context(body: Any) -> bool:
    """Does running it change the context it is given?"""
    changing = (For, SetValues, Capture, Assign, AssignSequence, AssignMapping)
    return any(isinstance(node, changing) for node in walk(body))


def uses_macros(body: Any) -> bool:
    """Does it call imported macros, or import them?"""
    return any(
        isinstance(node, Import) or (isinstance(node, MacroCall) and node.space != "_self") for node in walk(body)
    )


def imports_locally(body: Any) -> bool:
    """Does it import macros for itself alone?"""
    return any(isinstance(node, Import) and not node.everywhere for node in walk(body))


def sees_context(*roots: Any) -> bool:
    """Does it hand the whole context on, to a block, an included template or `_context`?"""
    for node in walk(*roots):
        if isinstance(node, _SEES_CONTEXT) and not (isinstance(node, Include) and node.only):
            return True
        if isinstance(node, Name) and node.name in {"_context", "_parent", "_key", "_seq"}:
            return True
        if isinstance(node, FunctionCall) and node.name in _CONTEXT_FUNCTIONS:
            return True
    return False


def loop_mode(node: For) -> str:
    """How a loop offers `loop`: none, fast (only its fields are read, here) or full (as a variable)."""
    if sees_context(node.body):
        return "full"
    mode = "none"
    for inner, within_arrow in _loop_scope(node.body):
        if isinstance(inner, Name) and inner.name == "loop":
            return "full"
        if isinstance(inner, GetAttr) and is_loop_field(inner):
            mode = "fast"
            if within_arrow:
                return "full"
    return mode


def is_loop_field(node: GetAttr) -> bool:
    """Is it `loop.index` or another plain field of `loop`?"""
    return (
        isinstance(node.node, Name)
        and node.node.name == "loop"
        and isinstance(node.attribute, Const)
        and node.attribute.value in LOOP_FIELDS
        and node.call != "method"
    )


def _loop_scope(body: Body) -> Iterator[tuple[Any, bool]]:
    """The nodes for which `loop` is this loop's; `loop.field` is one node, its `loop` not given by itself."""
    waiting: list[tuple[Any, bool]] = [(body, False)]
    while waiting:
        node, arrow = waiting.pop()
        yield node, arrow
        if isinstance(node, GetAttr) and is_loop_field(node):
            continue
        if isinstance(node, For):
            if loop_mode_needs_parent(node):
                yield Name(node.line, "loop"), arrow
            waiting.append((node.sequence, arrow))
            if node.otherwise:
                waiting.append((node.otherwise, arrow))
            continue
        inside = arrow or type(node).__name__ == "ArrowFunction"
        waiting.extend((part, inside) for part in parts(node))


def loop_mode_needs_parent(node: For) -> bool:
    """Does an inner loop reach for the outer one's `loop`?"""
    for inner in walk(node.body):
        of_loop = isinstance(inner, GetAttr) and isinstance(inner.node, Name) and inner.node.name == "loop"
        if isinstance(inner, With) or (of_loop and not is_loop_field(inner)):
            return True
    return False
