"""Filters on arrays, and those that take arrays and strings."""

from __future__ import annotations

import math
import secrets

from tracking.rendering.twig.compare import compare
from tracking.rendering.twig.errors import PhpError, TwigRuntimeError
from tracking.rendering.twig.operations import Growing, call_arrow, checked_arrow, entries, is_empty, is_iterable
from tracking.rendering.twig.php import (
    append,
    array_values,
    as_dict,
    has_text,
    integer,
    is_object,
    key,
    leading_number,
    real,
    settle,
    text,
    truth,
    type_name,
)
from tracking.rendering.twig.run import Run
from tracking.rendering.twig.sorting import by, sort_pairs
from tracking.rendering.twig.values import Markup, Thing, Value

_ARRAYS = frozenset({list, dict})


def _array(value: Value) -> Value:
    return value.items if type(value) is Thing and value.listed else value


def _expect(value: Value, name: str, wanted: str = "a sequence or a mapping") -> Value:
    if not is_iterable(value):
        raise TwigRuntimeError(f'The "{name}" filter expects {wanted}, got "{type_name(value)}".')
    return _array(value)


def integer_argument(value: Value, function: str, number: int, name: str) -> int:
    """An int argument of a PHP function. Raises PhpError for what is no number."""
    bad = is_object(value) or type(value) in _ARRAYS or (type(value) is str and leading_number(value) is None)
    if bad:
        kind = type_name(value)
        raise PhpError(f"{function}(): Argument #{number} (${name}) must be of type int, {kind} given")
    return integer(value)


def join(run: Run, value: Value, glue: Value = "", and_: Value = None) -> Value:
    """`join`."""
    array = _array(value)
    if type(array) not in _ARRAYS:
        array = [] if value is None else _members(value)
    elements = array_values(array)
    run.charge(1 + len(elements))
    between = text(glue)
    if not elements:
        return ""
    last = between if and_ is None else text(and_)
    if last == between:
        return _glued(run, elements, between)
    if len(elements) == 1:
        return text(elements[0])
    return _glued(run, elements[:-1], between) + last + text(elements[-1])


def _members(value: Value) -> list[Value]:
    """What `(array)` makes of a value: of a safe string PHP's object shows its two fields."""
    return [text(value), "UTF-8"] if type(value) is Markup else [value]


def _glued(run: Run, elements: list[Value], between: str) -> str:
    texts = [one if type(one) is str else text(one) for one in elements]
    size = sum(map(len, texts)) + len(between) * (len(texts) - 1)
    if size > 256:
        run.text(size)
    return between.join(texts)


def keys(run: Run, array: Value) -> list[Value]:
    """`keys`."""
    found = _array(array)
    if type(found) not in _ARRAYS:
        return []
    run.items(len(found))
    return list(range(len(found))) if type(found) is list else list(found)


def merge(run: Run, first: Value, *arrays: Value) -> Value:
    """`merge`: string keys are overwritten, integer keys are numbered anew."""
    given = (first, *arrays)
    for number, array in enumerate(given, 1):
        if not is_iterable(array):
            what = (
                f'The "merge" filter expects a sequence or a mapping, got "{type_name(array)}" for argument {number}.'
            )
            raise TwigRuntimeError(what)
    plain = [_array(array) for array in given]
    run.items(sum(map(len, plain)))
    if all(type(array) is list for array in plain):
        return [element for array in plain for element in array]
    return settle(_merged(plain))


def _merged(arrays: list[Value]) -> dict[int | str, Value]:
    merged: dict[int | str, Value] = {}
    number = 0
    for array in arrays:
        for name, value in entries(array):
            if type(name) is str:
                merged[name] = value
            else:
                merged[number] = value
                number += 1
    return merged


def batch(run: Run, items: Value, size: Value, fill: Value = None, preserve_keys: Value = True) -> list[Value]:
    """`batch`."""
    array = _expect(items, "batch")
    width = math.ceil(real(size)) if math.isfinite(real(size)) else 0
    if width < 1:
        raise PhpError("array_chunk(): Argument #2 ($length) must be greater than 0")
    run.items(len(array) + (min(width, 10**9) if fill is not None and array else 0))
    elements = list(entries(array))
    chunks = [_chunk(elements[at : at + width], truth(preserve_keys)) for at in range(0, len(elements), width)]
    if fill is not None and chunks and len(chunks[-1]) < width:
        chunks[-1] = _filled(chunks[-1], width, fill)
    return chunks


def _chunk(elements: list[tuple[int | str, Value]], preserve: bool) -> Value:
    return settle(dict(elements)) if preserve else [value for _, value in elements]


def _filled(chunk: Value, width: int, fill: Value) -> Value:
    missing = width - len(chunk)
    if type(chunk) is list:
        return chunk + [fill] * missing
    array = dict(chunk)
    append(array, fill)
    number = max(name for name in array if type(name) is int)
    for _ in range(missing - 1):
        number += 1
        array[number] = fill
    return settle(array)


def column(run: Run, array: Value, name: Value, index: Value = None) -> Value:
    """`column`."""
    rows = array_values(_expect(array, "column"))
    run.items(len(rows))
    wanted = None if name is None else key(name)
    number = None if index is None else key(index)
    found = Growing()
    for row in rows:
        inner = row.items if type(row) is Thing else row
        if type(inner) not in _ARRAYS:
            continue
        cells = inner if type(inner) is dict else as_dict(inner)
        if wanted is not None and wanted not in cells:
            continue
        value = row if wanted is None else cells[wanted]
        found.put(_column_key(cells.get(number)) if number is not None else None, value)
    return settle(found.items)


def _column_key(value: Value) -> int | str | None:
    """The key an element of the index column stands for; none for null."""
    return None if value is None else key(value)


def filter_(run: Run, array: Value, arrow: Value) -> Value:
    """`filter`: keys are kept."""
    elements = _expect(array, "filter", 'a sequence/mapping or "Traversable"')
    test = checked_arrow(arrow, "filter")
    run.items(len(elements))
    return settle({name: one for name, one in entries(elements) if truth(call_arrow(run, test, one, name))})


def map_(run: Run, array: Value, arrow: Value) -> Value:
    """`map`: keys are kept."""
    elements = _expect(array, "map")
    act = checked_arrow(arrow, "map")
    run.items(len(elements))
    if type(elements) is list:
        return [call_arrow(run, act, one, place) for place, one in enumerate(elements)]
    return settle({name: call_arrow(run, act, one, name) for name, one in elements.items()})


def reduce(run: Run, array: Value, arrow: Value, initial: Value = None) -> Value:
    """`reduce`."""
    elements = _expect(array, "reduce")
    act = checked_arrow(arrow, "reduce")
    for name, one in entries(elements):
        initial = call_arrow(run, act, initial, one, name)
    return initial


def find(run: Run, array: Value, arrow: Value) -> Value:
    """`find`: the first element that passes."""
    elements = _expect(array, "find")
    test = checked_arrow(arrow, "find")
    return next((one for name, one in entries(elements) if truth(call_arrow(run, test, one, name))), None)


def sort(run: Run, array: Value, arrow: Value = None) -> Value:
    """`sort`: by value or by an arrow function; keys are kept."""
    elements = list(entries(_expect(array, "sort")))
    run.items(len(elements))
    if arrow is None:
        return settle(dict(sort_pairs(run, elements)))
    act = checked_arrow(arrow, "sort")

    def order(one: tuple[int | str, Value], two: tuple[int | str, Value]) -> int:
        result = call_arrow(run, act, one[1], two[1])
        if result is False:  # an arrow that answers "is it greater?" is asked both ways
            return -1 if truth(call_arrow(run, act, two[1], one[1])) else 0
        return compare(integer(result) if type(result) is not float else result, 0)

    return settle(dict(by(elements, order)))


def reverse(run: Run, item: Value, preserve_keys: Value = False) -> Value:
    """`reverse`."""
    array = _array(item)
    if type(array) is list and not truth(preserve_keys):
        run.items(len(array))
        return array[::-1]
    if type(array) in _ARRAYS:
        run.items(len(array))
        reversed_ = list(entries(array))[::-1]
        if truth(preserve_keys):
            return settle(dict(reversed_))
        return settle(_merged([dict(reversed_)]))
    string = text(item)
    run.text(len(string))
    return string[::-1]


def shuffle(run: Run, item: Value) -> Value:
    """`shuffle`."""
    array = _array(item)
    if type(array) in _ARRAYS or type(item) is str:
        elements = list(item) if type(item) is str else list(array_values(array))
        run.items(len(elements))
        secrets.SystemRandom().shuffle(elements)
        return "".join(elements) if type(item) is str else elements
    return item


def length(run: Run, thing: Value) -> int:
    """`length`."""
    kind = type(thing)
    if kind is str or kind is list or kind is dict:
        return len(thing)
    if thing is None:
        return 0
    if kind is Thing:
        return len(thing.items) if thing.listed else 1
    return 1 if is_object(thing) and not has_text(thing) else len(text(thing))


def slice_(run: Run, item: Value, start: Value, length: Value = None, preserve_keys: Value = False) -> Value:
    """`slice`, `item[start:length]`."""
    array = _array(item)
    first = integer_argument(start, "array_slice", 2, "offset")
    size = None if length is None else integer_argument(length, "array_slice", 3, "length")
    if type(array) not in _ARRAYS:
        string = text(item)
        run.read(len(string))
        return string[_window(len(string), first, size)]
    window = _window(len(array), first, size)
    run.items(window.stop - window.start if window.stop > window.start else 0)
    keep = truth(preserve_keys)
    if type(item) is Thing and not keep and first >= 0 and (size is None or size >= 0):
        return array_values(array)[window]
    if type(array) is list:
        return array[window] if not keep else settle(dict(list(enumerate(array))[window]))
    chosen = dict(list(array.items())[window])
    return settle(chosen if keep else _merged([chosen]))


def _window(size: int, start: int, length: int | None) -> slice:
    first = max(size + start, 0) if start < 0 else min(start, size)
    if length is None:
        return slice(first, size)
    last = size + length if length < 0 else first + length
    return slice(first, max(min(last, size), first))


def first(run: Run, item: Value) -> Value:
    """`first`; false for an empty array."""
    found = slice_(run, item, 0, 1)
    return found if type(found) is str else _current(found)


def last(run: Run, item: Value) -> Value:
    """`last`; false for an empty array."""
    found = slice_(run, item, -1, 1)
    return found if type(found) is str else _current(found)


def _current(array: Value) -> Value:
    return next(iter(array_values(array)), False)


def default(run: Run, value: Value, default: Value = "") -> Value:
    """`default`."""
    return default if is_empty(value) else value


def invoke(run: Run, arrow: Value, *arguments: Value) -> Value:
    """`invoke`: call an arrow function."""
    return call_arrow(run, checked_arrow(arrow, "invoke"), *arguments)
