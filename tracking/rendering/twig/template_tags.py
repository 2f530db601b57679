"""The tags that concern other templates, blocks and macros."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tracking.rendering.twig.errors import beside
from tracking.rendering.twig.expressions import expression
from tracking.rendering.twig.lexer import BLOCK_END, NAME, OPERATOR, PUNCTUATION, Token
from tracking.rendering.twig.nodes import (
    ArrayLiteral,
    Block,
    BlockPlace,
    Body,
    Const,
    Embed,
    Expr,
    Import,
    Include,
    Macro,
    Node,
    Nothing,
    Print,
    Unary,
    Use,
)
from tracking.rendering.twig.tag_parts import check_end_name, end_tag, inside, renamed

if TYPE_CHECKING:
    from tracking.rendering.twig.parser import Parser


def _extends(parser: Parser, token: Token) -> Node:
    if parser.block_stack:
        raise parser.stream.error('Cannot use "extend" in a block.', token.line)
    if not parser.in_main_scope:
        raise parser.stream.error('Cannot use "extend" in a macro.', token.line)
    if parser.has_parent:
        raise parser.stream.error("Multiple extends tags are forbidden.", token.line)
    parser.parent, parser.has_parent = expression(parser), True
    end_tag(parser)
    return Nothing(token.line)


def _include(parser: Parser, token: Token) -> Node:
    template = expression(parser)
    return Include(token.line, template, *_include_options(parser))


def _include_options(parser: Parser) -> tuple[Expr | None, bool, bool]:
    stream = parser.stream
    ignore = stream.take(NAME, "ignore") is not None
    if ignore:
        stream.expect(NAME, "missing")
    variables = expression(parser) if stream.take(NAME, "with") else None
    only = stream.take(NAME, "only") is not None
    end_tag(parser)
    return variables, only, ignore


def _embed(parser: Parser, token: Token) -> Node:
    template = expression(parser)
    options = _include_options(parser)
    inner = parser.nested()
    inner.parent, inner.has_parent = template, True
    module = inner.module({"endembed"}, "embed")
    parser.stream.next()
    end_tag(parser)
    return Embed(token.line, template, *options, module=module)


def _block(parser: Parser, token: Token) -> Node:
    stream = parser.stream
    named = stream.expect(NAME)
    name = str(named.value)
    if name in parser.blocks:
        before = parser.blocks[name].line
        message = f"The block '{name}' has already been defined line {before}."
        raise stream.error(message, beside(stream.current.line, named.line))
    block = parser.blocks[name] = Block(token.line, name, Body(token.line, []))
    parser.block_stack.append(name)
    block.body = parser.scoped(lambda: _block_body(parser, name, token.line))
    parser.block_stack.pop()
    return BlockPlace(token.line, name)


def _block_body(parser: Parser, name: str, line: int) -> Body:
    loops, parser.loops = parser.loops, 0
    if parser.stream.take(BLOCK_END):
        body = inside(parser, "block")
        check_end_name(parser, "block", name)
    else:
        body = Body(line, [Print(line, expression(parser))])
    end_tag(parser)
    parser.loops = loops
    return body


def _use(parser: Parser, token: Token) -> Node:
    stream = parser.stream
    first = stream.current.line
    template = expression(parser)
    if not isinstance(template, Const):
        message = 'The template references in a "use" statement must be a string.'
        raise stream.error(message, beside(stream.current.line, first))
    aliases = renamed(parser) if stream.take(NAME, "with") else {}
    end_tag(parser)
    parser.uses.append(Use(token.line, str(template.value), aliases))
    return Nothing(token.line)


def _macro(parser: Parser, token: Token) -> Node:
    name = str(parser.stream.expect(NAME).value)
    parameters = _macro_parameters(parser, name)
    end_tag(parser)
    loops, parser.loops = parser.loops, 0
    body = parser.scoped(lambda: _macro_body(parser, name))
    parser.loops = loops
    end_tag(parser)
    parser.macros[name] = Macro(token.line, name, parameters, body)
    return Nothing(token.line)


def _macro_body(parser: Parser, name: str) -> Body:
    body = inside(parser, "macro")
    check_end_name(parser, "macro", name)
    return body


def _macro_parameters(parser: Parser, macro: str) -> dict[str, Expr]:
    stream = parser.stream
    stream.expect(OPERATOR, "(", "A list of arguments must begin with an opening parenthesis")
    found: dict[str, Expr] = {}
    while not stream.at(PUNCTUATION, ")"):
        if found:
            stream.expect(PUNCTUATION, ",", "Arguments must be separated by a comma")
            if stream.at(PUNCTUATION, ")"):
                break
        _macro_parameter(parser, macro, found)
    stream.expect(PUNCTUATION, ")", "A list of arguments must be closed by a parenthesis")
    return found


def _macro_parameter(parser: Parser, macro: str, found: dict[str, Expr]) -> None:
    token = parser.stream.expect(NAME, None, "An argument must be a name")
    name = str(token.value)
    parser.check_assignable(name, token.line)
    if name == "varargs":
        what = f'The argument "varargs" in macro "{macro}" cannot be defined because the variable "varargs"'
        raise parser.stream.error(f"{what} is reserved for arbitrary arguments.", token.line)
    default: Expr = Const(token.line, None)
    if parser.stream.take(OPERATOR, "="):
        default = expression(parser)
    if not _is_constant(default):
        what = "a constant (a boolean, a string, a number, a sequence, or a mapping)."
        raise parser.stream.error(f"A default value for an argument must be {what}", token.line)
    found[name] = default


def _is_constant(expr: Expr) -> bool:
    if isinstance(expr, ArrayLiteral):
        return all((key is None or _is_constant(key)) and _is_constant(value) for key, value in expr.items)
    if isinstance(expr, Unary):
        return expr.operator != "not" and _is_constant(expr.node)
    return isinstance(expr, Const)


def _import(parser: Parser, token: Token) -> Node:
    template = expression(parser)
    parser.stream.expect(NAME, "as")
    alias = parser.stream.expect(NAME)
    parser.check_assignable(str(alias.value), token.line)
    end_tag(parser)
    parser.import_space(str(alias.value))
    return Import(token.line, template, str(alias.value), parser.in_main_scope)


def _from(parser: Parser, token: Token) -> Node:
    template = expression(parser)
    parser.stream.expect(NAME, "import")
    names = renamed(parser)
    for alias in names.values():
        parser.check_assignable(alias, token.line)
    end_tag(parser)
    space = f"\0{parser.fresh()}"  # no template can write this name
    for name, alias in names.items():
        parser.import_macro(alias, space, name)
    return Import(token.line, template, space, parser.in_main_scope)


TEMPLATE_TAGS: dict[str, Callable[[Parser, Token], Node]] = {
    "extends": _extends,
    "include": _include,
    "block": _block,
    "use": _use,
    "macro": _macro,
    "import": _import,
    "from": _from,
    "embed": _embed,
}
