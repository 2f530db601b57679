"""Arguments of filters, functions and tests: how they are written, and how they meet parameters."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tracking.rendering.twig.lexer import OPERATOR, PUNCTUATION
from tracking.rendering.twig.nodes import (
    Arguments,
    ArrayLiteral,
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
)
from tracking.rendering.twig.php_names import class_of
from tracking.rendering.twig.registry import Callee, describe

if TYPE_CHECKING:
    from tracking.rendering.twig.parser import Parser


def arguments(parser: Parser, *, opened: bool = False) -> Arguments:
    """A list of arguments in parentheses; `opened` when the first one is already read."""
    stream = parser.stream
    if not opened:
        stream.expect(OPERATOR, "(", "A list of arguments must begin with an opening parenthesis")
    given = Arguments()
    spread = False
    while not stream.at(PUNCTUATION, ")"):
        if given.positional or given.named:
            stream.expect(PUNCTUATION, ",", "Arguments must be separated by a comma")
            if stream.at(PUNCTUATION, ")"):
                break
        if token := stream.take(OPERATOR, "..."):
            spread = True
            value: Expr = Spread(token.line, parser.expression())
        elif spread:
            raise stream.error("Normal arguments must be placed before argument unpacking.", stream.current.line)
        else:
            value = _argument(parser, given)
        if value is not _NAMED:
            _positional(parser, given, value)
    stream.expect(PUNCTUATION, ")", "A list of arguments must be closed by a parenthesis")
    return given


_NAMED = Expr(0)


def _positional(parser: Parser, given: Arguments, value: Expr) -> None:
    if given.named:
        given.named[f"\0{len(given.named)}"] = value  # refused later, with the callee's name
    else:
        given.positional.append(value)


def _argument(parser: Parser, given: Arguments) -> Expr:
    """A positional argument; a named one is put into `given`."""
    stream = parser.stream
    # `=` has the lowest precedence of all, so that it is left for us here
    value = parser.expression(1) if _is_named(parser) else parser.expression()
    token = stream.take(OPERATOR, "=") or stream.take(PUNCTUATION, ":")
    if token is None:
        return value
    if not isinstance(value, Name):
        message = f'A parameter name must be a string, "{class_of(value)}" given.'
        raise stream.error(message, token.line)
    given.named[value.name] = parser.expression()
    return _NAMED


def _is_named(parser: Parser) -> bool:
    return parser.stream.current.type == "name" and parser.stream.look_is(OPERATOR, "=")


def normal(name: str) -> str:
    """Parameter names are compared without case and underscores."""
    return name.replace("_", "").lower()


def match(parser: Parser, callee: Callee, given: Arguments, line: int) -> list[Expr]:
    """The arguments in the order of the parameters. Raises TwigSyntaxError where they do not fit."""
    _check_order(parser, callee, given, line)
    if any(isinstance(item, Spread) for item in given.positional) and not given.named:
        return given.positional
    if not given.named:
        return _without_names(parser, callee, given, line)
    return _with_names(parser, callee, given, line)


def _check_order(parser: Parser, callee: Callee, given: Arguments, line: int) -> None:
    if any(name.startswith("\0") for name in given.named):
        what = f'{callee.kind} "{callee.name}"'
        raise parser.stream.error(f"Positional arguments cannot be used after named arguments for {what}.", line)


def _without_names(parser: Parser, callee: Callee, given: Arguments, line: int) -> list[Expr]:
    if len(given.positional) < callee.required:
        missing = callee.parameters[len(given.positional)]
        raise _required(parser, callee, missing, line)
    return given.positional if callee.variadic else given.positional[: len(callee.parameters)]


def _required(parser: Parser, callee: Callee, missing: str, line: int) -> Exception:
    return parser.stream.error(f'Value for argument "{missing}" is required for {callee.kind} "{callee.name}".', line)


def _with_names(parser: Parser, callee: Callee, given: Arguments, line: int) -> list[Expr]:
    left = {normal(name): (name, value) for name, value in given.named.items()}
    positional = list(given.positional)
    matched: list[Expr] = []
    skipped: list[Expr] = []
    for place, parameter in enumerate(callee.parameters):
        if normal(parameter) in left:
            if place < len(given.positional):
                what = f'Argument "{parameter}" is defined twice for {callee.kind} "{callee.name}".'
                raise parser.stream.error(what, line)
            matched += [*skipped, left.pop(normal(parameter))[1]]
            skipped = []
        elif positional:
            matched.append(positional.pop(0))
        elif place >= callee.required:
            skipped.append(Const(line, callee.defaults[place]))
        else:
            raise _required(parser, callee, parameter, line)
    if left and not callee.variadic:
        raise _unknown(parser, callee, left)
    return matched + positional


def _unknown(parser: Parser, callee: Callee, left: dict[str, tuple[str, Expr]]) -> Exception:
    names = '", "'.join(left)
    plural = "s" if len(left) > 1 else ""
    line = next(iter(left.values()))[1].line
    return parser.stream.error(f'Unknown argument{plural} "{names}" for {callee.kind} "{callee.signature}".', line)


def check_filter(parser: Parser, node: FilterCall) -> None:
    """Put a filter's arguments in order; unknown filters inside a `guard` have none to check."""
    callee = parser.registry.filters.get(node.name)
    if callee is not None:
        node.arguments = Arguments(match(parser, callee, node.arguments, node.line))


def check_test(parser: Parser, name: str, node: Expr, given: Arguments, line: int) -> None:
    """Put a test's arguments in order; `defined` is for what can be undefined."""
    given.positional, given.named = match(parser, parser.registry.tests[name], given, line), {}
    if name == "defined":
        check_definable(parser, node, line)


def check_definable(parser: Parser, node: Expr, line: int) -> None:
    """Only these can be asked for: variables, attributes, blocks, macros, literals, calls of functions."""
    if not isinstance(node, _DEFINABLE):
        raise parser.stream.error('The "defined" test only works with simple variables.', line)


_DEFINABLE = (Name, GetAttr, BlockCall, MacroCall, Const, ArrayLiteral, FunctionCall)


def function(parser: Parser, name: str, given: Arguments, line: int) -> Expr:
    """A call of the function `name`; some of them are nodes of their own."""
    if name in _SPECIAL:
        return _SPECIAL[name](parser, given, line)
    parser.check_known("function", name, line)
    callee = parser.registry.functions.get(name)
    if callee is not None:
        given = Arguments(match(parser, callee, given, line))
    return FunctionCall(line, name, given)


def _parent(parser: Parser, given: Arguments, line: int) -> Expr:
    if not parser.block_stack:
        raise parser.stream.error('Calling the "parent" function outside of a block is forbidden.', line)
    if not parser.has_inheritance:
        what = 'Calling the "parent" function on a template that does not call "extends" or "use" is forbidden.'
        raise parser.stream.error(what, line)
    return ParentCall(line, parser.block_stack[-1])


def _block(parser: Parser, given: Arguments, line: int) -> Expr:
    found = match(parser, _BLOCK, given, line)
    return BlockCall(line, found[0], found[1] if len(found) > 1 else None)


def _attribute(parser: Parser, given: Arguments, line: int) -> Expr:
    found = match(parser, _ATTRIBUTE, given, line)
    passed = Arguments([Spread(line, found[2])]) if len(found) > 2 else Arguments()
    return GetAttr(line, found[0], found[1], "any", passed)


def _block_shape(run: object, name: object, template: object = None) -> None: ...


def _attribute_shape(run: object, variable: object, attribute: object, arguments: object = None) -> None: ...


_BLOCK = describe("function", "block", _block_shape)
_ATTRIBUTE = describe("function", "attribute", _attribute_shape)
_SPECIAL: dict[str, Callable[[Parser, Arguments, int], Expr]] = {
    "parent": _parent,
    "block": _block,
    "attribute": _attribute,
}
SPECIAL_FUNCTIONS = frozenset(_SPECIAL)
