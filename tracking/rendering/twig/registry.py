"""What a template may call by name: filters, functions and tests, read from Python signatures.

A function registered here takes the render `Run` first, then the value (filters and tests), then Twig's parameters
under Twig's names.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

_POSITIONAL = inspect.Parameter.POSITIONAL_OR_KEYWORD
_REQUIRED = inspect.Parameter.empty


@dataclass(frozen=True, slots=True, kw_only=True)
class Callee:
    """One filter, function or test."""

    kind: str
    name: str
    call: Callable[..., Any]
    parameters: tuple[str, ...] = ()  # Twig's, without the value
    required: int = 0
    variadic: bool = False
    safe: frozenset[str] = frozenset()  # strategies for which the result needs no escaping
    pre_escape: str | None = None
    one_argument: bool = False
    defaults: tuple[Any, ...] = ()

    @property
    def signature(self) -> str:
        """As in Twig's messages: include(template, variables, ...)."""
        return f"{self.name}({', '.join(self.parameters)})"


@dataclass(slots=True)
class Registry:
    """All of them, by kind and name."""

    filters: dict[str, Callee] = field(default_factory=dict)
    functions: dict[str, Callee] = field(default_factory=dict)
    tests: dict[str, Callee] = field(default_factory=dict)

    def table(self, kind: str) -> dict[str, Callee]:
        """The table of one kind: filter, function or test."""
        return {"filter": self.filters, "function": self.functions, "test": self.tests}[kind]

    def add(self, kind: str, name: str, call: Callable[..., Any], **options: Any) -> None:
        """Register one; options are Callee's own fields."""
        self.table(kind)[name] = describe(kind, name, call, **options)

    def update(self, other: Registry) -> None:
        """Take all that `other` has."""
        self.filters |= other.filters
        self.functions |= other.functions
        self.tests |= other.tests


def describe(kind: str, name: str, call: Callable[..., Any], *, safe: Iterable[str] = (), **options: Any) -> Callee:
    """A Callee whose parameters are those of the Python function."""
    given = list(inspect.signature(call).parameters.values())
    own = given[1:] if kind == "function" else given[2:]
    named = [item for item in own if item.kind is _POSITIONAL]
    return Callee(
        kind=kind,
        name=name,
        call=call,
        parameters=tuple(item.name.rstrip("_") for item in named),
        required=sum(item.default is _REQUIRED for item in named),
        variadic=any(item.kind is inspect.Parameter.VAR_POSITIONAL for item in own),
        defaults=tuple(None if item.default is _REQUIRED else item.default for item in named),
        safe=frozenset(safe),
        **options,
    )
