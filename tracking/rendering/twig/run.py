"""One rendering: its budget, its context, the templates it has loaded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from time import thread_time
from typing import TYPE_CHECKING, Any

from tracking.rendering.twig.errors import TwigLimitError, TwigRuntimeError
from tracking.rendering.twig.limits import Limits
from tracking.rendering.twig.values import Markup, Value

if TYPE_CHECKING:
    from tracking.rendering.twig.environment import Environment

_CLOCK_EVERY = 4096  # steps between two looks at the clock
BodyFunction = Callable[..., None]
Blocks = dict[str, tuple["Loaded", BodyFunction, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """A compiled template: its functions, and what each costs in steps."""

    name: str | None
    body: BodyFunction
    weight: int
    blocks: Mapping[str, tuple[BodyFunction, int]]
    macros: Mapping[str, tuple[BodyFunction, tuple[str, ...], Callable[[], tuple[Value, ...]], int]]
    parent: Callable[..., Loaded] | None
    uses: Callable[..., list[Blocks]] | None
    traitable: bool  # blocks and blanks only, so that others may use it
    names: frozenset[str] | None  # the variables it can read; None where it may hand all of them on


class Loaded:
    """A template within one rendering: its blocks with those it uses, its imported macros."""

    __slots__ = ("blocks", "code", "macros", "traits")

    def __init__(self, code: Code, run: Run) -> None:
        self.code = code
        self.macros: dict[str, Loaded] = {}
        self.traits: Blocks = {}
        self.blocks: Blocks = {}
        if code.uses is not None:
            for blocks in code.uses(run, self):
                self.traits |= blocks
            self.blocks |= self.traits
        for name, (function, cost) in code.blocks.items():
            self.blocks[name] = (self, function, cost)


class Run:
    """The state of one rendering. Everything that can grow asks here first."""

    __slots__ = (
        "deadline",
        "depth",
        "environment",
        "globals",
        "left",
        "limits",
        "loaded",
        "look_at",
        "memory",
        "missing",
        "now",
        "output",
        "strict",
        "timezone",
    )

    def __init__(self, environment: Environment, missing: set[str] | None, now: datetime | None) -> None:
        limits = environment.limits
        self.environment = environment
        self.limits: Limits = limits
        self.left = limits.steps
        self.look_at = limits.steps - _CLOCK_EVERY
        self.deadline = thread_time() + limits.seconds
        self.memory = limits.memory
        self.output = limits.output
        self.depth = limits.calls
        self.missing = missing
        self.strict = environment.strict
        self.globals: dict[str, Value] = environment.twig_globals
        self.loaded: dict[str, Loaded] = {}
        self.timezone: tzinfo = environment.timezone
        self.now = now

    def charge(self, steps: int) -> None:
        """Take steps from the budget. Raises TwigLimitError when it is used up, in steps or in time."""
        self.left -= steps
        if self.left < self.look_at:
            self._look()

    def _look(self) -> None:
        if self.left < 0:
            raise TwigLimitError(f"The template takes more than {self.limits.steps} steps.")
        if thread_time() > self.deadline:
            raise TwigLimitError(f"The template takes longer than {self.limits.seconds} seconds of processor time.")
        self.look_at = self.left - _CLOCK_EVERY

    def grow(self, size: int) -> None:
        """Account for `size` bytes of new values, before they are made."""
        self.memory -= size
        if self.memory < 0:
            raise TwigLimitError(f"The template's values take more than {self.limits.memory} bytes.")
        self.charge(1 + (size >> 6))

    def text(self, length: int, *, width: int = 1) -> None:
        """Account for a string of `length` characters that is about to be made."""
        if length > self.limits.string:
            raise TwigLimitError(f"A string is longer than {self.limits.string} characters.")
        if length > 256:
            self.grow(length * width)

    def items(self, count: int) -> None:
        """Account for an array of `count` elements that is about to be made."""
        if count > self.limits.items:
            raise TwigLimitError(f"An array has more than {self.limits.items} elements.")
        self.grow(64 + count * 40)

    def read(self, length: int) -> None:
        """Account for the work of going through `length` characters or elements."""
        if length > 64:
            self.charge(length >> 5)

    def enter(self, cost: int) -> None:
        """One call deeper; it will take `cost` steps."""
        self.depth -= 1
        if self.depth < 0:
            raise TwigLimitError(f"The template calls itself deeper than {self.limits.calls} levels.")
        self.charge(cost)

    def leave(self) -> None:
        """Back from a call."""
        self.depth += 1

    def absent(self, path: str | None) -> None:
        """A variable or attribute that was read is not there."""
        if self.missing is not None and path:
            self.missing.add(path)

    def joined(self, out: list[str]) -> str:
        """The pieces of an output as one string."""
        size = sum(map(len, out))
        if size > self.output:
            raise TwigLimitError(f"The output is longer than {self.limits.output} characters.")
        if size > 256:
            self.grow(size)
        return "".join(out)


class Context(dict[str, Any]):
    """The variables of a template. Reading one that is absent gives null, or fails under strict variables."""

    __slots__ = ("run",)

    run: Run

    def __missing__(self, name: str) -> None:
        self.lacks(name)
        self.run.absent(name)

    def lacks(self, name: str) -> None:
        """null for a variable that is not there and is read for what it holds; refused under strict variables."""
        if self.run.strict:
            raise TwigRuntimeError(f'Variable "{name}" does not exist.')


def fork(ctx: Context) -> Context:
    """A copy of the context."""
    copy = Context(ctx)
    copy.run = ctx.run
    return copy


def fork_with(ctx: Context, values: dict[str, Value]) -> Context:
    """A copy of the context with more variables."""
    copy = fork(ctx)
    copy.update(values)
    return copy


def fresh(run: Run, values: Mapping[str, Value]) -> Context:
    """A context of these variables and the globals."""
    ctx = Context(values)
    ctx.run = run
    for name, value in run.globals.items():
        ctx.setdefault(name, value)
    return ctx


def snapshot(ctx: Context) -> dict[str, Value]:
    """The context as a value: `_context`."""
    return dict(ctx)


def captured(run: Run, out: list[str]) -> Value:
    """Captured output as a safe string; the empty one is a plain string."""
    text = run.joined(out)
    return Markup(text) if text else ""
