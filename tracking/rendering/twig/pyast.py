"""Short names for the pieces of Python's `ast` that the compiler puts together. Every piece has a line."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence

from tracking.rendering.twig.values import Value

_LOAD, _STORE = ast.Load(), ast.Store()


def name(identifier: str, line: int) -> ast.expr:
    """A variable, read."""
    return ast.Name(identifier, _LOAD, lineno=line, col_offset=0)


def const(value: Value, line: int) -> ast.expr:
    """A constant."""
    return ast.Constant(value, lineno=line, col_offset=0)


def call(function: str, line: int, *arguments: ast.expr, **named: ast.expr) -> ast.expr:
    """A call of one of the runtime's functions."""
    keywords = [ast.keyword(key, value, lineno=line, col_offset=0) for key, value in named.items()]
    return ast.Call(name(function, line), list(arguments), keywords, lineno=line, col_offset=0)


def method(owner: ast.expr, attribute: str, line: int, *arguments: ast.expr) -> ast.expr:
    """A call of a method of one of the runtime's own objects."""
    bound = ast.Attribute(owner, attribute, _LOAD, lineno=line, col_offset=0)
    return ast.Call(bound, list(arguments), [], lineno=line, col_offset=0)


def item(owner: ast.expr, key: ast.expr, line: int) -> ast.expr:
    """owner[key], read."""
    return ast.Subscript(owner, key, _LOAD, lineno=line, col_offset=0)


def bind(identifier: str, value: ast.expr, line: int) -> ast.expr:
    """(identifier := value)."""
    target = ast.Name(identifier, _STORE, lineno=line, col_offset=0)
    return ast.NamedExpr(target, value, lineno=line, col_offset=0)


def choose(test: ast.expr, yes: ast.expr, no: ast.expr, line: int) -> ast.expr:
    """yes if test else no."""
    return ast.IfExp(test, yes, no, lineno=line, col_offset=0)


def is_(left: ast.expr, right: ast.expr, line: int, *, negated: bool = False) -> ast.expr:
    """left is right."""
    operator: ast.cmpop = ast.IsNot() if negated else ast.Is()
    return ast.Compare(left, [operator], [right], lineno=line, col_offset=0)


def within(left: ast.expr, right: ast.expr, line: int) -> ast.expr:
    """left in right."""
    return ast.Compare(left, [ast.In()], [right], lineno=line, col_offset=0)


def compare(left: ast.expr, operator: ast.cmpop, right: ast.expr, line: int) -> ast.expr:
    """One comparison."""
    return ast.Compare(left, [operator], [right], lineno=line, col_offset=0)


def all_of(values: Sequence[ast.expr], line: int) -> ast.expr:
    """a and b and ..."""
    return ast.BoolOp(ast.And(), list(values), lineno=line, col_offset=0)


def any_of(values: Sequence[ast.expr], line: int) -> ast.expr:
    """a or b or ..."""
    return ast.BoolOp(ast.Or(), list(values), lineno=line, col_offset=0)


def negated(value: ast.expr, line: int) -> ast.expr:
    """not value."""
    return ast.UnaryOp(ast.Not(), value, lineno=line, col_offset=0)


def sum_of(left: ast.expr, right: int, line: int) -> ast.expr:
    """left + a number."""
    return ast.BinOp(left, ast.Add(), const(right, line), lineno=line, col_offset=0)


def difference(left: ast.expr, right: ast.expr, line: int) -> ast.expr:
    """left - right."""
    return ast.BinOp(left, ast.Sub(), right, lineno=line, col_offset=0)


def listing(values: Iterable[ast.expr], line: int) -> ast.expr:
    """[a, b]."""
    return ast.List(list(values), _LOAD, lineno=line, col_offset=0)


def group(values: Iterable[ast.expr], line: int) -> ast.expr:
    """(a, b)."""
    return ast.Tuple(list(values), _LOAD, lineno=line, col_offset=0)


def mapping(keys: Sequence[ast.expr | None], values: Sequence[ast.expr], line: int) -> ast.expr:
    """{a: b}; a key of None unpacks its value."""
    return ast.Dict(list(keys), list(values), lineno=line, col_offset=0)


def unpacked(value: ast.expr, line: int) -> ast.expr:
    """*value."""
    return ast.Starred(value, _LOAD, lineno=line, col_offset=0)


def function_value(parameters: Sequence[str], body: ast.expr, line: int, captured: Sequence[str]) -> ast.expr:
    """lambda a=None, b=None, *_, c=c: body. What is captured is bound when the lambda is made."""
    arguments = ast.arguments(
        posonlyargs=[],
        args=[_parameter(one, line) for one in parameters],
        vararg=_parameter("_", line),
        kwonlyargs=[_parameter(one, line) for one in captured],
        kw_defaults=[name(one, line) for one in captured],
        defaults=[const(None, line) for _ in parameters],
    )
    return ast.Lambda(arguments, body, lineno=line, col_offset=0)


def _parameter(identifier: str, line: int) -> ast.arg:
    return ast.arg(identifier, None, lineno=line, col_offset=0)


def function(identifier: str, parameters: Sequence[str], body: Sequence[ast.stmt], line: int) -> ast.stmt:
    """def identifier(parameters): body."""
    arguments = ast.arguments(
        posonlyargs=[],
        args=[_parameter(one, line) for one in parameters],
        kwonlyargs=[],
        kw_defaults=[],
        defaults=[],
    )
    content = list(body) or [ast.Pass(lineno=line, col_offset=0)]
    return ast.FunctionDef(identifier, arguments, content, [], None, lineno=line, col_offset=0)


def assign(identifier: str, value: ast.expr, line: int) -> ast.stmt:
    """identifier = value."""
    target = ast.Name(identifier, _STORE, lineno=line, col_offset=0)
    return ast.Assign([target], value, lineno=line, col_offset=0)


def put(owner: ast.expr, key: Value, value: ast.expr, line: int) -> ast.stmt:
    """owner[key] = value."""
    target = ast.Subscript(owner, const(key, line), _STORE, lineno=line, col_offset=0)
    return ast.Assign([target], value, lineno=line, col_offset=0)


def extend(identifier: str, value: ast.expr, line: int) -> ast.stmt:
    """identifier += value."""
    target = ast.Name(identifier, _STORE, lineno=line, col_offset=0)
    return ast.AugAssign(target, ast.Add(), value, lineno=line, col_offset=0)


def run(value: ast.expr, line: int) -> ast.stmt:
    """value, as a statement."""
    return ast.Expr(value, lineno=line, col_offset=0)


def give(value: ast.expr, line: int) -> ast.stmt:
    """return value."""
    return ast.Return(value, lineno=line, col_offset=0)


def branch(test: ast.expr, yes: Sequence[ast.stmt], no: Sequence[ast.stmt], line: int) -> ast.stmt:
    """if test: yes else: no."""
    body = list(yes) or [ast.Pass(lineno=line, col_offset=0)]
    return ast.If(test, body, list(no), lineno=line, col_offset=0)


def loop(targets: Sequence[str], sequence: ast.expr, body: Sequence[ast.stmt], line: int) -> ast.stmt:
    """for targets in sequence: body."""
    stored: list[ast.expr] = [ast.Name(one, _STORE, lineno=line, col_offset=0) for one in targets]
    target = stored[0] if len(stored) == 1 else ast.Tuple(stored, _STORE, lineno=line, col_offset=0)
    content = list(body) or [ast.Pass(lineno=line, col_offset=0)]
    return ast.For(target, sequence, content, [], lineno=line, col_offset=0)
