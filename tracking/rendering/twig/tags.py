"""The tags: what follows each of their names."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tracking.rendering.twig.expressions import expression, filter_call
from tracking.rendering.twig.lexer import BLOCK_END, EOF, NAME, NAME_PATTERN, OPERATOR, PUNCTUATION, STRING, Token
from tracking.rendering.twig.nodes import (
    ArrayLiteral,
    AutoEscape,
    Block,
    BlockPlace,
    Body,
    Capture,
    Const,
    Do,
    Embed,
    Expr,
    For,
    If,
    Import,
    Include,
    Macro,
    Node,
    Nothing,
    Print,
    SetValues,
    Temp,
    Unary,
    Use,
    With,
)

if TYPE_CHECKING:
    from tracking.rendering.twig.parser import Parser


def _end(parser: Parser) -> None:
    parser.stream.expect(BLOCK_END)


def _inside(parser: Parser, tag: str) -> Body:
    """The body of a tag up to the name of its own end tag, which is read too."""
    body = parser.body({f"end{tag}"}, tag=tag)
    if not parser.stream.at(EOF):
        parser.stream.next()
    return body


def _apply(parser: Parser, token: Token) -> Node:
    name = parser.fresh()
    value: Expr = filter_call(parser, Temp(token.line, name))
    while parser.stream.take(OPERATOR, "|"):
        value = filter_call(parser, value)
    _end(parser)
    body = _inside(parser, "apply")
    _end(parser)
    return Body(token.line, [Capture(token.line, name, body, temp=True), Print(token.line, value)])


def _for(parser: Parser, token: Token) -> Node:
    names = _targets(parser)
    parser.stream.expect(OPERATOR, "in")
    sequence = expression(parser)
    _end(parser)
    parser.loops += 1
    if parser.loops > parser.limits.loops:
        raise parser.stream.error("Loops are nested too deep.", token.line)
    body = parser.body({"else", "endfor"}, tag="for")
    parser.loops -= 1
    otherwise = None
    if parser.stream.next().value == "else":
        _end(parser)
        otherwise = _inside(parser, "for")
    _end(parser)
    key = names[0] if len(names) > 1 else None
    return For(token.line, key, names[1] if len(names) > 1 else names[0], sequence, body, otherwise)


def _targets(parser: Parser) -> list[str]:
    names = []
    stream = parser.stream
    while True:
        token = stream.current
        if token.type == OPERATOR and NAME_PATTERN.fullmatch(str(token.value)):
            stream.next()
        else:
            stream.expect(NAME, None, "Only variables can be assigned to")
        parser.check_assignable(str(token.value), token.line)
        names.append(str(token.value))
        if not stream.take(PUNCTUATION, ","):
            return names


def _if(parser: Parser, token: Token) -> Node:
    forks = {"elseif", "else", "endif"}
    test = expression(parser)
    _end(parser)
    branches = [(test, parser.body(forks, tag="if"))]
    otherwise = None
    while True:
        match parser.stream.next().value:
            case "else":
                _end(parser)
                otherwise = parser.body({"endif"}, tag="if")
            case "elseif":
                test = expression(parser)
                _end(parser)
                branches.append((test, parser.body(forks, tag="if")))
            case _:
                break
    _end(parser)
    return If(token.line, branches, otherwise)


def _extends(parser: Parser, token: Token) -> Node:
    if parser.block_stack:
        raise parser.stream.error('Cannot use "extend" in a block.', token.line)
    if not parser.in_main_scope:
        raise parser.stream.error('Cannot use "extend" in a macro.', token.line)
    if parser.has_parent:
        raise parser.stream.error("Multiple extends tags are forbidden.", token.line)
    parser.parent, parser.has_parent = expression(parser), True
    _end(parser)
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
    _end(parser)
    return variables, only, ignore


def _embed(parser: Parser, token: Token) -> Node:
    template = expression(parser)
    options = _include_options(parser)
    inner = parser.nested()
    inner.parent, inner.has_parent = template, True
    module = inner.module({"endembed"}, "embed")
    parser.stream.next()
    _end(parser)
    return Embed(token.line, template, *options, module=module)


def _block(parser: Parser, token: Token) -> Node:
    stream = parser.stream
    name = str(stream.expect(NAME).value)
    if name in parser.blocks:
        before = parser.blocks[name].line
        message = f"The block '{name}' has already been defined line {before}."
        raise stream.error(message, stream.current.line)
    block = parser.blocks[name] = Block(token.line, name, Body(token.line, []))
    parser.block_stack.append(name)
    block.body = parser.scoped(lambda: _block_body(parser, name, token.line))
    parser.block_stack.pop()
    return BlockPlace(token.line, name)


def _block_body(parser: Parser, name: str, line: int) -> Body:
    loops, parser.loops = parser.loops, 0
    if parser.stream.take(BLOCK_END):
        body = _inside(parser, "block")
        _check_end_name(parser, "block", name)
    else:
        body = Body(line, [Print(line, expression(parser))])
    _end(parser)
    parser.loops = loops
    return body


def _check_end_name(parser: Parser, tag: str, name: str) -> None:
    token = parser.stream.take(NAME)
    if token is not None and token.value != name:
        message = f'Expected end{tag} for {tag} "{name}" (but "{token.value}" given).'
        raise parser.stream.error(message, parser.stream.current.line)


def _use(parser: Parser, token: Token) -> Node:
    stream = parser.stream
    template = expression(parser)
    if not isinstance(template, Const):
        message = 'The template references in a "use" statement must be a string.'
        raise stream.error(message, stream.current.line)
    aliases = _renamed(parser) if stream.take(NAME, "with") else {}
    _end(parser)
    parser.uses.append(Use(token.line, str(template.value), aliases))
    return Nothing(token.line)


def _renamed(parser: Parser) -> dict[str, str]:
    """`a as b, c` -> {a: b, c: c}."""
    names: dict[str, str] = {}
    stream = parser.stream
    while True:
        name = str(stream.expect(NAME).value)
        names[name] = str(stream.expect(NAME).value) if stream.take(NAME, "as") else name
        if not stream.take(PUNCTUATION, ","):
            return names


def _macro(parser: Parser, token: Token) -> Node:
    name = str(parser.stream.expect(NAME).value)
    parameters = _macro_parameters(parser, name)
    _end(parser)
    loops, parser.loops = parser.loops, 0
    body = parser.scoped(lambda: _macro_body(parser, name))
    parser.loops = loops
    _end(parser)
    parser.macros[name] = Macro(token.line, name, parameters, body)
    return Nothing(token.line)


def _macro_body(parser: Parser, name: str) -> Body:
    body = _inside(parser, "macro")
    _check_end_name(parser, "macro", name)
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
    _end(parser)
    parser.import_space(str(alias.value))
    return Import(token.line, template, str(alias.value), parser.in_main_scope)


def _from(parser: Parser, token: Token) -> Node:
    template = expression(parser)
    parser.stream.expect(NAME, "import")
    names = _renamed(parser)
    for alias in names.values():
        parser.check_assignable(alias, token.line)
    _end(parser)
    space = f"\0{parser.fresh()}"  # no template can write this name
    for name, alias in names.items():
        parser.import_macro(alias, space, name)
    return Import(token.line, template, space, parser.in_main_scope)


def _set(parser: Parser, token: Token) -> Node:
    stream = parser.stream
    names = _targets(parser)
    if stream.take(OPERATOR, "="):
        values = [expression(parser)]
        while stream.take(PUNCTUATION, ","):
            values.append(expression(parser))
        _end(parser)
        if len(names) != len(values):
            message = "When using set, you must have the same number of variables and assignments."
            raise stream.error(message, stream.current.line)
        return SetValues(token.line, names, values)
    if len(names) > 1:
        message = "When using set with a block, you cannot have a multi-target."
        raise stream.error(message, stream.current.line)
    _end(parser)
    body = _inside(parser, "set")
    _end(parser)
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
    _end(parser)
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
    _end(parser)
    return Nothing(token.line)


def _do(parser: Parser, token: Token) -> Node:
    expr = expression(parser)
    _end(parser)
    return Do(token.line, expr)


def _with(parser: Parser, token: Token) -> Node:
    variables, only = None, False
    if not parser.stream.at(BLOCK_END):
        variables = expression(parser)
        only = parser.stream.take(NAME, "only") is not None
    _end(parser)
    body = _inside(parser, "with")
    _end(parser)
    return With(token.line, variables, only, body)


def _autoescape(parser: Parser, token: Token) -> Node:
    stream = parser.stream
    strategy: str | bool = "html"
    if not stream.at(BLOCK_END):
        expr = expression(parser)
        if not isinstance(expr, Const):
            raise stream.error("An escaping strategy must be a string or false.", stream.current.line)
        strategy = "html" if expr.value is True else (expr.value or False)
    _end(parser)
    body = _inside(parser, "autoescape")
    _end(parser)
    return AutoEscape(token.line, strategy, body)


def _deprecated(parser: Parser, token: Token) -> Node:
    stream = parser.stream
    message = expression(parser)
    while option := stream.take(NAME):
        stream.expect(OPERATOR, "=")
        if option.value not in {"package", "version"}:
            raise stream.error(f'Unknown "{option.value}" option.', stream.current.line)
        expression(parser)
    _end(parser)
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
    _end(parser)
    body = _guarded(parser, exists)
    otherwise = Body(token.line, [])
    if stream.next().value == "else":
        _end(parser)
        otherwise = _inside(parser, "guard")
    _end(parser)
    return body if exists else otherwise


def _guarded(parser: Parser, exists: bool) -> Body:
    before, parser.unknown_allowed = parser.unknown_allowed, parser.unknown_allowed or not exists
    body = parser.body({"else", "endguard"}, tag="guard")
    parser.unknown_allowed = before
    return body


TAGS: dict[str, Callable[[Parser, Token], Node]] = {
    "apply": _apply,
    "for": _for,
    "if": _if,
    "extends": _extends,
    "include": _include,
    "block": _block,
    "use": _use,
    "macro": _macro,
    "import": _import,
    "from": _from,
    "set": _set,
    "types": _types,
    "flush": _flush,
    "do": _do,
    "embed": _embed,
    "with": _with,
    "deprecated": _deprecated,
    "guard": _guard,
    "autoescape": _autoescape,
}
