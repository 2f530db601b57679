"""What may stand where: the body of a template that extends another one."""

from __future__ import annotations

from tracking.rendering.twig.nodes import (
    AutoEscape,
    BlockPlace,
    Body,
    Capture,
    For,
    If,
    Include,
    Module,
    Node,
    Print,
    Text,
    With,
)
from tracking.rendering.twig.stream import TokenStream

_TAGS: dict[type, str] = {If: "if", For: "for", With: "with", AutoEscape: "autoescape"}
_BOM = "\ufeff"


def join_texts(nodes: list[Node]) -> list[Node]:
    """The same statements, neighbouring texts as one."""
    joined: list[Node] = []
    for node in nodes:
        last = joined[-1] if joined else None
        if isinstance(node, Text) and isinstance(last, Text):
            joined[-1] = Text(last.line, last.text + node.text)
        else:
            joined.append(node)
    return joined


def children(node: Node) -> list[Body]:
    """The bodies inside a statement."""
    if isinstance(node, If):
        return [body for _, body in node.branches] + ([node.otherwise] if node.otherwise else [])
    if isinstance(node, For):
        return [node.body] + ([node.otherwise] if node.otherwise else [])
    if isinstance(node, With | AutoEscape | Capture):
        return [node.body]
    return []


def check_child(stream: TokenStream, module: Module) -> None:
    """A template with a parent holds blocks, assignments and blanks. Raises TwigSyntaxError."""
    for node in module.body.nodes:
        if not _is_silent(node):
            what = "A template that extends another one cannot include content outside Twig blocks."
            hint = "Did you forget to put the content inside a {% block %} tag?"
            raise stream.error(f"{what} {hint}", node.line)
    _check_blocks(stream, module.body, None)


def _is_silent(node: Node) -> bool:
    if isinstance(node, Capture):
        return True
    if isinstance(node, Text):
        return not node.text.removeprefix(_BOM).strip(" \t\n\r\v\f")
    if isinstance(node, Body):
        return all(_is_silent(inner) for inner in node.nodes)
    if isinstance(node, Print | Include):
        return False
    return all(_is_silent(inner) for body in children(node) for inner in body.nodes)


def _check_blocks(stream: TokenStream, body: Body, under: Node | None) -> None:
    for node in body.nodes:
        if isinstance(node, BlockPlace) and under is not None:
            tag = _TAGS[type(under)]
            raise stream.error(f'A "block" tag cannot be under a "{tag}" tag (line {under.line}).', node.line)
        if isinstance(node, Body):
            _check_blocks(stream, node, under)
        elif type(node) in _TAGS:
            for inner in children(node):
                _check_blocks(stream, inner, node)
