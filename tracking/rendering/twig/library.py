"""Everything templates can call by name, and the names that compiled templates use."""

from __future__ import annotations

from typing import Any

from tracking.rendering.twig import (
    access,
    arithmetic,
    checks,
    compare,
    escape,
    functions,
    operations,
    php,
    run,
    templates,
)
from tracking.rendering.twig.extras import add_extras
from tracking.rendering.twig.filters import arrays, dates, figures, strings
from tracking.rendering.twig.json_text import json_encode
from tracking.rendering.twig.registry import Registry
from tracking.rendering.twig.values import Arrow, Value


def raw(run: run.Run, value: Value) -> Value:
    """`raw`: the compiler leaves it out; it is here for its name."""
    return value


def _filters(registry: Registry) -> None:
    for name in ("upper", "lower", "capitalize", "title", "trim", "striptags", "replace", "split"):
        registry.add("filter", name, getattr(strings, name))
    for name in ("url_encode", "convert_encoding"):
        registry.add("filter", name, getattr(strings, name))
    for name in ("nl2br", "spaceless"):
        registry.add("filter", name, getattr(strings, name), safe={"html"}, pre_escape="html")
    for name in ("join", "keys", "merge", "batch", "column", "reduce", "find", "sort", "reverse", "shuffle"):
        registry.add("filter", name, getattr(arrays, name))
    for name in ("length", "first", "last", "default", "invoke"):
        registry.add("filter", name, getattr(arrays, name))
    for name in ("filter", "map", "slice"):
        registry.add("filter", name, getattr(arrays, f"{name}_"))
    registry.add("filter", "abs", figures.absolute)
    registry.add("filter", "round", figures.round_)
    registry.add("filter", "number_format", figures.number_format)
    registry.add("filter", "format", figures.format_)
    registry.add("filter", "date", dates.date_filter)
    registry.add("filter", "date_modify", dates.date_modify)
    registry.add("filter", "json_encode", json_encode)
    registry.add("filter", "escape", escape.escape)
    registry.add("filter", "e", escape.escape)
    registry.add("filter", "raw", raw, safe={"all"})


def _functions(registry: Registry) -> None:
    registry.add("function", "max", functions.maximum)
    registry.add("function", "min", functions.minimum)
    registry.add("function", "range", functions.range_)
    for name in ("cycle", "random", "constant", "dump", "enum", "enum_cases"):
        registry.add("function", name, getattr(functions, name))
    registry.add("function", "source", functions.source, safe={"all"})
    registry.add("function", "date", dates.convert)
    registry.add("function", "include", _include_shape, safe={"all"})
    registry.add("function", "include_only", _include_only_shape, safe={"all"})
    registry.add("function", "template_from_string", _string_shape)
    for name in ("block", "parent", "attribute"):
        registry.add("function", name, _no_shape)


def _no_shape(run: run.Run) -> None:
    """Functions that the parser turns into nodes; only their names count here."""


def _include_shape(  # noqa: PLR0917 - Twig's own list, or the engine's calling shape
    run: run.Run,
    template: Value,
    variables: Value = None,
    with_context: Value = True,
    ignore_missing: Value = False,
    sandboxed: Value = False,
) -> None: ...


def _include_only_shape(
    run: run.Run, template: Value, variables: Value = None, ignore_missing: Value = False
) -> None: ...


def _string_shape(run: run.Run, template: Value, name: Value = None) -> None: ...


def _tests(registry: Registry) -> None:
    for name in ("even", "odd", "null", "true", "empty", "iterable", "sequence", "mapping", "defined"):
        registry.add("test", name, getattr(checks, name))
    registry.add("test", "none", checks.null)
    registry.add("test", "same as", checks.same_as, one_argument=True)
    registry.add("test", "divisible by", checks.divisible_by, one_argument=True)
    registry.add("test", "constant", checks.is_constant)


def standard() -> Registry:
    """Twig's own filters, functions and tests and those of its extras."""
    registry = Registry()
    _filters(registry)
    _functions(registry)
    _tests(registry)
    add_extras(registry)
    return registry


_OPERATORS: dict[str, Any] = {
    "op_add": arithmetic.add,
    "op_subtract": arithmetic.subtract,
    "op_multiply": arithmetic.multiply,
    "op_divide": arithmetic.divide,
    "op_floor_divide": arithmetic.floor_divide,
    "op_modulo": arithmetic.modulo,
    "op_power": arithmetic.power,
    "op_negate": arithmetic.negate,
    "op_plus": arithmetic.plus,
    "op_bit_and": arithmetic.bit_and,
    "op_bit_or": arithmetic.bit_or,
    "op_bit_xor": arithmetic.bit_xor,
    "op_equal": compare.equal,
    "op_same": compare.same,
    "op_compare": compare.compare,
    "op_smaller": compare.smaller,
    "op_smaller_or_equal": compare.smaller_or_equal,
    "op_smaller_swapped": operations.smaller_swapped,
    "op_smaller_or_equal_swapped": operations.smaller_or_equal_swapped,
    "op_contains": compare.contains,
    "op_starts": operations.starts,
    "op_ends": operations.ends,
    "op_range": operations.span,
    "op_some": operations.some,
    "op_every": operations.every,
    "op_matches": operations.matches,
}
_RUNTIME: dict[str, Any] = {
    name: getattr(module, name)
    for module, names in (
        (operations, "concat iterate save restore loop_at literal spread_array spread_values spread_arguments"),
        (operations, "assign assign_sequence assign_mapping NO_KEYS is_empty values"),
        (php, "text truth key pairs"),
        (escape, "escape_html auto_escape"),
        (access, "get_item get_any has_attribute call_method"),
        (functions, "has_constant"),
        (run, "Code fork fork_with snapshot captured"),
        (templates, "load load_parent load_use display display_block render_block render_parent has_block include"),
        (templates, "with_variables call_macro has_macro"),
        (templates, "function_include function_include_only function_template_from_string"),
    )
    for name in names.split()
}


def namespace(registry: Registry) -> dict[str, Any]:
    """The global names of every compiled template. Python's builtins are not among them, but for a few types."""
    names: dict[str, Any] = {"__builtins__": {}, "type": type, "dict": dict, "str": str, "len": len, "Arrow": Arrow}
    for kind in ("filter", "function", "test"):
        for name, callee in registry.table(kind).items():
            names[f"{kind}_{name.replace(' ', '_')}"] = callee.call
    return names | _OPERATORS | _RUNTIME
