"""The Pratt parser: tokens -> expressions."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tracking.rendering.twig import calls
from tracking.rendering.twig.errors import beside
from tracking.rendering.twig.lexer import (
    INTERPOLATION_END,
    INTERPOLATION_START,
    NAME,
    NAME_PATTERN,
    NUMBER,
    OPERATOR,
    PUNCTUATION,
    STRING,
    Token,
)
from tracking.rendering.twig.nodes import (
    Arguments,
    ArrayLiteral,
    ArrowFunction,
    Assign,
    AssignMapping,
    AssignSequence,
    Binary,
    Coalesce,
    Const,
    Elvis,
    Empty,
    Expr,
    FilterCall,
    GetAttr,
    MacroCall,
    Name,
    Spread,
    Ternary,
    TestCall,
    Unary,
)
from tracking.rendering.twig.operators import BINARY, INFIX, PREFIX, RIGHT
from tracking.rendering.twig.php_names import class_of

if TYPE_CHECKING:
    from tracking.rendering.twig.parser import Parser

_CONSTANTS = {
    "true": True,
    "TRUE": True,
    "false": False,
    "FALSE": False,
    "none": None,
    "NONE": None,
    "null": None,
    "NULL": None,
}
_FLAT = frozenset({"~", "and", "or"})  # chains of these are kept flat, so they add no depth


def expression(parser: Parser, precedence: int = 0) -> Expr:
    """The expression that begins here, as far as operators bind at least as tight as `precedence`."""
    outer = parser.enter()
    expr = _prefix(parser)
    parser.height += 1
    while True:
        token = parser.stream.current
        if token.type != OPERATOR or INFIX.get(str(token.value), -1) < precedence:
            break
        parser.stream.next()
        height = parser.height
        expr = _infix(parser, expr, token)
        parser.grow(height, 0 if token.value in _FLAT else 1)
    parser.leave(outer)
    return expr


def _prefix(parser: Parser) -> Expr:
    token = parser.stream.current
    if token.type == OPERATOR and token.value in PREFIX:
        parser.stream.next()
        if token.value == "(":
            return _grouping(parser, token)
        if token.value == "...":
            return Spread(token.line, expression(parser))
        return Unary(token.line, str(token.value), expression(parser, PREFIX[str(token.value)]))
    return _literal(parser, token)


def _literal(parser: Parser, token: Token) -> Expr:
    if token.type == NAME:
        parser.stream.next()
        name = str(token.value)
        return Const(token.line, _CONSTANTS[name]) if name in _CONSTANTS else Name(token.line, name)
    if token.type == NUMBER:
        parser.stream.next()
        return Const(token.line, token.value)
    if token.type in {STRING, INTERPOLATION_START}:
        return _string(parser)
    if token.is_a(PUNCTUATION, "{"):
        return _mapping(parser)
    if token.is_a(OPERATOR, "["):
        return _sequence(parser)
    if token.type == OPERATOR and NAME_PATTERN.fullmatch(str(token.value)):
        parser.stream.next()
        return Name(token.line, str(token.value))
    message = f'Unexpected token "{token.english}" of value "{token.value}".'
    raise parser.stream.error(message, token.line)


def _string(parser: Parser) -> Expr:
    stream = parser.stream
    parts: list[Expr] = []
    may_be_string = True
    while True:
        if may_be_string and (token := stream.take(STRING)):
            parts.append(Const(token.line, token.value))
            may_be_string = False
        elif stream.take(INTERPOLATION_START):
            parts.append(expression(parser))
            stream.expect(INTERPOLATION_END)
            may_be_string = True
        else:
            break
    expr = parts[0]
    for part in parts[1:]:
        expr = Binary(part.line, "~", expr, part)
    return expr


def _sequence(parser: Parser) -> Expr:
    stream = parser.stream
    stream.expect(OPERATOR, "[", "A sequence element was expected")
    node = ArrayLiteral(stream.current.line, [])
    while not stream.at(PUNCTUATION, "]"):
        if node.items:
            stream.expect(PUNCTUATION, ",", "A sequence element must be followed by a comma")
            if stream.at(PUNCTUATION, "]"):
                break
        empty = stream.at(PUNCTUATION, ",")
        node.items.append((None, Empty(stream.current.line) if empty else expression(parser)))
    stream.expect(PUNCTUATION, "]", "An opened sequence is not properly closed")
    return node


def _mapping(parser: Parser) -> Expr:
    stream = parser.stream
    stream.expect(PUNCTUATION, "{", "A mapping element was expected")
    node = ArrayLiteral(stream.current.line, [], mapping=True)
    while not stream.at(PUNCTUATION, "}"):
        if node.items:
            stream.expect(PUNCTUATION, ",", "A mapping value must be followed by a comma")
            if stream.at(PUNCTUATION, "}"):
                break
        node.items.append(_pair(parser))
    stream.expect(PUNCTUATION, "}", "An opened mapping is not properly closed")
    return node


def _pair(parser: Parser) -> tuple[Expr | None, Expr]:
    stream = parser.stream
    if stream.at(OPERATOR, "..."):
        return None, expression(parser)
    key: Expr
    if token := stream.take(NAME):
        key = Const(token.line, token.value)
        if stream.at(PUNCTUATION, ",", "}"):
            return key, Name(token.line, str(token.value))
    elif token := stream.take(STRING) or stream.take(NUMBER):
        key = Const(token.line, token.value)
    elif stream.at(OPERATOR, "("):
        key = expression(parser)
    else:
        raise _bad_key(parser, stream.current)
    stream.expect(PUNCTUATION, ":", "A mapping key must be followed by a colon (:)")
    return key, expression(parser)


def _bad_key(parser: Parser, token: Token) -> Exception:
    what = "A mapping key must be a quoted string, a number, a name, or an expression enclosed in parentheses"
    return parser.stream.error(f'{what} (unexpected token "{token.english}" of value "{token.value}".', token.line)


def _grouping(parser: Parser, opened: Token) -> Expr:
    stream = parser.stream
    expr = expression(parser)
    if stream.take(PUNCTUATION, ")"):
        if stream.at(OPERATOR, "=>"):
            return ArrayLiteral(opened.line, [(None, expr)], mapping=True)
        if isinstance(expr, Unary):
            expr.grouped = True
        return expr
    if not stream.at(PUNCTUATION, ","):
        stream.expect(PUNCTUATION, ")", "An opened parenthesis is not properly closed")
    return _parameters(parser, expr, opened)


def _parameters(parser: Parser, first: Expr, opened: Token) -> Expr:
    """The list `(a, b)` before an arrow, carried as an array literal of names."""
    stream = parser.stream
    names: list[tuple[Expr | None, Expr]] = [(None, first)]
    while not stream.take(PUNCTUATION, ")"):
        stream.expect(PUNCTUATION, ",")
        token = stream.expect(NAME)
        names.append((None, Name(token.line, str(token.value))))
    if not stream.at(OPERATOR, "=>"):
        raise stream.error("A list of variables must be followed by an arrow.", stream.current.line)
    return ArrayLiteral(opened.line, names, mapping=True)


def _infix(parser: Parser, left: Expr, token: Token) -> Expr:
    operator = str(token.value)
    if operator in BINARY:
        return _binary(parser, left, operator, token)
    return _INFIX[operator](parser, left, token)


def _binary(parser: Parser, left: Expr, operator: str, token: Token) -> Expr:
    precedence = BINARY[operator]
    right = expression(parser, precedence if operator in RIGHT else precedence + 1)
    if operator in {"?:", "? :"}:
        return Elvis(token.line, left, right)
    if operator == "??":
        calls.check_definable(parser, left, left.line)
        return Coalesce(token.line, left, right)
    if operator == "**" and isinstance(left, Unary) and not left.grouped:
        # Signs and `is not` bind looser than the power, whatever the tokens' order: -1 ** 0 is -1.
        return Unary(left.line, left.operator, Binary(token.line, operator, left.node, right))
    if operator == "matches" and isinstance(right, Const):
        parser.check_pattern(right)
    return Binary(token.line, operator, left, right)


def _ternary(parser: Parser, test: Expr, token: Token) -> Expr:
    left = expression(parser)
    right = expression(parser) if parser.stream.take(PUNCTUATION, ":") else Const(token.line, "")
    return Ternary(token.line, test, left, right)


def _assignment(parser: Parser, left: Expr, token: Token) -> Expr:
    line = token.line
    if not isinstance(left, Name | ArrayLiteral):
        message = f'Cannot assign to "{class_of(left)}", only variables can be assigned.'
        raise parser.stream.error(message, line)
    value = expression(parser)
    if isinstance(left, Name):
        parser.check_assignable(left.name, left.line)
        return Assign(line, left.name, value)
    if left.mapping:
        return AssignMapping(line, [_target(parser, key, item, line) for key, item in left.items], value)
    return AssignSequence(line, [_slot(parser, item, line) for _, item in left.items], value)


def _slot(parser: Parser, item: Expr, line: int) -> str | None:
    if isinstance(item, Empty):
        return None
    if not isinstance(item, Name):
        what = "only variables can be assigned in sequence destructuring."
        raise parser.stream.error(f'Cannot assign to "{class_of(item)}", {what}', beside(line, item.line))
    return item.name


def _target(parser: Parser, key: Expr | None, item: Expr, line: int) -> tuple[str, str]:
    if not isinstance(item, Name) or not isinstance(key, Const):
        what = "only variables can be assigned in object/mapping destructuring."
        raise parser.stream.error(f'Cannot assign to "{class_of(item)}", {what}', beside(line, item.line))
    return str(key.value), item.name


def _is(parser: Parser, left: Expr, token: Token) -> Expr:
    name = parser.test_name(token.line)
    stream = parser.stream
    if stream.at(OPERATOR, "("):
        arguments = calls.arguments(parser)
    elif parser.registry.tests[name].one_argument:
        arguments = Arguments([expression(parser, INFIX["is"])])
    else:
        arguments = Arguments()
    if name == "defined" and isinstance(left, Name) and (macro := parser.imported_macro(left.name)):
        left = MacroCall(left.line, macro[0], macro[1], Arguments())
    calls.check_test(parser, name, left, arguments, beside(stream.current.line, token.line))
    return TestCall(stream.current.line, left, name, arguments)


def _is_not(parser: Parser, left: Expr, token: Token) -> Expr:
    return Unary(token.line, "not", _is(parser, left, token))


def _filter(parser: Parser, left: Expr, token: Token) -> Expr:
    return filter_call(parser, left)


def filter_call(parser: Parser, left: Expr) -> Expr:
    """The filter whose name begins here, applied to `left`."""
    token = parser.stream.expect(NAME)
    name = str(token.value)
    arguments = calls.arguments(parser) if parser.stream.at(OPERATOR, "(") else Arguments()
    parser.check_known("filter", name, token.line)
    node = FilterCall(token.line, left, name, arguments)
    calls.check_filter(parser, node)
    return node


def _call(parser: Parser, left: Expr, token: Token) -> Expr:
    if not isinstance(left, Name):
        raise parser.stream.error("Function name must be an identifier.", token.line)
    arguments = calls.arguments(parser, opened=True)
    if macro := parser.imported_macro(left.name):
        return MacroCall(token.line, macro[0], macro[1], arguments)
    return calls.function(parser, left.name, arguments, beside(token.line, left.line))


def _subscript(parser: Parser, left: Expr, token: Token) -> Expr:
    stream = parser.stream
    line = token.line
    sliced = stream.at(PUNCTUATION, ":")
    attribute: Expr = Const(stream.current.line, 0) if sliced else expression(parser)
    if stream.take(PUNCTUATION, ":"):
        length: Expr = Const(stream.current.line, None) if stream.at(PUNCTUATION, "]") else expression(parser)
        stream.expect(PUNCTUATION, "]")
        return FilterCall(line, left, "slice", Arguments([attribute, length]))
    stream.expect(PUNCTUATION, "]")
    return GetAttr(line, left, attribute, "array")


def _dot(parser: Parser, left: Expr, token: Token) -> Expr:
    stream = parser.stream
    null_safe = token.value == "?."
    line = stream.current.line
    if stream.take(OPERATOR, "("):
        attribute = expression(parser)
        stream.expect(PUNCTUATION, ")")
    else:
        attribute = _attribute_name(parser)
    arguments, call = Arguments(), "any"
    if stream.at(OPERATOR, "("):
        arguments, call = calls.arguments(parser), "method"
    if isinstance(left, Name) and (left.name == "_self" or parser.is_imported(left.name)):
        if not isinstance(attribute, Const):
            return MacroCall(left.line, left.name, attribute, arguments)
        if isinstance(attribute.value, str) and NAME_PATTERN.fullmatch(attribute.value):
            return MacroCall(left.line, left.name, attribute.value, arguments)
    return GetAttr(line, left, attribute, call, arguments, null_safe)


def _attribute_name(parser: Parser) -> Expr:
    token = parser.stream.next()
    is_word = token.type == OPERATOR and NAME_PATTERN.match(str(token.value))
    if token.type in {NAME, NUMBER} or is_word:
        return Const(token.line, token.value)
    message = f'Expected name or number, got value "{token.value}" of type "{token.english}".'
    raise parser.stream.error(message, token.line)


def _arrow(parser: Parser, left: Expr, token: Token) -> Expr:
    names = [left] if isinstance(left, Name) else _names_of(left)
    body = expression(parser)
    if names is None:
        message = "The arrow function argument must be a list of variables or a single variable."
        raise parser.stream.error(message, token.line)
    return ArrowFunction(token.line, [name.name for name in names], body)


def _names_of(left: Expr) -> list[Name] | None:
    if not isinstance(left, ArrayLiteral):
        return None
    names = [item for _, item in left.items if isinstance(item, Name)]
    return names if len(names) == len(left.items) else None


_INFIX: dict[str, Callable[[Parser, Expr, Token], Expr]] = {
    "?": _ternary,
    "=": _assignment,
    "is": _is,
    "is not": _is_not,
    "|": _filter,
    "(": _call,
    ".": _dot,
    "?.": _dot,
    "[": _subscript,
    "=>": _arrow,
}
