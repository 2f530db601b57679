"""For which escaping strategies an expression is safe as it is, decided when the template is compiled."""

from __future__ import annotations

from tracking.rendering.twig.nodes import (
    BlockCall,
    Coalesce,
    Const,
    Elvis,
    Escape,
    Expr,
    FilterCall,
    FunctionCall,
    MacroCall,
    ParentCall,
    Ternary,
)
from tracking.rendering.twig.registry import Registry

ALL = frozenset({"all"})
NONE: frozenset[str] = frozenset()
_ALWAYS_SAFE = (Const, BlockCall, ParentCall, MacroCall)


def is_safe(expr: Expr, strategy: str, registry: Registry) -> bool:
    """Need it no escaping for this strategy?"""
    found = _with_implied(safe_for(expr, registry))
    return "all" in found or strategy in found


def _with_implied(found: frozenset[str]) -> frozenset[str]:
    """What is safe in an attribute without quotes is safe in the weaker places too."""
    if "html_attr" in found:
        return found | {"html", "html_attr_relaxed"}
    return found | {"html"} if "html_attr_relaxed" in found else found


def safe_for(expr: Expr, registry: Registry) -> frozenset[str]:
    """The strategies an expression is safe for; "all" among them means every one."""
    if isinstance(expr, _ALWAYS_SAFE):
        return ALL
    if isinstance(expr, Ternary | Elvis | Coalesce):
        return _both(safe_for(expr.left, registry), safe_for(expr.right, registry))
    if isinstance(expr, FilterCall):
        if expr.name in {"escape", "e"}:
            return _escaped(expr)
        callee = registry.filters.get(expr.name)
        return callee.safe if callee else NONE
    if isinstance(expr, FunctionCall):
        callee = registry.functions.get(expr.name)
        return callee.safe if callee else NONE
    return NONE


def _escaped(expr: FilterCall) -> frozenset[str]:
    if not expr.arguments.positional:
        return frozenset({"html"})
    first = expr.arguments.positional[0]
    return frozenset({str(first.value)}) if isinstance(first, Const) else NONE


def _both(left: frozenset[str], right: frozenset[str]) -> frozenset[str]:
    left, right = _with_implied(left), _with_implied(right)
    if "all" in left:
        return right
    return left if "all" in right else left & right


def escaped(expr: Expr, strategy: str, registry: Registry) -> Expr:
    """The expression with escaping put around what needs it; of a choice, each outcome by itself."""
    if isinstance(expr, Ternary):
        return Ternary(expr.line, expr.test, *(escaped(one, strategy, registry) for one in (expr.left, expr.right)))
    if isinstance(expr, Elvis | Coalesce):
        right = escaped(expr.right, strategy, registry)
        if isinstance(expr.left, Ternary | Elvis | Coalesce):
            return Ternary(expr.line, expr.left, escaped(expr.left, strategy, registry), right)
        if is_safe(expr.left, strategy, registry):
            return type(expr)(expr.line, expr.left, right)
        return type(expr)(expr.line, Escape(expr.left.line, expr.left, strategy), right)
    if is_safe(expr, strategy, registry):
        return expr
    return Escape(expr.line, expr, strategy)
