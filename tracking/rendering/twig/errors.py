"""Twig's errors.

    TwigError
    ├── TwigSyntaxError     the source is not a template; known when it is compiled
    ├── TwigLoaderError     a template that is extended, included, used or imported is not there
    └── TwigRuntimeError    rendering failed
        └── TwigLimitError  a bound of `Limits` was reached

`PhpError` is what a PHP function would have thrown; the render call turns it into a TwigRuntimeError.
"""

from __future__ import annotations

from collections.abc import Iterable


class Place(int):
    """A line of a source, from 1, that knows the column meant, from 1. Lines are compared, columns are not."""

    column: int

    def __new__(cls, line: int, column: int) -> Place:
        """The place in this line and column."""
        place = super().__new__(cls, line)
        place.column = column
        return place


def beside(line: int, better: int) -> int:
    """`better`, a place that says more, where it is on this line: which line Twig names is not ours to choose."""
    return better if better == line else line


class TwigError(Exception):
    """Any failure of a template. `line` counts from 1; None where Twig itself knows none.

    `column` is there for syntax errors; the argument `column` is for those whose message ends with it.
    """

    twig_class = "Twig\\Error\\Error"

    def __init__(
        self, message: str, line: int | None = None, *, name: str | None = None, column: int | None = None
    ) -> None:
        super().__init__(message)
        self.raw = message
        self.line = None if line is None else int(line)
        self.column = line.column if column is None and isinstance(line, Place) else column
        self._told = column
        self.name = name

    @property
    def message(self) -> str:
        """The message as Twig writes it: what, in which template, at which line."""
        text, mark = (self.raw[:-1], self.raw[-1]) if self.raw[-1:] in {".", "?"} else (self.raw, "")
        if self.name:
            text += f' in "{self.name}"'
        if self.line is not None and self.line > 0:
            text += f" at line {self.line}"
            if self._told is not None:
                text += f" column {self._told}"
        return text + mark

    def __str__(self) -> str:
        return self.message


class TwigSyntaxError(TwigError):
    """The source breaks Twig's grammar or names something that does not exist."""

    twig_class = "Twig\\Error\\SyntaxError"


class TwigLoaderError(TwigError):
    """No template has this name."""

    twig_class = "Twig\\Error\\LoaderError"


class TwigRuntimeError(TwigError):
    """The template was compiled, but rendering it with this context failed."""

    twig_class = "Twig\\Error\\RuntimeError"


class TwigLimitError(TwigRuntimeError):
    """Rendering reached a bound of `Limits`: an untrusted author's template asked for too much."""


class PhpError(Exception):
    """What PHP would throw in this place, with its message."""


def suggest(name: str, known: Iterable[str]) -> str:
    """The tail ' Did you mean "a", "b"?' for a misspelled name; empty when nothing is near."""
    near = {item: distance(name, item) for item in sorted(set(known))}
    chosen = [item for item, steps in near.items() if steps <= len(name) / 3 or name in item]
    if not chosen:
        return ""
    listed = '", "'.join(sorted(chosen, key=lambda item: near[item]))
    return f' Did you mean "{listed}"?'


def distance(left: str, right: str) -> int:
    """Levenshtein distance; names longer than 100 characters are cut, they are never near."""
    left, right = left[:100], right[:100]
    row = list(range(len(right) + 1))
    for i, one in enumerate(left, 1):
        above, row[0] = row[0], i
        for j, other in enumerate(right, 1):
            above, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, above + (one != other))
    return row[-1]
