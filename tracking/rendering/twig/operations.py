"""Operators and small operations that compiled templates call."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tracking.rendering.twig import patterns
from tracking.rendering.twig.access import get_any
from tracking.rendering.twig.compare import smaller, smaller_or_equal
from tracking.rendering.twig.errors import PhpError, TwigRuntimeError
from tracking.rendering.twig.php import array_values, pairs, settle, text, truth, type_name
from tracking.rendering.twig.ranges import php_range
from tracking.rendering.twig.run import Context, Run
from tracking.rendering.twig.values import Arrow, Markup, Thing, Value

_ARRAYS = frozenset({list, dict})


def concat(run: Run, parts: tuple[Value, ...]) -> str:
    """`a ~ b ~ c`."""
    texts = [part if type(part) is str else text(part) for part in parts]
    size = sum(map(len, texts))
    if size > 256:
        run.text(size, width=1 if size < 4096 else 2)
    return "".join(texts)


def smaller_swapped(left: Value, right: Value) -> bool:
    """`left > right`, which PHP does as `right < left`."""
    return smaller(right, left)


def smaller_or_equal_swapped(left: Value, right: Value) -> bool:
    """`left >= right`."""
    return smaller_or_equal(right, left)


def starts(value: Value, start: Value) -> bool:
    """`starts with`: of two strings."""
    return type(value) is str and type(start) is str and value.startswith(start)


def ends(value: Value, end: Value) -> bool:
    """`ends with`: of two strings."""
    return type(value) is str and type(end) is str and value.endswith(end)


def span(run: Run, low: Value, high: Value) -> list[Value]:
    """`low..high`."""
    return php_range(run, low, high)


def matches(run: Run, value: Value, pattern: Value) -> bool:
    """`matches`. Raises TwigRuntimeError for a pattern that is invalid or takes too long."""
    shape, subject = text(pattern), text(value)
    run.charge(20 + len(subject) // 4)
    try:
        return patterns.matches(shape, subject, seconds=run.limits.pattern_seconds)
    except PhpError as error:
        verb = "failed" if "limit" in str(error) else "is not valid"
        raise TwigRuntimeError(f'Regexp "{shape}" passed to "matches" {verb}: {error}.') from error


def call_arrow(run: Run, arrow: Value, *given: Value) -> Value:
    """Call an arrow function."""
    run.enter(arrow.cost)
    result = arrow.call(*given)
    run.leave()
    return result


def checked_arrow(arrow: Value, what: str, kind: str = "filter") -> Arrow:
    """The arrow function itself. Raises TwigRuntimeError for anything else; PHP functions by name don't exist here."""
    if type(arrow) is Arrow:
        return arrow
    raise TwigRuntimeError(f'The callable passed to the "{what}" {kind} must be a Closure.')


def some(run: Run, array: Value, arrow: Value) -> bool:
    """`has some`."""
    if not is_iterable(array):
        raise TwigRuntimeError(_expects("has some", "test", array))
    test = checked_arrow(arrow, "has some", "operator")
    return any(truth(call_arrow(run, test, value, name)) for name, value in entries(array))


def every(run: Run, array: Value, arrow: Value) -> bool:
    """`has every`."""
    if not is_iterable(array):
        raise TwigRuntimeError(_expects("has every", "test", array))
    test = checked_arrow(arrow, "has every", "operator")
    return all(truth(call_arrow(run, test, value, name)) for name, value in entries(array))


def _expects(what: str, kind: str, got: Value) -> str:
    return f'The "{what}" {kind} expects a sequence or a mapping, got "{type_name(got)}".'


# -- arrays


def is_iterable(value: Value) -> bool:
    """Can it be looped over?"""
    return type(value) in _ARRAYS or (type(value) is Thing and value.listed)


def entries(value: Value) -> Iterable[tuple[int | str, Value]]:
    """Keys and values of what can be looped over."""
    return pairs(value.items if type(value) is Thing else value)


def values(sequence: Value) -> Sequence[Value]:
    """The values a loop goes through."""
    return sequence if type(sequence) is list else array_values(sequence)


def iterate(run: Run, value: Value, cost: int) -> Value:
    """What a loop goes through, its whole work charged at once: an array, empty for what is none."""
    if type(value) is Thing and value.listed:
        value = value.items
    if type(value) not in _ARRAYS:
        return []
    run.charge(1 + len(value) * cost)
    return value


NO_KEYS: dict[int | str, Value] = {}  # stands for what is no mapping, so that every look into it goes the slow way


def save(ctx: Context, names: tuple[str, ...]) -> dict[str, Value]:
    """Those of the variables that exist, before a loop."""
    return {name: ctx[name] for name in names if name in ctx}


def restore(ctx: Context, saved: dict[str, Value], targets: tuple[str, ...], inner: tuple[str, ...]) -> None:
    """After a loop its own variables are as before, last in order, and those first set inside are gone."""
    for name in targets:
        ctx.pop(name, None)
        if name in saved:
            ctx[name] = saved[name]
    for name in inner:
        if name not in saved:
            ctx.pop(name, None)


def loop_at(ctx: Context, index0: int, length: int) -> dict[str, Value]:
    """The variable `loop` at one turn."""
    return {
        "parent": ctx.get("_parent"),
        "index0": index0,
        "index": index0 + 1,
        "first": index0 == 0,
        "revindex0": length - index0 - 1,
        "revindex": length - index0,
        "length": length,
        "last": index0 == length - 1,
    }


def literal(array: dict[int | str, Value]) -> Value:
    """The array of a literal with keys; a list where the keys are 0..n-1."""
    return settle(array) if 0 in array else array


def spread_array(run: Run, parts: tuple[tuple[Value, bool, Value], ...]) -> Value:
    """An array literal with `...` in it: (key or None, spread, value)."""
    array = Growing()
    for name, spread, value in parts:
        if not spread:
            array.put(name, value)
            continue
        if not is_iterable(value):
            raise PhpError("Only arrays and Traversables can be unpacked")
        run.items(len(array.items) + len(value.items if type(value) is Thing else value))
        for inner, element in entries(value):
            array.put(inner if type(inner) is str else None, element)
    return settle(array.items)


class Growing:
    """A PHP array to which elements are added; one without a key gets the next free number."""

    __slots__ = ("items", "next")

    def __init__(self) -> None:
        self.items: dict[int | str, Value] = {}
        self.next = 0

    def put(self, name: int | str | None, value: Value) -> None:
        """Add an element."""
        if name is None:
            name = self.next
        if type(name) is int and name >= self.next:
            self.next = name + 1
        self.items[name] = value


def spread_values(value: Value) -> Sequence[Value]:
    """`...value` among the arguments of a filter or function."""
    if not is_iterable(value):
        raise PhpError("Only arrays and Traversables can be unpacked")
    return array_values(value.items if type(value) is Thing else value)


def spread_arguments(
    plain: tuple[Value, ...], spreads: tuple[Value, ...], named: dict[str, Value]
) -> tuple[tuple[Value, ...], dict[str, Value]]:
    """`...value` among the arguments of a macro or method: string keys are names."""
    positional = list(plain)
    names: dict[str, Value] = {}
    for value in spreads:
        if value is None:
            continue
        if not is_iterable(value):
            raise PhpError("Only arrays and Traversables can be unpacked")
        for name, element in entries(value):
            if type(name) is str:
                names[name] = element
            else:
                positional.append(element)
    return tuple(positional), names | named


# -- assignments inside expressions


def assign(ctx: Context, name: str, value: Value) -> Value:
    """`name = value`."""
    ctx[name] = value
    return value


def assign_sequence(run: Run, ctx: Context, names: tuple[str | None, ...], value: Value) -> Value:
    """`[a, b] = value`; null where the sequence ends."""
    if not is_iterable(value):
        what = "array_pad(): Argument #1 ($array) must be of type array"
        raise PhpError(f"{what}, {type_name(value)} given")
    elements = array_values(value.items if type(value) is Thing else value)
    for place, name in enumerate(names):
        if name is not None:
            ctx[name] = elements[place] if place < len(elements) else None
    return value


def assign_mapping(run: Run, ctx: Context, names: tuple[tuple[str, str], ...], value: Value) -> Value:
    """`{property: variable} = value`."""
    found = [get_any(run, value, name, name) for name, _ in names]
    for (_, variable), element in zip(names, found, strict=True):
        ctx[variable] = element
    return value


def is_empty(value: Value) -> bool:
    """The test `empty`, which `default` uses too."""
    if value is None or value is False:
        return True
    kind = type(value)
    if kind is Thing:
        return value.listed and not value.items
    return kind in _SIZED and not value


_SIZED = frozenset({str, list, dict, Markup})
