"""The tags: what follows each of their names."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tracking.rendering.twig.errors import beside
from tracking.rendering.twig.expressions import expression, filter_call
from tracking.rendering.twig.lexer import BLOCK_END, NAME, OPERATOR, PUNCTUATION, STRING, Token
from tracking.rendering.twig.nodes import (
    AutoEscape,
    Body,
    Capture,
    Const,
    Do,
    Expr,
    For,
    If,
    Node,
    Nothing,
    Print,
    SetValues,
    Temp,
    With,
)
from tracking.rendering.twig.tag_parts import end_tag, inside, targets
from tracking.rendering.twig.template_tags import TEMPLATE_TAGS

if TYPE_CHECKING:
    from tracking.rendering.twig.parser import Parser


def _apply(parser: Parser, token: Token) -> Node:
    name = parser.fresh()
    value: Expr = filter_call(parser, Temp(token.line, name))
    while parser.stream.take(OPERATOR, "|"):
        value = filter_call(parser, value)
    end_tag(parser)
    body = inside(parser, "apply")
    end_tag(parser)
    return Body(token.line, [Capture(token.line, name, body, temp=True), Print(token.line, value)])


def _for(parser: Parser, token: Token) -> Node:
    names = targets(parser)
    parser.stream.expect(OPERATOR, "in")
    sequence = expression(parser)
    end_tag(parser)
    parser.loops += 1
    if parser.loops > parser.limits.loops:
        raise parser.stream.error("Loops are nested too deep.", token.line)
    body = parser.body({"else", "endfor"}, tag="for")
    parser.loops -= 1
    otherwise = None
    if parser.stream.next().value == "else":
        end_tag(parser)
        otherwise = inside(parser, "for")
    end_tag(parser)
    key = names[0] if len(names) > 1 else None
    return For(token.line, key, names[1] if len(names) > 1 else names[0], sequence, body, otherwise)


def _if(parser: Parser, token: Token) -> Node:
    forks = {"elseif", "else", "endif"}
    test = expression(parser)
    end_tag(parser)
    branches = [(test, parser.body(forks, tag="if"))]
    otherwise = None
    while True:
        match parser.stream.next().value:
            case "else":
                end_tag(parser)
                otherwise = parser.body({"endif"}, tag="if")
            case "elseif":
                test = expression(parser)
                end_tag(parser)
                branches.append((test, parser.body(forks, tag="if")))
            case _:
                break
    end_tag(parser)
    return If(token.line, branches, otherwise)


def _set(parser: Parser, token: Token) -> Node:
    stream = parser.stream
    first = stream.current.line
    names = targets(parser)
    if stream.take(OPERATOR, "="):
        values = [expression(parser)]
        while stream.take(PUNCTUATION, ","):
            values.append(expression(parser))
        end_tag(parser)
        if len(names) != len(values):
            message = "When using set, you must have the same number of variables and assignments."
            raise stream.error(message, beside(stream.current.line, first))
        return SetValues(token.line, names, values)
    if len(names) > 1:
        message = "When using set with a block, you cannot have a multi-target."
        raise stream.error(message, beside(stream.current.line, first))
    end_tag(parser)
    body = inside(parser, "set")
    end_tag(parser)
    return Capture(token.line, names[0], body)


def _types(parser: Parser, token: Token) -> Node:
    """`types` is for readers and tools; its syntax is checked, nothing more."""
    stream = parser.stream
    enclosed = stream.take(PUNCTUATION, "{")
    first = True
    while not (stream.at(PUNCTUATION, "}") or stream.at(BLOCK_END)):
        if not first:
            stream.expect(PUNCTUATION, ",", "A type string must be followed by a comma")
            if stream.at(PUNCTUATION, "}") or stream.at(BLOCK_END):
                break
        first = False
        _type(parser)
    if enclosed:
        stream.expect(PUNCTUATION, "}", "An opened mapping is not properly closed")
    end_tag(parser)
    return Nothing(token.line)


def _type(parser: Parser) -> None:
    stream = parser.stream
    stream.expect(NAME)
    if not stream.take(OPERATOR, "?:"):
        stream.take(OPERATOR, "?")
        stream.expect(PUNCTUATION, ":", "A type name must be followed by a colon (:)")
    stream.expect(STRING)
    if stream.take(NAME, "docs"):
        stream.expect(OPERATOR, "=", 'The "docs" option must be followed by an equal sign (=)')
        stream.expect(STRING)


def _flush(parser: Parser, token: Token) -> Node:
    end_tag(parser)
    return Nothing(token.line)


def _do(parser: Parser, token: Token) -> Node:
    expr = expression(parser)
    end_tag(parser)
    return Do(token.line, expr)


def _with(parser: Parser, token: Token) -> Node:
    variables, only = None, False
    if not parser.stream.at(BLOCK_END):
        variables = expression(parser)
        only = parser.stream.take(NAME, "only") is not None
    end_tag(parser)
    body = inside(parser, "with")
    end_tag(parser)
    return With(token.line, variables, only, body)


def _autoescape(parser: Parser, token: Token) -> Node:
    stream = parser.stream
    strategy: str | bool = "html"
    if not stream.at(BLOCK_END):
        first = stream.current.line
        expr = expression(parser)
        if not isinstance(expr, Const):
            line = beside(stream.current.line, first)
            raise stream.error("An escaping strategy must be a string or false.", line)
        strategy = "html" if expr.value is True else (expr.value or False)
    end_tag(parser)
    body = inside(parser, "autoescape")
    end_tag(parser)
    return AutoEscape(token.line, strategy, body)


def _deprecated(parser: Parser, token: Token) -> Node:
    stream = parser.stream
    message = expression(parser)
    while option := stream.take(NAME):
        stream.expect(OPERATOR, "=")
        if option.value not in {"package", "version"}:
            raise stream.error(f'Unknown "{option.value}" option.', beside(stream.current.line, option.line))
        expression(parser)
    end_tag(parser)
    return Nothing(token.line, message)


def _guard(parser: Parser, token: Token) -> Node:
    stream = parser.stream
    kind = stream.expect(NAME)
    if kind.value not in {"function", "filter", "test"}:
        message = f'Supported guard types are function, filter and test, "{kind.value}" given.'
        raise stream.error(message, kind.line)
    name = str(stream.expect(NAME).value)
    if kind.value == "test" and stream.at(NAME):
        name += f" {stream.next().value}"
    exists = name in parser.registry.table(str(kind.value))
    end_tag(parser)
    body = _guarded(parser, exists)
    otherwise = Body(token.line, [])
    if stream.next().value == "else":
        end_tag(parser)
        otherwise = inside(parser, "guard")
    end_tag(parser)
    return body if exists else otherwise


def _guarded(parser: Parser, exists: bool) -> Body:
    before, parser.unknown_allowed = parser.unknown_allowed, parser.unknown_allowed or not exists
    body = parser.body({"else", "endguard"}, tag="guard")
    parser.unknown_allowed = before
    return body


TAGS: dict[str, Callable[[Parser, Token], Node]] = {
    **TEMPLATE_TAGS,
    "apply": _apply,
    "for": _for,
    "if": _if,
    "set": _set,
    "types": _types,
    "flush": _flush,
    "do": _do,
    "with": _with,
    "deprecated": _deprecated,
    "guard": _guard,
    "autoescape": _autoescape,
}
