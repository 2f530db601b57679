"""PHP's sort: the same order as PHP's even where comparison is not transitive (null, "", 0, "a" ...)."""

from __future__ import annotations

from collections.abc import Callable, MutableSequence
from typing import TypeVar

from tracking.rendering.twig.compare import compare
from tracking.rendering.twig.php import number_of
from tracking.rendering.twig.run import Run
from tracking.rendering.twig.values import Value

Element = TypeVar("Element")
_INSERTION = 16


def sort_pairs(run: Run, pairs: list[tuple[int | str, Value]]) -> list[tuple[int | str, Value]]:
    """`asort`: by value, equal ones in the order they had."""
    run.charge(1 + len(pairs) * 4)
    if _plain(pairs):
        return sorted(pairs, key=lambda pair: pair[1])
    return by(pairs, lambda one, two: compare(one[1], two[1]))


def _plain(pairs: list[tuple[int | str, Value]]) -> bool:
    """All numbers but NAN, or all strings that are not numeric: any sort gives the same."""
    kinds = {type(value) for _, value in pairs}
    if kinds <= {int}:
        return True
    return kinds == {str} and all(value.isascii() and number_of(value) is None for _, value in pairs)


def by(elements: list[Element], order: Callable[[Element, Element], int]) -> list[Element]:
    """Sorted with a comparison, equal ones in the order they had."""
    numbered = list(enumerate(elements))

    def stable(one: tuple[int, Element], two: tuple[int, Element]) -> int:
        return order(one[1], two[1]) or one[0] - two[0]

    _sort(numbered, 0, len(numbered), stable)
    return [element for _, element in numbered]


Order = Callable[[Element, Element], int]


def _swap(array: MutableSequence[Element], one: int, two: int) -> None:
    array[one], array[two] = array[two], array[one]


def _sort(array: MutableSequence[Element], start: int, end: int, order: Order[Element]) -> None:
    """Insertion for few, else around a pivot: the steps of PHP's own sort."""
    while end - start > _INSERTION:
        middle = _partition(array, start, end, order)
        if middle - start < end - middle - 1:
            _sort(array, start, middle, order)
            start = middle + 1
        else:
            _sort(array, middle + 1, end, order)
            end = middle
    _insertion(array, start, end, order)


def _partition(array: MutableSequence[Element], start: int, end: int, order: Order[Element]) -> int:
    offset = (end - start) >> 1
    pivot = start + offset
    if (end - start) >> 10:
        delta = offset >> 1
        _few(array, [start, start + delta, pivot, pivot + delta, end - 1], order)
    else:
        _few(array, [start, pivot, end - 1], order)
    _swap(array, start + 1, pivot)
    low = _meet(array, start + 1, end - 1, order)
    _swap(array, start + 1, low - 1)
    return low - 1


def _meet(array: MutableSequence[Element], pivot: int, high: int, order: Order[Element]) -> int:
    """Where the smaller ones end, after exchanging what stands on the wrong side."""
    low = pivot + 1
    while True:
        while order(array[pivot], array[low]) > 0:
            low += 1
            if low == high:
                return low
        high -= 1
        if high == low:
            return low
        while order(array[high], array[pivot]) > 0:
            high -= 1
            if high == low:
                return low
        _swap(array, low, high)
        low += 1
        if low == high:
            return low


def _insertion(array: MutableSequence[Element], start: int, end: int, order: Order[Element]) -> None:
    if end - start <= 5:
        _few(array, list(range(start, end)), order)
        return
    for place in range(start + 1, end):
        if order(array[place - 1], array[place]) <= 0:
            continue
        target = _linear(array, start, place, order) if place < start + 6 else _by_twos(array, start, place, order)
        element = array[place]
        array[target + 1 : place + 1] = array[target:place]
        array[target] = element


def _linear(array: MutableSequence[Element], start: int, place: int, order: Order[Element]) -> int:
    target = place - 1
    while target != start:
        target -= 1
        if order(array[target], array[place]) <= 0:
            return target + 1
    return target


def _by_twos(array: MutableSequence[Element], start: int, place: int, order: Order[Element]) -> int:
    target = place - 1
    while True:
        target -= 2
        if order(array[target], array[place]) <= 0:
            target += 1
            return target if order(array[target], array[place]) > 0 else target + 1
        if target == start:
            return target
        if target == start + 1:
            target -= 1
            return target + 1 if order(array[place], array[target]) > 0 else target


def _few(array: MutableSequence[Element], at: list[int], order: Order[Element]) -> None:
    """Up to five places, by a fixed network."""
    if len(at) < 2:
        return
    if len(at) == 2:
        if order(array[at[0]], array[at[1]]) > 0:
            _swap(array, at[0], at[1])
        return
    if len(at) == 3:
        _three(array, at[0], at[1], at[2], order)
        return
    _few(array, at[:-1], order)
    for right in range(len(at) - 1, 0, -1):
        if order(array[at[right - 1]], array[at[right]]) <= 0:
            return
        _swap(array, at[right - 1], at[right])


def _three(array: MutableSequence[Element], a: int, b: int, c: int, order: Order[Element]) -> None:
    if order(array[a], array[b]) <= 0:
        if order(array[b], array[c]) > 0:
            _swap(array, b, c)
            if order(array[a], array[b]) > 0:
                _swap(array, a, b)
    elif order(array[c], array[b]) <= 0:
        _swap(array, a, c)
    else:
        _swap(array, a, b)
        if order(array[b], array[c]) > 0:
            _swap(array, b, c)
